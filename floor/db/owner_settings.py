"""Settings that only the owner of the tables can apply: on Databricks the app, as which nobody can sign in."""

from __future__ import annotations

import logging

import asyncpg

from .connection import Connection
from .database import Database

log = logging.getLogger(__name__)

LOCK_TIMEOUT_S = 3.0
"""Short, because writers wait while a table waits to be altered."""


async def apply_owner_settings(connection: Connection, database: Database) -> None:
    """Apply FEED_WRITERS and CHANGE_DATA_FEED.

    Failures are logged, since the floor works without them.
    """
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('lock_timeout', $1, true)", f'{LOCK_TIMEOUT_S}s')
            if database.feed_writers is not None:
                missing = [row['role_name'] async for row in
                           database.queries.grant_feed_writers(connection, roles=list(database.feed_writers))]
                for role in missing:
                    log.warning('FEED_WRITERS names %s, which is not a role of the database: create it; it gets '
                                'its rights at the next start of the app', role)
            if database.change_data_feed is not None:
                changed = [row['table_name'] async for row in
                           database.queries.set_change_data_feed(connection, wanted=database.change_data_feed)]
                if changed:
                    log.info('change data feed %s', 'on' if database.change_data_feed else 'off',
                             extra={'tables': ','.join(sorted(changed))})
    except asyncpg.InsufficientPrivilegeError as error:
        log.warning('FEED_WRITERS and CHANGE_DATA_FEED have no effect, because this login does not own the tables '
                    '(%s): their owner can run sql/admin/feed_writer.sql', error)
    except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
        log.warning('FEED_WRITERS and CHANGE_DATA_FEED have no effect yet, because another session holds a lock on the '
                    'tables: this is retried with the next connection')
