"""What machines said before: the append-only history that the triggers of the feed write."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import asyncpg

from .database import Database, describe
from .errors import DatabaseUnavailable
from .model import MachineName, OrderBrief, Priority, Status, StatusEvent, WorkOrderState

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


def to_event(row: Any) -> StatusEvent:
    """A row of the status history."""
    return StatusEvent(row['version'], MachineName(row['machine_name']),
                       to_status(row['old_status']), to_status(row['new_status']),
                       row['reason'], row['changed_ms'], row['changed_by'])


def to_brief(row: Any) -> OrderBrief:
    """A row of the active orders, of now or of a moment."""
    return OrderBrief(**{**row, 'state': WorkOrderState(row['state']), 'priority': Priority(row['priority'])})


def to_status(text: str | None) -> Status | None:
    """A status of the table; one that a table without our check let in is unknown, not the end of its reader."""
    try:
        return None if text is None else Status(text)
    except ValueError:
        return Status.UNKNOWN
