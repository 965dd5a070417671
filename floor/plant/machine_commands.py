"""Commands on machines: add, rename, move, change the type, retire, bring back, delete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..core.errors import InvalidInputError, NotFoundError
from ..core.names import is_same_name
from ..core.people import Identity
from ..db.connection import Connection
from ..db.transactions import MAX_ID, logged, reading
from ..orders.order_values import UNCHANGED, Unchanged
from .area_commands import AreaCommands
from .machine_type_commands import MachineTypeCommands
from .plant_items import PlantMachine
from .plant_transactions import checked_place, new_name

NO_TYPE = 'other'


@dataclass(frozen=True, slots=True)
class NewMachine:
    """line_id None: on no line. position: its place in the flow of the line, from 1; None: at the end. display_name:
    what pages call it; None: its name."""

    name: str
    type: str = NO_TYPE
    line_id: int | None = None
    position: int | None = None
    display_name: str | None = None


@dataclass(frozen=True, slots=True)
class MachineEdit:
    """New values of a machine. line_id None: on no line. position: its place in the flow of its line, from 1; the
    others make room. display_name None: none, pages show the name."""

    name: str | Unchanged = UNCHANGED
    type: str | Unchanged = UNCHANGED
    line_id: int | Unchanged | None = UNCHANGED
    position: int | Unchanged = UNCHANGED
    display_name: str | Unchanged | None = UNCHANGED


class MachineCommands(AreaCommands, MachineTypeCommands):
    """Reads and changes machines. Commands require the role supervisor.

    A machine is its number: history, work orders and links follow it through every change. Every method may raise
    DatabaseUnavailableError; those with a parameter `who` also NotAllowedError, TooManyChangesError and
    InvalidInputError.
    """

    async def machines(self, *, retired: bool = False) -> list[PlantMachine]:
        """The machines on the floor in flow order, or those that are retired."""
        async with reading(self._database) as connection:
            return await self._machines(connection, retired=retired)

    async def machine(self, machine_id: int) -> PlantMachine:
        """:raises NotFoundError: there is no such machine"""
        async with reading(self._database) as connection:
            return await self._machine(connection, machine_id)

    async def add_machine(self, who: Identity, new: NewMachine) -> PlantMachine:
        """Add a machine, which has no signal until a feed reports it. A type that is not there is added too."""
        new_name(new.name)
        place, display_name = checked_place(new.position), checked_display_name(new.display_name, new.name)
        async with logged('machine added', who, machine=new.name), self._changing(who) as connection:
            await self._refuse_if_machine_exists(connection, None, new.name)
            await self._existing_line(connection, new.line_id, 'line_id')
            kind = await self._spelled_type(connection, new.type)
            machine_id, = [row['machine_id'] async for row in self._queries.add_machines(
                connection, names=[new.name], display_names=[display_name], types=[kind],
                line_ids=[new.line_id], positions=[None])]
            await self._queries.bring_machines(connection, machine_ids=[machine_id])
            if place is not None:
                await self._queries.place_machine(connection, machine_id=machine_id, line_id=new.line_id, place=place)
            return await self._machine(connection, machine_id)

    async def edit_machine(self, who: Identity, machine_id: int, version: int, edit: MachineEdit) -> PlantMachine:
        """Change a machine; its history, work orders and links follow. It goes to the end of another line unless a
        position is given.

        :raises EditConflictError: someone else has changed it since that version
        :raises NotFoundError:
        """
        async with logged('machine changed', who, machine_id=machine_id), self._changing(who) as connection:
            before = await self._unchanged_machine(connection, machine_id, version)
            name = before.name if isinstance(edit.name, Unchanged) else edit.name
            if name != before.name:
                new_name(name)
                await self._refuse_if_machine_exists(connection, machine_id, name)
            kind = before.type if isinstance(edit.type, Unchanged) or edit.type == before.type else (
                await self._spelled_type(connection, edit.type))
            display_name = before.display_name if isinstance(edit.display_name, Unchanged) else (
                checked_display_name(edit.display_name, name))
            if (name, display_name, kind) != (before.name, before.display_name, before.type):
                await self._queries.edit_machine(connection, machine_id=machine_id, name=name,
                                                 display_name=display_name, type=kind)
            line_id = before.line_id if isinstance(edit.line_id, Unchanged) else edit.line_id
            place = None if isinstance(edit.position, Unchanged) else checked_place(edit.position)
            if line_id != before.line_id or place is not None:
                await self._existing_line(connection, line_id, 'line_id')
                await self._queries.place_machine(connection, machine_id=machine_id, line_id=line_id, place=place)
            return await self._machine(connection, machine_id)

    async def retire_machine(self, who: Identity, machine_id: int, version: int) -> PlantMachine:
        """Take a machine off the floor; its past stays.

        :raises EditConflictError: someone else has changed it since that version
        :raises NotFoundError:
        """
        async with logged('machine retired', who, machine_id=machine_id), self._changing(who) as connection:
            await self._unchanged_machine(connection, machine_id, version)
            await self._queries.retire_machine(connection, machine_id=machine_id)
            return await self._machine(connection, machine_id)

    async def bring_back_machine(self, who: Identity, machine_id: int, version: int) -> PlantMachine:
        """Put a retired machine back on the floor, at the end of its line; it is the same machine, with its past.

        :raises EditConflictError: someone else has changed it since that version
        :raises NotFoundError:
        """
        async with logged('machine brought back', who, machine_id=machine_id), self._changing(who) as connection:
            before = await self._unchanged_machine(connection, machine_id, version)
            if before.retired_at is not None:
                await self._queries.bring_machines(connection, machine_ids=[machine_id])
                await self._queries.place_machine(connection, machine_id=machine_id, line_id=before.line_id, place=None)
            return await self._machine(connection, machine_id)

    async def delete_machine(self, who: Identity, machine_id: int, version: int) -> None:
        """Delete a machine that has never reported and has no work orders.

        :raises EditConflictError: someone else has changed it since that version
        :raises NotFoundError:
        """
        async with logged('machine deleted', who, machine_id=machine_id), self._changing(who) as connection:
            before = await self._unchanged_machine(connection, machine_id, version)
            if before.has_past:
                raise InvalidInputError(f'{before.name} has reported or has work orders, which would go with it: '
                                        'retire it instead')
            await self._queries.retire_machine(connection, machine_id=machine_id)
            await self._queries.delete_machine(connection, machine_id=machine_id)

    # internals

    async def _machines(self, connection: Connection, *, retired: bool) -> list[PlantMachine]:
        return [to_plant_machine(row) async for row in self._queries.plant_machines(connection, retired=retired)]

    async def _machine(self, connection: Connection, machine_id: int) -> PlantMachine:
        possible = 0 < machine_id <= MAX_ID
        row = await self._queries.plant_machine(connection, machine_id=machine_id) if possible else None
        if row is None:
            raise NotFoundError(f'there is no machine {machine_id}')
        return to_plant_machine(row)

    async def _unchanged_machine(self, connection: Connection, machine_id: int, version: int) -> PlantMachine:
        return await self._unchanged(connection, 'machine', await self._machine(connection, machine_id), version)

    async def _refuse_if_machine_exists(self, connection: Connection, machine_id: int | None, name: str) -> None:
        async for row in self._queries.all_machine_names(connection):
            if row['machine_id'] != machine_id and is_same_name(row['machine_name'], name):
                raise InvalidInputError(exists_sentence(row['machine_name'], is_retired=row['is_retired']), 'name')


def checked_display_name(text: str | None, name: str) -> str | None:
    """What pages call a machine; None: its name, as for an empty text.

    :raises InvalidInputError: it has more than 80 characters, or others could look the same
    """
    return None if text in (None, '', name) else new_name(text, 'display_name')


def exists_sentence(name: str, *, is_retired: bool) -> str:
    """Why a machine cannot have a name that is another's, in upper or lower case."""
    return (f'{name} has left the floor and keeps its past: bring it back, or choose another name' if is_retired else
            f'there is a machine {name} already: choose another name')


def to_plant_machine(row: Any) -> PlantMachine:
    """A row of the query plant_machines."""
    return PlantMachine(row['machine_id'], row['machine_name'], row['type'], row['line_id'], row['line'],
                        row['position'], row['added_at'], row['retired_at'], row['version'], row['has_past'],
                        row['display_name'])
