"""From PostgreSQL to the store: LISTEN, snapshot, then every notified change.

The table is the source of truth and a notification only a hint, so the order is: listen, read the whole floor, then
apply what arrived in the meantime. The connection is trusted only while heartbeat notifications come back; a suspect
one is terminated, not closed, and a new one starts from a new snapshot. A slow audit compares the floor with the table.
"""

from __future__ import annotations

import asyncio
import logging
import random
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncpg

from ..core.errors import DatabaseError, DatabaseReadOnlyError, FeedNotDeliveredError, NotificationError
from ..core.floor_snapshot import FloorSnapshot
from ..core.formatting import duration
from ..core.machines import MachineChange, MachineName
from ..core.orders import OrderBrief, OrderId
from ..core.repeated_log import RateLimitedLog
from ..db.connection import UNREACHABLE, Connection, describe
from ..db.database import Connect
from ..db.error_labels import no_reasons, reason_of
from ..db.queries import Queries
from ..db.task_status import TaskStatus
from .protocol import Changes, OrderChanges, Resync, parse
from .snapshot import read_floor
from .store import FEED, Store

log = logging.getLogger(__name__)

MAX_BACKOFF_S = 0.75
"""Seconds between two attempts to connect: short, so that the floor is live again soon."""
MAX_WAITING, MAX_CHARACTERS = 1_000, 300_000
"""The most queued notifications. Beyond it they are dropped, and the floor is read once no more arrive."""
MAX_BURST_S = 0.5
"""Seconds after which a longer burst is read while it lasts, so that the floor does not wait for its end."""
MAX_NAMED = 5
"""The most triggers that a message names."""


