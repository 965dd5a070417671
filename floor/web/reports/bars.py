"""Bars of native elements: who makes others wait, which machines stood longest, who has how many orders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nicegui import ui

from ...analytics import CauseClocks, MachineDowntime, PersonLoad, ProblemMachine
from ...analytics.report_tables import CLOCKS, NO_REASON, NOBODY
from ...core.formatting import Detail, counted, duration, minutes, number
from ...core.machines import MachineName
from ...core.text import shortened
from ..shell.messages import TextNode
from .panel import TableView

MAX_BARS = 10


@dataclass(frozen=True, slots=True)
class Bar:
    """parts: what each is, as the stylesheet colours it, and how much; words: the same in numbers."""

    name: str
    parts: tuple[tuple[str, float], ...]
    words: str
    machine: MachineName | None = None


def bars(rows: Sequence[Bar], view: TableView) -> None:
    """One below the other, all on one scale."""
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
                TextNode('span', row.words).classes('bar-values')


def legend(names: Iterable[tuple[str, str]]) -> None:
    """What the colours mean, in words."""
    with ui.element('p').classes('legend'):
        for part, words in names:
            TextNode('span', words).props['data-part'] = part


def waiting_bars(charges: Iterable[MachineDowntime]) -> list[Bar]:
    """The most costly first; one that only waited itself caused nothing."""
    return [Bar(each.machine, (('down', each.own), ('warning', each.caused)),
                f'{minutes(each.own)} own + {minutes(each.caused)} min at neighbours', each.machine)
            for each in charges if each.own or each.caused][:MAX_BARS]


def problem_bars(machines: Iterable[ProblemMachine]) -> list[Bar]:
    """The one that stood longest first."""
    return [Bar(each.machine, (('down', each.seconds),),
                f'{duration(each.seconds, Detail.BRIEF)} · {counted(each.count, "stop")} · '
                f'longest {duration(each.longest, Detail.BRIEF)}', each.machine)
            for each in machines]


def clock_bars(causes: Iterable[CauseClocks]) -> list[Bar]:
    """Detect, acknowledge, respond, repair, one after the other."""
    parts = [f'clock-{clock.lower()}' for clock in CLOCKS]
    return [Bar(each.reason or NO_REASON, tuple(zip(parts, each.means, strict=True)),
                f'{duration(sum(each.means), Detail.BRIEF)} · {counted(each.stops, "stop")}')
            for each in causes][:MAX_BARS]


def load_bars(load: Iterable[PersonLoad]) -> list[Bar]:
    """Open orders and completed ones."""
    return [Bar(each.name or NOBODY, (('active', each.active), ('completed', each.completed)),
                f'{number(each.active)} open · {number(each.completed)} completed') for each in load][:2 * MAX_BARS]
