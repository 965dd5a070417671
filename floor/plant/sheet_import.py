"""Import of a sheet of machines: what it would change, and the change in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.errors import InvalidInputError
from ..core.formatting import counted
from ..core.people import Identity, Role
from ..db.connection import Connection
from ..db.transactions import logged, reading
from .machine_commands import MachineCommands
from .plant_sheet import SheetRow
from .sheet_plan import PresentPlant, RowOutcome, SheetPlan

LISTED = 5


class SheetImport(MachineCommands):
    """Imports sheets. Requires the role supervisor."""

    async def dry_run(self, who: Identity, rows: Sequence[SheetRow]) -> SheetPlan:
        """What the rows would change; nothing is changed.

        :raises NotAllowedError: :raises DatabaseUnavailableError:
        """
        async with reading(self._database) as connection:
            await self._employees.look_up(connection, who, Role.SUPERVISOR)
            return (await self._present(connection)).plan(rows)

    async def apply(self, who: Identity, rows: Sequence[SheetRow]) -> SheetPlan:
        """Change the plant to what the rows say, all or nothing. Machines that are not in them stay as they are.

        :raises InvalidInputError: a row is refused, or the floor is a demo; nothing is changed
        :raises NotAllowedError: :raises TooManyChangesError: :raises DatabaseUnavailableError:
        """
        async with logged('sheet imported', who) as fields, self._changing(who) as connection:
            if await self._queries.is_demo(connection):
                raise InvalidInputError('this floor is a demo, whose machines are simulated: replace it by an empty '
                                        'floor first (python -m floor.plant new)')
            plan = (await self._present(connection)).plan(rows)
            if refused := plan.of(RowOutcome.REFUSED):
                more = f'; and {len(refused) - LISTED} more' if len(refused) > LISTED else ''
                raise InvalidInputError(f'{counted(len(refused), "row")} refused, and nothing was changed: '
                                        f'{"; ".join(map(str, refused[:LISTED]))}{more}')
            await self._apply(connection, plan)
            fields |= {outcome.value: len(plan.of(outcome)) for outcome in RowOutcome}
        return plan

    async def _present(self, connection: Connection) -> PresentPlant:
        machines = [*await self._machines(connection, retired=False), *await self._machines(connection, retired=True)]
        former = {row['name']: row['today'] async for row in self._queries.former_names(connection)}
        return PresentPlant(machines, [line.name for line in await self._lines(connection)],
                            [kind.name for kind in await self._machine_types(connection)], former)

    async def _apply(self, connection: Connection, plan: SheetPlan) -> None:
        for name in plan.new_lines:
            await self._queries.add_line(connection, name=name, code=None, area=None)
        line_ids = {line.name: line.id for line in await self._lines(connection)}
        new, changed = plan.of(RowOutcome.NEW), plan.of(RowOutcome.CHANGED)
        await self._queries.edit_machines(
            connection, machine_ids=[row.machine_id for row in changed], types=[row.type for row in changed],
            line_ids=[line_ids[row.line] if row.line else None for row in changed],
            positions=[row.position for row in changed])
        added = [row['machine_id'] async for row in self._queries.add_machines(
            connection, names=[row.machine for row in new], types=[row.type for row in new],
            line_ids=[line_ids[row.line] if row.line else None for row in new],
            positions=[row.position for row in new])]
        await self._queries.bring_machines(
            connection, machine_ids=[*(row.machine_id for row in changed if row.comes_back), *added])
