"""What the simulator does while it plays: it continues the history of the floor, and people work on its orders."""

from __future__ import annotations

import json
from collections import Counter
from copy import deepcopy
from typing import Any

import asyncpg
import pytest
from database.postgres import Connect

from floor.db.query_files import load_queries
from simulator.runner import SimulatorRunner

pytestmark = pytest.mark.newest_postgres

QUERIES = load_queries()
PLANT_SECONDS = 100
"""Of a tick at this interval, when the clock has gone on by a second."""
INTERVAL = 5 / PLANT_SECONDS
ORDER = 'WO-20261129-0000000a'
ACTIVE = "status IN ('open', 'in_progress', 'on_hold')"


class Played:
    """A simulator whose clock the test winds."""

    def __init__(self, connect: Connect, connection: asyncpg.Connection, *, interval: float = INTERVAL, days: int = 0,
                 name: str = 'a') -> None:
        self.connection = connection
        self._now = 0.0
        self.published = list[tuple[str, str, str | None]]()
        self.runner = SimulatorRunner(
            connect, QUERIES, interval=interval, instance=name, seed=1, backfill_days=days, clock=lambda: self._now,
            report=lambda update: self.published.append((update.machine, update.status, update.reason)))

    async def ticks(self, amount: int, seconds: float = 1) -> None:
        """So many, this apart; recoveries are noted in between, as the app does."""
        for number in range(amount):
            self._now += seconds
            assert await self.runner.tick(self.connection) is not None
            if number % 10 == 0:
                async for _ in QUERIES.note_recoveries(self.connection):
                    pass

    async def order(self, where: str) -> Any:
        """Tick until there is an order like this."""
        for _ in range(3000):
            row = await self.connection.fetchrow(f'SELECT * FROM work_orders WHERE {where} ORDER BY created_at LIMIT 1')
            if row is not None:
                return row
            await self.ticks(1)
        pytest.fail(f'no order with {where}')


@pytest.fixture
def reported(request: pytest.FixtureRequest) -> bool:
    """History is made for a floor on which nothing was reported yet."""
    return request.node.originalname != 'test_it_continues_the_history_where_it_ended'


async def test_it_continues_the_history_where_it_ended(connect: Connect) -> None:
    """Nothing jumps at the start, and the next half hour is the one that the model of the history has next."""
    connection = await connect()
    played = Played(connect, connection, interval=5, days=2)
    await played.runner._make_history(connection)
    live = played.runner._live
    assert live is not None
    model = deepcopy(live.plant)
    begun = [row['id'] for row in await connection.fetch(f'SELECT id FROM work_orders WHERE {ACTIVE}')]
    for _ in range(360):
        await played.ticks(1, 5)
    at_once = model.frame()  # among it, what changed while the history was written
    assert live.plant.now >= model.now + 1800
    wanted = {(change.machine, change.status, change.reason) for change in model.advance(live.plant.now)}
    assert set(played.published) <= wanted | {(each.machine, each.status, each.reason) for each in at_once}
    assert len(wanted - set(played.published)) <= 2  # what lasted less than a tick
    played.runner._scale = PLANT_SECONDS
    await played.order(f"status = 'completed' AND id IN ({', '.join(map(repr, begun))})")
    assert await connection.fetchval('SELECT max(count) FROM (SELECT count(*) FROM work_orders '
                                     'GROUP BY machine_id, stop_since) AS per_stop') == 1


