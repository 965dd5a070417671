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
from .bar_focus import BarFocus

MAX_BARS = 10
MAX_ALL_BARS = 200
"""Where all causes are shown; what is beyond is in the file."""
MAX_TICKS = 5
MAX_NAME_LENGTH = 80
MINUTE, HOUR, DAY = 60, 3600, 86_400
TIME_STEPS = (1, 5, 15, 30, *(minutes * MINUTE for minutes in (1, 2, 5, 10, 15, 30)),
              *(hours * HOUR for hours in (1, 2, 4, 6, 12)), DAY)
"""Of an axis of time, in seconds."""
SHOW_ALL, IN_FILE = 'show all', 'in the CSV file'
OTHERS, FEWER = '\0others', '\0fewer'
"""Stand for the bar of all other causes and for the button that hides them, where a reason does; none has such a
letter."""
FACTORS = (1, 2, 5)
"""Of a step of an axis, with a power of ten."""


@dataclass(frozen=True, slots=True)
class CauseBar:
    """One row. amount: seconds or stops; reason None: it is for several causes. cost: of its time, as text; empty:
    there is none."""

    name: str
    amount: float
    cumulative: float
    is_vital: bool
    reason: str | None
    cost: str = ''


@dataclass(frozen=True, slots=True)
class CauseActions:
    """What the bars do. choose: called with the reason of a bar that was pressed, or None if it was the chosen one.
    show_all: called with whether all causes are to be shown, not only the greatest. file: address of the file that has
    all of them."""

    choose: Callable[[str | None], None]
    show_all: Callable[[bool], None]
    file: str


def pareto(causes: Sequence[Cause], by: By, chosen: str | None, actions: CauseActions, *,
           focus: BarFocus, costs: LossCosts | None = None, all_causes: bool = False) -> None:
    """Build the chart. chosen: the reason that the report is filtered by. focus: of the page. costs: of the time down,
    if any. all_causes: with a bar for each."""
    bars = bars_of(causes, by, chosen, costs, most=MAX_ALL_BARS if all_causes else MAX_BARS)
    end, ticks = axis(max(bar.amount for bar in bars if bar.reason is not None), by)
    with ui.element('div').classes('pareto') as chart:
        chart.props['data-chosen'] = str(chosen is not None).lower()
        chart.props['data-all'] = str(all_causes).lower()
        with ui.element('div').classes('pareto-head').props('aria-hidden=true'):
            for title in 'Cause', 'Time down' if by == 'minutes' else 'Stops', 'Cumulative':
                TextNode('span', title)
        with ui.element('ol') as rows:
            rows.props['aria-label'] = 'Causes, the greatest first'
            for bar in bars:
                with ui.element('li'):
                    if bar.reason is not None:
                        _cause_bar(bar, bar.reason, by, end, is_chosen=bar.reason == chosen, choose=actions.choose,
                                   focus=focus)
                    elif all_causes:
                        _link_to_file(bar, by, end, actions.file)
                    else:
                        _others_bar(bar, by, end, first=first_hidden(causes, bars), show_all=actions.show_all,
                                    focus=focus)
        with ui.element('div').classes('pareto-axis').props('aria-hidden=true'), ui.element('span'):
            for tick in ticks:
                TextNode('i', tick_text(tick, by)).style(f'left: {100 * tick / end:.2f}%')
    if all_causes and len(causes) > MAX_BARS + 1:
        _fewer_button(actions.show_all, focus)


def bars_of(causes: Sequence[Cause], by: By, chosen: str | None, costs: LossCosts | None = None, *,
            most: int = MAX_BARS) -> list[CauseBar]:
    """The greatest causes and the chosen one, each with a bar, and one for all others."""
    shown = [cause for number, cause in enumerate(causes) if number < most or key_of(cause) == chosen]
    if len(causes) == most + 1:
        shown = list(causes)
    bars = [CauseBar(cause.reason or NO_REASON, amount_of(cause, by), cause.cumulative, cause.vital, key_of(cause),
                     cost_of([cause], costs))
            for cause in shown]
    if others := [cause for cause in causes if cause not in shown]:
        bars.append(CauseBar(f'Other ({number(len(others))} causes)', sum(amount_of(each, by) for each in others), 1.0,
                             False, None, cost_of(others, costs)))
    return bars


