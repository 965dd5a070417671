"""One job that is done again and again, for as long as the program runs."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from contextlib import suppress

from ..db.task_status import TaskStatus

Work = Callable[[], Awaitable[object] | object]


class PeriodicJob:
    """Does its work, then pauses; `wake` cuts the pause short."""

    def __init__(self, work: Work, every: float, status: TaskStatus | None = None, *,
                 pause_first: bool = False) -> None:
        """work: done once each time, awaited where it is a coroutine function. every: seconds of a pause. status: notes
        what fails and goes on; without one, an error ends the job, and whoever supervises it starts it again.
        pause_first: begin with a pause."""
        self.status = status
        self._work = work
        self._every = every
        self._pause_first = pause_first
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Do it now; where it is being done, do it again at once afterwards."""
        self._woken.set()

    async def run(self) -> None:
        """Until cancelled."""
        if self._pause_first:
            await self._pause()
        while True:
            if self.status is None:
                await self._once()
            else:
                async with self.status.attempt():
                    await self._once()
            await self._pause()

    async def _once(self) -> None:
        if inspect.isawaitable(done := self._work()):
            await done

    async def _pause(self) -> None:
        if not self._every and not self._woken.is_set():
            await asyncio.sleep(0)
        else:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), self._every)
        self._woken.clear()
