"""Recent status changes of a machine, and when nothing was heard of it, as the feed's triggers write them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import asyncpg

from ..core.errors import DatabaseUnavailableError
from ..core.machines import MachineName, StatusEvent
from ..db.connection import describe
from ..db.database import Database
from ..db.row_mapping import to_event
from .database_clock import DatabaseClock

EventsOf = Callable[[MachineName, int], Awaitable[list[StatusEvent]]]


def events_of(database: Database, clock: DatabaseClock) -> EventsOf:
    """The query of pages: the latest events of a machine, at most so many. clock: by which pages see who is silent."""
    return partial(recent_events_of_machine, database, clock)


async def recent_events_of_machine(database: Database, clock: DatabaseClock, name: MachineName,
                                   most: int) -> list[StatusEvent]:
    """The latest changes of one machine, newest first; none for an unknown machine.

    :raises DatabaseUnavailableError: the database does not answer, or not in time, or the history cannot be read
    """
    try:
        async with database.acquire() as connection:
            rows = database.queries.recent_events_of_machine(connection, machine_name=name, now_ms=clock.now_ms,
                                                              most=most)
            return [to_event(row) async for row in rows]
    except asyncpg.PostgresError as error:
        raise DatabaseUnavailableError(f'the database cannot answer: {describe(error)}') from error
