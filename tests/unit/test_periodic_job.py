"""A job is done repeatedly: a failure is noted and does not end it, and it can be woken."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from floor.db.task_status import TaskStatus
from floor.jobs.periodic_job import PeriodicJob

LONG = 3600.0


class Work:
    """Counts how often it is done; fails while it is set to."""

    def __init__(self) -> None:
        self.times = 0
        self.fault: Exception | None = None
        self._done = asyncio.Condition()

    async def __call__(self) -> None:
        self.times += 1
        async with self._done:
            self._done.notify_all()
        if self.fault is not None:
            raise self.fault

    async def done(self, times: int) -> None:
        """Returns when it was done so often."""
        async with asyncio.timeout(10), self._done:
            await self._done.wait_for(lambda: self.times >= times)


@pytest.fixture
async def work() -> Work:
    return Work()


@pytest.fixture
def status() -> TaskStatus:
    return TaskStatus('task', 'tasks', logging.getLogger('floor.task'), failing='it fails', again='it works again',
                      fault='it has a fault')


@asynccontextmanager
async def running(job: PeriodicJob) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(job.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_it_is_done_at_once_and_again_after_each_pause(work: Work) -> None:
    async with running(PeriodicJob(work, 0.001)):
        await work.done(5)


async def test_it_can_begin_with_a_pause(work: Work) -> None:
    job = PeriodicJob(work, LONG, pause_first=True)
    async with running(job):
        for _ in range(5):
            await asyncio.sleep(0)
        assert work.times == 0
        job.wake()
        await work.done(1)


@pytest.mark.parametrize('turns', range(4))
async def test_it_ends_when_it_is_cancelled_just_as_it_is_woken(work: Work, turns: int) -> None:
    """turns: of the event loop, between both."""
    job = PeriodicJob(work, LONG)
    async with running(job) as task:
        await work.done(1)
        job.wake()
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task], timeout=5)
        assert task.done()


async def test_who_is_woken_does_not_wait_for_the_end_of_the_pause(work: Work) -> None:
    job = PeriodicJob(work, LONG)
    async with running(job):
        await work.done(1)
        job.wake()
        await work.done(2)


async def test_who_is_woken_at_work_does_it_again_once() -> None:
    times, go_on = 0, asyncio.Event()

    async def work() -> None:
        nonlocal times
        times += 1
        await go_on.wait()
    job = PeriodicJob(work, LONG)
    async with running(job):
        await asyncio.sleep(0)
        job.wake()
        job.wake()
        go_on.set()
        for _ in range(20):
            await asyncio.sleep(0)
        assert times == 2


async def test_a_failure_is_noted_and_the_job_goes_on(work: Work, status: TaskStatus) -> None:
    work.fault = ZeroDivisionError('a slip')
    job = PeriodicJob(work, 0, status)
    async with running(job) as task:
        await work.done(3)
        assert status.problem == 'a slip'
        work.fault = None
        await work.done(work.times + 2)
        assert (status.problem, task.done()) == (None, False)


async def test_without_a_status_a_failure_reaches_the_supervisor(work: Work) -> None:
    work.fault = ZeroDivisionError('a slip')
    with pytest.raises(ZeroDivisionError):
        await PeriodicJob(work, LONG).run()


@pytest.mark.parametrize('every', [0, 0.001])
async def test_its_work_may_be_a_plain_function(every: float) -> None:
    done = asyncio.Event()
    work: Callable[[], None] = done.set
    async with running(PeriodicJob(work, every)), asyncio.timeout(10):
        await done.wait()
