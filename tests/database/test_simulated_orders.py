"""The work orders of a demo's history: thirty days of them, as the database has them after all of its rules."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest
from database.postgres import Server

from floor.core.people import Role
from floor.db.query_files import load_queries
from simulator.backfill import SEED, backfill
from simulator.causes import WAITING
from simulator.orders import ALWAYS
from simulator.simulated_plant import Station
from simulator.timeline import SimulatedStop, history, stops

pytestmark = [pytest.mark.newest_postgres, pytest.mark.xdist_group('test_simulated_orders.py'), pytest.mark.long]

DAY = timedelta(days=1)
DUE = {'critical': timedelta(hours=1), 'high': timedelta(hours=8), 'medium': timedelta(hours=72),
       'low': timedelta(hours=168)}
FLOOR = """SELECT m.machine_name, m.type, m.line_id FROM machine_feed_stream f JOIN machines m USING (machine_name)
           ORDER BY m.line_id, m.position"""


@dataclass(frozen=True)
class Written:
    """What the simulator has written, and the stops that it is about; the rows have their columns as attributes."""

    orders: list[Any]
    events: list[Any]
    items: list[Any]
    roles: dict[str, Role]
    stops: list[SimulatedStop]
    until: datetime


@pytest.fixture(scope='module')
def written(servers: dict[int, Server]) -> Iterator[Written]:
    """All tests only read it, so it is written once."""
    server = servers.get(18) or servers.setdefault(18, Server(18))
    url = server.new_database(migrated=True, reported=False)
    with ThreadPoolExecutor(1) as thread:
        yield thread.submit(asyncio.run, write(url)).result()
    server.drop_database(url)


async def write(url: str) -> Written:
    connection = await asyncpg.connect(url, timeout=10)
    one_o_clock = await connection.fetchval("SELECT date_trunc('day', now(), 'UTC') - interval '11 hours'")
    done = await backfill(connection, load_queries(), days=30, now=one_o_clock)
    assert done is not None

    async def rows(query: str) -> list[Any]:
        return [SimpleNamespace(**row) for row in await connection.fetch(query)]

    stations = [Station(*row) for row in await connection.fetch(FLOOR)]
    people = await rows("SELECT first_name || ' ' || last_name AS name, role FROM employees")
    written = Written(
        await rows('SELECT * FROM work_orders ORDER BY created_at, id'),
        await rows('SELECT * FROM work_order_events ORDER BY event_id'),
        await rows('SELECT * FROM work_order_checklist ORDER BY item_id'),
        {person.name: Role(person.role) for person in people},
        await asyncio.to_thread(lambda: stops(history(stations, SEED, done.since, done.until)[0])),
        done.until)
    await connection.close()
    return written


def test_about_every_longer_stop_has_an_order_and_no_wait_has_one(written: Written) -> None:
    simulated = {(stop.machine, stop.since): stop for stop in written.stops}
    ordered = Counter((order.machine_id, order.stop_since) for order in written.orders)
    assert set(ordered) <= set(simulated) and set(ordered.values()) == {1}
    long = [key for key, stop in simulated.items() if stop.until is not None and stop.until - stop.since >= ALWAYS]
    assert all(key in ordered for key in long)
    assert len(long) <= len(ordered) <= 1.4 * len(long)
    assert 300 < len(ordered) < 3000
    for order in written.orders:
        stop = simulated[order.machine_id, order.stop_since]
        assert (order.machine_status, order.machine_reason) == ('down', stop.reason)
        assert order.machine_reason not in WAITING
        assert stop.since < order.created_at < (stop.until or written.until + DAY)
        assert order.created_at - stop.since < timedelta(minutes=45)


def test_the_times_of_an_order_follow_each_other_and_the_stop(written: Written) -> None:
    ends = {(stop.machine, stop.since): stop.until for stop in written.stops}
    for order in written.orders:
        steps = [order.stop_since, order.created_at, order.acknowledged_at, order.started_at, order.completed_at,
                 written.until]
        known = [step for step in steps if step is not None]
        assert known == sorted(known)
        assert order.timestamp == order.created_at
        assert order.due_at == order.created_at + DUE[order.priority]
        assert order.recovered_at == ends[order.machine_id, order.stop_since]
        assert (order.completed_at is not None) == (order.status == 'completed')
        assert (order.cancelled_at is not None) == (order.status == 'cancelled')
        assert order.updated_at <= written.until


def test_repairs_end_when_the_machine_runs_again(written: Written) -> None:
    done = [order for order in written.orders if order.completed_at and order.recovered_at]
    soon = [order for order in done if order.completed_at - order.recovered_at < timedelta(hours=1)]
    before = [order for order in done if order.started_at < order.recovered_at]
    assert len(soon) > 0.55 * len(done)
    assert len(before) > 0.8 * len(done)
    assert all(order.completed_at >= order.recovered_at for order in done)


def test_every_state_has_the_words_that_it_needs(written: Written) -> None:
    states = Counter(str(order.status) for order in written.orders)
    assert states['completed'] > 0.9 * len(written.orders) and states['cancelled'] > 5
    assert 3 <= states['open'] + states['in_progress'] + states['on_hold'] <= 40
    for order in written.orders:
        assert (order.hold_reason is not None) == (order.status == 'on_hold')
        assert (order.cause is not None) == (order.action_taken is not None) == (order.status == 'completed')
        assert (order.cancel_reason is not None) == (order.status == 'cancelled')


def test_long_and_dangerous_stops_press_most(written: Written) -> None:
    by_priority: dict[str, list[Any]] = defaultdict(list)
    for order in written.orders:
        by_priority[order.priority].append(order)
    assert by_priority.keys() == DUE.keys()
    assert len(by_priority['critical']) < 0.15 * len(written.orders)
    mean = {priority: sum((order.recovered_at - order.stop_since for order in orders if order.recovered_at),
                          timedelta()) / len(orders) for priority, orders in by_priority.items()}
    assert mean['critical'] > mean['high'] > mean['medium'] > mean['low']


def test_technicians_share_the_work_and_operators_report(written: Written) -> None:
    work = Counter(order.assignee for order in written.orders if order.assignee)
    assert {written.roles[name] for name in work} == {Role.TECHNICIAN}
    assert work.keys() == {name for name, role in written.roles.items() if role is Role.TECHNICIAN}
    assert max(work.values()) < 1.3 * min(work.values())
    assert {written.roles[order.reporter_name] for order in written.orders} == {Role.OPERATOR}
    assert {written.roles[event.who] for event in written.events
            if (event.kind, event.new_value) == ('status_changed', 'cancelled')} == {Role.SUPERVISOR}
    assert Role.VIEWER not in {written.roles.get(event.who) for event in written.events}
    assert all(event.who_email == event.who_email.lower() for event in written.events if event.who_email)


def test_an_order_is_what_its_events_have_made_of_it(written: Written) -> None:
    assert [event.at for event in written.events] == sorted(event.at for event in written.events)
    events = defaultdict(list)
    for event in written.events:
        events[event.work_order_id].append(event)
    assert events.keys() == {order.id for order in written.orders}
    for order in written.orders:
        mine = events[order.id]
        assert (mine[0].kind, mine[0].at, mine[0].who, mine[0].new_value) == (
            'created', order.created_at, order.reporter_name, 'open')
        moves = [event for event in mine if event.kind == 'status_changed']
        assert [move.old_value for move in moves] == ['open', *(move.new_value for move in moves)][:len(moves)]
        assert (moves[-1].new_value if moves else 'open') == order.status
        assert order.version == 1 + sum(event.kind in {'status_changed', 'changed'} for event in mine)
        assert order.updated_at == max(event.at for event in mine
                                       if event.kind in {'created', 'status_changed', 'changed', 'recovered'})
        assert all(event.at <= written.until for event in mine)


def test_ids_are_of_their_day_and_belong_to_one(written: Written) -> None:
    assert len({order.id for order in written.orders}) == len(written.orders)
    assert all(order.id.startswith(f'WO-{order.created_at:%Y%m%d}-') for order in written.orders)


def test_checklists_are_ticked_when_the_work_is_done(written: Written) -> None:
    completed = {order.id: order.completed_at for order in written.orders if order.status == 'completed'}
    assert len(written.items) > 50
    for item in written.items:
        assert item.done_at == completed.get(item.work_order_id)
        assert (item.done_by is not None) == (item.done_at is not None)
    assert sum(event.kind == 'commented' for event in written.events) > 30
