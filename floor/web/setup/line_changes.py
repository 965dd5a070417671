"""Changes of lines and areas, each with the command that takes it back."""

from __future__ import annotations

from ...core.formatting import counted
from ...core.people import Identity
from ...plant.line_commands import LineEdit, areas_of
from ...plant.plant_commands import PlantCommands
from ...plant.plant_items import ProductionLine
from .undo_note import AppliedChange, change_text


class LineChanges:
    """The changes of one person. Their errors are those of the commands (floor/plant/line_commands.py)."""

    def __init__(self, setup: PlantCommands, who: Identity) -> None:
        self._setup = setup
        self._who = who

    async def add(self, name: str, area: str | None) -> AppliedChange[ProductionLine]:
        """Add a line at the end, or at the end of its area."""
        added = await self._setup.add_line(self._who, name, area=area)
        return AppliedChange(f'Added {added.name}.',
                             lambda: self._setup.delete_line(self._who, added.id, added.version), added)

    async def edit(self, before: ProductionLine, edit: LineEdit) -> AppliedChange[ProductionLine]:
        """Change a line. before: as it was when the change was typed."""
        after = await self._setup.edit_line(self._who, before.id, before.version, edit)
        inverse = LineEdit(before.name, before.code, before.area,
                           *([before.position] if before.position != after.position else []))
        return AppliedChange(edit_text(before, after), lambda: self._setup.edit_line(
            self._who, after.id, after.version, inverse), after)

    async def delete(self, before: ProductionLine, machines_to: int | None) -> AppliedChange[None]:
        """Delete a line. machines_to: where its machines go; None: to no line. Taking it back brings back the line with
        its past, and those machines that are still where they went."""
        moved = [machine.id for machine in await self._setup.machines() if machine.line_id == before.id]
        await self._setup.delete_line(self._who, before.id, before.version, machines_to)
        went = f' {counted(len(moved), "machine")} moved.' if moved else ''
        return AppliedChange(f'Deleted {before.name}.{went}', lambda: self._setup.bring_back_line(
            self._who, before, moved, machines_to), None)

    async def rename_area(self, area: str, name: str) -> AppliedChange[None]:
        """Rename an area."""
        await self._setup.rename_area(self._who, area, name)
        return AppliedChange(f'Renamed {area} to {name}.', lambda: self._setup.rename_area(self._who, name, area), None)

    async def move_area(self, area: str, position: int) -> AppliedChange[None]:
        """Move an area to a place among the areas, from 1."""
        before = areas_of(await self._setup.lines()).index(area) + 1
        await self._setup.move_area(self._who, area, position)
        return AppliedChange(f'Moved {area} to position {position}.',
                             lambda: self._setup.move_area(self._who, area, before), None)


def edit_text(before: ProductionLine, after: ProductionLine) -> str:
    """'Renamed Line 1 to Press hall.'"""
    code = f'Changed the code of {after.name} from {before.code} to {after.code}.' if before.code != after.code else ''
    place = ''
    if before.area != after.area:
        place = f'Moved {after.name} to {after.area}.' if after.area is not None else \
            f'Took {after.name} out of {before.area}.'
    elif before.position != after.position:
        place = f'Moved {after.name} to position {after.position}.'
    return change_text(before, after, code, place)
