"""What machines said before: the append-only history that the triggers of the feed write."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import asyncpg

from ..core.errors import DatabaseUnavailable
from ..core.model import MachineName, StatusEvent
from ..db.database import Database, describe
from ..db.row_mapping import to_event

EventsOf = Callable[[MachineName, int], Awaitable[list[StatusEvent]]]


def events_of(database: Database) -> EventsOf:
    """The question that pages ask: the latest events of a machine, and at most how many."""
    return partial(recent_events_of_machine, database)


async def recent_events_of_machine(database: Database, name: MachineName, most: int) -> list[StatusEvent]:
    """The latest changes of one machine, newest first; none for a machine that nobody knows.

    :raises DatabaseUnavailable: nobody answers, or not in time, or the history can't be read
    """
    try:
        async with database.acquire() as connection:
            rows = database.queries.recent_events_of_machine(connection, machine_name=name, most=most)
            return [to_event(row) async for row in rows]
    except asyncpg.PostgresError as error:
        raise DatabaseUnavailable(f'the database cannot answer: {describe(error)}') from error
