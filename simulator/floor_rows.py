"""What the simulator reads from the database: machines, people, and the orders that it has not finished."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from floor.core.orders import Priority, WorkOrderStatus
from floor.core.people import Employee, Role
from floor.db.connection import Connection
from floor.db.queries import Queries
from simulator.orders import UnfinishedOrder
from simulator.simulated_machine import Status
from simulator.simulated_plant import Station


@dataclass(frozen=True, slots=True)
class StoredMachine:
    """A machine's row in the table; status None: no report yet. lasted: seconds since the status began."""

    station: Station
    status: Status | None
    reason: str | None
    version: int
    lasted: float
    since: datetime | None

    @property
    def picture(self) -> tuple[Status | None, str | None]:
        """Status and reason."""
        return self.status, self.reason


async def read_floor(connection: Connection, queries: Queries) -> list[StoredMachine]:
    """All machines, in flow order."""
    return [
        StoredMachine(
            Station(row['machine_name'], row['type'], row['line_id']),
            row['status'], row['reason'], row['version'], row['lasted'], row['status_since'],
        )
        async for row in queries.simulated_floor(connection)
    ]


async def people_of(connection: Connection, queries: Queries) -> list[Employee]:
    """Those who may report and repair."""
    return [Employee(**{**row, 'role': Role(row['role'])}) async for row in queries.everybody(connection)]


async def read_unfinished(connection: Connection, queries: Queries,
                          machines: Mapping[str, StoredMachine]) -> list[tuple[UnfinishedOrder, bool]]:
    """The simulator's active orders to these machines, and whether the machine is still down for it."""
    found = []
    async for row in queries.unfinished_simulated_orders(connection):
        machine = machines.get(row['machine_id'])
        if machine is not None:
            found.append((UnfinishedOrder(
                row['id'], row['machine_id'], row['machine_reason'], Priority(row['priority']),
                WorkOrderStatus(row['status']), row['assignee_id'], row['version'], tuple(row['items']),
            ), (machine.status, machine.since) == ('down', row['stop_since'])))
    return found
