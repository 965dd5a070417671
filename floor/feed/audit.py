"""A slow audit of the feed: are all triggers there, and does the store equal the tables?"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import asyncpg

from ..core.floor_snapshot import FloorSnapshot
from ..core.formatting import counted, duration
from ..core.machines import MachineName
from ..db.queries import Queries
from .change_applier import ChangeApplier
from .feed_session import FeedSession
from .heartbeat import Heartbeat
from .snapshot import read_floor
from .store import FEED, Store
from .timing import DeliveryCounters, Timing

log = logging.getLogger(__name__)

MAX_NAMED = 5
"""The most triggers that a message names."""


class Audit:
    """Finds changes without a notification. It then records what no trigger recorded, and reads the floor again."""

    def __init__(self, queries: Queries, store: Store, timing: Timing, counters: DeliveryCounters, *,
                 changes: ChangeApplier, heartbeat: Heartbeat, also_wrong: Callable[[], str | None]) -> None:
        """also_wrong: a further warning from outside the database, if any."""
        self._queries = queries
        self._store = store
        self._timing = timing
        self._counters = counters
        self._changes = changes
        self._heartbeat = heartbeat
        self._also_wrong = also_wrong

    async def run(self, session: FeedSession) -> None:
        """Audit this connection until cancelled, more often while triggers are missing."""
        while True:
            await asyncio.sleep(self._timing.polling if FEED in self._store.feed_warnings else self._timing.audit)
            await self.check_triggers(session)
            await self._compare(session)

    async def check_triggers(self, session: FeedSession) -> None:
        """Set or clear the warning of missing and disabled triggers."""
        async with session.asking:
            missing = [row['name'] async for row in self._queries.missing_triggers(session.connection)]
        if not missing:
            self._store.set_feed_warning(self._also_wrong())
            return
        if FEED not in self._store.feed_warnings:
            log.error('triggers are missing or disabled: %s', ', '.join(missing))
        more = f' and {len(missing) - MAX_NAMED} more' if len(missing) > MAX_NAMED else ''
        self._store.set_feed_warning('The database does not announce or record every change (missing or disabled: '
                                     f'trigger {", ".join(missing[:MAX_NAMED])}{more}). The floor '
                                     f'is read every {duration(self._timing.polling)} instead.')

    async def _compare(self, session: FeedSession) -> None:
        """Compare the store with the tables, after all notifications of earlier changes have arrived."""
        versions = {name: machine.version for name, machine in self._store.machines.items()}
        orders_revision = self._store.orders_revision
        snapshots = self._counters.snapshots
        async with session.asking:
            snapshot = await read_floor(session.connection, self._queries)
        await self._heartbeat.beat(session)
        if session.resync_wanted or session.something_came.is_set() or self._counters.snapshots != snapshots:
            return  # the floor is changing now, and changes are notified
        wrong = self._differences(snapshot, versions, orders_revision)
        recorded = await self._record(session) if wrong or FEED in self._store.feed_warnings else 0
        if wrong or recorded:
            self._counters.audits_with_difference += 1
        if wrong:
            log.warning('the audit found changes without a notification: %s', ', '.join(sorted(wrong)[:10]))
        if wrong or recorded or snapshot.history is not self._store.history:  # it changes with time, or after a crash
            await self._changes.read_floor(session)
        elif versions == {name: machine.version for name, machine in self._store.machines.items()}:
            self._store.replace_events(snapshot.events)

    async def _record(self, session: FeedSession) -> int:
        """Put changes that no trigger recorded into the history, so that reports agree with the floor, which may know
        them by a notification of something else. Of how many machines."""
        async with session.asking:
            try:
                recorded: int = await self._queries.record_missed_changes(session.connection)
            except asyncpg.InsufficientPrivilegeError:  # a guest: the app records them
                return 0
        if recorded:
            log.warning('the history got the present status of %s, whose changes were not recorded',
                        counted(recorded, 'machine'))
        return recorded

    def _differences(self, snapshot: FloorSnapshot, versions: dict[MachineName, int],
                     orders_revision: int) -> list[str]:
        """What differs, for the log. Machines and orders that changed since these versions are not compared."""
        wrong: list[str] = [*self._wrong_machines(snapshot, versions)]
        if self._store.differs_in_layout(snapshot):
            wrong.append('lines, positions or types')
        if self._store.orders_revision == orders_revision:
            known, read = self._store.orders, {order.id: order for order in snapshot.orders}
            wrong += [id_ for id_ in {**known, **read} if known.get(id_) != read.get(id_)]
        if {each.id: each for each in snapshot.people} != self._store.people:
            wrong.append('the people')
        if (snapshot.setup_change, snapshot.icons) != (self._store.setup_change, self._store.icons):
            wrong.append('the set-up')
        if snapshot.is_demo != self._store.is_demo:
            wrong.append('whether it is a demo')
        if snapshot.plant != self._store.plant:
            wrong.append('the settings of the plant')
        return wrong

    def _wrong_machines(self, snapshot: FloorSnapshot, before: dict[MachineName, int]) -> set[MachineName]:
        known = self._store.machines
        return {record.name for record in snapshot.machines
                if record.name not in known or (known[record.name].version == before.get(record.name)
                                                and not known[record.name].agrees_with(record))
                } | (set(known) - {record.name for record in snapshot.machines})
