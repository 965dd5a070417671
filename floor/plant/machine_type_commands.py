"""Commands on machine types: add, rename, give an icon, delete."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ..core.errors import InvalidInputError, NotFoundError
from ..core.formatting import counted
from ..core.names import is_same_name
from ..core.people import Identity
from ..db.connection import Connection
from ..db.transactions import MAX_ID, logged, reading
from ..orders.order_values import UNCHANGED, Unchanged
from .machine_icon_commands import MachineIconCommands
from .plant_items import MachineType
from .plant_transactions import new_name


@dataclass(frozen=True, slots=True)
class MachineTypeEdit:
    """New values of a machine type; icon None: the one with its name."""

    name: str | Unchanged = UNCHANGED
    icon: str | Unchanged | None = UNCHANGED


class MachineTypeCommands(MachineIconCommands):
    """Reads and changes machine types. Commands require the role supervisor.

    Every method may raise DatabaseUnavailableError; those with a parameter `who` also NotAllowedError,
    TooManyChangesError and InvalidInputError.
    """

    async def machine_types(self) -> list[MachineType]:
        """All types by name."""
        async with reading(self._database) as connection:
            return await self._machine_types(connection)

    async def machine_type(self, type_id: int) -> MachineType:
        """:raises NotFoundError: there is no such type"""
        async with reading(self._database) as connection:
            return await self._machine_type(connection, type_id)

    async def add_machine_type(self, who: Identity, name: str, icon: str | None = None,
                               micro_stop: timedelta | None = None) -> MachineType:
        """Add a type. icon None: the one with its name. micro_stop None: the limit of the plant."""
        new_name(name)
        async with logged('machine type added', who, type=name), self._changing(who) as connection:
            await self._refuse_unknown_icon(connection, icon)
            await self._refuse_if_type_exists(connection, name)
            type_id = await self._queries.add_machine_type(connection, name=name, icon=icon, micro_stop=micro_stop)
            return await self._machine_type(connection, type_id)

    async def edit_machine_type(self, who: Identity, type_id: int, version: int, edit: MachineTypeEdit) -> MachineType:
        """Change a type; its machines and its settings follow.

        :raises EditConflictError: someone else has changed it since that version
        :raises NotFoundError:
        """
        async with logged('machine type changed', who, type_id=type_id), self._changing(who) as connection:
            before = await self._unchanged(connection, 'machine_type', await self._machine_type(connection, type_id),
                                           version)
            name = before.name if isinstance(edit.name, Unchanged) else edit.name
            icon = before.icon if isinstance(edit.icon, Unchanged) else edit.icon
            if name != before.name:
                new_name(name)
                if not is_same_name(name, before.name):
                    await self._refuse_if_type_exists(connection, name)
            if icon != before.icon:
                await self._refuse_unknown_icon(connection, icon)
            if (name, icon) != (before.name, before.icon):
                await self._queries.edit_machine_type(connection, type_id=type_id, name=name, icon=icon)
            return await self._machine_type(connection, type_id)

    async def delete_machine_type(self, who: Identity, type_id: int, version: int) -> None:
        """Delete a type that no machine is of.

        :raises EditConflictError: someone else has changed it since that version
        :raises NotFoundError:
        """
        async with logged('machine type deleted', who, type_id=type_id), self._changing(who) as connection:
            before = await self._unchanged(connection, 'machine_type', await self._machine_type(connection, type_id),
                                           version)
            if before.machines:
                raise InvalidInputError(f'{counted(before.machines, "machine")} of this type, retired ones included: '
                                        'give each another type first')
            await self._queries.delete_machine_type(connection, type_id=type_id)

    # internals

    async def _machine_types(self, connection: Connection) -> list[MachineType]:
        return [to_machine_type(row) async for row in self._queries.machine_types(connection)]

    async def _machine_type(self, connection: Connection, type_id: int) -> MachineType:
        row = await self._queries.machine_type(connection, type_id=type_id) if 0 < type_id <= MAX_ID else None
        if row is None:
            raise NotFoundError(f'there is no machine type {type_id}')
        return to_machine_type(row)

    async def _refuse_if_type_exists(self, connection: Connection, name: str) -> None:
        if (other := await self._type_called(connection, name)) is not None:
            raise InvalidInputError(f'there is a machine type {other} already: choose another name', 'name')

    async def _spelled_type(self, connection: Connection, name: str) -> str:
        """The type that there is, or the name of a new one.

        :raises InvalidInputError: it cannot name a type
        """
        existing = await self._type_called(connection, name)
        return new_name(name, 'type') if existing is None else existing

    async def _type_called(self, connection: Connection, name: str) -> str | None:
        names = [kind.name for kind in await self._machine_types(connection)]
        return name if name in names else next((each for each in names if is_same_name(each, name)), None)


def to_machine_type(row: Any) -> MachineType:
    """A row of the query machine_types."""
    return MachineType(row['type_id'], row['type'], row['icon'], row['version'], row['machines'],
                       row['micro_stop'])
