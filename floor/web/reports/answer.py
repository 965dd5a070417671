"""The answer at the top of a report: what was lost, whether that is more or less than before, and what cost most."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from nicegui import ui

from ...analytics import Analytics, Cause, Kpis, LossCosts, ProblemMachine
from ...analytics.kpis import are_covered, is_due_to_coverage
from ...analytics.report_pages import ALL_MACHINES
from ...core.floor_snapshot import NO_DISPLAY_NAMES
from ...core.formatting import downtime, number, percent
from ...core.machines import DisplayNames
from ...core.text import shortened
from ..shell.chips import hide
from ..shell.heading import Heading
from ..shell.messages import TextNode
from .panel import explain_button
from .report_query import ReportQuery
from .report_windows import Comparison, Span

NO_REASON = 'no reason given'
MAX_CAUSE_LENGTH = 120
MAX_LINE_LENGTH = 60

_BEFORE = {
    Span.SHIFT: 'last shift up to the same time', Span.LAST_SHIFT: 'the shift before',
    Span.TODAY: 'yesterday up to the same time', Span.YESTERDAY: 'the day before',
    Span.THIS_WEEK: 'last week up to the same time', Span.LAST_WEEK: 'the week before',
    Span.THIS_MONTH: 'last month up to the same time', Span.LAST_MONTH: 'the month before',
    Span.SEVEN_DAYS: 'the 7 days before', Span.THIRTY_DAYS: 'the 30 days before', Span.RANGE: 'the time before'}
"""What the window is compared with, after 'less than'."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sentences need.

    before  the KPIs of the window before, where there is one
    worst   the machine that cost most, if any was down: in money where each line has a cost, otherwise in time; None
            too in a report about one machine
    cause   the cause that cost most: of the worst machine, or of the machine that the report is about; None too in a
            report about one reason
    costs   what the time down costs; None: no line has a cost
    names   what machines are called
    """

    kpis: Kpis
    before: Kpis | None
    worst: ProblemMachine | None
    cause: Cause | None
    costs: LossCosts | None = None
    names: DisplayNames = NO_DISPLAY_NAMES

    @property
    def in_money(self) -> str:
        """' (EUR 1,204)'; empty: no line has a cost."""
        return f' ({self.costs.total_text})' if self.costs is not None else ''


async def read_answer(analytics: Analytics, choice: ReportQuery, comparison: Comparison, kpis: Kpis,
                      before: Kpis | None, *, costs: LossCosts | None, names: DisplayNames) -> Answer:
    """Read what cost most.

    :raises FloorError: it cannot be read
    """
    worst = None
    machine = choice.machine
    if machine is None:
        worst = costliest(await analytics.problem_machines(comparison.window, choice.scope, ALL_MACHINES), costs)
        machine = worst.machine if worst is not None else None
    causes = await analytics.causes(comparison.window, replace(choice.scope, line=None, machine=machine)) \
        if machine is not None and choice.reason is None else ()
    return Answer(kpis, before, worst, causes[0] if causes else None, costs, names)


def costliest(machines: Sequence[ProblemMachine], costs: LossCosts | None) -> ProblemMachine | None:
    """The machine that cost most. Where a line has no cost, the amounts cannot rank its machines: then the one that was
    down longest."""
    if costs is None or not costs.is_complete:
        return max(machines, key=lambda each: each.seconds, default=None)
    return max(machines, key=lambda each: costs.by_machine.get(each.machine, 0.0), default=None)


class AnswerPanel:
    """Two sentences, the first large."""

    def __init__(self, explain: Callable[[], None]) -> None:
        with ui.element('section').classes('answer').props('aria-label="Summary"') as self._section:
            self._headline = Heading('')
            self._detail = TextNode('p', '')
            explain_button('the summary', explain)
        hide(self._section, hidden=True)

    def show(self, choice: ReportQuery, comparison: Comparison, answer: Answer) -> None:
        """The sentences of this answer."""
        hide(self._section, hidden=False)
        self._headline.set_text(headline(choice, comparison, answer))
        self._detail.set_text(detail(choice, answer))

    def clear(self) -> None:
        """No answer."""
        hide(self._section, hidden=True)
        self._headline.set_text('')
        self._detail.set_text('')


def headline(choice: ReportQuery, comparison: Comparison, answer: Answer) -> str:
    """'Last week, Engine Line: 41 h down, 12 % less than the week before.'"""
    window = comparison.dates if choice.span is Span.RANGE else choice.span.word
    if choice.machine is not None:
        window = f'{window}, {answer.names.of(choice.machine)}'
    elif choice.line is not None:
        window = f'{window}, {shortened(choice.line, MAX_LINE_LENGTH)}'
    if choice.shift is not None:
        window = f'{window}, {choice.shift} shift'
    kpis, before = answer.kpis, answer.before
    by = '' if choice.reason is None else _because_of(choice.reason)
    if not kpis.down:
        return f'{window}: nothing was down{by}.'
    down = f'{downtime(kpis.down)} down{by}{answer.in_money}'
    if before is None:
        return f'{window}: {down}.'
    return f'{window}: {down}{_compared(kpis, before, _BEFORE[choice.span])}'


def _compared(kpis: Kpis, before: Kpis, former: str) -> str:
    """The end of the first sentence. former: what the window is compared with."""
    if not are_covered(kpis, before):
        unknown = former if are_covered(kpis) else 'this time'
        return f'. Too little is known of {unknown} to compare it.'
    if not before.down:
        return f', against nothing {former}.'
    if is_due_to_coverage(kpis.down, before.down, kpis, before):
        least, unknown = min((before.coverage or 0, former), (kpis.coverage or 0, 'this time'))
        return f'. Only {percent(least)} of {unknown} is known, too little to compare it.'
    change = round((kpis.down / before.down - 1) * 100)
    return f', {number(abs(change))} % {"more" if change > 0 else "less"} than {former}.' if change else \
        f', as much as {former}.'


def _because_of(reason: str) -> str:
    text = shortened(reason, MAX_CAUSE_LENGTH)
    return f' because of {text}' if text else ' without a reason'


def detail(choice: ReportQuery, answer: Answer) -> str:
    """'Injection Molder 02·01 cost most: 6 h 20 min, mainly hydraulic leak.'"""
    cause = None if answer.cause is None else shortened(answer.cause.reason or '', MAX_CAUSE_LENGTH)
    if answer.worst is not None:
        name, down = answer.names.of(answer.worst.machine), downtime(answer.worst.seconds)
        if answer.costs is not None and answer.worst.machine in answer.costs.by_machine:
            down = f'{down} ({answer.costs.text(answer.costs.by_machine[answer.worst.machine])})'
        most = 'cost most' if answer.costs is None or answer.costs.is_complete else 'was down longest'
        return f'{name} {most}: {down}, mainly {cause}.' if cause else f'{name} {most}: {down}.'
    if choice.machine is not None and answer.cause is not None and answer.kpis.down:
        return f'Costliest cause: {cause or NO_REASON}, {downtime(answer.cause.seconds)}.'
    return ''
