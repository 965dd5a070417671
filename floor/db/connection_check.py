"""Checks at startup whether the database can work with the settings.

Errors that retrying cannot solve end the program. A database that does not answer yet is retried later."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING

import asyncpg

from ..core.errors import DatabaseMisconfiguredError, DatabaseUnavailableError
from ..core.tasks import happens_within
from .connection import POOLER, Connection
from .schema_files import load_schema_files
from .schema_version import applied_migrations, refuse_unknown

if TYPE_CHECKING:
    from .database import Database

PATIENCE_S = 3.0
DELIVERY_S = 3.0


async def check_connection(database: Database, patience: float = PATIENCE_S, *, pooler: bool = True) -> None:
    """Connect once, and check for a connection pooler that drops notifications, and for a schema of another version.

    patience: the most seconds to wait for a connection. pooler: check for one.

    :raises DatabaseMisconfiguredError: retrying cannot help; the message says what to set
    :raises SchemaVersionError: this program cannot open the schema
    """
    try:
        async with asyncio.timeout(patience):
            connection = await database.connect()
    except DatabaseMisconfiguredError:
        raise
    except (asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError) as error:
        raise DatabaseMisconfiguredError(f'{POOLER} ({error})') from error
    except (DatabaseUnavailableError, TimeoutError, asyncpg.InsufficientResourcesError,
            asyncpg.OperatorInterventionError):
        return  # the floor shows it and retries
    except asyncpg.PostgresError as error:
        raise DatabaseMisconfiguredError(f'the database accepts the login, but refuses the session: '
                                         f'{" ".join(str(error).split())}') from error
    try:
        # a pooler reports its own process id, not that of the server process
        if pooler and await connection.fetchval('SELECT pg_backend_pid()') != connection.get_server_pid() \
                and not await _notifies(connection, database):
            raise DatabaseMisconfiguredError(POOLER)
        refuse_unknown(database.schema, await applied_migrations(connection, database.schema),
                       load_schema_files(database.feed_table).migrations)
    except (asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError) as error:
        raise DatabaseMisconfiguredError(f'{POOLER} ({error})') from error
    except (DatabaseUnavailableError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        if isinstance(error, DatabaseMisconfiguredError):
            raise
        # the connection was lost in the meantime, or lacks a right: the floor shows it and retries
    finally:
        connection.terminate()


async def _notifies(connection: Connection, database: Database) -> bool:
    """Whether a notification from another session arrives; one from the same session would pass a pooler."""
    channel, arrived = f'line_monitor_{secrets.token_hex(8)}', asyncio.Event()
    await connection.add_listener(channel, lambda *_: arrived.set())
    other = await database.connect()
    try:
        await other.execute('SELECT pg_notify($1, $2)', channel, '')
        return await happens_within(arrived, DELIVERY_S)
    finally:
        other.terminate()
