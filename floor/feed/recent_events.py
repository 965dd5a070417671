"""Recent status changes, from the append-only history that the feed's triggers write."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import asyncpg

from ..core.errors import DatabaseUnavailableError
from ..core.machines import MachineName, StatusEvent
from ..db.connection import describe
from ..db.database import Database
from ..db.row_mapping import to_event

EventsOf = Callable[[MachineName, int], Awaitable[list[StatusEvent]]]


def events_of(database: Database) -> EventsOf:
    """The query of pages: the latest events of a machine, at most so many."""
    return partial(recent_events_of_machine, database)


async def recent_events_of_machine(database: Database, name: MachineName, most: int) -> list[StatusEvent]:
    """The latest changes of one machine, newest first; none for an unknown machine.

    :raises DatabaseUnavailableError: the database does not answer, or not in time, or the history cannot be read
    """
    try:
        async with database.acquire() as connection:
            rows = database.queries.recent_events_of_machine(connection, machine_name=name, most=most)
            return [to_event(row) async for row in rows]
    except asyncpg.PostgresError as error:
        raise DatabaseUnavailableError(f'the database cannot answer: {describe(error)}') from error
