"""Applies what arrives on a connection to the store: notifications, coalesced under load, and snapshots."""

from __future__ import annotations

import asyncio
import logging

from ..core.errors import NotificationError
from ..core.machines import MachineChange, MachineName
from ..core.orders import OrderBrief, OrderId
from ..core.repeated_log import RateLimitedLog
from ..db.queries import Queries
from .feed_session import FeedSession
from .protocol import Changes, OrderChanges, Resync, parse
from .snapshot import read_floor
from .store import Store
from .timing import DeliveryCounters, Timing

log = logging.getLogger(__name__)

MAX_BURST_S = 0.5
"""Seconds after which a longer burst is read while it lasts, so that the floor does not wait for its end."""


class ChangeApplier:
    """Notified changes first; the whole floor where a notification cannot say what changed."""

    def __init__(self, queries: Queries, store: Store, timing: Timing, counters: DeliveryCounters) -> None:
        self._queries = queries
        self._store = store
        self._timing = timing
        self._counters = counters
        self._unreadable = RateLimitedLog(log)

    async def run(self, session: FeedSession) -> None:
        """Write notified changes to the store: at once after a quiet moment, a few times a second under load."""
        while True:
            await session.something_came.wait()
            seen = self._counters.notifications
            self.drain(session)
            busy = self._counters.notifications - seen > 1
            if session.resync_wanted:
                await self._end_of_burst(session)
                await self.read_floor(session)
            await asyncio.sleep(self._timing.busy_gap if busy else self._timing.gap)

    async def _end_of_burst(self, session: FeedSession) -> None:
        """Wait for the end of a burst of thousands of notifications, as one statement can send."""
        if not session.overflowed:
            return
        loop = asyncio.get_running_loop()
        deadline = loop.time() + MAX_BURST_S
        while session.overflowed and loop.time() < deadline:
            session.overflowed = False
            await asyncio.sleep(self._timing.busy_gap)
        session.overflowed = False
        self._counters.notifications += session.drop()

    def drain(self, session: FeedSession) -> None:
        """Apply all queued notifications in one step, only the last of each machine and each order."""
        session.something_came.clear()
        machines: dict[MachineName, MachineChange] = {}
        orders: dict[OrderId, OrderBrief] = {}
        if session.overflowed:  # the snapshot that follows contains all changes until now
            session.resync_wanted = True
            self._counters.notifications += session.drop()
        for message in map(self._parse, session.take()):
            match message:
                case Resync():
                    session.resync_wanted = True
                case OrderChanges():
                    for order in message.orders:
                        if order.id not in orders or orders[order.id].event < order.event:
                            orders[order.id] = order
                case Changes():
                    for change in message.machines:
                        if change.name not in self._store.machines:
                            session.resync_wanted = True
                        if change.name not in machines or machines[change.name].version < change.version:
                            machines[change.name] = change
        self._write(session, sorted(machines.values(), key=lambda change: change.version),
                    sorted(orders.values(), key=lambda order: order.event))

    def _parse(self, payload: str) -> Changes | OrderChanges | Resync:
        self._counters.notifications += 1
        try:
            return parse(payload)
        except NotificationError as error:
            self._counters.unreadable += 1
            self._unreadable.warn(error.reason, f'ignored a notification and read the floor again: {error}')
            return Resync('an unrecognised notification')

    def _write(self, session: FeedSession, machines: list[MachineChange], orders: list[OrderBrief]) -> None:
        if session.reading:
            session.machines_while_reading += machines
            session.orders_while_reading += orders
        if machines:
            self._store.apply(machines)
        if orders:
            self._store.apply_orders(orders)

    async def read_floor(self, session: FeedSession) -> None:
        """Replace the floor by a snapshot, then apply what arrived while it was read."""
        async with session.asking:
            session.resync_wanted = False  # not earlier: the audit may be reading, and must see that a snapshot is due
            session.reading, session.machines_while_reading, session.orders_while_reading = True, [], []
            asked = self._store.moment
            try:
                snapshot = await read_floor(session.connection, self._queries)
            finally:
                session.reading = False
        self._counters.snapshots += 1
        self._store.replace(snapshot, asked, self._store.moment)
        self._write(session, session.machines_while_reading, session.orders_while_reading)  # perhaps newer
