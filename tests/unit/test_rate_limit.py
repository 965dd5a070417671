"""How often something may happen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floor.core.errors import TooManyChangesError
from floor.core.people import Identity
from floor.core.rate_limit import MAX_REMEMBERED, ChangeRateLimit, TokenBucket, TokenBuckets

MIKE = Identity('Mike Johnson', 'mike.johnson@example.com')


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_burst_is_in_time_and_then_the_rate_counts() -> None:
    clock = Clock()
    bucket = TokenBucket(10, 3, clock)
    assert [bucket.take() for _ in range(5)] == [0, 0, 0, pytest.approx(0.1), pytest.approx(0.2)]
    clock.seconds += 60
    assert [bucket.take() for _ in range(4)] == [0, 0, 0, pytest.approx(0.1)]


def test_what_is_refused_costs_nothing() -> None:
    clock = Clock()
    bucket = TokenBucket(1, 1, clock)
    assert bucket.try_take() == 0
    assert [bucket.try_take() for _ in range(100)] == [1.0] * 100
    clock.seconds += 1
    assert bucket.try_take() == 0


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.0, 0.0, 5.0]) | st.floats(0, 5), st.booleans()), max_size=60))
def test_no_stretch_of_time_holds_more_than_the_burst_and_what_the_rate_adds(steps: list[tuple[float, bool]]) -> None:
    clock, taken_at = Clock(), []
    bucket = TokenBucket(2, 4, clock)
    for seconds, asks in steps:
        clock.seconds += seconds
        if asks and bucket.try_take() == 0:
            taken_at.append(clock.seconds)
    for first, begin in enumerate(taken_at):
        for last in range(first, len(taken_at)):
            assert last - first + 1 <= 4 + 2 * (taken_at[last] - begin) + 1e-6


def test_who_changes_too_much_learns_for_how_long_to_wait_and_nobody_else_does() -> None:
    clock = Clock()
    limit = ChangeRateLimit(60, clock)
    for _ in range(60):
        limit.take(MIKE)
    with pytest.raises(TooManyChangesError, match='Wait 1 s and try again') as refused:
        limit.take(Identity('M. Johnson', 'Mike.Johnson@example.com'))
    assert refused.value.retry_after == pytest.approx(1)
    limit.take(Identity('Lisa Garcia', 'lisa.garcia@example.com'))
    limit.take(Identity('Mike Johnson', None))
    clock.seconds += 1
    limit.take(MIKE)


def test_names_that_were_seen_long_ago_are_forgotten_and_debts_are_not() -> None:
    clock = Clock()
    limit = ChangeRateLimit(1, clock)
    limit.take(MIKE)
    for number in range(MAX_REMEMBERED):
        limit.take(Identity(f'nobody {number}', None))
    with pytest.raises(TooManyChangesError):
        limit.take(MIKE)
    clock.seconds += 60
    limit.take(Identity('somebody', None))
    assert len(limit._buckets) == 1


def test_each_name_has_its_own_bucket_and_asking_remembers_nobody() -> None:
    buckets = TokenBuckets(1, 2, Clock())
    assert [buckets.of('mike').try_take() for _ in range(3)] == [0, 0, 1.0]
    assert buckets.of('lisa').try_take() == 0
    assert [buckets.tokens(name) for name in ('mike', 'lisa', 'nobody')] == [0, 1, 2]
    assert len(buckets) == 2


def test_a_bucket_that_owes_something_is_not_forgotten_when_there_are_many() -> None:
    clock = Clock()
    buckets = TokenBuckets(1, 2, clock, most=10)
    buckets.of('mike').take(30)
    for name in range(100):
        buckets.of(str(name))
    assert len(buckets) <= 11
    assert buckets.tokens('mike') == -28


def test_a_bucket_that_is_not_full_is_not_forgotten_when_there_are_many() -> None:
    buckets = TokenBuckets(1, 2, Clock(), most=1)
    buckets.of('mike').take(0.5)
    buckets.of('lisa')
    assert buckets.tokens('mike') == 1.5
