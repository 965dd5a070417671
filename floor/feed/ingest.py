"""Events of feeds that report over HTTP, from the request to machine_feed_stream."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from ..core.errors import SignedOutError
from ..core.machines import Status
from ..core.text import shown
from ..db.connection import Connection
from ..db.database import Database
from ..db.queries import Queries
from ..db.transactions import statement

MAX_EVENTS = 1_000
"""Of one request: their transaction holds the rows of their machines."""
MAX_MESSAGE = 500
"""Characters of a sentence about an event that could not be read."""


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
    """message: why it was not stored. machine, status, reason, at: of an event that could not be read, as far as they
    were understood."""

    result: Result
    message: str | None = None
    machine: str = ''
    status: str = ''
    reason: str | None = None
    at: datetime | None = None


class FeedIngest:
    """Stores what feeds report."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def report(self, feed_id: int, events: Sequence[FeedEvent | EventResult],
                     silent_after: timedelta | None = None) -> list[EventResult]:
        """Store the events in one transaction, which is one statement; the result of each, in their order.

        feed_id: of a valid token. events: at most MAX_EVENTS; those that could not be read are results already.
        silent_after: after how long each machine is reported again at the latest; None: the feed does not say.
        :raises SignedOutError: the token was revoked or has expired
        :raises DatabaseUnavailableError: nothing was stored: send them again
        """
        async with statement(self._database) as connection:
            return await store_events(self._database.queries, connection, feed_id, events, silent_after)


async def store_events(queries: Queries, connection: Connection, feed_id: int,
                       events: Sequence[FeedEvent | EventResult],
                       silent_after: timedelta | None = None) -> list[EventResult]:
    """Store the events of a feed by a single statement; the result of each, in their order.

    :raises SignedOutError: the token was revoked or has expired
    """
    rows = [row async for row in queries.report_events(
        connection, feed_id=feed_id, silent_after=silent_after,
        events=json.dumps([_as_json(number, each) for number, each in enumerate(events)]))]
    if rows and rows[0]['item'] is None:
        raise SignedOutError('this token was revoked or has expired: ask a supervisor for a new one')
    return [EventResult(Result(row['result']), row['message']) for row in rows]


def refused_for(event: FeedEvent | EventResult, result: EventResult) -> str:
    """Why an event was refused, in one of a few words; empty: it was not. event: as it was given to be stored."""
    if result.result is not Result.REFUSED:
        return ''
    if isinstance(event, EventResult):
        return 'unreadable'
    message = result.message or ''
    return next((word for start, word in _REASONS.items() if message.startswith(start)), 'time')


_REASONS = {'this token may not report ': 'not_allowed', 'another status was reported ': 'conflict'}
"""By how the messages of sql/functions/33_feed_events.sql begin. All others are about the event's time."""


def _as_json(number: int, event: FeedEvent | EventResult) -> dict[str, Any]:
    """As sql/functions/33_feed_events.sql describes it."""
    read = {'item': number, 'machine': event.machine, 'status': event.status, 'reason': event.reason,
            'at': event.at and event.at.isoformat()}
    if isinstance(event, EventResult):
        return read | {'message': event.message and shown(event.message[:MAX_MESSAGE + 1], MAX_MESSAGE)}
    return read | {'id': event.id} | (asdict(event.counts) if event.counts else {})
