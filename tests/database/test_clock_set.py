"""The server's clock is set back, or forward by years and back: the log of each machine stays in order, and no report
shows a time that never was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from database.past import set_clock
from database.postgres import Connect

from floor.analytics import Analytics, Window
from floor.db.database import Database
from floor.jobs.dashboard_refresh import DashboardRefresh
from floor.jobs.day_sums import DaySums

pytestmark = pytest.mark.newest_postgres

VALVE, PAINTER = 'Valve_01_01', 'Painter_02_01'
YEARS, MONTHS = timedelta(days=3 * 365), timedelta(days=100)
UTC_ZONE = ZoneInfo('UTC')
CONTRADICTIONS = """
    SELECT f.machine_name FROM machine_feed_stream f
    JOIN LATERAL (SELECT new_status, reason FROM machine_status_history h WHERE h.machine_id = f.machine_id
                  ORDER BY happened_at DESC, version DESC LIMIT 1) AS last ON true
    LEFT JOIN status_intervals i ON i.machine_id = f.machine_id AND i.until = 'infinity'
    WHERE (f.status, f.reason) IS DISTINCT FROM (last.new_status, last.reason)
       OR (f.status, f.reason) IS DISTINCT FROM (i.status, i.reason)"""
OUT_OF_ORDER = """
    SELECT machine_id FROM (SELECT machine_id, happened_at, lag(happened_at) OVER w AS before
                            FROM machine_status_history WINDOW w AS (PARTITION BY machine_id ORDER BY version)) AS h
    WHERE happened_at < before
    UNION ALL
    SELECT machine_id FROM (SELECT machine_id, since, lag(until) OVER w AS before
                            FROM status_intervals WINDOW w AS (PARTITION BY machine_id ORDER BY since)) AS i
    WHERE since < before"""


class Server:
    """A floor on a server whose clock can be set."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection

    async def set_clock(self, by: timedelta) -> None:
        """Away from the true time."""
        await set_clock(self.connection, by)

    async def report(self, status: str, reason: str | None = None, machine: str = VALVE) -> None:
        await self.connection.execute('UPDATE machine_feed_stream SET status = $1, reason = $2 WHERE machine_name = $3',
                                      status, reason, machine)

    async def fetch(self, query: str, *values: Any) -> list[Any]:
        return [tuple(row) for row in await self.connection.fetch(query, *values)]


@pytest.fixture
async def server(connect: Connect) -> Server:
    return Server(await connect())


async def in_order(server: Server) -> None:
    """In each machine's log the time follows the versions, and the last row is what the machine says now."""
    assert await server.fetch(OUT_OF_ORDER) == []
    assert await server.fetch(CONTRADICTIONS) == []


@pytest.mark.parametrize('back', [timedelta(seconds=2), timedelta(minutes=59), timedelta(hours=2), YEARS],
                         ids=['2 s', '59 min', '2 h', '3 years'])
async def test_a_machines_time_never_runs_back(server: Server, back: timedelta) -> None:
    await server.report('down', 'Jam')
    await server.set_clock(-back)
    for status in 'operational', 'warning', 'down':
        await server.report(status)
    await in_order(server)
    assert [new for new, in await server.fetch(
        'SELECT new_status FROM machine_status_history WHERE machine_id = machine_called($1) '
        'ORDER BY version DESC LIMIT 4', VALVE)] == ['down', 'warning', 'operational', 'down']
    ahead, = await server.connection.fetchrow('SELECT reported_at - floor_clock() FROM machine_feed_stream '
                                              'WHERE machine_name = $1', VALVE)
    assert ahead < (back if back < timedelta(hours=1) else timedelta(0))  # after a larger step it follows the clock


async def test_a_machine_that_comes_back_under_its_name_is_later_than_when_it_left(server: Server) -> None:
    await server.connection.execute('DELETE FROM machine_feed_stream WHERE machine_name = $1', VALVE)
    await server.set_clock(-timedelta(minutes=30))
    await server.connection.execute("INSERT INTO machine_feed_stream (machine_name, type, status) "
                                    "VALUES ($1, 'valve', 'down')", VALVE)
    await in_order(server)


