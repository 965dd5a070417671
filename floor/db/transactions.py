"""What all commands have in common: one transaction, the database's refusals in our words."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from ..core.errors import DatabaseUnavailable, InvalidInput
from ..core.model import Identity
from .database import Connection, Database, describe

log = logging.getLogger(__name__)

LARGEST_ID = 2**31 - 1


@asynccontextmanager
async def command(database: Database) -> AsyncIterator[Connection]:
    """A transaction: whatever is raised within, nothing of it is kept.

    :raises InvalidInput: the database's own rules refuse what was written, with its sentence and the column
    :raises DatabaseUnavailable: nobody answers, not in time, or the tables are not there (yet)
    """
    async with _in_our_words(), database.acquire() as connection, connection.transaction():
        yield connection


@asynccontextmanager
async def logged(deed: str, who: Identity, **fields: object) -> AsyncIterator[dict[str, object]]:
    """A line in the log once the block is left and nothing was raised: what was done, by whom, to what.

    The block may add fields to what it is given. Without any field nothing was done, and nothing is said.
    """
    yield fields
    if fields:
        log.info(deed, extra={'who': who.email or who.name, **fields})


@asynccontextmanager
async def reading(database: Database) -> AsyncIterator[Connection]:
    """A transaction that changes nothing and sees one moment, however many questions it asks.

    :raises DatabaseUnavailable: nobody answers, not in time, or the tables are not there (yet)
    """
    async with (_in_our_words(), database.acquire() as connection,
                connection.transaction(isolation='repeatable_read', readonly=True)):
        yield connection


@asynccontextmanager
async def _in_our_words() -> AsyncIterator[None]:
    try:
        yield
    except (asyncpg.CheckViolationError, asyncpg.ForeignKeyViolationError) as error:
        raise InvalidInput(str(error.args[0]), error.column_name) from error
    except asyncpg.PostgresError as error:
        raise DatabaseUnavailable(f'the database cannot answer: {describe(error)}') from error
