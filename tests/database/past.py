"""A floor with a past, for the tests of what is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg

ADD = """
    INSERT INTO machine_status_history (version, machine_id, new_status, reason, happened_at)
    VALUES (nextval('machine_feed_version'), register_machine(NULL, $1, 'other'), $2, $3, $4)"""

Word = tuple[float, str | None] | tuple[float, str | None, str]
"""How many hours ago, the status, and a reason."""


async def age(connection: asyncpg.Connection, days: int = 40) -> None:
    """As if the delivered machines had been running for so many days without a word."""
    await connection.execute(f"""
        SET session_replication_role = replica;
        UPDATE machine_status_history SET happened_at = now() - interval '{days} days';
        UPDATE machine_feed_stream SET status_since = now() - interval '{days} days';
        SET session_replication_role = origin;
        SELECT rebuild_history()""")


async def say(connection: asyncpg.Connection, name: str,
              *words: Word) -> list[datetime]:
    """Load what a machine reported so many hours ago into the log: status, and a reason. Returns when each was.

    As of a history that was taken over: the log gets the rows, and intervals and stops are derived from it.
    Who has no such name yet gets it, and stands on no line.
    """
    now = await connection.fetchval('SELECT now()')
    moments = [now - timedelta(hours=hours_ago) for hours_ago, *_ in words]
    await load(connection, name, [(moment, status, reason[0] if reason else None)
                                  for moment, (_, status, *reason) in zip(moments, words, strict=True)])
    return moments


async def load(connection: asyncpg.Connection, name: str,
               changes: Sequence[tuple[datetime, str | None, str | None]], *, alone: bool = False) -> None:
    """Write moments, statuses and reasons of a machine into the log; alone: nothing else is in it."""
    if alone:
        await connection.execute('SET session_replication_role = replica; DELETE FROM machine_status_history; '
                                 'SET session_replication_role = origin')
    await connection.executemany(ADD, [(name, status, reason, moment) for moment, status, reason in changes])
    await connection.execute('SELECT rebuild_history()')


async def report(connection: asyncpg.Connection, name: str,
                 *words: tuple[float, str] | tuple[float, str, str]) -> list[datetime]:
    """What a machine of the feed reports late, of so many hours ago: status, and a reason. Returns when each was."""
    now = await connection.fetchval('SELECT now()')
    moments = [now - timedelta(hours=hours_ago) for hours_ago, *_ in words]
    for moment, (_, status, *reason) in zip(moments, words, strict=True):
        await connection.execute('SELECT report_status($1, $2, $3, $4)', name, status, reason[0] if reason else None,
                                 moment)
    return moments


async def set_clock(connection: asyncpg.Connection, by: timedelta) -> None:
    """Let the clock of the history be away from the true time."""
    await connection.execute(
        'CREATE OR REPLACE FUNCTION floor_clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS '
        f"$$ SELECT clock_timestamp() + interval '{by.total_seconds()} seconds' $$")


async def content(connection: asyncpg.Connection, table: str) -> list[Any]:
    """A dashboard table, all but when it was refreshed."""
    rows = await connection.fetch(f"SELECT to_jsonb(t) - 'last_updated' AS row FROM {table} t ORDER BY 1")
    return [row['row'] for row in rows]