@dataclass(slots=True)
class DeliveryCounters:
    """Counters of the listener since the start, for /metrics."""

    connections: int = 0
    notifications: int = 0
    unreadable: int = 0
    snapshots: int = 0
    heartbeats: int = 0
    audits_with_difference: int = 0


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. gap is the least time between two writes to the store; busy_gap the one while several changes arrive per
    gap, so that a burst becomes eight writes a second."""

    heartbeat: float = 5.0
    heartbeat_timeout: float = 2.0
    audit: float = 30.0
    polling: float = 2.0
    gap: float = 0.04
    busy_gap: float = 0.12
    first_backoff: float = 0.1

    @property
    def stale_after(self) -> float:
        """The longest time without a heartbeat that counts as live: interval, time-out and a second of slack."""
        return self.heartbeat + self.heartbeat_timeout + 1


class Listener:
    """Keeps the store equal to the database, and reconnects as needed."""

    def __init__(self, connect: Connect, queries: Queries, store: Store, *, schema: str, timing: Timing | None = None,
                 prepare: Callable[[Connection], Awaitable[None]] | None = None,
                 also_wrong: Callable[[], str | None] = lambda: None) -> None:
        """prepare runs on every new connection before it listens: it migrates the schema.
        also_wrong: a further warning from outside the database, if any."""
        self.counters = DeliveryCounters()
        self.losses: Counter[str] = no_reasons()
        """Connections that worked and were lost, by reason."""
        self.refusals: Counter[str] = no_reasons()
        """Attempts to connect that failed, by reason."""
        self.status = TaskStatus('connection', 'live connection', log, failing='no live connection to the database',
                                 again='connected to the database again', fault='the listener failed and restarts')
        self._unreadable = RateLimitedLog(log)
        self._connect = connect
        self._queries = queries
        self._store = store
        self._timing = timing or Timing()
        self._prepare = prepare
        self._also_wrong = also_wrong
        self._beat_channel = f'floor_beat_{uuid.uuid4().hex}'

    async def run(self) -> None:
        """Connect and keep connected until cancelled."""
        backoff = self._timing.first_backoff
        while True:
            session, works = None, False
            try:
                connection = await self._connect()
                session = _Session(connection)
                if self._prepare is not None:
                    await self._prepare(connection)
                session.channel = await self._channel_of(connection)
                await self._start(session)
                self.counters.connections += 1
                self.status.done()
                backoff, works = self._timing.first_backoff, True
                await self._follow(session)
            except (*UNREACHABLE, DatabaseError, asyncpg.PostgresError) as error:
                self._note(error, works)
                self._store.lose(describe(error))
            except Exception as error:  # a bug: the floor must become stale, and recover
                self._note(error, works, fault=True)
                self._store.lose(f'a fault in this program: {describe(error)}')
            finally:
                if session is not None:
                    session.end()
            await asyncio.sleep(backoff * random.uniform(0.7, 1.3))  # noqa: S311 (jitter, not a secret)
            backoff = min(backoff * 2, MAX_BACKOFF_S)

    def _note(self, error: Exception, worked: bool, *, fault: bool = False) -> None:
        reason = reason_of(error)
        (self.losses if worked else self.refusals)[reason] += 1
        self.status.failed(error, fault=fault, reason=reason)

    async def _channel_of(self, connection: Connection) -> str:
        """The secret channel of the notifications; created if a restored database has none."""
        while (channel := await self._queries.notification_channel(connection)) is None:
            await self._queries.make_notification_channel(connection)
        return str(channel)

    async def _start(self, session: _Session) -> None:
        """Listen first, then read, so that no change in between is missed."""
        await session.connection.add_listener(session.channel, session.on_feed)
        await session.connection.add_listener(self._beat_channel, session.on_beat)
        await self._read_floor(session)
        await self._beat(session)
        await self._audit_triggers(session)

    async def _follow(self, session: _Session) -> None:
        tasks = [asyncio.create_task(coroutine) for coroutine in
                 (self._apply(session), self._keep_beating(session), self._keep_auditing(session), session.ended())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # notifications

    async def _apply(self, session: _Session) -> None:
        """Write notified changes to the store: at once after a quiet moment, a few times a second under load."""
        while True:
            await session.something_came.wait()
            seen = self.counters.notifications
            self._drain(session)
            busy = self.counters.notifications - seen > 1
            if session.resync_wanted:
                await self._end_of_burst(session)
                await self._read_floor(session)
            await asyncio.sleep(self._timing.busy_gap if busy else self._timing.gap)

    async def _end_of_burst(self, session: _Session) -> None:
        """Wait for the end of a burst of thousands of notifications, as one statement can send."""
        if not session.overflowed:
            return
        loop = asyncio.get_running_loop()
        deadline = loop.time() + MAX_BURST_S
        while session.overflowed and loop.time() < deadline:
            session.overflowed = False
            await asyncio.sleep(self._timing.busy_gap)
        session.overflowed = False
        self.counters.notifications += session.drop()

    def _drain(self, session: _Session) -> None:
        """Apply all queued notifications in one step, only the last of each machine and each order."""
        session.something_came.clear()
        machines: dict[MachineName, MachineChange] = {}
        orders: dict[OrderId, OrderBrief] = {}
        if session.overflowed:  # the snapshot that follows contains all changes until now
            session.resync_wanted = True
            self.counters.notifications += session.drop()
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
        self.counters.notifications += 1
        try:
            return parse(payload)
        except NotificationError as error:
            self.counters.unreadable += 1
            self._unreadable.warn(error.reason, f'ignored a notification and read the floor again: {error}')
            return Resync('an unrecognised notification')

    def _write(self, session: _Session, machines: list[MachineChange], orders: list[OrderBrief]) -> None:
        if session.reading:
            session.machines_while_reading += machines
            session.orders_while_reading += orders
        if machines:
            self._store.apply(machines)
        if orders:
            self._store.apply_orders(orders)

    async def _read_floor(self, session: _Session) -> None:
        async with session.asking:
            session.resync_wanted = False  # not earlier: the audit may be reading, and must see that a snapshot is due
            session.reading, session.machines_while_reading, session.orders_while_reading = True, [], []
            asked = self._store.moment
            try:
                snapshot = await read_floor(session.connection, self._queries)
            finally:
                session.reading = False
        self.counters.snapshots += 1
        self._store.replace(snapshot, asked, self._store.moment)
        self._write(session, session.machines_while_reading, session.orders_while_reading)  # perhaps newer

    # heartbeat and audit

    async def _keep_beating(self, session: _Session) -> None:
        while True:
            await asyncio.sleep(self._timing.heartbeat)
            await self._beat(session)

    async def _beat(self, session: _Session) -> None:
        """Send a heartbeat notification. Its return proves that all earlier notifications have arrived."""
        token = uuid.uuid4().hex
        session.beats[token] = returned = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._timing.heartbeat_timeout):
                async with session.asking:
                    sent_at = self._store.moment
                    await self._queries.say_heartbeat(session.connection, channel=self._beat_channel, token=token)
                    asked = self._store.moment
                    facts = await self._queries.heartbeat(session.connection)
                    answered = self._store.moment
                await returned
        except TimeoutError as error:
            raise FeedNotDeliveredError('the heartbeat notification did not come back in time') from error
        finally:
            del session.beats[token]
        if facts['read_only']:
            raise DatabaseReadOnlyError('the database is read-only, like the old primary after a '
                                        'failover is')
        if facts['channel'] != session.channel:
            raise FeedNotDeliveredError('the notification channel was changed: connecting to the new one')
        self._drain(session)
        if session.resync_wanted:
            session.something_came.set()  # _apply reads the floor
        self.counters.heartbeats += 1
        self._store.set_clock(facts['now_ms'], asked, answered)
        self._store.prove(sent_at)  # not now: this process may have been suspended before it read the answer

    async def _keep_auditing(self, session: _Session) -> None:
        while True:
            await asyncio.sleep(self._timing.polling if FEED in self._store.troubles else self._timing.audit)
            await self._audit_triggers(session)
            await self._audit_floor(session)

    async def _audit_triggers(self, session: _Session) -> None:
        async with session.asking:
            missing = [row['name'] async for row in self._queries.missing_triggers(session.connection)]
        if not missing:
            self._store.set_feed_warning(self._also_wrong())
            return
        if FEED not in self._store.troubles:
            log.error('triggers are missing or disabled: %s', ', '.join(missing))
        more = f' and {len(missing) - MAX_NAMED} more' if len(missing) > MAX_NAMED else ''
        self._store.set_feed_warning('The database does not announce or record every change (missing or disabled: '
                                     f'trigger {", ".join(missing[:MAX_NAMED])}{more}). The floor '
                                     f'is read every {duration(self._timing.polling)} instead.')

    async def _audit_floor(self, session: _Session) -> None:
        """Compare the store with the tables, after all notifications of earlier changes have arrived."""
        versions = {name: machine.version for name, machine in self._store.machines.items()}
        orders_revision = self._store.orders_revision
        snapshots = self.counters.snapshots
        async with session.asking:
            snapshot = await read_floor(session.connection, self._queries)
        await self._beat(session)
        if session.resync_wanted or session.something_came.is_set() or self.counters.snapshots != snapshots:
            return  # the floor is changing now, and changes are notified
        wrong: list[str] = [*self._wrong_machines(snapshot, versions)]
        if self._store.differs_in_layout(snapshot):
            wrong.append('lines, positions or types')
        if self._store.orders_revision == orders_revision:
            known, read = self._store.orders, {order.id: order for order in snapshot.orders}
            wrong += [id_ for id_ in {**known, **read} if known.get(id_) != read.get(id_)]
        if {each.id: each for each in snapshot.people} != self._store.people:
            wrong.append('the people')
        if snapshot.is_demo != self._store.is_demo:
            wrong.append('whether it is a demo')
        if wrong:
            self.counters.audits_with_difference += 1
            log.warning('the audit found changes without a notification: %s', ', '.join(sorted(wrong)[:10]))
        if wrong or snapshot.history is not self._store.history:  # which also changes with time, or after a crash
            await self._read_floor(session)
        elif versions == {name: machine.version for name, machine in self._store.machines.items()}:
            self._store.replace_events(snapshot.events)

    def _wrong_machines(self, snapshot: FloorSnapshot, before: dict[MachineName, int]) -> set[MachineName]:
        known = self._store.machines
        return {record.name for record in snapshot.machines
                if record.name not in known or (known[record.name].version == before.get(record.name)
                                                and not known[record.name].agrees_with(record))
                } | (set(known) - {record.name for record in snapshot.machines})


class _Session:
    """One connection and its notifications. Callbacks only queue them; the tasks above process them."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.channel = ''
        self.asking = asyncio.Lock()  # a connection runs one query at a time
        self.something_came = asyncio.Event()
        self.resync_wanted = False
        self.overflowed = False
        self.reading = False
        self.machines_while_reading: list[MachineChange] = []
        self.orders_while_reading: list[OrderBrief] = []
        self.beats: dict[str, asyncio.Future[None]] = {}
        self._payloads: list[str] = []
        self._characters = self._dropped = 0
        self._ended = asyncio.Event()
        connection.add_termination_listener(self._on_end)

    def on_feed(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        """Queue a notification of the feed. Synchronous, so that asyncpg keeps their order."""
        self._payloads.append(str(payload))
        self._characters += len(self._payloads[-1])
        if len(self._payloads) > MAX_WAITING or self._characters > MAX_CHARACTERS:
            self.overflowed = True
            self._dropped = self.drop()
        self.something_came.set()

    def on_beat(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        """Record a heartbeat that came back."""
        returned = self.beats.get(str(payload))
        if returned is not None and not returned.done():
            returned.set_result(None)

    def drop(self) -> int:
        """Discard all queued notifications; returns how many."""
        dropped, self._dropped = self._dropped + len(self.take()), 0
        return dropped

    def take(self) -> list[str]:
        """Take all queued payloads, oldest first."""
        taken, self._payloads, self._characters = self._payloads, [], 0
        return taken

    async def ended(self) -> None:
        """Never returns; raises when the server or the network closes the connection."""
        await self._ended.wait()
        raise asyncpg.ConnectionDoesNotExistError('the database closed the connection')

    def end(self) -> None:
        """Terminate the connection at once: a graceful close of a suspect one could hang."""
        self.connection.remove_termination_listener(self._on_end)
        if not self.connection.is_closed():
            self.connection.terminate()

    def _on_end(self, _connection: object) -> None:
        self._ended.set()
