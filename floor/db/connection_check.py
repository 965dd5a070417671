"""Whether the database can be used with what is set: what can never work is said once, at startup, and not tried again
and again. A database that is away at startup is tried later, as ever."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

import asyncpg

from ..core.errors import DatabaseMisconfigured, DatabaseUnavailable

if TYPE_CHECKING:
    from .database import Connection, Database

PATIENCE_S = 3.0
DELIVERY_S = 3.0
POOLER = ('a connection pooler (as PgBouncer in transaction mode) stands before this database: it lets through neither '
          'notifications nor settings of a session, so changes would never arrive. Set the address of PostgreSQL '
          'itself, which is often the same host with port 5432')


def never_works(error: BaseException, timezone: str) -> str | None:
    """What to set otherwise, where trying again does not help; None: it may."""
    text = ' '.join(str(error).split())
    match error:
        case asyncpg.InvalidParameterValueError() if 'timezone' in text.lower():
            return (f'PLANT_TIMEZONE={timezone} cannot be used: this database does not know that time zone. Choose a '
                    f'nearby city that is in its view pg_timezone_names')
        case asyncpg.ProtocolViolationError() if 'startup parameter' in text:
            return f'{POOLER} ({text})'
        case asyncpg.exceptions.ClientConfigurationError() | asyncpg.UndefinedObjectError():
            return f'the address of the database cannot be used: {text}'
    return None


async def check_connection(database: Database, patience: float = PATIENCE_S, *, pooler: bool = True) -> None:
    """Connect once, and see whether notifications come back where something stands between us and the server.

    patience: seconds until we are connected. pooler: look for one.

    :raises DatabaseMisconfigured: it can never work; says what to set
    """
    try:
        connection = await asyncio.wait_for(database.connect(), patience)
    except DatabaseMisconfigured:
        raise
    except (asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError) as error:
        raise DatabaseMisconfigured(f'{POOLER} ({error})') from error
    except (DatabaseUnavailable, TimeoutError, asyncpg.InsufficientResourcesError, asyncpg.OperatorInterventionError):
        return  # the floor shows it, and tries again
    except asyncpg.PostgresError as error:
        raise DatabaseMisconfigured(f'the database lets this program in and refuses its session: '
                                    f'{" ".join(str(error).split())}') from error
    try:
        # a pooler answers with a number of its own, whichever server process it then gives us
        if not pooler or await connection.fetchval('SELECT pg_backend_pid()') == connection.get_server_pid():
            return
        if not await _notifies(connection, database):
            raise DatabaseMisconfigured(POOLER)
    except (asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError) as error:
        raise DatabaseMisconfigured(f'{POOLER} ({error})') from error
    except (DatabaseUnavailable, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        if isinstance(error, DatabaseMisconfigured):
            raise
        # it went away meanwhile
    finally:
        connection.terminate()


async def _notifies(connection: Connection, database: Database) -> bool:
    """Whether what another session announces arrives; what the same one does arrives through a pooler too."""
    channel, arrived = f'line_monitor_{secrets.token_hex(8)}', asyncio.Event()
    await connection.add_listener(channel, lambda *_: arrived.set())
    other = await database.connect()
    try:
        await other.execute('SELECT pg_notify($1, $2)', channel, '')
        with suppress(TimeoutError):
            await asyncio.wait_for(arrived.wait(), DELIVERY_S)
    finally:
        other.terminate()
    return arrived.is_set()
