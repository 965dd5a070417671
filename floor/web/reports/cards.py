"""The six KPIs at the top of a report, each with its coverage, its change, and a button for its explanation."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from nicegui import ui

from ...analytics import DEFINITIONS, Kpi, KpiDefinition, Kpis, LossCosts, Scope, Unit
from ...analytics.kpis import are_covered, is_due_to_coverage
from ...core.formatting import NOTHING, Detail, counted, duration, number, percent
from ..shell.chips import set_attribute
from ..shell.heading import Heading
from ..shell.messages import TextNode
from .kpi_change import ChangeDirection, KpiChange, value

CARDS = (Kpi.UPTIME_SHARE, Kpi.AVAILABILITY, Kpi.STOPS, Kpi.MTBF, Kpi.MTTR, Kpi.RESPONSE)

MAX_NOTES = 3
NOT_BY_REASON = frozenset({Kpi.UPTIME_SHARE, Kpi.AVAILABILITY, Kpi.MTBF})
"""The time in which machines ran has no reason."""


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
            self._notes = [ui.label().classes('kpi-note') for _ in range(MAX_NOTES)]
            self._coverage = ui.label().classes('kpi-note')

    def show(self, kpis: Kpis, before: Kpis | None, scope: Scope, costs: LossCosts | None) -> None:
        """Show the value of the window and its change. before: the KPIs of the previous window. scope: what they are
        about. costs: of the time down, if any."""
        definition = self._definition
        self._value.set_text(value_of(definition, kpis))
        unknown = scope.reason is not None and definition.kpi in NOT_BY_REASON
        change = change_of(definition, kpis, before)
        self._change.set_text('' if unknown else change.text)
        set_attribute(self._change, 'data-direction', change.direction.value)
        if before is not None and before.covered:
            former = value_of(definition, before)
            set_attribute(self._change, 'title', f'Previous window: {former}, coverage {percent(before.coverage)}')
        notes = notes_of(definition.kpi, kpis) if kpis.covered else ['no data']
        if unknown:
            notes = ['not known by reason']
        if definition.kpi is Kpi.UPTIME_SHARE and costs is not None:
            notes.append(f'down: {costs.total_text}')
        for label, text in zip(self._notes, [*notes, *[''] * MAX_NOTES], strict=False):
            label.set_text(text)
        self._coverage.set_text(coverage_of(kpis))

    def clear(self) -> None:
        """Remove the value."""
        for label in self._change, *self._notes, self._coverage:
            label.set_text('')
        self._value.set_text('…')


class KpiCards:
    """All cards."""

    def __init__(self, explain: Callable[[Kpi], None]) -> None:
        with ui.element('div').classes('kpis'):
            self._cards = [KpiCard(kpi, explain) for kpi in CARDS]

    def show(self, kpis: Kpis, before: Kpis | None, scope: Scope, costs: LossCosts | None) -> None:
        """Show the KPIs of a window. before: those of the previous window. scope: what they are about. costs: of the
        time down, if any."""
        for card in self._cards:
            card.show(kpis, before, scope, costs)

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
    """Whether a change between two windows says anything: a mean needs stops in both, a count in one of them, and
    a sum more of a difference than the coverage of the windows explains."""
    stops = [stops_of(definition.kpi, of) for of in (kpis, before)]
    fewest = max(stops) if definition.unit is Unit.COUNT else min(stops)
    return fewest >= definition.least and are_covered(kpis, before) and not (
        definition.is_sum and is_due_to_coverage(number_of(definition, kpis) or 0, number_of(definition, before) or 0,
                                                 kpis, before))


def stops_of(kpi: Kpi, kpis: Kpis) -> int:
    """How many stops a KPI was computed from."""
    return {Kpi.STOPS: kpis.stops, Kpi.MICRO_STOPS: kpis.micro_stops, Kpi.CARRIED_IN: kpis.carried_in,
            Kpi.MTTR: kpis.repaired, Kpi.REPAIR: kpis.works, Kpi.RESPONSE: kpis.acknowledged,
            Kpi.RESPONSE_P90: kpis.acknowledged}.get(kpi, kpis.failures)


def notes_of(kpi: Kpi, kpis: Kpis) -> list[str]:
    """The notes below the value of a KPI: what it was computed from, and what stands beside it."""
    failures = counted(kpis.failures, 'failure')
    if kpi is Kpi.UPTIME_SHARE:
        return [f'of {counted(kpis.machines, "machine")}']
    if kpi is Kpi.STOPS:
        carried = [f'{number(kpis.carried_in)} more carried in'] if kpis.carried_in else []
        return [f'{failures} + {counted(kpis.micro_stops, "micro-stop")}', *carried]
    if kpi is Kpi.MTBF:
        return [f'per machine, {failures}' if kpis.machines > 1 else f'of {failures}']
    if kpi is Kpi.MTTR:
        alone = [] if kpis.repair is None else [
            f'repair alone {duration(kpis.repair, Detail.BRIEF)}: mean of the {number(kpis.works)} with work started']
        return [f'to restore: mean of {counted(kpis.repaired, "failure")}', *alone, *ongoing_of(kpis)]
    if kpi is Kpi.RESPONSE:
        p90 = [] if kpis.response_p90 is None else [f'90 % of these within {duration(kpis.response_p90, Detail.BRIEF)}']
        median = [f'median of {number(kpis.acknowledged)} of {failures}', *p90] if kpis.acknowledged else [
            f'0 of {failures} acknowledged']
        return median if kpis.failures else ['no failures']
    return []


def ongoing_of(kpis: Kpis) -> list[str]:
    """The stops that are going on."""
    if not kpis.ongoing:
        return []
    mean = duration(kpis.ongoing_seconds / kpis.ongoing, Detail.BRIEF)
    return [f'{number(kpis.ongoing)} still down, {mean if kpis.ongoing == 1 else f"mean {mean}"}']


def coverage_of(kpis: Kpis) -> str:
    """The coverage as text."""
    return f'coverage {percent(kpis.coverage)}'
