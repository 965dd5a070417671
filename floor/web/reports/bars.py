"""Bar charts of native elements: caused downtime, problem machines, response times, load per person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nicegui import ui

from ...analytics import CauseClocks, MachineDowntime, PersonLoad, ProblemMachine
from ...analytics.report_tables import CLOCKS, NO_REASON, NOBODY
from ...core.formatting import Detail, counted, downtime, duration, number
from ...core.machines import MachineName
from ...core.text import shortened
from ..shell.chips import hide
from ..shell.kept_rows import counted_keys, keep_rows
from ..shell.messages import TextNode
from ..shell.redrawn import Redrawn
from .table_view import MachineElement, TableView

MAX_BARS = 10


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of a bar chart. parts: kind, which the stylesheet colours, and amount; values: the amounts as text."""

    name: str
    parts: tuple[tuple[str, float], ...]
    values: str
    machine: MachineName | None = None


class BarChart:
    """Bars with the same scale. A row stays the same element while there is a bar of its name, so that the link to a
    machine keeps the focus, and a press that has begun, when the report is read again."""

    def __init__(self) -> None:
        self._list = ui.element('ul').classes('bars')
        self._rows: dict[tuple[str, int], BarRow] = {}

    def show(self, rows: Sequence[Bar], view: TableView) -> None:
        """Show these bars."""
        longest = max((sum(amount for _, amount in row.parts) for row in rows), default=0.0)
        by_key = dict(zip(counted_keys(row.name for row in rows), rows, strict=True))
        keep_rows(self._list, self._rows, by_key, lambda row: BarRow(row, view))
        for key, row in by_key.items():
            self._rows[key].show(row, longest, view)


class BarRow(ui.element):
    """A bar with its name, which is a link if it is a machine's, and its amounts."""

    def __init__(self, bar: Bar, view: TableView) -> None:
        super().__init__('li')
        self._machine: MachineElement | None = None
        with self:
            if bar.machine is None:
                ui.label(shortened(bar.name, 60)).classes('bar-label')
            else:
                with ui.element('span').classes('bar-label'):
                    self._machine = view.machine()
            self._track = Redrawn(ui.element('span').classes('bar-track').props('aria-hidden=true'))
            self._values = TextNode('span').classes('bar-values')

    def show(self, bar: Bar, longest: float, view: TableView) -> None:
        """Show the amounts of a bar of the same name. longest: the whole width."""
        if self._machine is not None and bar.machine is not None:
            view.show_machine(self._machine, bar.machine)
        parts = [(part, f'width: {100 * amount / longest:.2f}%') for part, amount in bar.parts if amount]

        def build() -> None:
            for part, width in parts:
                TextNode('i').style(width).props['data-part'] = part

        self._track.show(parts, build)
        self._values.set_text(bar.values)


class Legend(ui.element):
    """What each colour stands for."""

    def __init__(self, *names: tuple[str, str]) -> None:
        """names: kind and label of each colour."""
        super().__init__('p')
        self.classes('legend')
        self._content = Redrawn(self)
        self.show(*names)

    def show(self, *names: tuple[str, str]) -> None:
        """Show other labels; without any it is hidden."""
        def build() -> None:
            for part, label in names:
                TextNode('span', label).props['data-part'] = part

        hide(self, hidden=not names)
        self._content.show(names, build)


def waiting_bars(charges: Iterable[MachineDowntime]) -> list[Bar]:
    """Bars of own and caused downtime, in the given order; machines that only waited are left out."""
    return [Bar(each.machine, (('down', each.own), ('warning', each.caused)),
                f'{downtime(each.own)} own + {downtime(each.caused)} at neighbours', each.machine)
            for each in charges if each.own or each.caused][:MAX_BARS]


def problem_bars(machines: Iterable[ProblemMachine]) -> list[Bar]:
    """Bars of the downtime of machines, in the given order."""
    return [Bar(each.machine, (('down', each.seconds),),
                f'{downtime(each.seconds)} · {counted(each.count, "stop")} · '
                f'longest {duration(each.longest, Detail.BRIEF)}', each.machine)
            for each in machines]


def clock_bars(causes: Iterable[CauseClocks]) -> list[Bar]:
    """Bars of the mean response times per cause: detect, acknowledge, respond, repair."""
    parts = [f'clock-{clock.lower()}' for clock in CLOCKS]
    return [Bar(each.reason or NO_REASON, tuple(zip(parts, each.means, strict=True)),
                f'{duration(sum(each.means), Detail.BRIEF)} · {counted(each.stops, "stop")}')
            for each in causes][:MAX_BARS]


def load_bars(load: Iterable[PersonLoad]) -> list[Bar]:
    """Bars of open and completed orders per person."""
    return [Bar(each.name or NOBODY, (('active', each.active), ('completed', each.completed)),
                f'{number(each.active)} open · {number(each.completed)} completed') for each in load][:2 * MAX_BARS]
