"""Request coalescing: callers that read the same at the same revision of the store share one query.

When an order changes, a hundred browsers read the same list at once; the database is asked once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

SHARED_FOR_S = 2.0
"""Some results depend on the time too, such as the number of overdue orders."""
MAX_SHARED = 256

Result = TypeVar('Result')


@dataclass(frozen=True, slots=True)
class _Shared:
    """A result, or a query that is still running."""

    revision: int
    started_at: float
    task: asyncio.Task[Any]

    def is_valid(self, revision: int) -> bool:
        """Whether a caller at this revision may use it now."""
        if self.revision != revision:
            return False
        if not self.task.done():
            return True
        failed = self.task.cancelled() or self.task.exception() is not None
        return not failed and time.monotonic() - self.started_at < SHARED_FOR_S


class SharedReads:
    """Results by key; the oldest are dropped."""

    def __init__(self) -> None:
        self._shared: dict[Hashable, _Shared] = {}

    async def read(self, key: Hashable, revision: int | None, query: Callable[[], Awaitable[Result]]) -> Result:
        """The result of a query, shared with others of the same key and revision; revision None: not shared.

        A caller that is cancelled does not cancel the query of the others.
        """
        if revision is None:
            return await query()
        shared = self._shared.get(key)
        if shared is None or not shared.is_valid(revision):
            task = asyncio.ensure_future(_awaited(query))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())  # all callers may be cancelled
            shared = _Shared(revision, time.monotonic(), task)
            self._shared.pop(key, None)
            self._shared[key] = shared
            while len(self._shared) > MAX_SHARED:
                del self._shared[next(iter(self._shared))]
        return cast(Result, await asyncio.shield(shared.task))


async def _awaited(query: Callable[[], Awaitable[Result]]) -> Result:
    return await query()
