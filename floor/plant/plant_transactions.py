"""The transactions of commands on the plant: authorization, one at a time, versions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import asyncpg

from ..core.errors import EditConflictError, InvalidInputError
from ..core.people import Identity, Role
from ..core.scopes import TokenScope
from ..core.text import exact_name
from ..db.connection import Connection
from ..db.database import Database
from ..db.transactions import command
from ..orders.employees import Employees
from .plant_items import ChangeKind, MachineType, PlantMachine, ProductionLine

MAX_NAME_LENGTH = 80
"""Of new names. SQL takes up to 200."""
MAX_PLACE = 10_000
Item = TypeVar('Item', ProductionLine, MachineType, PlantMachine)


class PlantTransactions:
    """Base of the commands on lines, machine types and machines."""

    def __init__(self, database: Database, employees: Employees) -> None:
        self._database = database
        self._queries = database.queries
        self._employees = employees

    @asynccontextmanager
    async def _changing(self, who: Identity, scope: TokenScope = TokenScope.PLANT) -> AsyncIterator[Connection]:
        """A transaction of a supervisor, or of a token with this scope; others who change the plant wait for its end.

        :raises NotAllowedError: :raises TooManyChangesError: :raises DatabaseUnavailableError:
        """
        async with command(self._database) as connection:
            await self._employees.authorize(connection, who, Role.SUPERVISOR, scope)
            await self._queries.lock_plant(connection)
            try:
                yield connection
            except asyncpg.UniqueViolationError as error:  # a change by SQL, which does not wait
                raise InvalidInputError('something with this name or code was added just now: look at the plant again',
                                        'name') from error

    async def _unchanged(self, connection: Connection, kind: ChangeKind, current: Item, version: int) -> Item:
        """The item, if it has this version.

        :raises EditConflictError: it has another
        """
        if current.version == version:
            return current
        change = await self._queries.last_change_of(connection, kind=kind, item_id=current.id)
        raise EditConflictError(conflict_sentence(current.name, change), current)


def conflict_sentence(name: str, change: Any) -> str:
    """Names who made the last change, if anybody did. change: a row of last_change_of, or None."""
    if change is None:
        return f'{name} was changed by someone else: compare both versions'
    return (f'{change["changed_by"]} changed {name} ({change["field"]}: {change["old_value"] or "none"} to '
            f'{change["new_value"] or "none"}): compare both versions')


def new_name(text: str, field: str = 'name') -> str:
    """The name of something new, exactly as it is.

    :raises InvalidInputError: it is empty, has more than 80 characters, or others could look the same
    """
    return exact_name(text, field, MAX_NAME_LENGTH)


def checked_place(place: int | None) -> int | None:
    """:raises InvalidInputError: it is not from 1 to 10,000"""
    if place is not None and not 1 <= place <= MAX_PLACE:
        raise InvalidInputError('position has to be from 1 to 10,000', 'position')
    return place
