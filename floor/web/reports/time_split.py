"""The known time of a report as one bar: productive, waiting, down. What it shows adds up to the whole."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from ...analytics import Kpis
from ...core.formatting import counted, downtime, percent
from ..shell.chips import hide
from ..shell.messages import TextNode
from .panel import ReportPanel

PARTS = (('productive', 'Productive'), ('warning', 'Waiting (starved, blocked)'), ('down', 'Down'))
"""How the stylesheet calls each, and its label."""


class TimeSplitPanel:
    """Hidden where nothing is known, and of one reason: only time down has one."""

    def __init__(self, explain: Callable[[], None]) -> None:
        self._panel = ReportPanel('Where the time went', wide=True)
        self._panel.card.classes('time-split')
        self._panel.explain_with(explain)
        self.clear()

    def show(self, kpis: Kpis) -> None:
        """Show the time of these KPIs."""
        hide(self._panel.card, hidden=not kpis.covered or kpis.waiting is None)
        if not kpis.covered or kpis.waiting is None:
            return
        self._panel.about(f'known time of {counted(kpis.machines, "machine")}')
        amounts = kpis.operational + kpis.warning, kpis.waiting, kpis.down
        with self._panel.fill():
            with ui.element('div').classes('bar-track').props('aria-hidden=true'):
                for (part, _), amount in zip(PARTS, amounts, strict=True):
                    if amount:
                        TextNode('i').style(f'width: {100 * amount / kpis.covered:.2f}%').props['data-part'] = part
            with ui.element('dl'):
                for (part, label), amount in zip(PARTS, amounts, strict=True):
                    with ui.element('div').props(f'data-part={part}'):
                        TextNode('dt', label)
                        TextNode('dd', f'{downtime(amount)}, {percent(amount / kpis.covered)}')

    def clear(self) -> None:
        """Show nothing."""
        hide(self._panel.card, hidden=True)
