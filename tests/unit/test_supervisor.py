"""Background tasks that die: each is started again, and says so in /healthz, /metrics and on the pages meanwhile."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from database.postgres import until
from unit.harness import client_of, samples

from floor.core.floor_snapshot import FloorSnapshot
from floor.feed.listener import Listener
from floor.feed.store import TASKS, Store
from floor.jobs.supervisor import Supervisor
from floor.operations.health import PAGE_UPDATES

QUICK: dict[str, Any] = {'settled_after': 0.05, 'first_backoff': 0.01}
FOREVER = 3600


class Task:
    """Does what it is given in turn, then runs."""

    def __init__(self, *deaths: Callable[[], Awaitable[None]]) -> None:
        self.starts = 0
        self._deaths = deaths

    async def run(self) -> None:
        self.starts += 1
        if self.starts <= len(self._deaths):
            await self._deaths[self.starts - 1]()
        await asyncio.sleep(FOREVER)


async def fail() -> None:
    raise OverflowError('timestamp out of range')


async def await_something_cancelled() -> None:
    future = asyncio.get_running_loop().create_future()
    future.cancel()
    await future


@asynccontextmanager
async def running(task: Awaitable[None]) -> AsyncIterator[asyncio.Task[None]]:
    started = asyncio.ensure_future(task)
    try:
        yield started
    finally:
        started.cancel()
        await asyncio.gather(started, return_exceptions=True)


@pytest.mark.parametrize('death', [fail, await_something_cancelled])
async def test_a_task_that_dies_is_started_again(death: Callable[[], Awaitable[None]]) -> None:
    task = Task(death, death, death)
    supervisor = Supervisor(**QUICK)
    async with running(supervisor.supervise('task', 'tasks', task.run)()):
        await until(lambda: task.starts == 4)
        status, = supervisor.statuses
        await until(lambda: status.problem is None)
        assert status.failures == 3


async def test_a_task_that_returns_is_started_again() -> None:
    starts = 0

    async def end() -> None:
        nonlocal starts
        starts += 1

    supervisor = Supervisor(**QUICK)
    async with running(supervisor.supervise('task', 'tasks', end)()):
        await until(lambda: starts >= 3)
    assert supervisor.statuses[0].problem == 'it ended unexpectedly'


async def test_a_program_that_stops_ends_its_tasks() -> None:
    task = Task()
    supervisor = Supervisor(**QUICK)
    async with running(supervisor.supervise('task', 'tasks', task.run)()) as started:
        await until(lambda: task.starts == 1)
        started.cancel()
        with pytest.raises(asyncio.CancelledError):
            await started
    assert supervisor.statuses[0].failures == 0


async def test_the_same_death_many_times_is_one_traceback(caplog: pytest.LogCaptureFixture) -> None:
    task = Task(*[fail] * 5)
    supervisor = Supervisor(**QUICK)
    async with running(supervisor.supervise('task', 'tasks', task.run)()):
        await until(lambda: task.starts == 6)
    logged = [(each.levelno, each.message) for each in caplog.records if each.levelno >= logging.WARNING]
    assert logged == [(logging.ERROR, 'the tasks failed and are restarted')]


async def test_a_death_shows_in_healthz_in_the_metrics_and_on_the_pages_until_it_works_again() -> None:
    store = Store()
    supervisor = Supervisor(lambda warning: store.set_feed_warning(warning, TASKS), settled_after=0.5,
                            first_backoff=0.01)
    allowed = asyncio.Event()

    async def run() -> None:
        if not allowed.is_set():
            await fail()
        await asyncio.sleep(FOREVER)

    task = supervisor.supervise(PAGE_UPDATES, 'page updates', run)
    store.replace(FloorSnapshot((), (), now_ms=0))
    store.prove()
    listener = Listener(fail, None, store)
    nowhere = 'postgresql://nobody@127.0.0.1:1/nothing'
    async with client_of(nowhere, store, listener, supervised=supervisor.statuses) as client, running(task()):
        await until(lambda: store.feed_warning is not None)
        answer = await client.get('/healthz')
        assert (answer.status_code, answer.json()['status']) == (503, 'stale')
        assert answer.json()['tasks'] == {PAGE_UPDATES: 'timestamp out of range'}
        assert store.feed_warning == ('A background task of this program fails and is restarted repeatedly: '
                                 'page updates (timestamp out of range).')
        assert samples(await client.get('/metrics'))['floor_task_failing', (PAGE_UPDATES,)] == 1
        allowed.set()
        await until(lambda: store.feed_warning is None)
        answer = await client.get('/healthz')
        assert (answer.status_code, answer.json()['tasks']) == (200, {})
        assert samples(await client.get('/metrics'))['floor_task_failing', (PAGE_UPDATES,)] == 0


async def test_the_pauses_of_a_task_that_fails_repeatedly_grow_until_it_works(
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, 'uniform', lambda low, high: 1.0)
    pauses: list[float] = []
    supervisor = Supervisor(settled_after=FOREVER, first_backoff=0.01)

    async def die() -> None:
        if len(pauses) == 3:
            supervisor.statuses[0].done()  # it works again
        raise OverflowError

    run = supervisor.supervise('task', 'tasks', die)
    sleep = asyncio.sleep

    async def record(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(0 if len(pauses) < 5 else FOREVER)
    monkeypatch.setattr(asyncio, 'sleep', record)
    async with running(run()):
        while len(pauses) < 5:
            await sleep(0)
    assert pauses == [0.01, 0.02, 0.04, 0.01, 0.02]
