"""Events of feeds that report over HTTP, from the request to machine_feed_stream."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from ..core.errors import SignedOutError
from ..core.machines import Status
from ..db.connection import Connection
from ..db.database import Database
from ..db.queries import Queries
from ..db.transactions import command, statement

MAX_EVENTS = 1_000
"""Of one request: their transaction holds the rows of their machines."""


class Result(StrEnum):
    """What became of an event."""

    ACCEPTED = 'accepted'
    LATE = 'late'
    DUPLICATE = 'duplicate'
    UNKNOWN_MACHINE = 'unknown_machine'
    REFUSED = 'refused'


@dataclass(frozen=True, slots=True)
class Counts:
    """What a machine has made since the last event with counts: parts that are good, parts that are not, and cycles."""

    good: int = 0
    reject: int = 0
    cycles: int = 0


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """A status of a machine, what it has made, or both. at: when it happened; None: now. id: given by the feed, so that
    an event that is sent again is stored once."""

    machine: str
    status: Status | None
    reason: str | None = None
    at: datetime | None = None
    id: str | None = None
    counts: Counts | None = None


@dataclass(frozen=True, slots=True)
class EventResult:
    """message: why it was not stored. machine, status, reason: of an event that could not be read, as far as they were
    understood."""

    result: Result
    message: str | None = None
    machine: str = ''
    status: str = ''
    reason: str | None = None


class FeedIngest:
    """Stores what feeds report."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def report(self, feed_id: int, events: Sequence[FeedEvent | EventResult]) -> list[EventResult]:
        """Store the events in one transaction, which is one statement; the result of each, in their order.

        feed_id: of a valid token. events: at most MAX_EVENTS; those that could not be read are results already.
        :raises SignedOutError: the token was revoked or has expired
        :raises DatabaseUnavailableError: nothing was stored: send them again
        """
        has_unreadable = any(isinstance(each, EventResult) for each in events)
        async with (command if has_unreadable else statement)(self._database) as connection:
            return await store_events(self._database.queries, connection, feed_id, events)


async def store_events(queries: Queries, connection: Connection, feed_id: int,
                       events: Sequence[FeedEvent | EventResult]) -> list[EventResult]:
    """Store the events of a feed in the transaction of the caller, or by a single statement if all could be read; the
    result of each, in their order.

    :raises SignedOutError: the token was revoked or has expired
    """
    results = {number: each for number, each in enumerate(events) if isinstance(each, EventResult)}
    unreadable = [{'item': number, 'machine': each.machine, 'status': each.status, 'reason': each.reason,
                   'message': each.message} for number, each in results.items()]
    readable = [{'item': number, 'machine': each.machine, 'status': each.status, 'reason': each.reason,
                 'at': each.at and each.at.isoformat(), 'id': each.id} | (asdict(each.counts) if each.counts else {})
                for number, each in enumerate(events) if isinstance(each, FeedEvent)]
    async for row in queries.report_events(connection, feed_id=feed_id, events=json.dumps(readable)):
        if row['item'] is None:
            raise SignedOutError('this token was revoked or has expired: ask a supervisor for a new one')
        results[row['item']] = EventResult(Result(row['result']), row['message'])
    if unreadable:
        await queries.note_unreadable_events(connection, feed_id=feed_id, events=json.dumps(unreadable))
    return [results[number] for number in range(len(events))]
