"""A connection to PostgreSQL, and why there is none: errors of asyncpg in one sentence."""

from __future__ import annotations

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from ..core.errors import DatabaseUnavailableError

Connection = asyncpg.Connection | PoolConnectionProxy

UNREACHABLE = (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError,
               asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError, asyncpg.InvalidCatalogNameError,
               asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InternalClientError)
"""What asyncpg raises if the database is unreachable, starting, stopping or full, or refuses the login."""
POOLER = ('a connection pooler (such as PgBouncer in transaction mode) is in front of this database. It passes on '
          'neither notifications nor session settings, so changes would never arrive. Set the address of PostgreSQL '
          'itself, often the same host with port 5432')


def permanent_problem(error: BaseException, timezone: str) -> str | None:
    """What to change if retrying cannot help; None if it may."""
    text = ' '.join(str(error).split())
    match error:
        case asyncpg.InvalidParameterValueError() if 'timezone' in text.lower():
            return (f'PLANT_TIMEZONE={timezone} cannot be used: this database does not know that time zone. Choose a '
                    f'city in the same time zone from its view pg_timezone_names')
        case asyncpg.ProtocolViolationError() if 'startup parameter' in text:
            return f'{POOLER} ({text})'
        case asyncpg.exceptions.ClientConfigurationError() | asyncpg.UndefinedObjectError():
            return f'the address of the database cannot be used: {text}'
    return None


def unavailable(error: BaseException) -> DatabaseUnavailableError:
    """The error for people: the database does not answer, or has no connection left."""
    if isinstance(error, asyncpg.TooManyConnectionsError):
        return DatabaseUnavailableError(f'the database has no connection left for this program; it is waiting for one: '
                                        f'{describe(error)}')
    return DatabaseUnavailableError(f'the database does not answer: {describe(error)}')


def describe(error: BaseException) -> str:
    """One line about an error, also if its text is empty, as that of a TimeoutError."""
    return ' '.join(str(error).split()) or type(error).__name__
