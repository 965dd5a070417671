"""The eight dashboard tables: numbers computed by hand, the same as in the reports, never half, and cheap to keep."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from database.past import age, content, report, say
from database.postgres import Connect, Psql, until

from floor.analytics import Analytics, Kpis, Scope, Window
from floor.core.errors import DatabaseUnavailableError
from floor.core.machines import MachineName
from floor.core.settings import Settings
from floor.db.database import Database
from floor.db.migrations import migrate
from floor.db.query_files import SQL
from floor.db.schema_files import load_schema_files
from floor.jobs.dashboard_refresh import DashboardRefresh
from floor.jobs.day_sums import DaySums

DETROIT = ZoneInfo('America/Detroit')
TABLES = (
    'dashboard_current_machine_status', 'dashboard_machine_uptime_7days', 'dashboard_problematic_machines_30days',
    'dashboard_hourly_status_patterns', 'dashboard_work_order_status_summary', 'dashboard_work_order_trends_30days',
    'dashboard_executive_kpis', 'dashboard_machine_status_changes_7days')
STATUS, UPTIME, PROBLEMS, HOURS, SUMMARY, TRENDS, KPIS, CHANGES = TABLES
VALVE, PAINTER = 'Valve_01_01', 'Painter_04_01'
ORDER = """
    INSERT INTO work_orders (machine_id, issue_description, priority, timestamp, assignee, status, completed_at, cause,
                             action_taken)
    SELECT $1, 'It stands', $2, reported, $5, CASE WHEN $4::float IS NULL THEN 'open' ELSE 'completed' END,
           reported + $4 * interval '1 hour', 'Wear', 'Replaced'
    FROM (SELECT (now() AT TIME ZONE 'America/Detroit' - $3::float * interval '1 day') AT TIME ZONE 'America/Detroit'
                 AS reported) AS report"""


@pytest.fixture
def job(database: Database) -> DashboardRefresh:
    return DashboardRefresh(database, DaySums(database))


@pytest.fixture
async def site(connect: Connect) -> asyncpg.Connection:
    """A floor in Detroit that has been running for 40 days without a word."""
    connection = await connect()
    await connection.execute('UPDATE plant_settings SET time_zone = $1', DETROIT.key)
    await age(connection)
    return connection


async def row(connection: asyncpg.Connection, table: str, condition: str = 'true', *arguments: object) -> Any:
    return await connection.fetchrow(f'SELECT * FROM {table} WHERE {condition}', *arguments)


async def order(connection: asyncpg.Connection, priority: str = 'medium', days_ago: float = 0,
                hours: float | None = None, assignee: str | None = None) -> None:
    """One that was reported then, and took so long (hours) where it is completed."""
    await connection.execute(ORDER, VALVE, priority, days_ago, hours, assignee)


# the numbers

async def test_a_new_database_has_all_machines_running_and_nothing_else(
        connect: Connect, job: DashboardRefresh) -> None:
    reader = await connect()
    assert await job.refresh()
    assert await reader.fetchval(f'SELECT sum(machine_count) FROM {STATUS}') == 30
    assert float(await reader.fetchval(f'SELECT sum(percentage) FROM {STATUS}')) == pytest.approx(100, abs=0.1)
    assert await reader.fetchval(f'SELECT array_agg(DISTINCT status) FROM {STATUS}') == ['operational']
    machines = await reader.fetch(f'SELECT * FROM {UPTIME}')
    assert {(machine['uptime_percentage'], machine['downtime_hours']) for machine in machines} == {(100, 0)}
    counts = await reader.fetch(f'SELECT production_line, count(*) FROM {UPTIME} GROUP BY 1')
    assert {line: count for line, count in counts} == {
        'Transmission Line': 9, 'Engine Line': 7, 'Exterior Line': 9, 'Interior Line': 5}
    assert await content(reader, PROBLEMS) == []
    assert await reader.fetchval(f'SELECT count(*) FROM {HOURS}') == 24
    assert await reader.fetchval(f'SELECT sum(order_count) FROM {SUMMARY}') == 0
    days = await reader.fetch(f'SELECT * FROM {TRENDS}')
    assert [(day['daily_count'], day['volume_indicator']) for day in days] == [(0, 'Normal')] * 30
    kpis = {kpi['metric_name']: (kpi['current_value'], kpi['target_value']) for kpi in
            await reader.fetch(f'SELECT * FROM {KPIS}')}
    assert kpis == {'Total Machines': (30, None), 'Current Uptime %': (100, 95), 'Open Orders': (0, 10),
                    'Critical Orders': (0, 0), 'Avg Resolution Time (hours)': (None, 24)}
    assert await reader.fetchval(f'SELECT count(*) FROM {CHANGES}') == 30


@pytest.mark.newest_postgres
async def test_current_status_knows_the_interior_line_and_data_gaps(
        site: asyncpg.Connection, job: DashboardRefresh) -> None:
    await site.execute("UPDATE machine_feed_stream SET status = 'down' WHERE machine_name = $1", PAINTER)
    await job.refresh()
    painter = await row(site, STATUS, "production_line = 'Interior Line' AND equipment_type = 'painter'")
    assert (painter['status'], painter['machine_count'], painter['percentage']) == ('down', 1, Decimal('3.33'))
    assert await site.fetchval(f"SELECT sum(machine_count) FROM {STATUS} WHERE production_line = 'Interior Line'") == 5
    silent = DashboardRefresh(job._database, DaySums(job._database, machine_silent_after=60.0))
    await site.execute("SET session_replication_role = replica; UPDATE machine_feed_stream SET reported_at = now() - "
                       "CASE machine_name WHEN 'Valve_02_01' THEN interval '1 hour' ELSE interval '0' END; "
                       "SET session_replication_role = origin")
    await silent.refresh()
    assert (await row(site, STATUS, "status = 'unknown'"))['production_line'] == 'Engine Line'


async def test_uptime_is_of_time(site: asyncpg.Connection, job: DashboardRefresh) -> None:
    """168 hours: 42 down, 21 in warning, which is uptime; what was before the 7 days is carried in."""
    await say(site, VALVE, (200, 'down'), (147, 'operational'), (121, 'warning'), (100, 'down'), (79, 'operational'))
    await job.refresh()
    valve = await row(site, UPTIME, 'machine_name = $1', VALVE)
    assert (valve['production_line'], valve['type']) == ('Transmission Line', 'valve')
    hours = [float(valve[f'{name}_hours']) for name in ('operational', 'downtime', 'warning', 'unknown')]
    assert hours == pytest.approx([126, 42, 21, 0], abs=0.01)
    assert valve['uptime_percentage'] == pytest.approx(Decimal(75), abs=Decimal('0.02'))
    assert valve['coverage_percentage'] == 100


@pytest.mark.newest_postgres
async def test_from_warning_to_down_is_an_incident_and_a_new_reason_is_none(
        site: asyncpg.Connection, job: DashboardRefresh) -> None:
    await say(site, VALVE, (50, 'warning'), (49, 'down', 'Jam'), (48.5, 'down', 'Drive overload'), (48, 'operational'),
              (10, 'down'), (9.99, 'operational'))
    _, until = await say(site, PAINTER, (31 * 24, 'down'), (29 * 24, 'operational'))
    await job.refresh()
    valve = await row(site, PROBLEMS, 'machine_name = $1', VALVE)
    assert (valve['downtime_incidents'], valve['failures'], valve['micro_stops']) == (2, 1, 1)
    assert valve['days_with_issues'] in {2, 3}  # the hour of the first may have been around midnight
    assert (valve['last_incident'] - valve['first_incident']).total_seconds() == pytest.approx(39 * 3600, abs=1)
    assert valve['downtime_hours'] == pytest.approx(Decimal('1.01'), abs=Decimal('0.001'))
    painter = await row(site, PROBLEMS, 'machine_name = $1', PAINTER)
    assert (painter['production_line'], painter['downtime_incidents']) == ('Interior Line', 0)
    assert painter['downtime_hours'] == pytest.approx(24, abs=Decimal('0.01'))
    first, last = (moment.astimezone(DETROIT).date() for moment in (until - timedelta(days=1), until))
    assert painter['days_with_issues'] == (last - first).days + 1  # 1 to 3, as a day may have 23 or 25 hours
    assert await site.fetchval(f'SELECT count(*) FROM {PROBLEMS}') == 2


@pytest.mark.newest_postgres
async def test_hours_are_of_the_plants_clock_and_weighted_by_time(
        site: asyncpg.Connection, job: DashboardRefresh) -> None:
    """One machine of 30 is down from 14:00 to 14:30 in Detroit on one of 30 days, another in warning."""
    yesterday = datetime.now(DETROIT) - timedelta(days=2)
    two = yesterday.replace(hour=14, minute=0, second=0, microsecond=0)
    for name, status in (VALVE, 'down'), (PAINTER, 'warning'):
        for moment, word in (two, status), (two + timedelta(minutes=30), 'operational'):
            await site.execute('SELECT report_status($1, $2, NULL, $3)', name, word, moment)
    await job.refresh()
    hour = await row(site, HOURS, 'hour_of_day = 14')
    assert (hour['down_count'], hour['warning_count']) == (30, 30)
    assert hour['total_readings'] == pytest.approx(30 * 30 * 60, abs=30 * 60 + 2)
    assert hour['total_readings'] == hour['operational_count'] + hour['down_count'] + hour['warning_count']
    share = round(Decimal(100 * 30) / hour['total_readings'], 2)
    assert hour['downtime_percentage'] == hour['warning_percentage'] == share
    assert hour['uptime_percentage'] + hour['downtime_percentage'] == 100
    assert await site.fetchval(f'SELECT sum(down_count) FROM {HOURS} WHERE hour_of_day <> 14') == 0


async def test_work_orders_by_status(site: asyncpg.Connection, job: DashboardRefresh) -> None:
    await order(site, 'critical', days_ago=1)
    await order(site, assignee='Lisa Garcia')
    await order(site, days_ago=3, hours=10)
    await order(site, 'critical', days_ago=60, hours=15, assignee='Lisa Garcia')
    await site.execute("UPDATE work_orders SET status = 'in_progress' WHERE assignee IS NOT NULL AND status = 'open'")
    await job.refresh()
    states = {state['status']: state for state in await site.fetch(f'SELECT * FROM {SUMMARY}')}
    assert {name: state['order_count'] for name, state in states.items()} == {
        'open': 1, 'in_progress': 1, 'on_hold': 0, 'completed': 2, 'cancelled': 0}
    assert (states['completed']['percentage'], states['completed']['avg_resolution_hours']) == (50, Decimal('12.5'))
    assert states['open']['avg_resolution_hours'] is None
    assert [states[name]['critical_count'] for name in ('open', 'in_progress', 'completed')] == [1, 0, 1]
    assert [states[name]['unassigned_count'] for name in ('open', 'in_progress', 'completed')] == [1, 0, 1]
    kpis = {kpi['metric_name']: kpi['current_value'] for kpi in await site.fetch(f'SELECT * FROM {KPIS}')}
    assert (kpis['Open Orders'], kpis['Critical Orders']) == (2, 1)
    assert kpis['Avg Resolution Time (hours)'] == Decimal('12.5')


@pytest.mark.newest_postgres
async def test_a_day_is_compared_with_its_week(site: asyncpg.Connection, job: DashboardRefresh) -> None:
    for days_ago, orders in (0, 1), (1, 8), (2, 2), (3, 2), (29, 4), (30, 3), (36, 1):
        for _ in range(orders):
            await order(site, days_ago=days_ago)
    await job.refresh()
    days = await site.fetch(f'SELECT * FROM {TRENDS} ORDER BY order_date DESC')
    assert len(days) == 30
    assert [day['order_date'] for day in days[:2]] == [datetime.now(DETROIT).date() - timedelta(days=n) for n in (0, 1)]
    assert [(day['daily_count'], day['seven_day_moving_avg'], day['volume_indicator']) for day in days[:4]] == [
        (1, Decimal('1.86'), 'Low'), (8, Decimal('1.71'), 'High'), (2, Decimal('0.57'), 'High'),
        (2, Decimal('0.29'), 'High')]
    assert (days[4]['daily_count'], days[4]['volume_indicator']) == (0, 'Normal')
    assert (days[29]['daily_count'], days[29]['seven_day_moving_avg']) == (4, Decimal('1.00'))


async def test_an_average_of_seven_days_is_from_the_seventh_day_on(site: asyncpg.Connection,
                                                                   job: DashboardRefresh) -> None:
    for _ in range(7):
        await order(site, days_ago=7)
    await job.refresh()
    days = await site.fetch(f'SELECT seven_day_moving_avg, volume_indicator FROM {TRENDS} ORDER BY order_date DESC')
    assert [tuple(day) for day in days[:4]] == [
        (Decimal(0), 'Normal'), (Decimal('1.00'), 'Low'), (None, 'Normal'), (None, 'Normal')]


# changes of status, which only grow

async def changes(connection: asyncpg.Connection, name: str = VALVE) -> list[tuple[str, str | None, str]]:
    rows = await connection.fetch(f'SELECT * FROM {CHANGES} WHERE machine_name = $1 ORDER BY changed_at, version', name)
    return [(row['status'], row['previous_status'], row['status_change_type']) for row in rows]


async def test_what_a_change_of_status_means(site: asyncpg.Connection, job: DashboardRefresh) -> None:
    await say(site, VALVE, (30, 'warning'), (29, 'down'), (28, 'down', 'Jam'), (27, 'warning'), (26, 'operational'),
              (25, 'down'), (24, None), (20, 'operational'))
    await job.refresh()
    assert await changes(site) == [
        ('warning', 'operational', 'STABLE'), ('down', 'warning', 'FAILURE'), ('warning', 'down', 'RECOVERY'),
        ('operational', 'warning', 'STABLE'), ('down', 'operational', 'FAILURE'), ('operational', None, 'STABLE')]
    first = await row(site, CHANGES, "status = 'warning' AND previous_status = 'operational'")
    there = (first['changed_at']).astimezone(DETROIT)
    assert (first['status_date'], first['status_hour']) == (there.date(), there.hour)
    assert (first['production_line'], first['type']) == ('Transmission Line', 'valve')


async def test_only_what_is_new_is_written(site: asyncpg.Connection, job: DashboardRefresh) -> None:
    await say(site, VALVE, *((hours, ('down', 'operational')[hours % 2]) for hours in range(40, 1, -1)))
    await job.refresh()
    before = {row['version']: (row['ctid'], row['last_updated']) for row in
              await site.fetch(f'SELECT version, ctid, last_updated FROM {CHANGES}')}
    await site.execute("UPDATE machine_feed_stream SET status = 'down' WHERE machine_name = $1", PAINTER)
    await job.refresh()
    after = {row['version']: (row['ctid'], row['last_updated']) for row in
             await site.fetch(f'SELECT version, ctid, last_updated FROM {CHANGES}')}
    assert len(after) == len(before) + 1
    assert {version for version in before if before[version] != after[version]} == set()
    again = await site.fetchval(f'SELECT max(last_updated) FROM {CHANGES}')
    await job.refresh()
    assert await site.fetchval(f'SELECT max(last_updated) FROM {CHANGES}') > again, 'a quiet table says as of when, too'
    assert await changes(site, PAINTER) == [('down', 'operational', 'FAILURE')]


@pytest.mark.newest_postgres
async def test_what_comes_late_is_put_in_its_place(site: asyncpg.Connection, job: DashboardRefresh) -> None:
    await report(site, VALVE, (30, 'down'), (20, 'operational'))
    await job.refresh()
    await report(site, VALVE, (25, 'warning'), (24, 'operational'))
    await job.refresh()
    assert await changes(site) == [('down', 'operational', 'FAILURE'), ('warning', 'down', 'RECOVERY'),
                                   ('operational', 'warning', 'STABLE')], 'the last one repeats what is so already'


@pytest.mark.newest_postgres
async def test_steps_lead_to_the_same_as_one_go(
        site: asyncpg.Connection, job: DashboardRefresh, connect: Connect) -> None:
    words = 'down', 'operational', 'down', 'warning', 'operational', 'warning'
    held = await connect()
    late = held.transaction()
    await late.start()
    await report(held, 'Valve_02_01', (33.5, 'warning'))
    for hours in range(60, 1, -1):
        await report(site, (VALVE, PAINTER, 'Sorter_03_01')[hours % 3], ((hours * 7) % 61 + 0.25, words[hours % 6]))
        if hours % 8 == 0:
            await job.refresh()
        if hours == 20:
            await late.commit()
    await job.refresh()
    by_steps = await content(site, CHANGES)
    await site.execute(f'DELETE FROM {CHANGES}')
    await job.refresh()
    assert by_steps == await content(site, CHANGES)
    assert len(by_steps) > 30


@pytest.mark.newest_postgres
async def test_rows_older_than_seven_days_fall_out(site: asyncpg.Connection, job: DashboardRefresh) -> None:
    await say(site, VALVE, (167, 'down'), (166.5, 'operational'), (20, 'down'))
    await job.refresh()
    assert [status for status, *_ in await changes(site)] == ['down', 'operational', 'down']
    await site.execute("SET session_replication_role = replica; UPDATE machine_status_history SET happened_at = "
                       "happened_at - interval '2 hours'; SET session_replication_role = origin; "
                       'SELECT rebuild_history()')  # as if so long had passed
    await job.refresh()
    assert [status for status, *_ in await changes(site)] == ['down']


@pytest.mark.newest_postgres
async def test_a_machine_that_moves_takes_its_changes_along(site: asyncpg.Connection, job: DashboardRefresh) -> None:
    await say(site, VALVE, (20, 'down'))
    await job.refresh()
    await site.execute('UPDATE machines SET line_id = 4 WHERE machine_name = $1', VALVE)
    await job.refresh()
    assert (await row(site, CHANGES, 'machine_name = $1', VALVE))['production_line'] == 'Interior Line'
    assert (await row(site, UPTIME, 'machine_name = $1', VALVE))['production_line'] == 'Interior Line'


# the same as the reports

async def test_the_reports_show_the_same_numbers(
        site: asyncpg.Connection, job: DashboardRefresh, database: Database) -> None:
    for number, name in enumerate((VALVE, PAINTER, 'Sorter_03_01', 'Press')):
        words = 'down', 'operational', 'warning', 'operational'
        await say(site, name, *((800 - 13.7 * step - number, words[step % 4], 'Starved') for step in range(58)))
    await order(site, days_ago=3, hours=10)
    await job.refresh()
    now = await site.fetchval(f'SELECT max(last_updated) FROM {KPIS}')
    reports = Analytics(database, now=now)

    def last(**length: float) -> Window:
        return Window(now - timedelta(**length), now)

    async def kpis_of(name: str, window: Window) -> Kpis:
        return await reports.kpis(window, Scope(machine=MachineName(name)))

    parts = {part.machine: part for part in (await reports.explain('uptime_share', last(days=7))).parts}
    uptime = {row['machine_name']: row for row in await site.fetch(f'SELECT * FROM {UPTIME}')}
    assert set(uptime) == set(parts)
    for name, part in parts.items():
        kpis = await kpis_of(name, last(days=7))
        assert (part.value, part.coverage) == (kpis.uptime_share, kpis.coverage)
        assert float(uptime[name]['uptime_percentage']) == pytest.approx(100 * (kpis.uptime_share or 0), abs=0.006)
        assert float(uptime[name]['downtime_hours']) == pytest.approx(kpis.down / 3600, abs=0.001)
        assert float(uptime[name]['operational_hours']) == pytest.approx(kpis.operating / 3600, abs=0.001)

    worst = {machine.machine: machine for machine in await reports.problem_machines(last(days=30), most=1000)}
    stops = {part.machine: part.value for part in (await reports.explain('stops', last(days=30))).parts}
    problems = {row['machine_name']: row for row in await site.fetch(f'SELECT * FROM {PROBLEMS}')}
    assert {VALVE, PAINTER} < set(problems) == set(worst)
    for name, problem in problems.items():
        kpis = await kpis_of(name, last(days=30))
        assert kpis.stops == worst[name].count
        assert (problem['failures'], problem['micro_stops']) == (kpis.failures, kpis.micro_stops)
        assert problem['downtime_incidents'] == kpis.stops == stops[name]
        assert float(problem['downtime_hours']) == pytest.approx(worst[name].seconds / 3600, abs=0.001)

    pattern = await reports.hourly_pattern(last(days=30))
    for hour in await site.fetch(f'SELECT * FROM {HOURS}'):
        down = sum(day[hour['hour_of_day']] for day in pattern.down)
        covered = sum(day[hour['hour_of_day']] for day in pattern.covered)
        assert hour['down_count'] == pytest.approx(down / 60, abs=0.51)
        assert hour['total_readings'] == pytest.approx(covered / 60, abs=1.6)

    kpi = await site.fetchval(f"SELECT current_value FROM {KPIS} WHERE metric_name = 'Current Uptime %'")
    assert float(kpi) == pytest.approx(100 * ((await reports.kpis(last(hours=24))).uptime_share or 0), abs=0.006)
    volume = {day.day: day for day in (await reports.work_orders(last(days=29))).volume}
    for day in await site.fetch(f'SELECT * FROM {TRENDS}'):
        if day['order_date'] in volume:
            assert day['daily_count'] == volume[day['order_date']].orders
            average = volume[day['order_date']].average
            of_table = day['seven_day_moving_avg']
            assert of_table == average if average is None else float(of_table) == pytest.approx(average, abs=0.006)
    resolution = (await reports.work_orders(last(days=3650))).resolution
    completed = await row(site, SUMMARY, "status = 'completed'")
    assert float(completed['avg_resolution_hours']) == resolution[0].mean / 3600


@pytest.mark.newest_postgres
async def test_a_machine_that_is_removed_leaves_the_floor_and_keeps_its_past(
        site: asyncpg.Connection, job: DashboardRefresh) -> None:
    await say(site, VALVE, (20, 'down'), (10, 'operational'))
    await site.execute('DELETE FROM machine_feed_stream WHERE machine_name = $1', VALVE)
    await job.refresh()
    assert await site.fetchval(f'SELECT sum(machine_count) FROM {STATUS}') == 29
    assert round((await row(site, UPTIME, 'machine_name = $1', VALVE))['downtime_hours'], 1) == 10
    assert (await row(site, PROBLEMS, 'machine_name = $1', VALVE))['downtime_incidents'] == 1
    assert len(await changes(site)) == 2
    await site.execute('SET session_replication_role = replica; UPDATE machine_status_history SET happened_at = '
                       "happened_at - interval '40 days'; SET session_replication_role = origin; "
                       'SELECT rebuild_history()')
    await job.refresh()
    assert [await row(site, table, 'machine_name = $1', VALVE) for table in (UPTIME, PROBLEMS)] == [None, None]


# how the tables are refreshed

async def test_psql_refreshes_them_like_the_app(site: asyncpg.Connection, job: DashboardRefresh, psql: Psql) -> None:
    await say(site, VALVE, (50, 'down'), (20, 'operational'))
    await order(site, days_ago=3, hours=10)
    await job.refresh()
    by_app = [await content(site, table) for table in (STATUS, PROBLEMS, SUMMARY, TRENDS, CHANGES)]
    for table in TABLES:
        await site.execute(f'DELETE FROM {table}')
    assert psql('-f', str(SQL / 'admin' / 'dashboard.sql')).startswith('The dashboard tables are as of 20')
    assert [await content(site, table) for table in (STATUS, PROBLEMS, SUMMARY, TRENDS, CHANGES)] == by_app
    assert [await site.fetchval(f'SELECT count(*) > 0 FROM {table}') for table in TABLES] == [True] * 8


@pytest.mark.newest_postgres
async def test_a_reader_never_sees_an_empty_or_half_table(
        site: asyncpg.Connection, job: DashboardRefresh, connect: Connect) -> None:
    reader = await connect()
    await job.refresh()
    seen: list[tuple[int, ...]] = []
    moments: set[datetime] = set()
    done = asyncio.Event()

    async def read() -> None:
        counts = ', '.join(f'(SELECT count(*) FROM {table})' for table in TABLES)
        ages = ' UNION '.join(f'SELECT last_updated FROM {table}' for table in TABLES if table != CHANGES)
        while not done.is_set() or not seen:
            async with reader.transaction(isolation='repeatable_read', readonly=True):
                seen.append(tuple(await reader.fetchrow(f'SELECT {counts}')))
                as_of = [found['last_updated'] for found in await reader.fetch(ages)]
            assert len(as_of) == 1, 'all tables are of one moment'
            moments.add(as_of[0])

    reading = asyncio.create_task(read())
    for number in range(12):
        await site.execute('UPDATE machine_feed_stream SET status = $1 WHERE machine_name = $2',
                           ('down', 'operational')[number % 2], VALVE)
        await job.refresh()
    await until(lambda: len(moments) > 3)
    done.set()
    await reading
    assert {(counts[1], *counts[3:7]) for counts in seen} == {(30, 24, 5, 30, 5)}
    assert min(counts[0] for counts in seen) > 0
    assert [counts[7] for counts in seen] == sorted(counts[7] for counts in seen), 'changes only come'


@pytest.mark.newest_postgres
async def test_two_jobs_take_turns(site: asyncpg.Connection, job: DashboardRefresh, database: Database,
                                      connect: Connect) -> None:
    other = await connect()
    await other.execute(f'BEGIN; LOCK TABLE {KPIS} IN SHARE ROW EXCLUSIVE MODE')
    assert not await job.refresh()
    assert await site.fetchval(f'SELECT count(*) FROM {HOURS}') == 0
    await other.execute('COMMIT')
    second = DashboardRefresh(database, DaySums(database))
    for _ in range(5):
        assert any(await asyncio.gather(job.refresh(), second.refresh()))
    assert await site.fetchval(f'SELECT count(*) FROM {HOURS}') == 24


@pytest.mark.newest_postgres
async def test_the_job_survives_a_database_that_is_away(
        connect: Connect, database: Database, settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    reader = await connect()
    away = Database('postgresql://nobody@127.0.0.1:1/nothing', settings)
    job = DashboardRefresh(away, DaySums(away), every=0.01)
    with pytest.raises(DatabaseUnavailableError):
        await job.refresh()
    task = asyncio.create_task(job.job.run())
    await until(lambda: 'the dashboard tables cannot be refreshed' in caplog.text)
    job._database, job._days = database, DaySums(database)

    async def is_fresh() -> bool:
        return bool(await reader.fetchval(f'SELECT count(*) FROM {KPIS}'))

    await until(is_fresh)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert caplog.text.count('the dashboard tables cannot be refreshed') == 1
    await away.close()


async def test_tables_made_by_hand_under_these_names_are_set_aside(connect: Connect) -> None:
    connection = await connect()
    await connection.execute('CREATE SCHEMA older; SET search_path = older, pg_temp; '
                             'CREATE TABLE dashboard_executive_kpis (metric_name text PRIMARY KEY); '
                             "INSERT INTO dashboard_executive_kpis VALUES ('Mine')")
    await migrate(connection, 'older', load_schema_files())
    assert await connection.fetchval('SELECT metric_name FROM adopted_dashboard_executive_kpis') == 'Mine'
    assert await connection.fetchval('SELECT count(*) FROM dashboard_executive_kpis') == 0
