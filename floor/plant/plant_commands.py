"""All commands on the set-up of a plant, the audit of its changes, and how the latest of an item is taken back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..core.errors import InvalidInputError
from ..core.people import Identity, Role
from ..core.plant_calendar import PlantSettings
from ..db.transactions import reading
from ..orders.employees import EmployeeEdit
from .line_commands import LineEdit
from .machine_commands import MachineCommands, MachineEdit
from .machine_icon_commands import MachineIconCommands
from .machine_type_commands import MachineTypeEdit
from .people_plan import COLUMNS
from .plant_items import ChangeKind, PlantChange
from .plant_settings import PlantSettingsCommands, edit_to, setting_texts

Values = dict[str, str | None]


class PlantCommands(MachineCommands, MachineIconCommands, PlantSettingsCommands):
    """Lines, machine types, machines, icons, the plant's own settings, and who changed them."""

    async def changes(self, most: int, before: int | None = None, *, kind: ChangeKind | None = None,
                      text: str | None = None) -> list[PlantChange]:
        """The latest changes, the newest first, also of settings and by SQL. before: only those before the change with
        this id. kind: of these items. text: in the person, the item or a value.

        :raises DatabaseUnavailableError: the database does not respond in time
        """
        async with reading(self._database) as connection:
            return [PlantChange(row['change_id'], row['changed_at'], row['changed_by'], row['kind'], row['item_id'],
                                row['item'], row['field'], row['old_value'], row['new_value'], row['is_latest'])
                    async for row in self._queries.plant_changes(connection, most=most, before=before, kind=kind,
                                                                 needle=text or None)]

    async def take_back(self, who: Identity, change: PlantChange) -> None:
        """Give an item the values that it had before its latest change. What was added is deleted.

        :raises InvalidInputError: it was changed again since, or this change cannot be taken back
        :raises NotFoundError: the item is gone
        :raises EditConflictError: it is being changed just now
        """
        take_back = {'line': self._take_back_of_line, 'machine_type': self._take_back_of_type,
                     'machine': self._take_back_of_machine, 'person': self._take_back_of_person}.get(change.kind)
        if change.kind == 'setting' and can_take_back(change):
            return await self._take_back_of_setting(who, change)
        if take_back is None or not can_take_back(change) or change.item_id is None:
            raise InvalidInputError('only the latest change of a line, machine type, machine, person or setting of '
                                    'the plant can be taken back')
        await take_back(who, change.item_id, change)

    async def _take_back_of_line(self, who: Identity, line_id: int, change: PlantChange) -> None:
        line, old = await self.line(line_id), await self._values_before(change)
        if 'added' in old:
            return await self.delete_line(who, line.id, line.version)
        edit = LineEdit(**{field: old[field] for field in ('name', 'code', 'area') if field in old})  # type: ignore[arg-type]
        await self.edit_line(who, line.id, line.version, LineEdit(edit.name, edit.code, edit.area, *_position(old)))

    async def _take_back_of_type(self, who: Identity, type_id: int, change: PlantChange) -> None:
        kind, old = await self.machine_type(type_id), await self._values_before(change)
        if 'added' in old:
            return await self.delete_machine_type(who, kind.id, kind.version)
        edit = MachineTypeEdit(**{field: old[field] for field in ('name', 'icon') if field in old})  # type: ignore[arg-type]
        await self.edit_machine_type(who, kind.id, kind.version, edit)

    async def _take_back_of_machine(self, who: Identity, machine_id: int, change: PlantChange) -> None:
        machine, old = await self.machine(machine_id), await self._values_before(change)
        if 'added' in old:
            return await self.delete_machine(who, machine.id, machine.version)
        if 'retired' in old:
            command = self.bring_back_machine if old['retired'] == 'no' else self.retire_machine
            await command(who, machine.id, machine.version)
            return
        edit = MachineEdit(**{field.replace(' ', '_'): old[field] for field in ('name', 'display name', 'type')
                              if field in old})  # type: ignore[arg-type]
        if 'line' in old:
            lines = {line.name: line.id for line in await self.lines()}
            if old['line'] is not None and old['line'] not in lines:
                raise InvalidInputError(f'there is no longer a line {old["line"]}: choose a line for {machine.name}')
            edit = replace(edit, line_id=None if old['line'] is None else lines[old['line']])
        if position := _position(old):
            edit = replace(edit, position=position[0])
        await self.edit_machine(who, machine.id, machine.version, edit)

    async def _take_back_of_setting(self, who: Identity, change: PlantChange) -> None:
        settings = await self.settings()
        if setting_texts(settings)[change.field] != change.new:
            raise InvalidInputError(f'the {change.field} was changed again since: take that back first')
        await self.edit_settings(who, settings.version, edit_to(change.field, change.old))

    async def _take_back_of_person(self, who: Identity, employee_id: int, change: PlantChange) -> None:
        employee, old = await self._employees.get(employee_id), await self._values_before(change)
        fields: dict[str, Any] = {field: old[column] for column, field in COLUMNS.items() if column in old}
        if 'role' in fields:
            fields['role'] = Role(fields['role'])
        if 'active' in fields:
            fields['active'] = fields['active'] == 'yes'
        await self._employees.edit(who, employee.id, employee.version, EmployeeEdit(**fields))

    async def _values_before(self, change: PlantChange) -> Values:
        """The old values of all that one command changed, by field.

        :raises InvalidInputError: the item was changed again since
        """
        async with reading(self._database) as connection:
            rows = [row async for row in self._queries.last_changes_of(connection, kind=change.kind,
                                                                       item_id=change.item_id)]
        if not rows or rows[0]['change_id'] != change.id:
            raise InvalidInputError(f'{change.item} was changed again since: take that back first')
        return {row['field']: row['old_value'] for row in rows}


def can_take_back(change: PlantChange) -> bool:
    """Whether a change is the latest of an item that is still there. People are deactivated, not deleted."""
    if change.kind == 'setting':
        return change.is_latest and change.field in setting_texts(PlantSettings())
    return (change.is_latest and change.kind in ('line', 'machine_type', 'machine', 'person')
            and change.field != 'deleted' and (change.kind, change.field) != ('person', 'added'))


def _position(old: Values) -> list[int]:
    """The position as the last argument of an edit, if it had changed."""
    position = old.get('position')
    return [] if position is None else [max(1, int(position))]
