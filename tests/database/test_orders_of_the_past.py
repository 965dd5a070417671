"""Work orders as they stood at a moment of the past: on the floor of then, and on the sheet of a shift."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from database.postgres import Connect

from floor.analytics import Analytics
from floor.core.orders import Priority, WorkOrderStatus
from floor.db.database import Database
from floor.orders.work_order_list import WorkOrderList

CREATE = "INSERT INTO work_orders (machine_id, issue_description) VALUES ('Valve_01_01', 'Oil leak') RETURNING id"
COMPLETE = "UPDATE work_orders SET status = 'completed', cause = 'worn', action_taken = 'replaced' WHERE id = $1"
STEPS = (
    ("UPDATE work_orders SET priority = 'critical', assignee_id = 4 WHERE id = $1", 'open', 'critical', True),
    ("UPDATE work_orders SET status = 'in_progress' WHERE id = $1", 'in_progress', 'critical', True),
    (COMPLETE, None, None, False),
    ("UPDATE work_orders SET status = 'open' WHERE id = $1", 'open', 'critical', True),
    ("UPDATE work_orders SET assignee_id = NULL, priority = 'low' WHERE id = $1", 'open', 'low', False),
    ("UPDATE work_orders SET status = 'cancelled', cancel_reason = 'twice' WHERE id = $1", None, None, False),
)


@pytest.fixture
async def connection(connect: Connect) -> asyncpg.Connection:
    return await connect()


async def clock(sql: asyncpg.Connection) -> datetime:
    return await sql.fetchval('SELECT clock_timestamp()')


async def test_an_order_is_shown_as_it_was_whatever_became_of_it(connection: asyncpg.Connection,
                                                                 database: Database) -> None:
    before = await clock(connection)
    order = await connection.fetchval(CREATE)
    moments = [(await clock(connection), 'open', 'medium', False)]
    for change, *then in STEPS:
        await connection.execute(change, order)
        moments.append((await clock(connection), *then))  # type: ignore[arg-type]
    analytics = Analytics(database)
    assert (await analytics.floor_at(before)).orders == ()
    for moment, state, priority, somebody in moments:
        found = [(brief.id, brief.status, brief.priority, brief.assignee is not None)
                 for brief in (await analytics.floor_at(moment)).orders]
        assert found == ([(order, state, priority, somebody)] if state else []), moment


async def test_at_the_moment_of_an_event_an_order_is_what_the_event_made_it(
        connection: asyncpg.Connection, database: Database) -> None:
    order = await connection.fetchval(CREATE)
    await connection.execute("UPDATE work_orders SET priority = 'critical' WHERE id = $1", order)
    await connection.execute(COMPLETE, order)
    created, completed = await connection.fetchrow('SELECT created_at, completed_at FROM work_orders WHERE id = $1',
                                                   order)
    changed = await connection.fetchval("SELECT at FROM work_order_events WHERE field = 'priority'")
    analytics = Analytics(database)
    assert [[brief.priority for brief in (await analytics.floor_at(moment)).orders]
            for moment in (created, changed, completed)] == [['medium'], ['critical'], []]


async def test_a_shift_leaves_what_was_open_at_its_end_and_has_done_what_was_completed_in_it(
        connection: asyncpg.Connection, database: Database) -> None:
    lists = WorkOrderList(database, lambda: UTC)
    start = await clock(connection)
    left, done, reopened = [await connection.fetchval(CREATE) for _ in range(3)]
    for order in done, reopened:
        await connection.execute(COMPLETE, order)
    end = await clock(connection)
    later = await connection.fetchval(CREATE)
    await connection.execute(COMPLETE, left)
    await connection.execute("UPDATE work_orders SET status = 'open' WHERE id = $1", reopened)

    shift = await lists.of_shift(start, end)
    assert [(order.id, order.status, order.priority) for order in shift.left] == [
        (left, WorkOrderStatus.OPEN, Priority.MEDIUM)]
    assert [order.id for order in shift.completed] == [done], 'what was reopened was not done'
    now = await lists.of_shift(end, await clock(connection))
    assert {order.id for order in now.left} == {later, reopened}
    assert [order.id for order in now.completed] == [left]
    assert await lists.of_shift(start - timedelta(days=900), start - timedelta(days=899)) == type(shift)((), ())
