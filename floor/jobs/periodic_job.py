"""A job that runs periodically until it is cancelled."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable

from ..core.tasks import happens_within
from ..db.task_status import TaskStatus

Work = Callable[[], Awaitable[object] | object]


class PeriodicJob:
    """Runs its work, then pauses; `wake` ends the pause early."""

    def __init__(self, work: Work, every: float, status: TaskStatus | None = None, *,
                 pause_first: bool = False) -> None:
        """work: runs once per period, awaited if it returns an awaitable. every: seconds of the pause. status: records
        errors; without it, an error ends the job, and its supervisor restarts it. pause_first: start with a pause."""
        self.status = status
        self._work = work
        self._every = every
        self._pause_first = pause_first
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Run now; if it is running, run again at once afterwards."""
        self._woken.set()

    async def run(self) -> None:
        """Run until cancelled."""
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
            await happens_within(self._woken, self._every)
        self._woken.clear()
