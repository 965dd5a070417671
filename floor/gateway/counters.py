"""Running totals become increments: a counter that is reset or that rolls over loses nothing that it showed."""

from __future__ import annotations

from enum import StrEnum

USUAL_ROLLOVERS = (2 ** 16, 2 ** 32)
NEAR = 0.01
"""A total that falls is a rollover if no more than this share of the whole range lies between; else a reset."""


class CounterStep(StrEnum):
    """How a total followed the last."""

    FIRST = 'first'
    COUNT = 'count'
    ROLLOVER = 'rollover'
    RESET = 'reset'


def increment(last: int | None, total: int, rollover: int | None = None) -> tuple[int, CounterStep]:
    """What was made between two readings of a total.

    last: None: the first reading ever, from which is counted. rollover: the number that the counter does not reach;
    None: 2^16 or 2^32, if the last total was near. After a reset, what it shows was made since.
    """
    if last is None:
        return 0, CounterStep.FIRST
    if total >= last:
        return total - last, CounterStep.COUNT
    for limit, near in ((rollover, 0.5),) if rollover else ((each, NEAR) for each in USUAL_ROLLOVERS):
        assert limit is not None  # noqa: S101
        if last < limit and limit - last + total <= near * limit:
            return limit - last + total, CounterStep.ROLLOVER
    return total, CounterStep.RESET