async def test_a_clock_that_was_months_ahead_leaves_nothing_in_the_future(server: Server, database: Database) -> None:
    job = DaySums(database)
    await job.refresh()
    await server.set_clock(MONTHS)
    await server.report('down', 'Jam')
    await server.report('operational', machine=PAINTER)
    await server.report('down', 'Dry', machine=PAINTER)   # and says nothing again after the clock was set back
    await job.refresh()
    await server.connection.execute("UPDATE machine_feed_stream SET reason = 'Jam, still' WHERE machine_name = $1",
                                    VALVE)
    assert await server.fetch("SELECT FROM machine_days WHERE day > now() + interval '1 month' LIMIT 1")

    await server.set_clock(timedelta())
    await server.report('operational', 'Cleared')
    await job.refresh()
    for table, column in (('machine_status_history', 'happened_at'), ('status_intervals', 'since'),
                          ('machine_stops', 'since'), ('machine_stops', 'until'), ('history_days', 'until'),
                          ('changed_days', 'day'), ('machine_days', 'day'), ('machine_hours', 'day'),
                          ('line_hours', 'day'), ('stop_days', 'day'), ('status_days', 'day'),
                          ('machine_feed_stream', 'reported_at'), ('machine_feed_stream', 'status_since')):
        future = f"SELECT {column} FROM {table} WHERE {column} > now() + interval '1 day'"
        assert await server.fetch(future) == [], table
    await in_order(server)


async def test_days_that_were_only_over_by_a_wrong_clock_are_not_taken_for_summed_up(
        server: Server, database: Database) -> None:
    """Also where no machine has reported meanwhile, so that nothing of the log lies in the future."""
    job = DaySums(database)
    await server.set_clock(timedelta(days=5))
    await job.refresh()
    assert await server.fetch('SELECT FROM summed_days WHERE until > now()')
    await server.set_clock(timedelta())
    await job.refresh()
    assert await server.fetch('SELECT FROM summed_days WHERE until > now()') == []
    assert await server.fetch('SELECT FROM machine_days WHERE day > current_date') == []


async def test_a_machine_that_says_nothing_after_it_is_called_silent(server: Server, database: Database) -> None:
    """However long its status is the same, so that the log has nothing of it."""
    job = DaySums(database, machine_silent_after=60)
    await server.set_clock(YEARS)
    await server.report('operational', machine=PAINTER)
    await server.set_clock(timedelta())
    await job.refresh()
    row = 'SELECT reported_at, status_since, version FROM machine_feed_stream WHERE machine_name = $1'
    [(reported_at, status_since, version)] = await server.fetch(row, PAINTER)
    assert status_since <= reported_at <= datetime.now(UTC)
    assert version == await server.connection.fetchval('SELECT last_value FROM machine_feed_version'), \
        'so that the pages take it'
    await job.refresh()
    assert await server.fetch(row, PAINTER) == [(reported_at, status_since, version)]
    await server.set_clock(timedelta(minutes=2))
    silent = 'SELECT since FROM machines_without_data(floor_clock()) WHERE machine_name = $1'
    assert await server.fetch(silent, PAINTER) == [
        (reported_at + timedelta(seconds=60),)]


async def test_a_machine_whose_last_change_is_a_little_ahead_and_whose_last_report_is_far_ahead_goes_on_reporting(
        server: Server, database: Database) -> None:
    """Its interval is put at now with its report; else it would be silent before it began."""
    job = DaySums(database, machine_silent_after=600)
    await job.refresh()
    for minutes in range(10, 115, 5):
        await server.set_clock(timedelta(minutes=minutes))
        await server.report('down')
    await server.set_clock(timedelta())
    await job.refresh()
    for minutes, status in (0, 'operational'), (30, 'down'), (60, 'operational'):
        await server.set_clock(timedelta(minutes=minutes))
        await server.report(status)
        await in_order(server)


