"""From PostgreSQL to the store: LISTEN, snapshot, then every notified change.

The table is the source of truth and a notification only a hint, so the order is: listen, read the whole floor, then
apply what arrived in the meantime. The connection is trusted only while heartbeat notifications come back; a suspect
one is terminated, not closed, and a new one starts from a new snapshot. A slow audit compares the floor with the table.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable

import asyncpg

from ..core.errors import DatabaseError
from ..core.tasks import run_together
from ..db.connection import UNREACHABLE, Connection, describe
from ..db.database import Connect
from ..db.error_labels import no_reasons, reason_of
from ..db.queries import Queries
from ..db.task_status import TaskStatus
from .audit import Audit
from .change_applier import ChangeApplier
from .feed_session import FeedSession
from .heartbeat import Heartbeat
from .store import Store
from .timing import DeliveryCounters, Timing

log = logging.getLogger(__name__)

MAX_BACKOFF_S = 0.75
"""Seconds between two attempts to connect: short, so that the floor is live again soon."""


class Listener:
    """Keeps the store equal to the database, and reconnects as needed."""

    def __init__(self, connect: Connect, queries: Queries, store: Store, *, timing: Timing | None = None,
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
        self._connect = connect
        self._queries = queries
        self._store = store
        self._timing = timing = timing or Timing()
        self._prepare = prepare
        self._changes = ChangeApplier(queries, store, timing, self.counters)
        self._heartbeat = Heartbeat(queries, store, timing, self.counters, self._changes)
        self._audit = Audit(queries, store, timing, self.counters, changes=self._changes, heartbeat=self._heartbeat,
                            also_wrong=also_wrong)

    async def run(self) -> None:
        """Connect and keep connected until cancelled."""
        backoff = self._timing.first_backoff
        while True:
            session, works = None, False
            try:
                connection = await self._connect()
                session = FeedSession(connection)
                if self._prepare is not None:
                    await self._prepare(connection)
                session.channel = await self._channel_of(connection)
                await self._start(session)
                self.counters.connections += 1
                self.status.done()
                backoff, works = self._timing.first_backoff, True
                await run_together(self._changes.run(session), self._heartbeat.run(session), self._audit.run(session),
                                   session.ended())
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

    async def _start(self, session: FeedSession) -> None:
        """Listen first, then read, so that no change in between is missed."""
        await session.connection.add_listener(session.channel, session.on_feed)
        await session.connection.add_listener(self._heartbeat.channel, session.on_beat)
        await self._changes.read_floor(session)
        await self._heartbeat.beat(session)
        await self._audit.check_triggers(session)
