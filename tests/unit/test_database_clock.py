"""What is known here of the database's clock: the best of its answers, and that it was set."""

from __future__ import annotations

import logging

import pytest
from unit.clock import Clock

from floor.core.floor_snapshot import FloorSnapshot
from floor.feed.database_clock import DatabaseClock
from floor.feed.store import Store

NOON = 1_800_000_000_000
HOUR_MS = 3_600_000


@pytest.fixture
def known(clock: Clock) -> DatabaseClock:
    """A clock that has answered within 2 ms."""
    known = DatabaseClock(clock)
    known.read(NOON, asked=clock.now - 0.002, answered=clock.now)
    return known


def answer_after_a_stall(clock: Clock, known: DatabaseClock, seconds: float) -> None:
    """The database answers at once, and this process takes the answer up so many seconds later."""
    asked, true_ms = clock.now, NOON + round((clock.now - 1000) * 1000)
    clock.now += seconds
    known.read(true_ms, asked, clock.now)


def test_it_is_carried_on_from_the_middle_of_the_question(clock: Clock) -> None:
    known = DatabaseClock(clock)
    known.read(NOON, asked=990.0, answered=990.5)
    assert known.now_ms == NOON + 9_750
    assert known.error == pytest.approx(0.25, abs=0.01)


def test_a_slow_answer_does_not_replace_a_quick_one(clock: Clock, known: DatabaseClock) -> None:
    """A process that stood still for two seconds is not a second late for it."""
    answer_after_a_stall(clock, known, 2.0)
    assert known.now_ms == pytest.approx(NOON + 2_000, abs=5)
    assert known.error < 0.01
    assert known.jumps == 0


def test_what_may_be_wrong_grows_with_the_drift_of_the_clocks(clock: Clock, known: DatabaseClock) -> None:
    """0.4 ms a second for an hour, which NTP may correct; then an answer that takes three seconds."""
    clock.now += 3600
    asked, shown_ms = clock.now, NOON + round(3600 * 1000.4)
    clock.now += 3
    known.read(shown_ms, asked, clock.now)
    assert abs(known.now_ms - (shown_ms + 3000)) / 1000 <= known.error < 2
    assert known.jumps == 0


def test_a_snapshot_of_the_floor_does_not_either(clock: Clock) -> None:
    store = Store(monotonic=clock)
    store.set_clock(NOON, asked=clock.now, answered=clock.now)
    asked = clock.now
    clock.now += 2.0
    store.replace(FloorSnapshot((), (), now_ms=NOON), asked, clock.now)
    assert store.now_ms == pytest.approx(NOON + 2_000, abs=5)
    clock.now += 2.0
    store.replace(FloorSnapshot((), (), now_ms=NOON + 2_000))  # nobody knows when that was
    assert store.now_ms == pytest.approx(NOON + 4_000, abs=5)
    assert store.clock_error is not None


def test_slow_answers_together_say_more_than_each(clock: Clock) -> None:
    known = DatabaseClock(clock)
    known.read(NOON, asked=1000.0, answered=1004.0)
    known.read(NOON + 7_000, asked=1003.0, answered=1007.0)
    assert known.error < 1.01


def test_an_old_answer_is_worth_less(clock: Clock, known: DatabaseClock) -> None:
    """Clocks part; after an hour an answer of two seconds beats one that was good an hour ago."""
    clock.now += 3600
    before = known.error
    known.read(NOON + HOUR_MS, clock.now - 0.5, clock.now)
    assert before > 1 > known.error


@pytest.mark.parametrize(('jump', 'shown'), [(-3_600, '-3,600.0 s'), (94_608_000, '+94,608,000.0 s')])
def test_a_clock_that_was_set_counts_at_once_and_is_logged(clock: Clock, known: DatabaseClock, jump: int, shown: str,
                                                           caplog: pytest.LogCaptureFixture) -> None:
    clock.now += 5
    known.read(NOON + 5_000 + jump * 1000, clock.now - 0.002, clock.now)
    assert known.now_ms == pytest.approx(NOON + 5_000 + jump * 1000, abs=5)
    assert known.last_jump is not None
    assert known.last_jump.seconds == pytest.approx(jump, abs=0.1)
    assert known.jumps == 1
    assert [record.getMessage() for record in caplog.records] == [
        f"the database's clock moved by {shown} against this machine's: it was set, or a machine was asleep"]


@pytest.mark.parametrize(('by_ms', 'jumps'), [(990, 0), (1_010, 1), (-1_010, 1)])
def test_a_jump_is_a_correction_by_a_second_or_more(clock: Clock, known: DatabaseClock, by_ms: int, jumps: int) -> None:
    known.read(NOON + by_ms, clock.now - 0.002, clock.now)
    assert known.jumps == jumps


def test_a_small_correction_is_no_jump(clock: Clock, known: DatabaseClock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    known.read(NOON + 400, clock.now - 0.002, clock.now)
    assert known.now_ms == pytest.approx(NOON + 400, abs=5)
    assert (known.jumps, caplog.records) == (0, [])


def test_before_it_was_read_a_snapshot_of_unknown_age_is_better_than_nothing(clock: Clock) -> None:
    known = DatabaseClock(clock)
    known.show(NOON)
    clock.now += 3
    assert (known.now_ms, known.error) == (NOON + 3_000, None)
