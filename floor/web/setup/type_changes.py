"""Changes of machine types and icons, each with the command that takes it back."""

from __future__ import annotations

from ...core.people import Identity
from ...plant.machine_type_commands import MachineTypeEdit
from ...plant.plant_commands import PlantCommands
from ...plant.plant_items import MachineIcon, MachineType
from .undo_note import AppliedChange, change_text


class TypeChanges:
    """The changes of one person. Their errors are those of the commands (floor/plant/machine_type_commands.py)."""

    def __init__(self, setup: PlantCommands, who: Identity) -> None:
        self._setup = setup
        self._who = who

    async def add(self, name: str) -> AppliedChange[MachineType]:
        """Add a type, whose icon is the one with its name."""
        added = await self._setup.add_machine_type(self._who, name)
        return AppliedChange(f'Added {added.name}.',
                             lambda: self._setup.delete_machine_type(self._who, added.id, added.version), added)

    async def edit(self, before: MachineType, edit: MachineTypeEdit) -> AppliedChange[MachineType]:
        """Rename a type or change its icon. before: as it was when the change was made."""
        after = await self._setup.edit_machine_type(self._who, before.id, before.version, edit)
        return AppliedChange(edit_text(before, after), lambda: self._setup.edit_machine_type(
            self._who, after.id, after.version, MachineTypeEdit(before.name, before.icon)), after)

    async def delete(self, before: MachineType) -> AppliedChange[None]:
        """Delete a type without machines. Taking it back adds it with a new number."""
        await self._setup.delete_machine_type(self._who, before.id, before.version)
        return AppliedChange(f'Deleted {before.name}.', lambda: self._setup.add_machine_type(
            self._who, before.name, before.icon, before.micro_stop), None)

    async def add_icon(self, key: str, svg: bytes) -> MachineIcon:
        """Upload an icon."""
        return await self._setup.add_icon(self._who, key, svg)

    async def delete_icon(self, icon: MachineIcon) -> AppliedChange[None]:
        """Delete an uploaded icon. Taking it back uploads the same picture."""
        _, svg = await self._setup.own_icon(icon.key)
        await self._setup.delete_icon(self._who, icon.key)
        return AppliedChange(f'Deleted the icon {icon.title}.',
                             lambda: self._setup.add_icon(self._who, icon.key, svg.encode()), None)


def edit_text(before: MachineType, after: MachineType) -> str:
    """'Renamed press to Press.'"""
    return change_text(before, after, f'Changed the icon of {after.name}.' if before.icon != after.icon else '')
