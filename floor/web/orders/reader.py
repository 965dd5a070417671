"""Reloads a page of work orders: at once after a change, then at most four times a second."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from nicegui import Client, background_tasks

from ...core.errors import DatabaseError, DatabaseUnavailableError
from ...feed.active_orders import ActiveOrderChange
from ...feed.store import Difference, Freshness, Store
from ..shell.loading import PATIENCE_S

log = logging.getLogger(__name__)

MIN_INTERVAL_S = 0.25
RETRY_S = 2.0
MINUTE_MS = 60_000
MAX_CHECKED_CHANGES = 100


class OrderReader:
    """Reads for one page until its client goes; what failed is tried again until it succeeds."""

    def __init__(self, client: Client, store: Store, read: Callable[[], Awaitable[None]],
                 concerns: Callable[[ActiveOrderChange], bool], failed: Callable[[DatabaseError], None]) -> None:
        """read: read and show. concerns: whether a change can alter what is shown. failed: called with the reason if
        reading fails or takes long."""
        self._client = client
        self._store = store
        self._read = read
        self._concerns = concerns
        self._failed = failed
        self._wanted = False
        self._hurry = asyncio.Event()
        self.answered = asyncio.Event()
        """Set by the first reading, whether it succeeded or not."""
        self._task: asyncio.Task[None] | None = None
        self._minute: asyncio.TimerHandle | None = None
        self._ended = False
        self._stop = store.subscribe(self._on_difference)
        client.on_delete(self._end)
        self._next_minute()

    def ask(self, *, at_once: bool = True) -> None:
        """Read again; at_once: without the pause that keeps a busy plant from being read for every change."""
        if self._ended:
            return
        self._wanted = True
        if at_once:
            self._hurry.set()
        if self._task is None or self._task.done():
            self._task = background_tasks.create(self._run(), name='work orders')

    def again(self) -> None:
        """Give up what is being read, and read again."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self.ask()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._wanted and not self._ended:
            self._wanted = False
            self._hurry.clear()
            began = loop.time()
            pause = MIN_INTERVAL_S
            overdue = loop.call_later(PATIENCE_S, self._say_why, DatabaseUnavailableError(
                f'the database has not responded for {PATIENCE_S:g} s'))
            try:
                with self._client:
                    await self._read()
            except DatabaseError as error:
                self._wanted, pause = True, RETRY_S
                self._say_why(error)
            except Exception as error:  # a fault of ours: the page says so and reads again
                log.exception('work orders could not be read')
                self._wanted, pause = True, RETRY_S
                self._say_why(DatabaseError(f'a fault in this program: {type(error).__name__}'))
            finally:
                overdue.cancel()
            self.answered.set()
            await self._pause(max(pause, loop.time() - began))  # a slow database is left alone as long as it took

    def _say_why(self, error: DatabaseError) -> None:
        if not self._ended:
            with self._client:
                self._failed(error)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._hurry.wait(), seconds)
        except TimeoutError:
            pass

    def _on_difference(self, difference: Difference) -> None:
        if difference.people or difference.layout or difference.history or self._any_concerns(difference.orders):
            self.ask(at_once=False)
        elif difference.connection and self._store.connection is Freshness.LIVE:
            self.ask()

    def _any_concerns(self, changes: tuple[ActiveOrderChange, ...]) -> bool:
        """When in doubt: thousands are not looked at one by one on each page."""
        return len(changes) > MAX_CHECKED_CHANGES or any(map(self._concerns, changes))

    def _next_minute(self) -> None:
        """What is due comes nearer although nothing happens. All pages ask at the same moment, and share the answer."""
        rest = MINUTE_MS - self._store.now_ms % MINUTE_MS
        self._minute = asyncio.get_running_loop().call_later(rest / 1000, self._on_minute)

    def _on_minute(self) -> None:
        self.ask(at_once=False)
        self._next_minute()

    def _end(self) -> None:
        self._ended = True
        self._stop()
        self._hurry.set()
        if self._minute is not None:
            self._minute.cancel()
