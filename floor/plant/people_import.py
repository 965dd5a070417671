"""Import of a sheet of people, and its undo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..core.people import Employee, Person
from ..db.connection import Connection
from ..db.database import Database
from ..db.row_mapping import to_employee
from ..orders.employees import columns_of, fields_of
from .people_plan import COLUMNS, LAST_SUPERVISOR, PersonRowPlan, PresentPeople, is_supervisor
from .plant_sheet import SheetRow, person_cells
from .sheet_file import Cells
from .sheet_plan import RowOutcome, SheetPlan, differences
from .sheet_undo import Steps, UndoOutcome, UndoStep


class PeopleImport:
    """Works in the transaction of the caller, who has the lock of the plant."""

    def __init__(self, database: Database) -> None:
        self._queries = database.queries

    async def lock(self, connection: Connection) -> None:
        """Nobody else can make or unmake a supervisor until this transaction ends."""
        _ = [row async for row in self._queries.lock_supervisors(connection)]

    async def cells(self, connection: Connection) -> list[Cells]:
        """The rows of an export: everybody by name, deactivated people too."""
        return [person_cells(person) for person in await self._people(connection)]

    async def plan(self, connection: Connection, rows: Iterable[SheetRow]) -> SheetPlan[PersonRowPlan]:
        """What the rows would change."""
        return PresentPeople(await self._people(connection)).plan(rows)

    async def apply(self, connection: Connection, plan: SheetPlan[PersonRowPlan]) -> Mapping[str, Any]:
        """Make the changes; returns people before and after."""
        new, changed = plan.of(RowOutcome.NEW), plan.of(RowOutcome.CHANGED)
        pairs = [(row.employee, row.fields) for row in changed if row.employee is not None]
        await self._queries.edit_employees(connection, ids=[employee.id for employee, _ in pairs],
                                           **columns_of(fields for _, fields in pairs))
        added = {row['email']: row['id'] async for row in self._queries.add_employees(
            connection, **columns_of(row.fields for row in new))}
        return {'people': [
            *({'id': employee.id, 'before': fields_of(employee), 'after': fields} for employee, fields in pairs),
            *({'id': added[row.fields['email']], 'before': None, 'after': row.fields} for row in new)]}

    # undo

    async def steps_back(self, connection: Connection, changes: Mapping[str, Any], person: Person) -> Steps:
        """What an undo by this person takes back, and what was changed since and would be lost."""
        people = {each.id: each for each in await self._people(connection)}
        with_orders = {row['id'] async for row in self._queries.employees_with_orders(
            connection, ids=[change['id'] for change in changes['people'] if change['before'] is None])}
        steps, obstacles = [], []
        for change in changes['people']:
            employee, before, after = people.get(change['id']), change['before'], change['after']
            if employee is None:
                obstacles += [] if before is None else [f'{_name(after)} was deleted since']
                continue
            present = fields_of(employee)
            if changed := list(_differences(after, present | ({'active': after['active']} if before is None else {}))):
                obstacles.append(f'{employee.name} was changed since ({", ".join(changed)})')
            if before is not None:
                steps.append(UndoStep('person', employee.id, employee.name, UndoOutcome.RESTORED,
                                      ', '.join(_differences(present, before))))
            elif employee.id not in with_orders:
                steps.append(UndoStep('person', employee.id, employee.name, UndoOutcome.DELETED))
            elif employee.active:
                steps.append(UndoStep('person', employee.id, employee.name, UndoOutcome.DEACTIVATED,
                                      'because work orders name them'))
        if not person.may_remove_last_supervisor and not _keeps_a_supervisor(people, changes):
            obstacles.append(LAST_SUPERVISOR)
        return steps, obstacles

    async def take_back(self, connection: Connection, changes: Mapping[str, Any], steps: Steps) -> None:
        """Take the steps, which have no obstacle."""
        outcomes = {step.item_id: step.outcome for step in steps[0]}
        restored = {change['id']: change['before'] or {**change['after'], 'active': False}
                    for change in changes['people']
                    if outcomes.get(change['id']) in {UndoOutcome.RESTORED, UndoOutcome.DEACTIVATED}}
        await self._queries.edit_employees(connection, ids=list(restored), **columns_of(restored.values()))
        await self._queries.delete_employees(connection, ids=[
            number for number, outcome in outcomes.items() if outcome is UndoOutcome.DELETED])

    async def _people(self, connection: Connection) -> list[Employee]:
        return [to_employee(row) async for row in self._queries.employees(connection)]


def _keeps_a_supervisor(people: Mapping[int, Employee], changes: Mapping[str, Any]) -> bool:
    after = {number: fields_of(employee) for number, employee in people.items()} | {
        change['id']: change['before'] or {**change['after'], 'active': False} for change in changes['people']}
    return any(is_supervisor(fields) for fields in after.values())


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterable[str]:
    return differences((column, old[name], new[name]) for column, name in COLUMNS.items())


def _name(fields: Mapping[str, Any]) -> str:
    return f'{fields["first_name"]} {fields["last_name"]}'
