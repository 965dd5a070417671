"""The heartbeat: a notification that the listener sends to itself, which proves that notifications are delivered."""

from __future__ import annotations

import asyncio
import uuid

from ..core.errors import DatabaseReadOnlyError, FeedNotDeliveredError
from ..db.queries import Queries
from .change_applier import ChangeApplier
from .feed_session import FeedSession
from .store import Store
from .timing import DeliveryCounters, Timing


class Heartbeat:
    """Proves to the store that the floor is live, and brings it the database's clock."""

    def __init__(self, queries: Queries, store: Store, timing: Timing, counters: DeliveryCounters,
                 changes: ChangeApplier) -> None:
        self.channel = f'floor_beat_{uuid.uuid4().hex}'
        self._queries = queries
        self._store = store
        self._timing = timing
        self._counters = counters
        self._changes = changes

    async def run(self, session: FeedSession) -> None:
        """Check this connection regularly until cancelled.

        :raises FeedNotDeliveredError, DatabaseReadOnlyError: the connection has to be replaced
        """
        while True:
            await asyncio.sleep(self._timing.heartbeat)
            await self.beat(session)

    async def beat(self, session: FeedSession) -> None:
        """Send a heartbeat notification. Its return proves that all earlier notifications have arrived."""
        token = uuid.uuid4().hex
        session.beats[token] = returned = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._timing.heartbeat_timeout):
                async with session.asking:
                    sent_at = self._store.moment
                    await self._queries.say_heartbeat(session.connection, channel=self.channel, token=token)
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
        self._changes.drain(session)
        if session.resync_wanted:
            session.something_came.set()  # the applier reads the floor
        self._counters.heartbeats += 1
        self._store.set_clock(facts['now_ms'], asked, answered)
        self._store.prove(sent_at)  # not now: this process may have been suspended before it read the answer
