"""The transactions of commands on one work order: authorization, row lock, lookup."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from ..core.errors import NotFoundError
from ..core.orders import WorkOrder, WorkOrderEvent
from ..core.people import Identity, Person, Role
from ..db.connection import Connection
from ..db.database import Database
from ..db.transactions import MAX_ID, command
from .employees import Employees, require
from .work_order_rows import to_order, to_order_event

MAX_ID_LENGTH = 50


class OrderTransactions:
    """Base of the commands and reads of single orders."""

    def __init__(self, database: Database, employees: Employees) -> None:
        self._database = database
        self._queries = database.queries
        self._employees = employees

    @asynccontextmanager
    async def _changing(self, who: Identity, order_id: str, needed: Role | None = None, what: str = 'this', *,
                        is_counted: bool = False) -> AsyncIterator[tuple[Connection, Person, WorkOrder]]:
        """A transaction that locks the order: connection, acting person, order.

        needed: the required role, if it does not depend on the order. what: the action, for the message.
        """
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


def role_to_change(person: Person, order: WorkOrder) -> Role:
    """The role required to change an order: operator for the person who reported it, else technician."""
    reported = person.email is not None and person.email == order.reporter_email
    return Role.OPERATOR if reported else Role.TECHNICIAN


def is_possible_id(order_id: str, number: int = 1) -> bool:
    """Whether the database can have an order of this id, and a row of this number."""
    return order_id.isascii() and order_id.isprintable() and len(order_id) <= MAX_ID_LENGTH and 0 < number <= MAX_ID


def order_of_row(row: Any, order_id: str) -> WorkOrder:
    """The order of a row.

    :raises NotFoundError: the row is None
    """
    if row is None:
        raise NotFoundError(f'there is no work order {order_id[:MAX_ID_LENGTH]}')
    return to_order(row)
