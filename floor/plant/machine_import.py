"""Import of a sheet of machines, and its undo."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..db.connection import Connection
from .machine_commands import MachineCommands
from .machine_plan import MachineRowPlan, PresentMachines
from .plant_items import PlantMachine, ProductionLine
from .plant_sheet import SheetRow, machine_cells
from .sheet_file import Cells
from .sheet_plan import RowOutcome, SheetPlan, differences
from .sheet_undo import Steps, UndoOutcome, UndoStep

State = Mapping[str, Any]
"""What an import can change of a machine."""


class MachineImport(MachineCommands):
    """Works in the transaction of the caller, who has the lock of the plant."""

    async def lock(self, connection: Connection) -> None:
        """The lock of the plant is enough."""

    async def cells(self, connection: Connection) -> list[Cells]:
        """The rows of an export: the machines on the floor in flow order."""
        areas = {line.id: line.area for line in await self._lines(connection)}
        return [machine_cells(machine, areas.get(machine.line_id or 0))
                for machine in await self._machines(connection, retired=False)]

    async def plan(self, connection: Connection, rows: Iterable[SheetRow]) -> SheetPlan[MachineRowPlan]:
        """What the rows would change."""
        former = {row['name']: row['today'] async for row in self._queries.former_names(connection)}
        present = PresentMachines((await self._all_machines(connection)).values(),
                                  {line.name: line.area for line in await self._lines(connection)},
                                  [kind.name for kind in await self._machine_types(connection)], former)
        return present.plan(rows)

    async def apply(self, connection: Connection, plan: SheetPlan[MachineRowPlan]) -> Mapping[str, Any]:
        """Make the changes; returns machines before and after, and the lines and types that were added."""
        before, types = await self._all_machines(connection), await self._type_names(connection)
        arrangement = _arrangement(await self._lines(connection))
        lines = await self._prepare_lines(connection, plan)
        new, changed = plan.of(RowOutcome.NEW), plan.of(RowOutcome.CHANGED)
        await self._queries.edit_machines(
            connection, machine_ids=[row.machine_id for row in changed],
            display_names=[row.display_name for row in changed], types=[row.type for row in changed],
            line_ids=[lines[row.line].id if row.line else None for row in changed],
            positions=[row.position for row in changed])
        added = sorted([row['machine_id'] async for row in self._queries.add_machines(
            connection, names=[row.name for row in new], display_names=[row.display_name for row in new],
            types=[row.type for row in new],
            line_ids=[lines[row.line].id if row.line else None for row in new],
            positions=[row.position for row in new])])
        await self._queries.bring_machines(
            connection, machine_ids=[*(row.machine_id for row in changed if row.comes_back), *added])
        after = await self._all_machines(connection)
        return {'machines': [{'id': number, 'name': after[number].name,
                              'before': _state(before[number]) if number in before else None,
                              'after': _state(after[number])}
                             for number in [*(row.machine_id for row in changed), *added]
                             if number not in before or _state(before[number]) != _state(after[number])],
                'lines': [{'id': lines[name].id, 'name': name, 'version': lines[name].version}
                          for name in plan.new_lines],
                'arrangement': {'before': arrangement, 'after': _arrangement(lines.values())} if plan.areas else None,
                'types': sorted(await self._type_names(connection) - types)}

    async def _prepare_lines(self, connection: Connection, plan: SheetPlan[MachineRowPlan]
                             ) -> dict[str, ProductionLine]:
        """Put lines into areas and add lines; returns all lines by name."""
        for line in await self._lines(connection):
            if (area := plan.areas.get(line.name, line.area)) != line.area:
                await self._queries.edit_line(connection, line_id=line.id, name=line.name, code=line.code, area=area)
        for name in plan.new_lines:
            await self._queries.add_line(connection, name=name, code=None, area=plan.areas.get(name),
                                         line_id=None)
        return {line.name: line for line in await self._lines(connection)}

    # undo

    async def steps_back(self, connection: Connection, changes: Mapping[str, Any], person: object) -> Steps:
        """What an undo takes back, and what was changed since and would be lost."""
        machines = await self._all_machines(connection)
        lines = {line.id: line for line in await self._lines(connection)}
        steps: list[UndoStep] = []
        obstacles: list[str] = []
        for change in changes['machines']:
            machine = machines.get(change['id'])
            if machine is None:
                obstacles += [] if change['before'] is None else [f'{change["name"]} was deleted since']
            elif change['before'] is None:
                obstacles += _changes_of_added(machine, change, lines)
                steps += _removal(machine)
            else:
                obstacles += _changes_of_changed(machine, change, lines)
                steps.append(UndoStep('machine', machine.id, machine.name, UndoOutcome.RESTORED, ', '.join(
                    _differences(_state(machine), change['before'], lines))))
        undone = {change['id'] for change in changes['machines']}
        obstacles += _changes_of_lines(changes['lines'], lines,
                                       [each for each in machines.values() if each.id not in undone])
        if changes['arrangement'] is not None:
            before, after = changes['arrangement']['before'], changes['arrangement']['after']
            if after != _arrangement(lines.values()):
                obstacles.append('lines were added, moved or put into other areas since')
            steps += [UndoStep('line', line.id, line.name, UndoOutcome.RESTORED, ', '.join(differences(
                [('area', line.area, before[str(line.id)]['area'])]))) for line in lines.values()
                if str(line.id) in before and before[str(line.id)]['area'] != line.area]
        steps += [UndoStep('line', line['id'], line['name'], UndoOutcome.DELETED)
                  for line in changes['lines'] if line['id'] in lines]
        return steps, obstacles

    async def take_back(self, connection: Connection, changes: Mapping[str, Any], steps: Steps) -> None:
        """Take the steps, which have no obstacle."""
        taken = {step.item_id: step.outcome for step in steps[0] if step.kind == 'machine'}
        restored = [change for change in changes['machines']
                    if change['before'] is not None and change['id'] in taken]
        await self._queries.edit_machines(
            connection, machine_ids=[change['id'] for change in restored],
            display_names=[change['before'].get('display_name') for change in restored],
            **{f'{name}s': [change['before'][name] for change in restored] for name in ('type', 'line_id', 'position')})
        leaving = [change['id'] for change in restored if change['before']['retired']]
        added = [number for number, outcome in taken.items() if outcome is not UndoOutcome.RESTORED]
        await self._queries.retire_machines(connection, machine_ids=[*leaving, *added])
        await self._queries.delete_machines(connection, machine_ids=[
            number for number in added if taken[number] is UndoOutcome.DELETED])
        for line in changes['lines']:
            await self._queries.empty_line(connection, line_id=line['id'], to_line_id=None)
            await self._queries.delete_line(connection, line_id=line['id'])
        if changes['arrangement'] is not None:
            before = changes['arrangement']['before']
            await self._queries.restore_lines(
                connection, line_ids=list(map(int, before)), areas=[line['area'] for line in before.values()],
                positions=[line['position'] for line in before.values()])
        await self._queries.delete_unused_types(connection, types=changes['types'])

    async def _type_names(self, connection: Connection) -> set[str]:
        return {kind.name for kind in await self._machine_types(connection)}

    async def _all_machines(self, connection: Connection) -> dict[int, PlantMachine]:
        """By number, also those that are retired."""
        return {machine.id: machine for retired in (False, True)
                for machine in await self._machines(connection, retired=retired)}


def _state(machine: PlantMachine) -> State:
    return {'type': machine.type, 'line_id': machine.line_id, 'position': machine.position,
            'retired': machine.retired_at is not None, 'display_name': machine.display_name}


def _arrangement(lines: Iterable[ProductionLine]) -> dict[str, Any]:
    """Area and position of each line, by its number as JSON has it."""
    return {str(line.id): {'area': line.area, 'position': line.position} for line in lines}


def _removal(machine: PlantMachine) -> Iterator[UndoStep]:
    if not machine.has_past:
        yield UndoStep('machine', machine.id, machine.name, UndoOutcome.DELETED)
    elif machine.retired_at is None:
        yield UndoStep('machine', machine.id, machine.name, UndoOutcome.RETIRED,
                       'because it has reported or has work orders')


def _changes_of_added(machine: PlantMachine, change: Mapping[str, Any], lines: Mapping[int, ProductionLine]
                      ) -> Iterator[str]:
    """What was changed of a machine that the import added, other than its position or that it has left."""
    present, after = _state(machine), change['after']
    changed = [*differences([('name', change['name'], machine.name)]),
               *_differences(after, {**present, 'position': after['position'], 'retired': after['retired']}, lines)]
    if changed:
        yield f'{machine.name} was changed since ({", ".join(changed)})'


def _changes_of_changed(machine: PlantMachine, change: Mapping[str, Any], lines: Mapping[int, ProductionLine]
                        ) -> Iterator[str]:
    """What was changed of a machine that the import changed; its position counts if the import has changed that."""
    before, after, present = change['before'], change['after'], _state(machine)
    if (before['line_id'], before['position']) == (after['line_id'], after['position']):
        present = {**present, 'position': after['position']}
    if changed := list(_differences(after, present, lines)):
        yield f'{machine.name} was changed since ({", ".join(changed)})'
    if before['line_id'] is not None and before['line_id'] not in lines:
        yield f'the line on which {machine.name} was before is deleted'


def _changes_of_lines(added: Sequence[Mapping[str, Any]], lines: Mapping[int, ProductionLine],
                      others: Sequence[PlantMachine]) -> Iterator[str]:
    for line in added:
        if line['id'] not in lines:
            continue
        if lines[line['id']].version != line['version']:
            yield f'the line {lines[line["id"]].name} was changed since'
        yield from (f'{machine.name} was put on the line {line["name"]} since' for machine in others
                    if machine.line_id == line['id'])


def _differences(old: State, new: State, lines: Mapping[int, ProductionLine]) -> Iterator[str]:
    def line(state: State) -> str | None:
        number = state['line_id']
        return None if number is None else lines[number].name if number in lines else 'a deleted line'

    return differences((('line', line(old), line(new)), ('type', old['type'], new['type']),
                        ('position', old['position'], new['position']),
                        ('retired', old['retired'], new['retired']),
                        ('display name', old.get('display_name'), new.get('display_name'))))
