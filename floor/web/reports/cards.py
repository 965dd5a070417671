"""The six KPIs at the top of a report, each with its coverage, its change, and a button for its explanation."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from nicegui import ui

from ...analytics import DEFINITIONS, Kpi, KpiDefinition, Kpis, Unit
from ...analytics.kpis import are_covered
from ...core.formatting import NOTHING, Detail, counted, duration, number, percent
from ..shell.chips import set_attribute
from ..shell.heading import Heading
from ..shell.messages import TextNode
from .kpi_change import ChangeDirection, KpiChange, value

CARDS = (Kpi.UPTIME_SHARE, Kpi.AVAILABILITY, Kpi.STOPS, Kpi.MTBF, Kpi.MTTR, Kpi.MTTA)


class KpiCard:
    """The card of one KPI."""

    def __init__(self, kpi: Kpi, explain: Callable[[Kpi], None]) -> None:
        definition = self._definition = DEFINITIONS[kpi]
        with ui.element('q-card').classes('kpi').props('role=group') as card:
            card.props['aria-label'] = definition.name
            card.props['data-kpi'] = kpi.value
            with ui.element('header'):
                Heading(definition.name).props['title'] = f'{definition.title} ({definition.source})'
                button = TextNode('button', 'explain').classes('explain')
                button.on('click', partial(explain, kpi), args=[])
                button.props['type'] = 'button'
                button.props['aria-label'] = f'Explain {definition.name}'
            self._value = ui.label('…').classes('kpi-value')
            self._change = ui.label().classes('kpi-change')
            self._note = ui.label().classes('kpi-note')
            self._coverage = ui.label().classes('kpi-note')

    def show(self, kpis: Kpis, before: Kpis | None) -> None:
        """Show the value of the window and its change. before: the KPIs of the previous window."""
        definition = self._definition
        self._value.set_text(value_of(definition, kpis))
        change = change_of(definition, kpis, before)
        self._change.set_text(change.text)
        set_attribute(self._change, 'data-direction', change.direction.value)
        if before is not None and before.covered:
            former = value_of(definition, before)
            set_attribute(self._change, 'title', f'Previous window: {former}, coverage {percent(before.coverage)}')
        self._note.set_text(note_of(definition.kpi, kpis) if kpis.covered else 'no data')
        self._coverage.set_text(coverage_of(kpis))

    def clear(self) -> None:
        """Remove the value."""
        for label in self._change, self._note, self._coverage:
            label.set_text('')
        self._value.set_text('…')


class KpiCards:
    """All cards."""

    def __init__(self, explain: Callable[[Kpi], None]) -> None:
        with ui.element('div').classes('kpis'):
            self._cards = [KpiCard(kpi, explain) for kpi in CARDS]

    def show(self, kpis: Kpis, before: Kpis | None) -> None:
        """Show the KPIs of a window. before: those of the previous window."""
        for card in self._cards:
            card.show(kpis, before)

    def clear(self) -> None:
        """Remove the values."""
        for card in self._cards:
            card.clear()


def value_of(definition: KpiDefinition, kpis: Kpis) -> str:
    """The value as text; a dash if nothing is known. Without a failure, the MTBF is only known to be longer."""
    if not kpis.covered:
        return NOTHING
    if definition.kpi is Kpi.MTBF and kpis.at_least is not None:
        return f'> {duration(kpis.at_least)}'
    return value(number_of(definition, kpis), definition.unit)


def number_of(definition: KpiDefinition, kpis: Kpis) -> float | None:
    """The value; None if nothing is known."""
    number: float | None = getattr(kpis, definition.kpi)
    return number if kpis.covered else None


def change_of(definition: KpiDefinition, kpis: Kpis, before: Kpis | None) -> KpiChange:
    """The change from the previous window, if coverage and number of stops of both suffice."""
    if not kpis.covered:
        return KpiChange('', ChangeDirection.UNKNOWN)
    if before is not None and not is_comparable(definition, kpis, before):
        return KpiChange('too little to compare', ChangeDirection.UNKNOWN)
    return KpiChange.between(None if before is None else number_of(definition, before), number_of(definition, kpis),
                             definition.unit,
                             more_is_better=definition.better == 'higher')


def is_comparable(definition: KpiDefinition, kpis: Kpis, before: Kpis) -> bool:
    """Whether a change between two windows says anything: a mean needs stops in both, a count in one of them."""
    stops = [stops_of(definition.kpi, of) for of in (kpis, before)]
    fewest = max(stops) if definition.unit is Unit.COUNT else min(stops)
    return fewest >= definition.least and are_covered(kpis, before)


def stops_of(kpi: Kpi, kpis: Kpis) -> int:
    """How many stops a KPI was computed from."""
    return {Kpi.MTTR: kpis.repaired, Kpi.MTTA: kpis.acknowledged}.get(kpi, kpis.stops)


def note_of(kpi: Kpi, kpis: Kpis) -> str:
    """The note below the value of a KPI."""
    running = ''
    if kpis.ongoing:
        mean = duration(kpis.ongoing_seconds / kpis.ongoing, Detail.BRIEF)
        running = f'+ {number(kpis.ongoing)} running, {mean if kpis.ongoing == 1 else f"mean {mean}"}'
    return {
        Kpi.UPTIME_SHARE: f'of {counted(kpis.machines, "machine")}',
        Kpi.AVAILABILITY: 'ISO 22400-2',
        Kpi.STOPS: f'+ {counted(kpis.micro_stops, "micro-stop")}',
        Kpi.MTBF: 'up time / stops',
        Kpi.MTTR: running or f'of {counted(kpis.repaired, "repair")}',
        Kpi.MTTA: f'{number(kpis.acknowledged)} of {counted(kpis.stops, "stop")} acknowledged' if kpis.stops
                  else 'no stops',
    }.get(kpi, '')


def coverage_of(kpis: Kpis) -> str:
    """The coverage as text."""
    return f'coverage {percent(kpis.coverage)}'
