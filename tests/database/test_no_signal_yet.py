"""A machine that was never reported is not running: its status is unknown in every number until its first report."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import httpx
import pytest
from database.postgres import Connect, until
from fastapi import FastAPI

from floor.analytics import Analytics, Kpis, Scope, Window
from floor.core.machines import MachineName, Status
from floor.db.database import Database
from floor.db.query_files import load_queries
from floor.feed.listener import Listener
from floor.feed.store import Store
from floor.feed.timing import Timing
from floor.jobs.dashboard_refresh import DashboardRefresh
from floor.jobs.day_sums import DaySums
from floor.web.api import floor_api
from simulator.runner import SimulatorRunner

PRESS, VALVE = 'Press_02_01', 'Valve_01_01'
UTC = ZoneInfo('UTC')
ADD = f"INSERT INTO machine_feed_stream (machine_name, type) VALUES ('{PRESS}', 'press')"


@pytest.fixture
def reported() -> bool:
    return False


@pytest.fixture
async def connection(connect: Connect) -> asyncpg.Connection:
    return await connect()


async def machine(feed: asyncpg.Connection, name: str = PRESS) -> asyncpg.Record:
    return await feed.fetchrow('SELECT * FROM machine_feed_stream WHERE machine_name = $1', name)


async def history(feed: asyncpg.Connection, name: str = PRESS) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await feed.fetch(
        'SELECT old_status, new_status FROM machine_status_history WHERE machine_id = machine_called($1) '
        'ORDER BY version',
        name)]


@asynccontextmanager
async def listening(database: Database) -> AsyncIterator[tuple[Store, Listener]]:
    """What the pages show, kept up to date, and audited all the time."""
    store = Store()
    listener = Listener(database.connect, database.queries, store, timing=Timing(audit=0.02))
    task = asyncio.create_task(listener.run())
    try:
        await until(lambda: bool(store.machines))
        yield store, listener
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


# the table

async def test_an_insert_without_a_status_is_no_report(connection: asyncpg.Connection) -> None:
    await connection.execute(ADD)
    added = await machine(connection)
    assert (added['status'], added['reported_at'], added['datetime'], added['reason']) == (None, None, None, None)
    assert await history(connection) == []


async def test_an_insert_with_a_status_is_a_report(connection: asyncpg.Connection) -> None:
    await connection.execute(f"INSERT INTO machine_feed_stream (machine_name, status) VALUES ('{PRESS}', 'Down')")
    added = await machine(connection)
    assert (added['status'], added['reported_at']) == ('down', added['status_since'])
    assert await history(connection) == [(None, 'down')]


async def test_the_machines_of_a_new_floor_have_never_been_reported(connection: asyncpg.Connection) -> None:
    assert await connection.fetchval('SELECT count(*) FROM machine_feed_stream') == 30
    assert await connection.fetchval('SELECT count(coalesce(status, reported_at::text)) FROM machine_feed_stream') == 0
    assert await connection.fetchval('SELECT count(*) FROM machine_status_history') == 0


async def test_the_first_report_begins_the_history(connection: asyncpg.Connection) -> None:
    await connection.execute(ADD)
    await connection.execute("UPDATE machine_feed_stream SET status = 'warning' WHERE machine_name = $1", PRESS)
    reported = await machine(connection)
    assert reported['status_since'] == reported['reported_at'] is not None
    assert await history(connection) == [(None, 'warning')]


@pytest.mark.parametrize('statuses', ["reason = 'Hydraulic leak'", 'datetime = now()', "type = 'oven'", 'version = 99'])
async def test_what_names_no_status_is_no_report(connection: asyncpg.Connection, statuses: str) -> None:
    await connection.execute(ADD)
    before = await machine(connection)
    await connection.execute(f'UPDATE machine_feed_stream SET {statuses} WHERE machine_name = $1', PRESS)
    after = await machine(connection)
    assert (after['status'], after['reported_at'], after['version']) == (None, None, before['version'])
    assert await history(connection) == []


async def test_a_reported_status_cannot_be_taken_back_to_none(connection: asyncpg.Connection) -> None:
    await connection.execute("UPDATE machine_feed_stream SET status = 'down' WHERE machine_name = $1", VALVE)
    with pytest.raises(asyncpg.CheckViolationError, match='status NULL is not known: use operational, warning or down'):
        await connection.execute('UPDATE machine_feed_stream SET status = NULL WHERE machine_name = $1', VALVE)


@pytest.mark.parametrize('word', ['unknown', '', 'No signal yet'])
async def test_other_words_are_refused(connection: asyncpg.Connection, word: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match='use operational, warning or down'):
        await connection.execute('INSERT INTO machine_feed_stream (machine_name, status) VALUES ($1, $2)', PRESS, word)


@pytest.mark.parametrize('end', [f"DELETE FROM machine_feed_stream WHERE machine_name = '{PRESS}'",
                                 'TRUNCATE machine_feed_stream'])
async def test_one_that_leaves_before_its_first_report_leaves_no_history(connection: asyncpg.Connection,
                                                                         end: str) -> None:
    await connection.execute(ADD)
    await connection.execute(end)
    assert await history(connection) == []


async def test_one_that_is_renamed_before_its_first_report_has_no_history(connection: asyncpg.Connection) -> None:
    await connection.execute(ADD)
    await connection.execute("UPDATE machines SET machine_name = 'Oven_02_01' WHERE machine_name = $1", PRESS)
    assert (await machine(connection, 'Oven_02_01'))['status'] is None
    assert await connection.fetchval('SELECT count(*) FROM machine_status_history') == 0


# what is shown

@pytest.mark.newest_postgres
async def test_the_floor_shows_it_until_the_first_report_comes(database: Database,
                                                               connection: asyncpg.Connection) -> None:
    async with listening(database) as (store, _):
        assert (store.counts, store.unknown_label, store.never_reported) == ({Status.UNKNOWN: 30}, 'No signal yet', 30)
        await connection.execute(ADD)
        await until(lambda: PRESS in store.machines)
        assert store.machines[MachineName(PRESS)].status_label == 'No signal yet'
        await connection.execute("UPDATE machine_feed_stream SET status = 'operational' WHERE machine_name = $1", PRESS)
        await until(lambda: store.machines[MachineName(PRESS)].status is Status.OPERATIONAL)
        assert (store.machines[MachineName(PRESS)].status_label, store.events[0].old) == ('Running', None)


@pytest.mark.newest_postgres
async def test_a_write_that_is_no_report_is_no_unannounced_change(database: Database,
                                                                  connection: asyncpg.Connection) -> None:
    async with listening(database) as (_, listener):
        await connection.execute('UPDATE machine_feed_stream SET datetime = now() WHERE machine_name = $1', VALVE)
        audited = listener.counters.heartbeats + 10  # each audit proves itself by one
        await until(lambda: listener.counters.heartbeats > audited)
        assert listener.counters.audits_with_difference == listener.counters.unreadable == 0


@pytest.mark.newest_postgres
async def test_rest_says_unknown_and_never_reported(database: Database, connection: asyncpg.Connection) -> None:
    await connection.execute("UPDATE machine_feed_stream SET status = 'down' WHERE machine_name = $1", VALVE)
    app = FastAPI(docs_url=None, openapi_url=None)
    floor_api.register(app, database=database)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url='http://floor') as client:
        machines = (await client.get('/api/machines')).json()
        short = (await client.get('/api/machines/current-status')).json()
    statuses = {each['machine_name']: (each['status'], each['reported_at'] is None) for each in machines}
    assert statuses.pop(VALVE) == ('down', False)
    assert set(statuses.values()) == {('unknown', True)}
    assert sorted(each['status'] for each in short) == ['down', *['unknown'] * 29]


# what is added up

async def test_the_dashboard_tables_do_not_count_it_as_running(database: Database,
                                                               connection: asyncpg.Connection) -> None:
    await DashboardRefresh(database, DaySums(database)).refresh()
    assert await connection.fetchval("SELECT sum(machine_count) FROM dashboard_current_machine_status "
                                     "WHERE status = 'unknown'") == 30
    uptime = await connection.fetch('SELECT DISTINCT uptime_percentage, operational_hours, unknown_hours, '
                                    'coverage_percentage FROM dashboard_machine_uptime_7days')
    assert [tuple(row) for row in uptime] == [(None, 0, 168, 0)]
    assert await connection.fetchval("SELECT current_value FROM dashboard_executive_kpis "
                                     "WHERE metric_name = 'Current Uptime %'") is None
    assert await connection.fetchval('SELECT sum(total_readings) FROM dashboard_hourly_status_patterns') == 0
    for table in 'dashboard_machine_status_changes_7days', 'dashboard_problematic_machines_30days':
        assert await connection.fetchval(f'SELECT count(*) FROM {table}') == 0


@pytest.mark.newest_postgres
async def test_reports_know_nothing_of_it(database: Database, connection: asyncpg.Connection) -> None:
    await connection.execute("UPDATE machine_feed_stream SET status = 'operational' WHERE machine_name = $1", VALVE)
    now = await connection.fetchval('SELECT clock_timestamp()')
    analytics, window = Analytics(database), Window(now - timedelta(hours=1), now)

    async def kpis(name: str) -> Kpis:
        return await analytics.kpis(window, Scope(machine=MachineName(name)))

    assert ((await kpis('Sorter_04_01')).coverage, (await kpis('Sorter_04_01')).uptime_share) == (0, None)
    assert (await kpis(VALVE)).uptime_share == 1
    [lane] = (await analytics.timeline(window, [MachineName('Sorter_04_01')])).lanes
    assert {band.status for band in lane.bands} <= {Status.UNKNOWN}


@pytest.mark.newest_postgres
async def test_the_past_floor_has_it_as_unknown_and_still_does_after_its_first_report(
        database: Database, connection: asyncpg.Connection) -> None:
    await connection.execute(ADD)
    before = await connection.fetchval('SELECT clock_timestamp()')
    await connection.execute("UPDATE machine_feed_stream SET status = 'down' WHERE machine_name = $1", PRESS)
    after = await connection.fetchval('SELECT clock_timestamp()')
    analytics = Analytics(database)
    then, now = [{each.name: (each.status, each.reported_ms is None)
                  for each in (await analytics.floor_at(moment)).machines} for moment in (before, after)]
    assert (then[MachineName(PRESS)], now[MachineName(PRESS)]) == ((Status.UNKNOWN, True), (Status.DOWN, False))
    assert then[MachineName(VALVE)] == now[MachineName(VALVE)] == (Status.UNKNOWN, True)
    assert len(then) == len(now) == 31
    earlier = await analytics.floor_at(before - timedelta(days=1))
    assert earlier.machines == ()


# the demo

@pytest.mark.newest_postgres
async def test_the_simulator_gives_a_machine_its_first_report(connection: asyncpg.Connection, connect: Connect) -> None:
    simulator = SimulatorRunner(connect, load_queries(), interval=5, instance='a', seed=1)
    await simulator.tick(connection)
    await connection.execute(ADD)
    await simulator.tick(connection)
    assert (await machine(connection))['status'] is not None
