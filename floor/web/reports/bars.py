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
from ..shell.messages import TextNode
from .panel import TableView

MAX_BARS = 10


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of a bar chart. parts: kind, which the stylesheet colours, and amount; values: the amounts as text."""

    name: str
    parts: tuple[tuple[str, float], ...]
    values: str
    machine: MachineName | None = None


def bars(rows: Sequence[Bar], view: TableView) -> None:
    """Build a bar chart, with the same scale for all rows."""
    longest = max((sum(amount for _, amount in row.parts) for row in rows), default=0.0)
    with ui.element('ul').classes('bars'):
        for row in rows:
            with ui.element('li'):
                if row.machine is None:
                    ui.label(shortened(row.name, 60)).classes('bar-label')
                else:
                    with ui.element('span').classes('bar-label'):
                        view.machine(row.machine)
                with ui.element('span').classes('bar-track').props('aria-hidden=true'):
                    for part, amount in row.parts:
                        if amount:
                            TextNode('i').style(f'width: {100 * amount / longest:.2f}%').props['data-part'] = part
                TextNode('span', row.values).classes('bar-values')


def legend(names: Iterable[tuple[str, str]]) -> None:
    """Build a legend. names: kind and label of each colour."""
    with ui.element('p').classes('legend'):
        for part, label in names:
            TextNode('span', label).props['data-part'] = part


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
