"""What is logged of a task that fails repeatedly, and of the connection: little, and enough."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import asyncpg
import pytest
from unit.clock import Clock

from floor.core.errors import DatabaseUnavailableError, FeedNotDeliveredError
from floor.core.floor_snapshot import FloorSnapshot
from floor.core.latency import RECENT_S, LatencyHistogram
from floor.db.error_labels import no_reasons, reason_of
from floor.db.task_status import REASONS_KEPT, TaskStatus
from floor.feed.freshness import Freshness
from floor.feed.listener import Listener
from floor.feed.store import Store
from floor.feed.timing import Timing
from floor.operations.event_loop_latency import measure_event_loop
from floor.operations.freshness_log import FreshnessLog


@pytest.fixture
def status(clock: Clock) -> TaskStatus:
    return TaskStatus('task', 'tasks', logging.getLogger('floor.task'), failing='it fails', again='it works again',
                      fault='it broke', now=clock, monotonic=clock)


async def test_an_hour_of_failures_is_a_line_for_each_reason_and_one_for_the_end(
        status: TaskStatus, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    reasons = (DatabaseUnavailableError('refused'), asyncpg.CannotConnectNowError('starting'),
               ZeroDivisionError('a slip'))
    for turn in range(720):
        clock.now += 5
        async with status.attempt():
            raise reasons[turn % 3]
    assert status.problem == 'a slip'
    clock.now += 5
    async with status.attempt():
        clock.now += 0.5
    assert [(each.levelname, each.message) for each in caplog.records] == [
        ('WARNING', 'it fails: refused'), ('WARNING', 'it fails: starting'), ('ERROR', 'it broke'),
        ('INFO', 'it works again')]
    assert vars(caplog.records[-1])['after_s'] == 3600.5
    assert (status.failures, status.problem, status.took, status.done_at) == (720, None, 0.5, clock.now)
    assert status.last_problem == (clock.now - 5.5, 'a slip')


async def test_the_next_outage_is_logged_again(status: TaskStatus, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        async with status.attempt():
            raise DatabaseUnavailableError('refused')
        async with status.attempt():
            pass
    assert [each.message for each in caplog.records if each.levelno == logging.WARNING] == ['it fails: refused'] * 2


async def test_reasons_that_are_always_new_do_not_flood_the_log(
        status: TaskStatus, caplog: pytest.LogCaptureFixture) -> None:
    for turn in range(1000):
        async with status.attempt():
            raise DatabaseUnavailableError(f'process {turn} ended')
    assert len([each for each in caplog.records if each.levelno >= logging.WARNING]) == REASONS_KEPT


async def test_a_task_that_is_cancelled_has_not_failed(status: TaskStatus) -> None:
    with pytest.raises(asyncio.CancelledError):
        async with status.attempt():
            raise asyncio.CancelledError
    assert status.failures == 0


async def test_a_database_that_is_away_for_an_hour_is_a_handful_of_lines(
        caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """The listener tries every five seconds for an hour, here without the pauses."""
    attempts = 0

    async def refuse() -> asyncpg.Connection:
        nonlocal attempts
        attempts += 1
        raise DatabaseUnavailableError(f'the database does not answer: {"refused" if attempts % 2 else "no route"}')

    monkeypatch.setitem(Listener.run.__globals__, 'MAX_BACKOFF_S', 0)  # by name the module is found only once
    store = Store()
    watch = FreshnessLog(store)
    listener = Listener(refuse, None, store, timing=Timing(first_backoff=0))
    task = asyncio.create_task(listener.run())
    async with asyncio.timeout(20):
        while attempts < 720:
            watch.look()
            await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert len([each for each in caplog.records if each.levelno >= logging.INFO]) == 2
    assert listener.refusals['unreachable'] >= 720
    assert sum(listener.losses.values()) == 0


def test_each_change_of_the_connection_is_a_line_with_why_and_for_how_long(
        clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    store = Store(stale_after=8, monotonic=clock)
    watch = FreshnessLog(store, now=clock, monotonic=clock)
    clock.now += 2
    store.replace(FloorSnapshot((), (), now_ms=0))
    store.prove()
    clock.now += 7
    watch.look()
    clock.now += 2
    watch.look()
    watch.look()
    assert watch.since == clock.now
    clock.now += 60
    store.prove()
    store.lose('the database closed the connection')
    logged: list[Any] = caplog.records
    logged_lines = [(each.levelname, each.message, each.connection, each.was, each.lasted_s) for each in logged]
    assert logged_lines == [
        ('INFO', 'the floor is live', 'live', 'connecting', 2),
        ('WARNING', 'the floor is stale: no proof for too long that all changes arrive', 'stale', 'live', 9),
        ('INFO', 'the floor is live', 'live', 'stale', 60),
        ('WARNING', 'the floor is stale: the database closed the connection', 'stale', 'live', 0)]
    assert watch.changes == {Freshness.LIVE: 2, Freshness.STALE: 2, Freshness.CONNECTING: 0}


def test_the_end_of_a_trouble_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    store = Store()
    FreshnessLog(store)
    store.set_feed_warning('a trigger is off')
    store.set_feed_warning(None)
    assert [each.message for each in caplog.records] == ['resolved: a trigger is off']


@pytest.mark.parametrize(('error', 'word'), [
    (FeedNotDeliveredError('late'), 'heartbeat'), (asyncpg.InvalidPasswordError('no'), 'login'),
    (asyncpg.TooManyConnectionsError('full'), 'full'), (asyncpg.CannotConnectNowError('starting'), 'starting'),
    (asyncpg.ConnectionDoesNotExistError('gone'), 'closed'), (asyncpg.AdminShutdownError('ended'), 'closed'),
    (ConnectionResetError(), 'closed'), (TimeoutError(), 'timeout'), (ConnectionRefusedError(), 'unreachable'),
    (asyncpg.UndefinedTableError('gone'), 'refused'), (ZeroDivisionError(), 'fault'),
    (DatabaseUnavailableError('no password'), 'unreachable')])
def test_every_reason_has_a_word_of_the_list(error: Exception, word: str) -> None:
    assert reason_of(error) == word
    assert word in no_reasons()
    wrapped = DatabaseUnavailableError('away')
    wrapped.__cause__ = error
    assert reason_of(wrapped) == word


def test_percentiles_are_of_recent_values_and_less_than_nothing_is_nothing(clock: Clock) -> None:
    lag = LatencyHistogram('some_seconds', 'Some.', clock)
    assert lag.percentile(0.5) is None
    lag.observe(60)
    clock.now += RECENT_S + 1
    for milliseconds in range(100):
        lag.observe(milliseconds / 1000)
    lag.observe(-5)
    assert (lag.percentile(0.5), lag.percentile(0.95), lag.percentile(1)) == (0.049, 0.094, 0.099)
    count, = (sample.value for metric in lag.collect() for sample in metric.samples if sample.name.endswith('_count'))
    assert count == 102


async def test_a_blocked_event_loop_is_seen() -> None:
    lag = LatencyHistogram('loop_seconds', 'Loop.')
    task = asyncio.create_task(measure_event_loop(lag, every=0.01))
    await asyncio.sleep(0.05)
    until = asyncio.get_running_loop().time() + 0.3
    while asyncio.get_running_loop().time() < until:
        pass
    async with asyncio.timeout(30):
        while (lag.percentile(1) or 0) < 0.25:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    task.cancel()
