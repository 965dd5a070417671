"""Import of a sheet: what it would change, the change in one transaction, and its undo."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from ..core.errors import InvalidInputError, NotFoundError
from ..core.people import Identity, Person, Role
from ..core.scopes import TokenScope
from ..db.connection import Connection
from ..db.database import Database
from ..db.transactions import logged, reading
from ..orders.employees import Employees
from .machine_import import MachineImport
from .people_import import PeopleImport
from .plant_sheet import LAYOUTS, Sheet, SheetKind, SheetRow, to_csv, to_xlsx
from .plant_transactions import PlantTransactions
from .sheet_file import Cells
from .sheet_plan import RowOutcome, RowPlan, SheetPlan
from .sheet_undo import PastImport, Steps, UndoPlan, to_past_import

MAX_FILE_NAME = 200
SCOPES = {SheetKind.MACHINES: TokenScope.PLANT, SheetKind.PEOPLE: TokenScope.PEOPLE}
"""What a token needs."""
IS_DEMO = ('this floor is a demo, whose machines and people are invented: replace it by an empty floor first (Set up '
           'your plant, or python -m floor.plant new)')


class Importer(Protocol):
    """Imports one kind of sheet, in the transaction of the caller."""

    async def lock(self, connection: Connection) -> None:
        """Keep others from changing meanwhile what the plan depends on."""

    async def plan(self, connection: Connection, rows: Iterable[SheetRow]) -> SheetPlan[Any]:
        """What the rows would change."""

    async def apply(self, connection: Connection, plan: SheetPlan[Any]) -> Mapping[str, Any]:
        """Make the changes; returns what steps_back needs, as JSON can have it."""

    async def steps_back(self, connection: Connection, changes: Mapping[str, Any], person: Person) -> Steps:
        """What an undo by this person takes back of the changes, and the obstacles."""

    async def take_back(self, connection: Connection, changes: Mapping[str, Any], steps: Steps) -> None:
        """Take the steps."""

    async def cells(self, connection: Connection) -> list[Cells]:
        """The rows of an export."""


class SheetImport(PlantTransactions):
    """Imports sheets and undoes imports. Both require the role supervisor."""

    def __init__(self, database: Database, employees: Employees) -> None:
        super().__init__(database, employees)
        self._importers: dict[SheetKind, Importer] = {
            SheetKind.MACHINES: MachineImport(database, employees), SheetKind.PEOPLE: PeopleImport(database)}

    async def export(self, kind: SheetKind) -> list[Cells]:
        """The rows of a sheet of what there is, for to_csv and to_xlsx.

        :raises DatabaseUnavailableError:
        """
        async with reading(self._database) as connection:
            return await self._importers[kind].cells(connection)

    async def dry_run(self, who: Identity, sheet: Sheet) -> SheetPlan[RowPlan]:
        """What the sheet would change; nothing is changed.

        :raises NotAllowedError: :raises DatabaseUnavailableError:
        """
        async with reading(self._database) as connection:
            await self._supervisor(connection, who, sheet.layout.kind)
            return await self._importers[sheet.layout.kind].plan(connection, sheet.rows)

    async def apply(self, who: Identity, sheet: Sheet, file_name: str = '') -> SheetPlan[RowPlan]:
        """Change the plant to what the sheet says, all or nothing. What is not in it stays as it is.

        :raises InvalidInputError: a row is refused, or the floor is a demo; nothing is changed
        :raises NotAllowedError: :raises TooManyChangesError: :raises DatabaseUnavailableError:
        """
        importer = self._importers[sheet.layout.kind]
        scope = SCOPES[sheet.layout.kind]
        async with logged('sheet imported', who) as fields, self._changing(who, scope) as connection:
            person = await self._supervisor(connection, who, sheet.layout.kind)
            if await self._queries.is_demo(connection):
                raise InvalidInputError(IS_DEMO)
            await importer.lock(connection)
            plan = await importer.plan(connection, sheet.rows)
            plan.check()
            fields |= {'kind': sheet.layout.kind.value,
                       **{outcome.value: len(plan.of(outcome)) for outcome in RowOutcome}}
            if plan.changes_something:
                changes = await importer.apply(connection, plan)
                await self._queries.add_sheet_import(
                    connection, kind=plan.layout.kind, imported_by=person.name, file_name=file_name[:MAX_FILE_NAME],
                    added=len(plan.of(RowOutcome.NEW)), changed=len(plan.of(RowOutcome.CHANGED)),
                    unchanged=len(plan.of(RowOutcome.UNCHANGED)), changes=json.dumps(changes))
        return plan

    async def past_imports(self, most: int) -> list[PastImport]:
        """The latest imports, the newest first.

        :raises DatabaseUnavailableError:
        """
        async with reading(self._database) as connection:
            return [to_past_import(row) async for row in self._queries.sheet_imports(connection, most=most)]

    async def undo_plan(self, who: Identity, kind: SheetKind, import_id: int | None = None) -> UndoPlan:
        """What an undo of the last import would take back. import_id: it has to be this one; None: whichever it is.

        :raises NotFoundError: there is no import that could be undone
        :raises InvalidInputError: another import is the last one
        :raises NotAllowedError: :raises DatabaseUnavailableError:
        """
        async with reading(self._database) as connection:
            return (await self._undo_plan(connection, who, kind, import_id))[0]

    async def undo(self, who: Identity, kind: SheetKind, import_id: int | None = None) -> UndoPlan:
        """Undo the last import, all or nothing. import_id: it has to be this one; None: whichever it is.

        :raises NotFoundError: there is no import that could be undone
        :raises InvalidInputError: something was changed since, or another import is the last one
        :raises NotAllowedError: :raises TooManyChangesError: :raises DatabaseUnavailableError:
        """
        async with logged('import undone', who, kind=kind.value) as fields, self._changing(
                who, SCOPES[kind]) as connection:
            await self._importers[kind].lock(connection)
            plan, changes, person = await self._undo_plan(connection, who, kind, import_id)
            plan.check()
            await self._importers[kind].take_back(connection, changes, (plan.steps, ()))
            await self._queries.mark_sheet_import_undone(connection, import_id=plan.of.id, undone_by=person.name)
            fields['import_id'] = plan.of.id
        return plan

    async def kind_of(self, import_id: int) -> SheetKind:
        """What an import was of.

        :raises NotFoundError: there is no such import
        :raises DatabaseUnavailableError:
        """
        async with reading(self._database) as connection:
            kind = await self._queries.sheet_import_kind(connection, import_id=import_id)
        if kind is None:
            raise NotFoundError(f'there is no import {import_id}')
        return SheetKind(kind)

    async def _supervisor(self, connection: Connection, who: Identity, kind: SheetKind) -> Person:
        """:raises NotAllowedError: neither a supervisor nor a token with the scope of this kind"""
        return await self._employees.look_up(connection, who, Role.SUPERVISOR, SCOPES[kind])

    async def _undo_plan(self, connection: Connection, who: Identity, kind: SheetKind, import_id: int | None
                         ) -> tuple[UndoPlan, Mapping[str, Any], Person]:
        person = await self._supervisor(connection, who, kind)
        row = await self._queries.last_sheet_import(connection, kind=kind)
        if row is None:
            raise NotFoundError(f'there is no import of {LAYOUTS[kind].noun[1]} that could be undone')
        if import_id not in {None, row['import_id']}:
            raise InvalidInputError('another import was made or undone since: look at the imports again')
        changes = json.loads(row['changes'])
        steps, obstacles = await self._importers[kind].steps_back(connection, changes, person)
        return UndoPlan(to_past_import(row), tuple(steps), tuple(obstacles)), changes, person


def written(kind: SheetKind, rows: Iterable[Cells], *, xlsx: bool) -> bytes:
    """An export as a file, CSV or XLSX."""
    return to_xlsx(LAYOUTS[kind], rows) if xlsx else to_csv(LAYOUTS[kind], rows).encode()
