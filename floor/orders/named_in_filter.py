"""Resolves the machine and the person that a filter names."""

from __future__ import annotations

from dataclasses import replace

from ..core.errors import QueryError
from ..core.query_parameters import unknown_name_message
from ..core.text import shown
from ..db.connection import Connection
from ..db.database import Database
from ..db.row_mapping import to_employee
from .order_filter import OrderFilter


async def with_known_names(database: Database, connection: Connection, order_filter: OrderFilter) -> OrderFilter:
    """The same filter, with the present name of a machine that was renamed, and the id of the person that it names by
    name or e-mail address.

    :raises QueryError: there is no such machine or employee, or several employees; `understood` has the rest of the
        filter
    """
    faults: dict[str, str] = {}
    known, (machine_written, assignee_written) = order_filter, order_filter.written
    if order_filter.machine is not None:
        machine = await database.queries.present_machine_name(connection, machine=order_filter.machine)
        if machine is None:
            names = [row['machine_name'] async for row in database.queries.machine_names(connection)]
            faults[machine_written] = unknown_name_message('machine', order_filter.machine, names)
        known = replace(known, machine=machine)
    if order_filter.person or isinstance(order_filter.assignee, int):
        found = await _called(database, connection, order_filter)
        known = replace(known, person='', assignee=found[0] if len(found) == 1 else None)
        if len(found) != 1:
            called = shown(order_filter.person or str(order_filter.assignee))
            how_many = f'{len(found)} employees are' if found else 'No employee is'
            faults[assignee_written] = (f'{how_many} called {called}. Use the e-mail address or the id of an '
                                        f'employee, or none for unassigned orders.')
    if faults:
        raise QueryError(faults, known)
    return known


async def _called(database: Database, connection: Connection, order_filter: OrderFilter) -> list[int]:
    """The ids of matching employees, inactive ones too, as they can still have orders."""
    people = [to_employee(row) async for row in database.queries.employees(connection)]
    if order_filter.assignee is not None:
        return [person.id for person in people if person.id == order_filter.assignee]
    return [person.id for person in people if person.is_called(order_filter.person)]
