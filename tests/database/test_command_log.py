"""Who did what is in the log, once it is in the database; what was refused or done before does not."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from database.people import LISA, MIKE, STRANGER

from floor.core.errors import EditConflictError, NotAllowedError
from floor.core.machines import MachineName
from floor.core.orders import Priority, WorkOrderStatus
from floor.core.people import Role
from floor.db.database import Database
from floor.orders.employees import EmployeeEdit, Employees
from floor.orders.order_values import NewOrder, OrderEdit, Transition
from floor.orders.work_orders import WorkOrders

LEAK = NewOrder(MachineName('Valve_01_01'), 'Secret words of the plant', client_reference='once')


@pytest.fixture
def employees(database: Database) -> Employees:
    return Employees(database, default_role=Role.VIEWER)


@pytest.fixture
def book(database: Database, employees: Employees) -> WorkOrders:
    return WorkOrders(database, employees)


def logged(caplog: pytest.LogCaptureFixture) -> list[tuple[Any, ...]]:
    lines = [(each.message, vars(each)['who']) for each in caplog.records if each.name == 'floor.db.transactions']
    caplog.clear()
    return lines


async def test_each_command_is_a_line_with_who(book: WorkOrders, employees: Employees,
                                               caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    order = await book.create(LISA, LEAK)
    assert tuple(vars(caplog.records[-1])[name] for name in ('order', 'machine')) == (order.id, 'Valve_01_01')
    again = await book.create(LISA, LEAK)
    assert again.id == order.id
    order = await book.edit(MIKE, order.id, order.version, OrderEdit(priority=Priority.CRITICAL))
    await book.transition(LISA, order.id, order.version, Transition(WorkOrderStatus.IN_PROGRESS))
    await book.comment(LISA, order.id, 'Secret words')
    await book.set_due_time(MIKE, Priority.LOW, timedelta(days=9))
    new = EmployeeEdit('Ann', 'Lee', 'ann.lee@example.com', 'Quality', Role.OPERATOR)
    ann = await employees.add(MIKE, new)
    await employees.edit(MIKE, ann.id, ann.version, replace(new, role=Role.TECHNICIAN))
    await employees.set_active(MIKE, ann.id, False)
    assert 'ecret words' not in str([vars(each) for each in caplog.records if each.name == 'floor.db.transactions'])
    assert logged(caplog) == [
        ('work order reported', LISA.email), ('work order changed', MIKE.email),
        ('work order status changed', LISA.email),
        ('work order commented', LISA.email), ('due time set', MIKE.email), ('employee added', MIKE.email),
        ('employee changed', MIKE.email), ('employee deactivated', MIKE.email)]


async def test_what_was_refused_is_no_line(book: WorkOrders, employees: Employees,
                                           caplog: pytest.LogCaptureFixture) -> None:
    order = await book.create(LISA, LEAK)
    caplog.set_level(logging.INFO)
    caplog.clear()
    with pytest.raises(NotAllowedError):
        await book.create(STRANGER, LEAK)
    with pytest.raises(NotAllowedError):
        await book.transition(LISA, order.id, order.version,
                              Transition(WorkOrderStatus.CANCELLED, cancel_reason='no'))
    with pytest.raises(EditConflictError):
        await book.edit(MIKE, order.id, order.version + 7, OrderEdit(priority=Priority.LOW))
    with pytest.raises(NotAllowedError):
        await employees.set_active(LISA, 1, False)
    assert logged(caplog) == []
