"""What all commands have in common: one transaction, the database's refusals in our words, text that can be stored."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from ..core.errors import DatabaseUnavailable, InvalidInput
from ..core.model import Identity
from ..core.visible_text import identity_problem, is_visible
from .database import Connection, Database, describe

log = logging.getLogger(__name__)

LONG_TEXT = 10_000
"""Most characters of a description or a comment."""
TEXT = 2_000
"""Most characters of any other text."""
LARGEST_ID = 2**31 - 1

_WORDS = {'machine_id': 'machine', 'issue_description': 'description', 'checklist': 'an item of the checklist'}


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


def clean_text(text: str, field: str, most: int = TEXT, *, required: bool = True) -> str:
    """The text without white space around it, as long as PostgreSQL can store it.

    Without anything that people can see it counts as empty.

    :raises InvalidInput: it is empty though required, too long, or holds what no text in PostgreSQL may
    """
    words = _WORDS.get(field, field.replace('_', ' '))
    text = text.strip()
    if text and not is_visible(text) and '\0' not in text and _is_whole(text):
        if required:
            raise InvalidInput(f'{words} has nothing in it that people can see', field)
        return ''
    if required and not text:
        raise InvalidInput(f'{words} must not be empty', field)
    if len(text) > most:
        raise InvalidInput(f'{words} has {len(text):,} characters; at most {most:,} fit', field)
    if '\0' in text:
        raise InvalidInput(f'{words} has a NUL character in it, which cannot be stored', field)
    if not _is_whole(text):
        raise InvalidInput(f'{words} has half a character in it (a lone surrogate), which cannot be stored', field)
    return text


def exact_name(text: str, field: str, most: int = TEXT) -> str:
    """What names a machine, a person or an order: exactly as it is.

    :raises InvalidInput: it is empty, too long, or another text could look the same (visible_text.identity_problem)
    """
    words = _WORDS.get(field, field.replace('_', ' '))
    if problem := identity_problem(text):
        raise InvalidInput(f'{words} {problem}', field)
    if len(text) > most:
        raise InvalidInput(f'{words} has {len(text):,} characters; at most {most:,} fit', field)
    return text


def one_line(text: str, field: str, most: int = TEXT) -> str:
    """The same for what stands in one line: a name, an item of a list. Breaks and runs of spaces become one space."""
    return clean_text(' '.join(text.split()), field, most)


def clean_reference(reference: str | None) -> str | None:
    """A client reference, which is optional.

    :raises InvalidInput: as exact_name
    """
    return None if reference is None else exact_name(reference, 'client_reference', 200)


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