async def test_reports_are_right_after_it(server: Server, database: Database) -> None:
    """As if the clock had been right: the stop counts, with the time that it took."""
    job, now = DaySums(database), datetime.now(UTC)
    await job.refresh()
    await server.set_clock(MONTHS)
    await server.report('down', 'Jam')
    await job.refresh()
    await server.set_clock(timedelta())
    await server.report('operational')
    await server.report('down', 'Jam again')
    await job.refresh()
    window = Window(now - timedelta(hours=1), now + timedelta(hours=1))
    stops = (await Analytics(database).stops(window)).stops
    assert [(stop.machine, stop.reason, stop.until is None) for stop in stops] == [
        (VALVE, 'Jam again', True), (VALVE, 'Jam', False)]
    assert max(stop.length for stop in stops) < 3600
    assert (await Analytics(database).kpis(window)).ongoing == 1


async def test_a_stop_that_goes_on_begins_where_it_was_put(server: Server) -> None:
    await server.set_clock(YEARS)
    await server.report('down')
    await server.set_clock(timedelta())
    await server.report('down', 'Jam')
    assert await server.fetch(
        'SELECT s.since = f.status_since, s.until, s.reason, s.since < f.reported_at '
        'FROM machine_stops s JOIN machine_feed_stream f USING (machine_id)') == [(True, None, 'Jam', True)]


async def test_a_machine_leaves_although_its_last_report_lies_in_the_future(server: Server) -> None:
    await server.set_clock(YEARS)
    await server.report('down')
    await server.set_clock(timedelta())
    await server.connection.execute('DELETE FROM machine_feed_stream WHERE machine_name = $1', VALVE)
    assert await server.fetch("SELECT s.until = m.retired_at, s.until <= now() + interval '1 minute' "
                              'FROM machine_stops s JOIN machines m USING (machine_id)') == [(True, True)]


async def test_a_clock_that_is_months_ahead_does_not_have_the_history_deleted(server: Server,
                                                                              database: Database) -> None:
    job = DashboardRefresh(database, DaySums(database), retention_days=30)
    await server.connection.execute("UPDATE history_upkeep SET steady_since = now() - interval '3 years'")
    await job.refresh()
    assert await job.forget() == 0
    before = await server.connection.fetchval('SELECT count(*) FROM machine_status_history')
    await server.set_clock(MONTHS)
    await job.refresh()
    assert await server.connection.fetchval('SELECT steady_since > now() FROM history_upkeep')
    job._forgot_on = None
    assert await job.forget() == 0
    assert await server.connection.fetchval('SELECT count(*) FROM machine_status_history') == before


async def test_nobody_can_use_it_to_change_the_history(server: Server, connect: Connect) -> None:
    await server.report('down')
    before = await server.fetch('SELECT * FROM machine_status_history ORDER BY version')
    await server.connection.execute('CREATE ROLE clock_guest LOGIN')
    try:
        await server.connection.execute(
            'GRANT USAGE ON SCHEMA manufacturing_line TO clock_guest; '
            'GRANT ALL ON machine_status_history, machine_feed_stream TO clock_guest')
        guest = await connect('clock_guest')
        await guest.execute("SET floor.history_upkeep = 'yes'")
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match='append-only'):
            await guest.execute("UPDATE machine_status_history SET reason = 'x'")
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match='permission denied for function'):
            await guest.execute('SELECT correct_future_history(4)')
        assert await server.fetch('SELECT * FROM machine_status_history ORDER BY version') == before
        await guest.execute("UPDATE machine_feed_stream SET reported_at = '2001-01-01Z', status_since = '2001-01-01Z', "
                            "version = 1000000 WHERE machine_name = $1", VALVE)
        assert await server.fetch("SELECT reported_at > now() - interval '1 hour', "
                                  "status_since > now() - interval '1 hour', version < 1000000 "
                                  'FROM machine_feed_stream WHERE machine_name = $1', VALVE) == [(True, True, True)]
        await guest.close()
    finally:
        await server.connection.execute('DROP OWNED BY clock_guest; DROP ROLE clock_guest')
