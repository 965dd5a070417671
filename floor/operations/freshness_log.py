"""Logs each change of the floor's freshness, and records since when it lasts."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable

from ..core.sentences import full_stop
from ..feed.difference import Difference
from ..feed.freshness import Freshness
from ..feed.store import DISK, Store
from ..jobs.periodic_job import PeriodicJob

log = logging.getLogger(__name__)


async def after_first_snapshot(store: Store, task: Callable[[], Awaitable[None]]) -> None:
    """Run a task after the first snapshot: before, the database may not answer or may have no schema."""
    live = asyncio.Event()
    if store.connection is Freshness.LIVE:
        live.set()
    forget = store.subscribe(lambda _: live.set() if store.connection is Freshness.LIVE else None)
    try:
        await live.wait()
    finally:
        forget()
    await task()


class FreshnessLog:
    """The freshness log of the process."""

    def __init__(self, store: Store, *, disk_full: Callable[[], str | None] = lambda: None,
                 now: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        """disk_full: the server's error while writes fail on a full disk. now: seconds since 1970, for people;
        monotonic: for durations."""
        self.changes: Counter[Freshness] = Counter({state: 0 for state in Freshness})
        """The number of changes to each state."""
        self.since = now()
        """When the present state began, in seconds since 1970 by this machine's clock."""
        self._store = store
        self._state = store.connection
        self._feed_warning = store.feed_warning
        self._began = monotonic()
        self._disk_full = disk_full
        self._now, self._monotonic = now, monotonic
        self.job = PeriodicJob(self.look, 1.0, pause_first=True)
        """Each second: nobody announces that nothing comes."""
        store.subscribe(self._on_difference)

    def look(self) -> None:
        """Log what has changed since the last check."""
        problem = self._disk_full()
        self._store.set_feed_warning(problem and 'The disk of the database is full, so writing fails: '
                                     f'{full_stop(problem)}', DISK)
        if self._feed_warning is not None and self._store.feed_warning is None:
            log.info('resolved: %s', self._feed_warning, extra={'feed_warning': False})
        self._feed_warning = self._store.feed_warning
        state, former = self._store.connection, self._state
        if state is former:
            return
        lasted = self._monotonic() - self._began
        self._state, self._began, self.since = state, self._monotonic(), self._now()
        self.changes[state] += 1
        fields = {'connection': state.value, 'was': former.value, 'lasted_s': round(lasted, 1)}
        if state is Freshness.LIVE:
            log.info('the floor is live', extra=fields | {'machines': len(self._store.machines)})
        else:
            why = self._store.connection_error or 'no proof for too long that all changes arrive'
            log.warning('the floor is %s: %s', state.value, why,
                        extra=fields | {'last_proof_s': round(self._store.age or 0, 1)})

    def _on_difference(self, difference: Difference) -> None:
        if difference.connection:
            self.look()
