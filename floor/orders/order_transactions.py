"""What every command and question about one work order begins with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from ..core.errors import NotFoundError
from ..core.orders import WorkOrder, WorkOrderEvent
from ..core.people import Identity, Person, Role
from ..db.connection import Connection
from ..db.database import Database
from ..db.transactions import LARGEST_ID, command
from .employees import Employees, require
from .work_order_rows import to_order, to_order_event

LONGEST_ID = 50


class OrderTransactions:
    """The order, locked where it is changed, and the person who acts."""

    def __init__(self, database: Database, employees: Employees) -> None:
        self._database = database
        self._queries = database.queries
        self._employees = employees

    @asynccontextmanager
    async def _changing(self, who: Identity, order_id: str, needed: Role | None = None, what: str = 'this', *,
                        is_counted: bool = False) -> AsyncIterator[tuple[Connection, Person, WorkOrder]]:
        """The order, locked, and who acts; needed: the role where it does not depend on the order."""
        async with command(self._database) as connection:
            person = await self._employees.act(connection, who, is_counted=is_counted)
            if needed is not None:
                require(person, needed, what)
            row = await self._queries.lock_work_order(connection, id=order_id) if is_possible_id(order_id) else None
            yield connection, person, order_of_row(row, order_id)

    async def _get(self, connection: Connection, order_id: str) -> WorkOrder:
        row = await self._queries.work_order(connection, id=order_id) if is_possible_id(order_id) else None
        return order_of_row(row, order_id)

    async def _events(self, connection: Connection, order_id: str) -> tuple[WorkOrderEvent, ...]:
        return tuple([to_order_event(row) async for row in self._queries.work_order_events(connection, id=order_id)])


def needed_by_reporter(person: Person, order: WorkOrder) -> Role:
    """The least role that may change what an order says: of the person who reported it, and of others."""
    reported = person.email is not None and person.email == order.reporter_email
    return Role.OPERATOR if reported else Role.TECHNICIAN


def is_possible_id(order_id: str, number: int = 1) -> bool:
    """Whether PostgreSQL would take it for an id at all."""
    return order_id.isascii() and order_id.isprintable() and len(order_id) <= LONGEST_ID and 0 < number <= LARGEST_ID


def order_of_row(row: Any, order_id: str) -> WorkOrder:
    """The order that was read.

    :raises NotFoundError: there is no row
    """
    if row is None:
        raise NotFoundError(f'there is no work order {order_id[:LONGEST_ID]}')
    return to_order(row)
