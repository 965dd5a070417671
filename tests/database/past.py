"""A floor with a past, for the tests of what is made of it."""

from __future__ import annotations

from typing import Any

import asyncpg

ADD = ('INSERT INTO machine_status_history (version, machine_name, new_status, reason, changed_at) '
       "VALUES (nextval('machine_feed_version'), $1, $2, $3, now() - $4 * interval '1 hour')")
AGE = """
    SET session_replication_role = replica;
    UPDATE machine_status_history SET changed_at = now() - interval '100 days';
    UPDATE machine_feed_stream SET status_since = now() - interval '100 days';
    SET session_replication_role = origin;
    SELECT history_rebuild()"""


async def age(connection: asyncpg.Connection) -> None:
    """As if the delivered machines had been running for 100 days without a word."""
    await connection.execute(AGE)


async def say(connection: asyncpg.Connection, name: str,
              *words: tuple[float, str | None] | tuple[float, str | None, str]) -> None:
    """What a machine reported so many hours ago, as if it had been reported then: status, and a reason."""
    for hours_ago, status, *reason in words:
        await connection.execute(ADD, name, status, reason[0] if reason else None, hours_ago)


async def content(connection: asyncpg.Connection, table: str) -> list[Any]:
    """A dashboard table, all but when it was refreshed."""
    rows = await connection.fetch(f"SELECT to_jsonb(t) - 'last_updated' AS row FROM {table} t ORDER BY 1")
    return [row['row'] for row in rows]
