"""All commands on the set-up of a plant, and the audit of its changes."""

from __future__ import annotations

from ..db.transactions import reading
from .machine_commands import MachineCommands
from .machine_icon_commands import MachineIconCommands
from .plant_items import PlantChange


class PlantCommands(MachineCommands, MachineIconCommands):
    """Lines, machine types, machines, icons, and who changed them."""

    async def changes(self, most: int, before: int | None = None) -> list[PlantChange]:
        """The latest changes, the newest first, also of settings and by SQL. before: only those before the change with
        this id.

        :raises DatabaseUnavailableError: the database does not respond in time
        """
        async with reading(self._database) as connection:
            return [PlantChange(row['change_id'], row['changed_at'], row['changed_by'], row['kind'], row['item_id'],
                                row['item'], row['field'], row['old_value'], row['new_value'])
                    async for row in self._queries.plant_changes(connection, most=most, before=before)]