def first_hidden(causes: Sequence[Cause], bars: Sequence[CauseBar]) -> str:
    """The reason of the greatest cause that has no bar; there has to be one."""
    shown = {bar.reason for bar in bars}
    return next(key for cause in causes if (key := key_of(cause)) not in shown)


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


def _cause_bar(bar: CauseBar, reason: str, by: By, end: float, *, is_chosen: bool,
               choose: Callable[[str | None], None], focus: BarFocus) -> None:
    """Build the bar of one cause: a button that filters the report."""
    row = _row(bar, by, end, tag='button', part='vital' if bar.is_vital else 'trivial')
    row.props('type=button').props['aria-pressed'] = str(is_chosen).lower()
    row.props['data-chosen'] = str(is_chosen).lower()
    row.on('click', lambda: choose(None if is_chosen else reason), args=[])
    focus.follow(row, reason)


def _others_bar(bar: CauseBar, by: By, end: float, *, first: str, show_all: Callable[[bool], None],
                focus: BarFocus) -> None:
    """Build the bar of all other causes: a button that shows them. first: the greatest of them."""
    row = _row(bar, by, end, tag='button', part='others', action=SHOW_ALL)
    row.props('type=button').props['aria-expanded'] = 'false'

    def press() -> None:
        focus.move_to(first)
        show_all(True)

    row.on('click', press, args=[])
    focus.follow(row, OTHERS)


def _link_to_file(bar: CauseBar, by: By, end: float, file: str) -> None:
    """Build the bar of the causes that are too many for the page: a link to the file that has them."""
    _row(bar, by, end, tag='a', part='others', action=IN_FILE).props('download').props['href'] = file


def _fewer_button(show_all: Callable[[bool], None], focus: BarFocus) -> None:
    def press() -> None:
        focus.move_to(OTHERS)
        show_all(False)

    button = TextNode('button', f'Show the {MAX_BARS} greatest only').classes('explain screen-hint')
    button.props('type=button').on('click', press, args=[])
    focus.follow(button, FEWER)


def _row(bar: CauseBar, by: By, end: float, *, tag: str, part: str, action: str = '') -> ui.element:
    """Build a bar. tag: of its element. part: its kind, which the stylesheet colours. action: what pressing it does."""
    amount = downtime(bar.amount) if by == 'minutes' else number(bar.amount)
    if bar.cost and by == 'minutes':
        amount = f'{amount}, {bar.cost}'
    name = shortened(bar.name, MAX_NAME_LENGTH)
    with ui.element(tag).classes('pareto-bar') as row:
        with TextNode('span', '' if action else name).classes('pareto-name') as label:
            if action:
                TextNode('span', name)
                TextNode('span', action).classes('pareto-action screen-hint')
        label.props['title'] = bar.name[:1_000]
        with ui.element('span').classes('pareto-track').props('aria-hidden=true'):
            fill = TextNode('i').style(f'width: {min(100.0, 100 * bar.amount / end):.2f}%')
            fill.props['data-part'] = part
            fill.props['data-cut'] = str(bar.amount > end).lower()  # many causes together: all others would be short
        TextNode('span', amount).classes('pareto-amount')
        TextNode('span', percent(bar.cumulative)).classes('pareto-share')
    row.props['data-chosen'] = 'false'
    row.props['aria-label'] = f'{name}{action and f" {action}"}: {amount if by == "minutes" else f"{amount} stops"}, ' \
                              f'cumulative {percent(bar.cumulative)}'
    return row
