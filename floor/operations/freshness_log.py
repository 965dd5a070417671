"""Writes down how far the floor can be trusted: one line in the log for each change, and since when it is so."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable

from ..core.sentences import full_stop
from ..feed.store import DISK, Connection, Difference, Store
from ..jobs.periodic_job import PeriodicJob

log = logging.getLogger(__name__)


async def once_live(store: Store, task: Callable[[], Awaitable[None]]) -> None:
    """Run a task from the first picture on: before, the database may not answer, or not have its schema yet."""
    live = asyncio.Event()
    if store.connection is Connection.LIVE:
        live.set()
    forget = store.subscribe(lambda _: live.set() if store.connection is Connection.LIVE else None)
    try:
        await live.wait()
    finally:
        forget()
    await task()


class ConnectionWatch:
    """One for the whole program."""

    def __init__(self, store: Store, *, disk_full: Callable[[], str | None] = lambda: None,
                 now: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        """disk_full: what the server says while writes meet a full disk. now: seconds since 1970, for people;
        monotonic: for lengths of time."""
        self.changes: Counter[Connection] = Counter({state: 0 for state in Connection})
        """How often it became what."""
        self.since = now()
        """When it became what it is, in seconds since 1970 by this machine's clock."""
        self._store = store
        self._state = store.connection
        self._trouble = store.trouble
        self._began = monotonic()
        self._disk_full = disk_full
        self._now, self._monotonic = now, monotonic
        self.job = PeriodicJob(self.look, 1.0, pause_first=True)
        """Each second: nobody announces that nothing comes."""
        store.subscribe(self._on_difference)

    def look(self) -> None:
        """Note what has changed since the last look."""
        problem = self._disk_full()
        self._store.set_trouble(problem and 'The disk of the database is full, so writing fails: '
                                f'{full_stop(problem)}', DISK)
        if self._trouble is not None and self._store.trouble is None:
            log.info('this is over: %s', self._trouble, extra={'trouble': False})
        self._trouble = self._store.trouble
        state, was = self._store.connection, self._state
        if state is was:
            return
        lasted = self._monotonic() - self._began
        self._state, self._began, self.since = state, self._monotonic(), self._now()
        self.changes[state] += 1
        fields = {'connection': state.value, 'was': was.value, 'lasted_s': round(lasted, 1)}
        if state is Connection.LIVE:
            log.info('the floor is live', extra=fields | {'machines': len(self._store.machines)})
        else:
            why = self._store.problem or 'nothing proved for too long that all changes arrive'
            log.warning('the floor is %s: %s', state.value, why,
                        extra=fields | {'last_proof_s': round(self._store.age or 0, 1)})

    def _on_difference(self, difference: Difference) -> None:
        if difference.connection:
            self.look()
