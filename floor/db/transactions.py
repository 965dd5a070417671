"""What all commands have in common: one transaction, the database's refusals in our words."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from ..core.errors import DatabaseUnavailableError, InvalidInputError
from ..core.people import Identity
from .connection import Connection, describe
from .database import Database

log = logging.getLogger(__name__)

MAX_ID = 2**31 - 1


@asynccontextmanager
async def command(database: Database) -> AsyncIterator[Connection]:
    """A transaction, rolled back if the block raises.

    :raises InvalidInputError: a constraint refuses the change; with the database's message and the column
    :raises DatabaseUnavailableError: the database does not answer, or not in time, or the tables do not exist yet
    """
    async with _translated_errors(), database.acquire() as connection, connection.transaction():
        yield connection


@asynccontextmanager
async def statement(database: Database) -> AsyncIterator[Connection]:
    """A connection for a single statement, which is a transaction without the round trips of one.

    :raises InvalidInputError: as command
    :raises DatabaseUnavailableError: as command
    """
    async with _translated_errors(), database.acquire() as connection:
        yield connection


@asynccontextmanager
async def logged(action: str, who: Identity, **fields: object) -> AsyncIterator[dict[str, object]]:
    """Log a command after the block succeeds: what was done, the person, and the object.

    The block may add fields to the yielded dict. Without any field nothing was done, and nothing is logged.
    """
    yield fields
    if fields:
        log.info(action, extra={'who': who.email or who.name, **fields})


@asynccontextmanager
async def reading(database: Database) -> AsyncIterator[Connection]:
    """A read-only transaction whose queries all use one snapshot.

    :raises DatabaseUnavailableError: the database does not answer, or not in time, or the tables do not exist yet
    """
    async with (_translated_errors(), database.acquire() as connection,
                connection.transaction(isolation='repeatable_read', readonly=True)):
        yield connection


@asynccontextmanager
async def _translated_errors() -> AsyncIterator[None]:
    try:
        yield
    except (asyncpg.CheckViolationError, asyncpg.ForeignKeyViolationError) as error:
        raise InvalidInputError(str(error.args[0]), error.column_name) from error
    except asyncpg.PostgresError as error:
        raise DatabaseUnavailableError(f'the database cannot answer: {describe(error)}') from error
