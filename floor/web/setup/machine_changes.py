"""Changes of machines, each with the command that takes it back."""

from __future__ import annotations

from dataclasses import replace

from ...core.people import Identity
from ...plant.machine_commands import MachineEdit, NewMachine
from ...plant.plant_commands import PlantCommands
from ...plant.plant_items import PlantMachine
from .undo_note import AppliedChange, change_text


class MachineChanges:
    """The changes of one person. Their errors are those of the commands (floor/plant/machine_commands.py)."""

    def __init__(self, setup: PlantCommands, who: Identity) -> None:
        self._setup = setup
        self._who = who

    async def add(self, new: NewMachine) -> AppliedChange[PlantMachine]:
        """Add a machine."""
        added = await self._setup.add_machine(self._who, new)
        return AppliedChange(f'Added {added.name}.',
                             lambda: self._setup.delete_machine(self._who, added.id, added.version), added)

    async def edit(self, before: PlantMachine, edit: MachineEdit) -> AppliedChange[PlantMachine]:
        """Change a machine. before: as it was when the change was typed."""
        after = await self._setup.edit_machine(self._who, before.id, before.version, edit)
        return AppliedChange(edit_text(before, after), lambda: self._setup.edit_machine(
            self._who, after.id, after.version, _inverse(before, after)), after)

    async def retire(self, before: PlantMachine) -> AppliedChange[PlantMachine]:
        """Take a machine off the floor."""
        after = await self._setup.retire_machine(self._who, before.id, before.version)

        async def undo() -> None:
            back = await self._setup.bring_back_machine(self._who, after.id, after.version)
            if back.position != before.position:
                await self._setup.edit_machine(self._who, back.id, back.version,
                                               MachineEdit(position=max(1, before.position)))

        return AppliedChange(f'Retired {before.name}. Its past is kept.', undo, after)

    async def bring_back(self, before: PlantMachine) -> AppliedChange[PlantMachine]:
        """Put a retired machine back on the floor."""
        after = await self._setup.bring_back_machine(self._who, before.id, before.version)
        return AppliedChange(f'Brought back {before.name}.',
                             lambda: self._setup.retire_machine(self._who, after.id, after.version), after)

    async def delete(self, before: PlantMachine) -> AppliedChange[None]:
        """Delete a machine without a past; taking it back adds it again, with a new number."""
        await self._setup.delete_machine(self._who, before.id, before.version)
        return AppliedChange(f'Deleted {before.name}.', lambda: self._setup.add_machine(self._who, NewMachine(
            before.name, before.type, before.line_id, max(1, before.position), before.display_name)), None)


def _inverse(before: PlantMachine, after: PlantMachine) -> MachineEdit:
    has_moved = (before.line_id, before.position) != (after.line_id, after.position)
    edit = MachineEdit(name=before.name, type=before.type, display_name=before.display_name)
    return replace(edit, line_id=before.line_id, position=max(1, before.position)) if has_moved else edit


def edit_text(before: PlantMachine, after: PlantMachine) -> str:
    """'Renamed Valve_01 to V1. Moved V1 to Engine Line.'"""
    kind = f'Changed the type of {after.name} from {before.type} to {after.type}.' if before.type != after.type else ''
    shown = '' if before.display_name == after.display_name else (
        f'{after.name} is shown as {after.display_name or after.name}.')
    place = ''
    if before.line_id != after.line_id:
        place = f'Moved {after.name} to {after.line}.' if after.line is not None else \
            f'Took {after.name} off {before.line}.'
    elif before.position != after.position:
        place = f'Moved {after.name} to position {after.position}.'
    return change_text(before, after, shown, kind, place)
