"""How often something may happen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floor.core.change_limit import MOST_REMEMBERED, ChangeLimit
from floor.core.errors import TooManyChanges
from floor.core.model import Identity
from floor.core.token_bucket import Pace

MIKE = Identity('Mike Johnson', 'mike.johnson@example.com')


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_burst_is_in_time_and_then_the_rate_counts() -> None:
    clock = Clock()
    pace = Pace(10, 3, clock)
    assert [pace.take() for _ in range(5)] == [0, 0, 0, pytest.approx(0.1), pytest.approx(0.2)]
    clock.seconds += 60
    assert [pace.take() for _ in range(4)] == [0, 0, 0, pytest.approx(0.1)]


def test_what_is_refused_costs_nothing() -> None:
    clock = Clock()
    pace = Pace(1, 1, clock)
    assert pace.try_take() == 0
    assert [pace.try_take() for _ in range(100)] == [1.0] * 100
    clock.seconds += 1
    assert pace.try_take() == 0


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.0, 0.0, 5.0]) | st.floats(0, 5), st.booleans()), max_size=60))
def test_no_stretch_of_time_holds_more_than_the_burst_and_what_the_rate_adds(steps: list[tuple[float, bool]]) -> None:
    clock, taken_at = Clock(), []
    pace = Pace(2, 4, clock)
    for seconds, asks in steps:
        clock.seconds += seconds
        if asks and pace.try_take() == 0:
            taken_at.append(clock.seconds)
    for first, begin in enumerate(taken_at):
        for last in range(first, len(taken_at)):
            assert last - first + 1 <= 4 + 2 * (taken_at[last] - begin) + 1e-6


def test_who_changes_too_much_is_told_for_how_long_to_wait_and_nobody_else_is() -> None:
    clock = Clock()
    limit = ChangeLimit(60, clock)
    for _ in range(60):
        limit.take(MIKE)
    with pytest.raises(TooManyChanges, match='Wait 1 s and do it again') as refused:
        limit.take(Identity('M. Johnson', 'Mike.Johnson@example.com'))
    assert refused.value.retry_after == pytest.approx(1)
    limit.take(Identity('Lisa Garcia', 'lisa.garcia@example.com'))
    limit.take(Identity('Mike Johnson', None))
    clock.seconds += 1
    limit.take(MIKE)


def test_names_that_were_seen_long_ago_are_forgotten_and_debts_are_not() -> None:
    clock = Clock()
    limit = ChangeLimit(1, clock)
    limit.take(MIKE)
    for number in range(MOST_REMEMBERED):
        limit.take(Identity(f'nobody {number}', None))
    with pytest.raises(TooManyChanges):
        limit.take(MIKE)
    clock.seconds += 60
    limit.take(Identity('somebody', None))
    assert len(limit._paces) == 1
