"""Reloads a page of work orders after changes, at most four times a second."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from nicegui import Client, background_tasks

from ...core.errors import DatabaseError, DatabaseUnavailableError
from ...core.tasks import happens_within
from ...feed.active_orders import ActiveOrderChange
from ...feed.difference import Difference
from ...feed.freshness import Freshness
from ...feed.store import Store
from ..shell.loading import SLOW_S

log = logging.getLogger(__name__)

MIN_INTERVAL_S = 0.25
RETRY_S = 2.0
MINUTE_MS = 60_000
MAX_CHECKED_CHANGES = 100


class OrderReader:
    """Reads for one page until its client is deleted. A failed read is retried until it succeeds."""

    def __init__(self, client: Client, store: Store, read: Callable[[], Awaitable[None]],
                 concerns: Callable[[ActiveOrderChange], bool], failed: Callable[[DatabaseError], None]) -> None:
        """read: reads and shows. concerns: whether a change can affect the page. failed: called with the reason if
        reading fails or takes long."""
        self._client = client
        self._store = store
        self._read = read
        self._concerns = concerns
        self._failed = failed
        self._is_requested = False
        self._without_pause = asyncio.Event()
        self.first_read_done = asyncio.Event()
        """Set after the first read, whether it succeeded or not."""
        self._task: asyncio.Task[None] | None = None
        self._minute: asyncio.TimerHandle | None = None
        self._ended = False
        self._stop = store.subscribe(self._on_difference)
        client.on_delete(self._end)
        self._next_minute()

    def request(self, *, at_once: bool = True) -> None:
        """Read again. at_once: without the pause that limits the rate of reads."""
        if self._ended:
            return
        self._is_requested = True
        if at_once:
            self._without_pause.set()
        if self._task is None or self._task.done():
            self._task = background_tasks.create(self._run(), name='work orders')

    def retry(self) -> None:
        """Cancel the current read, and read again."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self.request()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._is_requested and not self._ended:
            self._is_requested = False
            self._without_pause.clear()
            started = loop.time()
            pause = MIN_INTERVAL_S
            slow = loop.call_later(SLOW_S, self._report, DatabaseUnavailableError(
                f'the database has not responded for {SLOW_S:g} s'))
            try:
                with self._client:
                    await self._read()
            except DatabaseError as error:
                self._is_requested, pause = True, RETRY_S
                self._report(error)
            except Exception as error:  # a bug: show it, and try again
                log.exception('cannot read work orders')
                self._is_requested, pause = True, RETRY_S
                self._report(DatabaseError(f'a fault in this program: {type(error).__name__}'))
            finally:
                slow.cancel()
            self.first_read_done.set()
            # at least as long as the read, for a slow database
            await happens_within(self._without_pause, max(pause, loop.time() - started))

    def _report(self, error: DatabaseError) -> None:
        if not self._ended:
            with self._client:
                self._failed(error)

    def _on_difference(self, difference: Difference) -> None:
        if difference.people or difference.layout or difference.history or self._any_concerns(difference.orders):
            self.request(at_once=False)
        elif difference.connection and self._store.connection is Freshness.LIVE:
            self.request()

    def _any_concerns(self, changes: tuple[ActiveOrderChange, ...]) -> bool:
        """Above MAX_CHECKED_CHANGES, reading again is cheaper than checking each change for each page."""
        return len(changes) > MAX_CHECKED_CHANGES or any(map(self._concerns, changes))

    def _next_minute(self) -> None:
        """Due times and ages change every minute. All pages read at the same time, and share the result."""
        rest = MINUTE_MS - self._store.now_ms % MINUTE_MS
        self._minute = asyncio.get_running_loop().call_later(rest / 1000, self._on_minute)

    def _on_minute(self) -> None:
        self.request(at_once=False)
        self._next_minute()

    def _end(self) -> None:
        self._ended = True
        self._stop()
        if self._task is not None:
            self._task.cancel()  # what it reads would be shown on a page that is gone
        if self._minute is not None:
            self._minute.cancel()
