"""Reads the feeds while pages show them: once for all pages of this instance, however many there are."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection

from nicegui import Client, background_tasks

from ....core.errors import FloorError, ProgramFaultError
from ....core.tasks import happens_within
from ....plant.feed_items import FeedOverview

log = logging.getLogger(__name__)

EVERY_S = 0.3
Show = Callable[[FeedOverview | FloorError], None]


class Watcher:
    """One page. feed_id: the feed whose last events it shows; None: none."""

    def __init__(self, client: Client, show: Show) -> None:
        self.client = client
        self.feed_id: int | None = None
        self.answered = asyncio.Event()
        self._show = show

    def show(self, read: FeedOverview | FloorError) -> None:
        """Show what was read, or why it could not be."""
        try:
            with self.client:
                self._show(read)
        except Exception:  # an error on one page must not affect the others
            log.exception('a page of the feeds could not be updated')
        self.answered.set()


class FeedWatch:
    """One for the whole program. It rests while there is no page."""

    def __init__(self, read: Callable[[Collection[int]], Awaitable[FeedOverview]], every: float) -> None:
        """read: returns the feeds, with the last events of those with these ids; raises FloorError. every: seconds."""
        self._read = read
        self._every = every
        self._watchers: list[Watcher] = []
        self._task: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()

    def join(self, watcher: Watcher) -> None:
        """Keep a page up to date until its client is deleted."""
        self._watchers.append(watcher)
        watcher.client.on_delete(lambda: self._watchers.remove(watcher))
        if self._task is None or self._task.done():
            self._task = background_tasks.create(self._run(), name='watch the feeds')
        self.wake()

    def wake(self) -> None:
        """Read now."""
        self._woken.set()

    async def _run(self) -> None:
        while self._watchers:
            self._woken.clear()
            read = await self._once()
            for watcher in tuple(self._watchers):
                watcher.show(read)
            await happens_within(self._woken, self._every)

    async def _once(self) -> FeedOverview | FloorError:
        wanted = {watcher.feed_id for watcher in self._watchers if watcher.feed_id is not None}
        try:
            return await self._read(sorted(wanted))
        except FloorError as error:
            return error
        except Exception as error:  # a bug must not look like a slow database
            log.exception('reading the feeds failed')
            return ProgramFaultError(error)