async def test_people_report_and_finish_orders_by_the_rules(connect: Connect) -> None:
    """A day of it."""
    connection = await connect()
    played = Played(connect, connection)
    await played.ticks(24 * 3600 // PLANT_SECONDS)
    orders = await connection.fetch('SELECT * FROM work_orders')
    assert 15 < len(orders) < 60
    assert Counter(order['status'] for order in orders)['completed'] > 0.5 * len(orders)
    people = {row['name']: row['role'] for row in await connection.fetch(
        "SELECT first_name || ' ' || last_name AS name, role FROM employees")}
    for order in orders:
        steps = [order[name] for name in ('stop_since', 'created_at', 'acknowledged_at', 'started_at', 'completed_at')]
        known = [step for step in steps if step is not None]
        assert known == sorted(known)
        assert (order['machine_status'], people[order['reporter_name']]) == ('down', 'operator')
        assert order['assignee'] is None or people[order['assignee']] == 'technician'
        assert (order['cause'] is not None) == (order['action_taken'] is not None) == (order['status'] == 'completed')
    events = await connection.fetch('SELECT DISTINCT who FROM work_order_events')
    assert {event['who'] for event in events} <= people.keys() | {'Line Monitor'}
    assert await connection.fetchval('SELECT count(*) FROM work_orders WHERE recovered_at IS NOT NULL') > 10


async def test_an_order_that_a_person_changes_is_left_to_that_person(connect: Connect) -> None:
    connection = await connect()
    played = Played(connect, connection)
    order = await played.order("status = 'in_progress'")
    another = 'high' if order['priority'] == 'low' else 'low'
    await connection.execute('UPDATE work_orders SET priority = $2 WHERE id = $1', order['id'], another)
    await played.ticks(24 * 36)
    after = await connection.fetchrow('SELECT * FROM work_orders WHERE id = $1', order['id'])
    assert (after['status'], after['version']) == ('in_progress', order['version'] + 1)
    assert await connection.fetchval("SELECT count(*) FROM work_orders WHERE status = 'completed'") > 5


async def test_a_stop_that_a_person_has_reported_gets_no_second_order(connect: Connect) -> None:
    connection = await connect()
    await connection.execute("UPDATE machine_feed_stream SET status = 'down', reason = 'Hydraulic leak' "
                             'WHERE machine_id = 10')
    await connection.execute("INSERT INTO work_orders (machine_id, issue_description) "
                             "VALUES ('Injection_Molder_02_01', 'Oil on the floor')")
    assert await left(connection, report('Injection_Molder_02_01', 'Hydraulic leak')) == [ORDER]
    assert await left(connection, report('Injection_Molder_02_02', 'Hydraulic leak')) == [ORDER]  # it runs
    assert await connection.fetchval('SELECT count(*) FROM work_orders') == 1


async def test_who_has_left_does_nothing_more_and_nobody_is_held_up(connect: Connect) -> None:
    connection = await connect()
    await connection.execute("UPDATE machine_feed_stream SET status = 'down', reason = 'Hydraulic leak' "
                             'WHERE machine_id = 10')
    assert await left(connection, report('Injection_Molder_02_01', 'Hydraulic leak')) == []
    technician = await connection.fetchval("SELECT min(id) FROM employees WHERE role = 'technician'")
    await connection.execute('UPDATE employees SET active = false WHERE id = $1', technician)
    assign = {'order_id': ORDER, 'action': 'change', 'who': 'Tom', 'version': 1, 'assignee_id': technician}
    assert await left(connection, assign) == [ORDER]
    assert await left(connection, {**assign, 'assignee_id': technician + 1}) == []


async def test_another_instance_goes_on_with_the_orders(connect: Connect) -> None:
    first, second = await connect(), await connect()
    played = Played(connect, first)
    order = await played.order("status = 'in_progress'")
    await first.execute("UPDATE simulator_state SET last_tick = clock_timestamp() - interval '1 hour'")
    other = Played(connect, second, name='b')
    await other.ticks(1)
    done = await other.order(f"status = 'completed' AND id = '{order['id']}'")
    assert done['assignee'] == order['assignee']
    assert done['version'] == order['version'] + 1 + 2 * (await second.fetchval(
        "SELECT count(*) FROM work_order_events WHERE work_order_id = $1 AND new_value = 'on_hold'", order['id']))


async def test_live_steps_are_refused_on_a_plant(connect: Connect) -> None:
    connection = await connect()
    await connection.execute("UPDATE plant SET kind = 'plant'")
    with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError, match='this floor is a plant'):
        await left(connection, report('Injection_Molder_02_01', 'Hydraulic leak'))


def report(machine: str, reason: str) -> dict[str, Any]:
    return {'order_id': ORDER, 'action': 'report', 'who': 'Elena', 'machine_id': machine, 'machine_reason': reason,
            'description': 'Oil', 'priority': 'high'}


async def left(connection: asyncpg.Connection, step: dict[str, Any]) -> list[str]:
    """Write one live step; the orders that were left to people."""
    async with connection.transaction():
        return [row['order_id'] async for row in QUERIES.write_order_steps(
            connection, steps=json.dumps([step]), live=True)]
