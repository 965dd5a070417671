"""The Pareto chart of the causes of downtime: horizontal bars that filter the report when they are pressed.

The bars are buttons of the page, not of ECharts, so that the keyboard and screen readers reach them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nicegui import ui

from ...analytics import Cause, LossCosts
from ...analytics.report_tables import NO_REASON
from ...analytics.stops import By
from ...analytics.window import NO_REASON as NO_REASON_KEY
from ...core.formatting import Detail, downtime, duration, number, percent
from ...core.text import shortened
from ..shell.messages import TextNode

MAX_BARS = 10
MAX_TICKS = 5
MAX_NAME_LENGTH = 80
MINUTE, HOUR, DAY = 60, 3600, 86_400
TIME_STEPS = (1, 5, 15, 30, *(minutes * MINUTE for minutes in (1, 2, 5, 10, 15, 30)),
              *(hours * HOUR for hours in (1, 2, 4, 6, 12)), DAY)
"""Of an axis of time, in seconds."""
FACTORS = (1, 2, 5)
"""Of a step of an axis, with a power of ten."""


@dataclass(frozen=True, slots=True)
class CauseBar:
    """One row. amount: seconds or stops; reason None: it is for several causes and cannot be pressed. cost:
    of its time, as text; empty: there is none."""

    name: str
    amount: float
    cumulative: float
    is_vital: bool
    reason: str | None
    cost: str = ''


class BarFocus:
    """Which bar has the keyboard focus. A browser drops the focus with the element that has it, so the bar of the same
    reason gets it when the chart is built again."""

    def __init__(self) -> None:
        self._bars: dict[str, ui.element] = {}
        self._reason: str | None = None

    @property
    def reason(self) -> str | None:
        """Of the bar; None: no bar of the page has it."""
        bar = None if self._reason is None else self._bars.get(self._reason)
        return None if bar is None or bar.is_deleted else self._reason

    def follow(self, bar: ui.element, reason: str) -> None:
        """Follow the focus of the bar that is now the one of a reason."""
        self._bars[reason] = bar
        bar.on('focus', lambda: self._arrived(reason), args=[])
        bar.on('blur', lambda: self._left(reason), args=[])

    def give(self, reason: str | None) -> None:
        """Move the focus to the bar of a reason, if there is one, wherever the page is scrolled to."""
        bar = None if reason is None else self._bars.get(reason)
        if bar is not None and not bar.is_deleted:
            self._reason = reason
            bar.run_method('focus', {'preventScroll': True})

    def _arrived(self, reason: str) -> None:
        self._reason = reason

    def _left(self, reason: str) -> None:
        if self._reason == reason:
            self._reason = None


def pareto(causes: Sequence[Cause], by: By, chosen: str | None, choose: Callable[[str | None], None], *,
           focus: BarFocus, costs: LossCosts | None = None) -> None:
    """Build the chart. chosen: the reason that the report is filtered by. choose: called with the reason of a bar that
    was pressed, or None if it was the chosen one. focus: of the page. costs: of the time down, if any."""
    bars = bars_of(causes, by, chosen, costs)
    end, ticks = axis(max(bar.amount for bar in bars if bar.reason is not None), by)
    with ui.element('div').classes('pareto') as chart:
        chart.props['data-chosen'] = str(chosen is not None).lower()
        with ui.element('div').classes('pareto-head').props('aria-hidden=true'):
            for title in 'Cause', 'Time down' if by == 'minutes' else 'Stops', 'Cumulative':
                TextNode('span', title)
        with ui.element('ol') as rows:
            rows.props['aria-label'] = 'Causes, the greatest first'
            for bar in bars:
                with ui.element('li'):
                    _bar(bar, by, end, chosen=chosen, choose=choose, focus=focus)
        with ui.element('div').classes('pareto-axis').props('aria-hidden=true'), ui.element('span'):
            for tick in ticks:
                TextNode('i', tick_text(tick, by)).style(f'left: {100 * tick / end:.2f}%')


def bars_of(causes: Sequence[Cause], by: By, chosen: str | None, costs: LossCosts | None = None) -> list[CauseBar]:
    """The greatest causes and the chosen one, each with a bar, and one for all others."""
    shown = [cause for number, cause in enumerate(causes) if number < MAX_BARS or key_of(cause) == chosen]
    if len(causes) == MAX_BARS + 1:
        shown = list(causes)
    bars = [CauseBar(cause.reason or NO_REASON, amount_of(cause, by), cause.cumulative, cause.vital, key_of(cause),
                     cost_of([cause], costs))
            for cause in shown]
    if others := [cause for cause in causes if cause not in shown]:
        bars.append(CauseBar(f'Other ({number(len(others))} causes)', sum(amount_of(each, by) for each in others), 1.0,
                             False, None, cost_of(others, costs)))
    return bars


def cost_of(causes: Sequence[Cause], costs: LossCosts | None) -> str:
    """What causes cost together; empty: no machine that they stopped has a cost."""
    known = [] if costs is None else [costs.by_reason[each.reason] for each in causes if each.reason in costs.by_reason]
    return costs.text(sum(known)) if costs is not None and known else ''


def key_of(cause: Cause) -> str:
    """The reason as filters have it."""
    return NO_REASON_KEY if cause.reason is None else cause.reason


def amount_of(cause: Cause, by: By) -> float:
    """What the bar of a cause measures: seconds or stops."""
    return cause.seconds if by == 'minutes' else float(cause.count)


def axis(most: float, by: By) -> tuple[float, list[float]]:
    """The end of an axis for amounts up to this, and its ticks: few, and round."""
    powers = [factor * 10 ** power for power in range(12) for factor in FACTORS]
    steps = [*TIME_STEPS, *(DAY * power for power in powers)] if by == 'minutes' else powers
    step = next((step for step in steps if most <= step * MAX_TICKS), steps[-1])
    number_of_steps = max(1, int(-(-most // step)))
    return float(step * number_of_steps), [float(step * index) for index in range(number_of_steps + 1)]


def tick_text(tick: float, by: By) -> str:
    """'30 min', '36 h', '40'; 0 has no unit."""
    if by == 'count' or not tick:
        return number(tick)
    return f'{number(tick / HOUR)} h' if tick >= HOUR and not tick % HOUR else duration(tick, Detail.BRIEF)


def _bar(bar: CauseBar, by: By, end: float, *, chosen: str | None, choose: Callable[[str | None], None],
         focus: BarFocus) -> None:
    """Build a bar: a button, unless it stands for several causes."""
    amount = downtime(bar.amount) if by == 'minutes' else number(bar.amount)
    if bar.cost and by == 'minutes':
        amount = f'{amount}, {bar.cost}'
    name = shortened(bar.name, MAX_NAME_LENGTH)
    is_chosen = bar.reason is not None and bar.reason == chosen
    with ui.element('div' if bar.reason is None else 'button').classes('pareto-bar') as row:
        TextNode('span', name).classes('pareto-name').props['title'] = bar.name[:1_000]
        with ui.element('span').classes('pareto-track').props('aria-hidden=true'):
            fill = TextNode('i').style(f'width: {min(100.0, 100 * bar.amount / end):.2f}%')
            fill.props['data-part'] = 'others' if bar.reason is None else 'vital' if bar.is_vital else 'trivial'
            fill.props['data-cut'] = str(bar.amount > end).lower()  # many causes together: all others would be short
        TextNode('span', amount).classes('pareto-amount')
        TextNode('span', percent(bar.cumulative)).classes('pareto-share')
    row.props['data-chosen'] = str(is_chosen).lower()
    if bar.reason is not None:
        row.props('type=button').props['aria-pressed'] = str(is_chosen).lower()
        row.props['aria-label'] = f'{name}: {amount if by == "minutes" else f"{amount} stops"}, cumulative ' \
                                  f'{percent(bar.cumulative)}'
        row.on('click', lambda: choose(None if is_chosen else bar.reason), args=[])
        focus.follow(row, bar.reason)
