"""The bars of the Pareto chart of the causes of downtime, and the scale below them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...analytics import Cause, LossCosts
from ...analytics.report_tables import NO_REASON
from ...analytics.stops import By
from ...analytics.window import NO_REASON as NO_REASON_KEY
from ...core.formatting import Detail, duration, number

MAX_BARS = 10
MAX_ALL_BARS = 200
"""Where all causes are shown; what is beyond is in the file."""
MAX_TICKS = 5
MINUTE, HOUR, DAY = 60, 3600, 86_400
TIME_STEPS = (1, 5, 15, 30, *(minutes * MINUTE for minutes in (1, 2, 5, 10, 15, 30)),
              *(hours * HOUR for hours in (1, 2, 4, 6, 12)), DAY)
"""Of an axis of time, in seconds."""
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
