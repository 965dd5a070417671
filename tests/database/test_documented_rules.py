"""The tables of floor/orders/README.md and auth/README.md say what the database and the commands hold people to."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from database.people import JAMES, OF_ROLE

from floor.core.errors import NotAllowedError
from floor.core.machines import MachineName
from floor.core.orders import Priority, WorkOrderStatus
from floor.core.people import Role
from floor.db.database import Database
from floor.orders.employees import EmployeeEdit, Employees
from floor.orders.order_values import NewOrder, OrderEdit, Transition
from floor.orders.work_orders import WorkOrders
from floor.plant.demo_removal import Plant

ROOT = Path(__file__).parents[2]
ORDERS, AUTH = ROOT / 'floor' / 'orders' / 'README.md', ROOT / 'auth' / 'README.md'
PRESS = MachineName('Injection_Molder_02_01')


def rows(file: Path, heading: str) -> set[tuple[str, ...]]:
    """The rows of the first table below a heading."""
    table = re.search(r'^\|[-|]+\|\n((?:\|.*\|\n)+)', file.read_text().partition(f'## {heading}\n')[2], re.MULTILINE)
    assert table is not None, heading
    return {tuple(cell.strip() for cell in row[1:-1].split('|')) for row in table[1].splitlines()}


async def test_the_transitions_are_those_of_the_database(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    stored = await connection.fetch('SELECT from_status, to_status, role, within FROM work_order_transitions')
    await connection.close()
    assert rows(ORDERS, 'Statuses') == {
        (move['from_status'].replace('_', ' '), move['to_status'].replace('_', ' '), move['role'],
         f'{move["within"].days} days' if move['within'] else '') for move in stored}


async def test_the_due_times_are_those_of_a_new_floor(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    stored = await connection.fetch('SELECT priority, due_within FROM work_order_priorities')
    await connection.close()
    assert rows(ORDERS, 'Due times') == {
        (row['priority'], f'{row["due_within"] // timedelta(hours=1)} h') for row in stored}


async def is_allowed(act: Awaitable[Any]) -> bool:
    """Whether a command is done for this person."""
    try:
        await act
    except NotAllowedError:
        return False
    return True


@pytest.mark.newest_postgres
@pytest.mark.parametrize('role', list(Role))
async def test_the_table_of_roles_is_what_the_commands_allow(database: Database, role: Role) -> None:
    """One command or more for each row."""
    employees, who = Employees(database, default_role=Role.VIEWER), OF_ROLE[role]
    orders = WorkOrders(database, employees)
    lisa, = (person.id for person in await employees.all() if person.email.startswith('lisa'))

    async def order(*states: WorkOrderStatus) -> tuple[str, int]:
        """A new one of somebody else, in the last of these states."""
        made = await orders.create(JAMES, NewOrder(PRESS, 'Leak', checklist=('Lock out',)))
        for state in states:
            made = await orders.transition(JAMES, made.id, made.version, to(state))
        return made.id, made.version

    def to(status: WorkOrderStatus) -> Transition:
        return Transition(status, cause='Seal', action_taken='Replaced', cancel_reason='Twice')

    State = WorkOrderStatus
    listed = (await order())[0]
    step, = (await orders.details(listed)).checklist
    allowed = {
        'report a problem, comment, attach a file': [
            await is_allowed(orders.create(who, NewOrder(PRESS, 'Leak'))),
            await is_allowed(orders.comment(who, (await order())[0], 'Hello')),
            await is_allowed(orders.attach(who, (await order())[0], 'a.pdf', b'%PDF-1.7'))],
        'change description and priority': [
            await is_allowed(orders.edit(who, *await order(), OrderEdit(priority=Priority.LOW))),
            await is_allowed(orders.edit(who, *await order(), OrderEdit(description='Other')))],
        'take an order, change its status, complete it, reopen a completed one, checklist': [
            await is_allowed(orders.transition(who, *await order(), to(State.IN_PROGRESS))),
            await is_allowed(orders.transition(who, *await order(), to(State.COMPLETED))),
            await is_allowed(orders.transition(who, *await order(State.COMPLETED), to(State.OPEN))),
            await is_allowed(orders.check_item(who, listed, step.id, True))],
        'assign others, cancel, reopen a cancelled order': [
            await is_allowed(orders.edit(who, *await order(), OrderEdit(assignee_id=lisa))),
            await is_allowed(orders.transition(who, *await order(), to(State.CANCELLED))),
            await is_allowed(orders.transition(who, *await order(State.CANCELLED), to(State.OPEN)))],
        'change employees and due times, set up a plant, open `/diagnosis`': [
            await is_allowed(employees.add(who, EmployeeEdit('A', 'B', f'{role}@example.com', 'Engineering',
                                                             Role.VIEWER))),
            await is_allowed(orders.set_due_time(who, Priority.LOW, timedelta(days=3))),
            await is_allowed(Plant(database, employees).contents(who))],
    }
    column = 1 + list(Role).index(role)
    table = {row[0]: row[column] for row in rows(AUTH, 'Roles')}
    assert table.pop('see the floor, work orders, reports and people') == '✓'
    assert table.keys() == allowed.keys()
    for row, results in allowed.items():
        assert results == [table[row] == '✓'] * len(results), row
    if table['change description and priority'] == 'of orders they reported':
        own = await orders.create(who, NewOrder(PRESS, 'Leak'))
        assert await is_allowed(orders.edit(who, own.id, own.version, OrderEdit(priority=Priority.LOW)))
