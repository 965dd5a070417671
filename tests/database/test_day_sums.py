"""Intervals and stops are there with each report, days are summed up, and nothing is lost."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from database.harness import set_clock as stop_clock
from database.past import age, report, say, set_clock
from database.postgres import Connect, Psql, until

from floor.analytics import Analytics, Scope, Window
from floor.core.errors import DatabaseUnavailableError
from floor.core.machines import MachineName, Status
from floor.core.plant_calendar import PlantSettings
from floor.core.settings import Settings
from floor.db.database import Database
from floor.db.schema_files import load_schema_files
from floor.jobs.day_sums import DaySums

UTC_ZONE = ZoneInfo('UTC')
VALVE, PAINTER, MOLDER = MachineName('Valve_01_01'), MachineName('Painter_04_01'), MachineName('Injection_Molder_01_01')
HOUR = timedelta(hours=1)
DAYS = 9
"""How long the floor has been running."""
REFRESH = 'SELECT refresh_days()'
PAST = 'WHERE day < (SELECT max(day) FROM history_days)'
"""But for the present day, which goes on."""
FLOOR = 'SELECT day, operational, warning, waiting, down FROM history_days {} ORDER BY day'
DERIVED = (
    FLOOR,
    'SELECT * FROM machine_days {} ORDER BY day, machine_id, line_id',
    'SELECT * FROM machine_hours {} ORDER BY day, machine_id, line_id',
    'SELECT * FROM line_hours {} ORDER BY day, line_id, hour',
    'SELECT * FROM stop_days {} ORDER BY day, machine_id, line_id',
    'SELECT version, machine_id, since, until, reason, repaired, unconfirmed FROM machine_stops ORDER BY version',
    'SELECT machine_id, since, until, status, reason FROM status_intervals ORDER BY machine_id, since')


@pytest.fixture
def analysis(database: Database) -> Analytics:
    return Analytics(database)


@pytest.fixture
async def site(connect: Connect) -> asyncpg.Connection:
    """A floor that has been running for nine days without a word, and whose days are summed up."""
    connection = await connect()
    await age(connection, DAYS)
    await connection.fetchval(REFRESH)
    return connection


async def set_status(connection: asyncpg.Connection, status: str, reason: str | None = None, name: str = VALVE) -> None:
    await connection.execute('UPDATE machine_feed_stream SET status = $1, reason = $2 WHERE machine_name = $3',
                             status, reason, name)


async def derived(connection: asyncpg.Connection, of_days: str = PAST) -> list[Any]:
    return [[tuple(row) for row in await connection.fetch(query.format(of_days))] for query in DERIVED]


def window(hours: float, end: datetime | None = None) -> Window:
    end = end or datetime.now(UTC) + HOUR
    return Window(end - timedelta(hours=hours), end)


# in the transaction of the report

@pytest.mark.newest_postgres
async def test_a_stop_begins_and_ends_with_down_whatever_reasons_are_given(connect: Connect) -> None:
    feed = await connect()
    for status, reason in [('warning', 'Oil low'), ('down', None), ('down', 'Seal leak'), ('down', 'Pin stuck')]:
        await set_status(feed, status, reason)
    stop = await feed.fetchrow('SELECT * FROM machine_stops')
    assert stop and (stop['machine_id'], stop['reason'], stop['until']) == (4, 'Pin stuck', None)
    await set_status(feed, 'operational')
    stop = await feed.fetchrow('SELECT *, until > since AS lasted FROM machine_stops')
    assert stop and stop['lasted'] and stop['repaired']


@pytest.mark.newest_postgres
@pytest.mark.parametrize('end', [f"DELETE FROM machine_feed_stream WHERE machine_name = '{VALVE}'",
                                 'TRUNCATE machine_feed_stream'])
async def test_a_machine_that_is_removed_while_down_was_not_repaired(connect: Connect, end: str) -> None:
    feed = await connect()
    await set_status(feed, 'down', 'Seal leak')
    await feed.execute(end)
    assert await feed.fetchval('SELECT NOT repaired AND until IS NOT NULL FROM machine_stops')
    open_ends = await feed.fetchval("SELECT count(*) FROM status_intervals WHERE until = 'infinity'")
    assert open_ends == await feed.fetchval('SELECT count(*) FROM machine_feed_stream')
    await feed.execute('INSERT INTO machine_feed_stream (machine_name, status) VALUES ($1, $2)', VALVE, 'down')
    stops = await feed.fetch('SELECT machine_id, until IS NULL FROM machine_stops ORDER BY since')
    assert [tuple(stop) for stop in stops] == [(4, False), (4, True)]


@pytest.mark.newest_postgres
async def test_what_is_rolled_back_leaves_nothing(site: asyncpg.Connection) -> None:
    before = await derived(site)
    transaction = site.transaction()
    await transaction.start()
    await set_status(site, 'down')
    await report(site, PAINTER, (30, 'down'))
    await transaction.rollback()
    assert await derived(site) == before
    assert await site.fetchval('SELECT count(*) FROM changed_days') == 0


async def test_a_number_is_right_to_the_second_even_if_nobody_refreshes(
        site: asyncpg.Connection, analysis: Analytics) -> None:
    await set_status(site, 'operational')  # until this report the late one counts
    began, = await report(site, VALVE, (2, 'down', 'Jam'))
    await set_status(site, 'down', 'Jam again')
    kpis = await analysis.kpis(window(24), Scope(machine=VALVE))
    assert (kpis.operational, kpis.stops, kpis.ongoing) == (pytest.approx(21 * 3600, abs=60), 2, 1)
    assert kpis.down == pytest.approx(2 * 3600, abs=60)
    assert [(s.since, s.reason) for s in (await analysis.stops(window(24))).stops][-1] == (began, 'Jam')


@pytest.mark.newest_postgres
async def test_a_renamed_machine_keeps_its_past(connect: Connect) -> None:
    feed = await connect()
    await feed.execute("UPDATE machines SET machine_name = 'Valve_01_09' WHERE machine_name = $1", VALVE)
    await set_status(feed, 'down', name='Valve_01_09')
    rows = await feed.fetch("SELECT machine_name, status FROM machine_intervals WHERE machine_name LIKE 'Valve_01_0%' "
                            'ORDER BY since')
    assert [tuple(row) for row in rows] == [('Valve_01_09', 'operational'), ('Valve_01_09', 'down')]
    assert await feed.fetchval('SELECT machine_called($1) = machine_called($2)', VALVE, 'Valve_01_09')


# days that are over

async def test_psql_can_sum_them_up(psql: Psql, connect: Connect) -> None:
    """By noon of tomorrow: the day on which the floor began, those since then, and the morning."""
    connection = await connect()
    await age(connection, DAYS)
    tomorrow = datetime.combine(datetime.now(UTC) + timedelta(days=1), time(), UTC)
    await stop_clock(connection, tomorrow + 12.5 * HOUR)
    assert psql('-c', 'SELECT refresh_days(1)', '-c', REFRESH, '-c', REFRESH) == f'1\n{DAYS + 1}\n0\n'
    assert psql('-c', 'SELECT count(*) = 30, max(operational) = 86400 * 1000000::bigint FROM machine_days '
                'GROUP BY day ORDER BY day DESC LIMIT 1 OFFSET 1') == 't|t\n'


@pytest.mark.newest_postgres
async def test_days_that_an_earlier_version_summed_up_get_their_sums_of_the_floor(site: asyncpg.Connection) -> None:
    await report(site, VALVE, (50, 'down'), (40.5, 'operational'), (30, 'warning', 'Starved'), (20, 'operational'))
    await site.fetchval(REFRESH)
    days = await site.fetch(FLOOR.format(PAST))
    assert any(day['down'][-1] for day in days) and any(day['waiting'][-1] for day in days)
    await site.execute('UPDATE history_days SET hours = NULL WHERE day = $1', days[0]['day'])  # as 0.2.0 left them
    await site.execute('ALTER TABLE history_days '
                       + ', '.join(f'DROP COLUMN {name}' for name in ('operational', 'warning', 'waiting', 'down')))
    await site.execute(next(each.text for each in load_schema_files().migrations if each.name == 'floor_sums'))
    first, *others = await site.fetch(FLOOR.format(PAST))
    assert others == days[1:]
    assert tuple(first) == (days[0]['day'], *([up_to[-1]] for up_to in tuple(days[0])[1:]))


async def test_one_that_a_transaction_still_writes_is_not_summed_up(connect: Connect, analysis: Analytics) -> None:
    """It began before midnight, and commits after it: until then the day is read from the intervals."""
    slow, other, reader = await connect(), await connect(), await connect()
    async with other.transaction():  # a session that only looks does not matter
        await other.fetchval('SELECT count(*) FROM machine_feed_stream')
        transaction = slow.transaction()
        await transaction.start()
        await slow.execute('SAVEPOINT one')
        await set_status(slow, 'down', 'Jam')
        await set_clock(reader, timedelta(days=1))
        assert await reader.fetchval(REFRESH) == 0
        await transaction.commit()
        assert await reader.fetchval(REFRESH)
    assert await reader.fetchval('SELECT sum(down) FROM machine_days') > 0


@pytest.mark.newest_postgres
@pytest.mark.parametrize('change', [
    "UPDATE machine_feed_stream SET status = 'down' WHERE machine_id = 4",
    "SAVEPOINT one; UPDATE machine_feed_stream SET status = 'down' WHERE machine_id = 4; RELEASE SAVEPOINT one",
    "INSERT INTO machine_feed_stream (machine_name) VALUES ('Saw 1')",
    'DELETE FROM machine_feed_stream WHERE machine_id = 4',
    'UPDATE machines SET line_id = 3 WHERE machine_id = 4',
    "UPDATE plant_settings SET machine_silent_after = '10 minutes'",
    "UPDATE plant_settings SET micro_stop = '10 minutes'",
])
async def test_while_a_transaction_still_writes_the_hours_that_are_summed_up_already_are_used(
        site: asyncpg.Connection, connect: Connect, change: str) -> None:
    summed_until = 'SELECT max(until) FROM summed_days'
    before = await site.fetchval(summed_until)
    slow = await connect()
    transaction = slow.transaction()
    await transaction.start()
    await slow.execute(change)
    await stop_clock(site, datetime.now(UTC) + 2 * HOUR)
    assert (await site.fetchval(REFRESH), await site.fetchval(summed_until)) == (0, before)
    await transaction.commit()
    assert await site.fetchval(REFRESH)
    assert await site.fetchval(summed_until) > before
    by_steps = await derived(site, of_days='')
    await site.execute('DELETE FROM history_days')
    await site.fetchval(REFRESH)
    assert await derived(site, of_days='') == by_steps


async def test_what_comes_late_is_in_every_report_before_and_after_its_day_is_summed_up_again(
        site: asyncpg.Connection, connect: Connect, analysis: Analytics) -> None:
    now = datetime.now(UTC)
    asked = Window(now - 72 * HOUR, now - 14 * HOUR)

    async def reports() -> list[Any]:
        return [await analysis.kpis(asked), await analysis.lines(asked), await analysis.wait_attribution(asked),
                await analysis.hourly_pattern(asked), (await analysis.floor_at(asked.end)).machines]

    slow = await connect()
    transaction = slow.transaction()
    await transaction.start()
    await report(slow, PAINTER, (45, 'down', 'Dry'), (44, 'operational'))
    await report(site, MOLDER, (60, 'down', 'Diverter'), (58, 'operational'))
    await report(site, VALVE, (59.5, 'warning', 'Starved'), (58.5, 'operational'))
    assert await site.fetchval(REFRESH)
    await transaction.commit()
    at_once = await reports()
    assert (at_once[0].down, at_once[0].stops, at_once[0].waiting) == (3 * 3600, 2, 3600)
    assert await site.fetchval(REFRESH)
    assert await reports() == at_once
    assert await site.fetchval('SELECT sum(caused) FROM machine_days WHERE machine_id = machine_called($1)', MOLDER) \
        == 3600 * 1_000_000
    by_reports = await derived(site)
    await site.execute('SELECT rebuild_history()')
    await site.fetchval(REFRESH)
    assert await derived(site) == by_reports


@pytest.mark.newest_postgres
async def test_the_stops_of_days_that_are_summed_up_follow_late_reports_and_another_micro_stop_limit(
        site: asyncpg.Connection, analysis: Analytics) -> None:
    now = datetime.now(UTC)
    asked = Window(now - 120 * HOUR, now - 14 * HOUR)

    async def stops(step: str) -> tuple[int, int, int]:
        """Failures, micro-stops, and MTTR in tenths of an hour: the same before and after the days are summed up."""
        kpis = await analysis.kpis(asked)
        assert await site.fetchval(REFRESH), step
        assert await analysis.kpis(asked) == kpis, step
        return kpis.failures, kpis.micro_stops, round((kpis.mttr or 0) / 360)

    await report(site, VALVE, (90, 'down', 'Jam'), (80, 'down', 'Belt'), (30, 'operational'))
    assert await stops('over several days') == (1, 0, 600)
    await report(site, VALVE, (89, 'operational'), (88, 'down', 'Jam'))
    assert await stops('it ran in between: another stop ends on a day of which nothing came late') == (2, 0, 295)
    await site.execute("UPDATE plant_settings SET micro_stop = '29 hours 30 minutes'")
    assert await stops('another limit') == (1, 1, 580)
    await site.execute("UPDATE machine_types SET micro_stop = '5 minutes' "
                       'WHERE type = (SELECT type FROM machines WHERE machine_name = $1)', VALVE)
    assert await stops('and one of the type') == (2, 0, 295)


@pytest.mark.newest_postgres
async def test_a_late_report_that_ends_a_stop_during_which_a_machine_was_moved_counts_the_next_on_the_new_line(
        site: asyncpg.Connection, analysis: Analytics) -> None:
    await set_status(site, 'operational')
    began, again = await report(site, VALVE, (100, 'down', 'Jam'), (54, 'down', 'Jam again'))
    await site.execute('UPDATE machine_placements SET until = $2 WHERE machine_id = $1', 4, began + 10 * HOUR)
    await site.execute('INSERT INTO machine_placements VALUES (4, 3, $1)', began + 10 * HOUR)
    await site.execute(REFRESH)
    lines = [await site.fetchval('SELECT name FROM production_lines WHERE line_id = $1', line) for line in (1, 3)]
    whole = Window(began, again + 50 * HOUR)
    assert [(await analysis.kpis(whole, Scope(line))).down for line in lines] == [whole.micros / 1e6, 0]

    ran, = await report(site, VALVE, (70, 'operational'))

    parts = [(ran - began).total_seconds(), 50 * 3600]
    for _ in range(2):
        kpis = [await analysis.kpis(whole, Scope(line)) for line in lines]
        assert ([each.down for each in kpis], [each.stops for each in kpis]) == (parts, [1, 1])
        await site.execute(REFRESH)
    longest = await site.fetch('SELECT line_id, longest_down FROM machine_days WHERE machine_id = 4 '
                               'AND longest_down > 0')
    assert [tuple(row) for row in longest] == [(1, round(parts[0] * 1e6))]


@pytest.mark.newest_postgres
async def test_a_late_report_has_no_more_days_summed_up_again_where_the_machine_was_moved_before_its_stop(
        site: asyncpg.Connection) -> None:
    moved_at = datetime.now(UTC) - 150 * HOUR
    await site.execute('UPDATE machine_placements SET until = $2 WHERE machine_id = $1', 4, moved_at)
    await site.execute('INSERT INTO machine_placements VALUES (4, 3, $1)', moved_at)
    days = []
    for name in PAINTER, VALVE:
        await report(site, name, (140, 'down', 'Jam'), (10, 'operational'))
        await site.execute(REFRESH)
        await report(site, name, (40, 'operational'), (39, 'down', 'Jam'))
        days.append(await site.fetchval('SELECT array_agg(DISTINCT day ORDER BY day) FROM changed_days'))
    assert days[0] == days[1]


@pytest.mark.newest_postgres
async def test_steps_lead_to_the_same_as_one_go(connect: Connect) -> None:
    feed = await connect()
    words = ('down', 'Jam'), ('operational', 'Well'), ('warning', 'Starved')
    for name in 'Press', 'Welder', VALVE:
        await say(feed, name, *((hours + len(name) / 7, *words[hours % 3]) for hours in range(200, 2, -1)))
    steps = 0
    while await feed.fetchval('SELECT refresh_days(2)'):
        steps += 1
    by_steps = await derived(feed)
    assert steps >= 4 and sum(map(len, by_steps)) > 500
    await feed.execute('SELECT rebuild_history()')
    await feed.fetchval(REFRESH)
    assert by_steps == await derived(feed)


@pytest.mark.newest_postgres
async def test_one_sums_up_at_a_time_and_the_others_skip(connect: Connect) -> None:
    first, second = await connect(), await connect()
    await age(first, DAYS)
    transaction = first.transaction()
    await transaction.start()
    assert await first.fetchval(REFRESH) > 0
    assert await second.fetchval(REFRESH) is None
    await transaction.rollback()
    assert await second.fetchval(REFRESH) > 0


@pytest.mark.newest_postgres
async def test_days_of_another_clock_are_not_used_and_made_again(
        site: asyncpg.Connection, analysis: Analytics) -> None:
    await report(site, VALVE, (50, 'down', 'Jam'), (20, 'operational'))
    await site.fetchval(REFRESH)
    asked = window(24 * 5, datetime.now(UTC))
    before = await analysis.kpis(asked)
    for change, hour in ("time_zone = 'America/Detroit'", 0), ("day_start = '06:00'", 6):
        await site.execute(f'UPDATE plant_settings SET {change}')
        assert await site.fetchval('SELECT count(*) FROM summed_days') == 0
        assert await analysis.kpis(asked) == before
        assert await site.fetchval(REFRESH) >= DAYS
        assert await site.fetchval("SELECT extract(hour FROM max(since) AT TIME ZONE 'America/Detroit') "
                                   'FROM summed_days') == hour
        assert await analysis.kpis(asked) == before


@pytest.mark.newest_postgres
async def test_the_database_and_the_pages_agree_when_days_begin(connect: Connect) -> None:
    """Around all clock changes of a year: also where the clocks skip or repeat the time, or do so at midnight."""
    connection = await connect()
    for zone in 'America/Detroit', 'Europe/Berlin', 'Australia/Lord_Howe', 'America/Havana', 'Asia/Kathmandu':
        for start in time(), time(0, 30), time(1, 30), time(1, 45), time(2, 15), time(2, 30), time(5, 30), time(23, 59):
            plant = PlantSettings(zone=ZoneInfo(zone), day_start=start).calendar('All day 00:00')
            moments = [datetime(2026, month, day, tzinfo=UTC) + number * timedelta(minutes=15) for month, day in (
                (3, 8), (3, 29), (4, 4), (10, 3), (10, 25), (11, 1)) for number in range(-40, 100)]
            rows = await connection.fetch(
                'SELECT day_of(at, $2, $3), day_start(day_of(at, $2, $3), $2, $3) FROM unnest($1::timestamptz[]) AS at',
                moments, zone, start)
            assert [tuple(row) for row in rows] == [
                (day, plant.start_of(day)) for day in map(plant.day_of, moments)], (zone, start)


# data gaps

SILENT = """
    UPDATE plant_settings SET machine_silent_after = '1 hour';
    SET session_replication_role = replica;
    UPDATE machine_feed_stream SET reported_at = now() - interval '{hours} hours';
    SET session_replication_role = origin"""


async def test_a_data_gap_is_remembered_and_its_time_unknown(connect: Connect, analysis: Analytics) -> None:
    feed = await connect()
    await age(feed, DAYS)
    await feed.execute(SILENT.format(hours=3))
    assert (await analysis.floor_at(datetime.now(UTC))).machines[0].status is Status.UNKNOWN
    asked, scope = window(24, datetime.now(UTC)), Scope(machine=VALVE)
    before = await analysis.kpis(asked, scope)
    await set_status(feed, 'operational')
    assert await feed.fetchval('SELECT machine_name FROM data_gaps JOIN machines USING (machine_id)') == VALVE
    assert before.covered == pytest.approx(22 * 3600, abs=30)
    assert (await analysis.kpis(asked, scope)).covered == pytest.approx(before.covered, abs=30)


@pytest.mark.newest_postgres
async def test_a_data_gap_that_goes_on_is_unknown_on_days_that_are_summed_up_too(
        connect: Connect, analysis: Analytics) -> None:
    """They are summed up while nobody can know that nothing will be heard for so long."""
    feed = await connect()
    await age(feed, DAYS)
    await feed.execute(SILENT.format(hours=80))
    await feed.fetchval(REFRESH)
    for scope, machines in (Scope(machine=VALVE), 1), (Scope(), 30):
        covered = (await analysis.kpis(window(96), scope)).covered
        assert covered == pytest.approx(16 * 3600 * machines, abs=10 * machines + 30)
    before = await derived(feed)
    asked = window(96, datetime.now(UTC))
    kpis = await analysis.kpis(asked, Scope(machine=VALVE))
    await set_status(feed, 'operational')
    await feed.fetchval(REFRESH)
    assert (await analysis.kpis(asked, Scope(machine=VALVE))).covered == pytest.approx(kpis.covered, abs=30)
    assert await derived(feed) != before


@pytest.mark.newest_postgres
async def test_a_data_gap_does_not_shorten_a_stop(connect: Connect, analysis: Analytics) -> None:
    feed, now = await connect(), datetime.now(UTC)
    await feed.execute("UPDATE plant_settings SET machine_silent_after = '1 hour'")
    await set_status(feed, 'down', 'Jam')
    await set_clock(feed, 10 * HOUR)
    await set_status(feed, 'operational')
    later, asked = analysis.at(now + 10 * HOUR), window(12, now + 11 * HOUR)
    [stop] = (await later.stops(asked, Scope(machine=VALVE))).stops
    assert (stop.length, stop.reason) == (pytest.approx(10 * 3600, abs=30), 'Jam')
    assert await feed.fetchval('SELECT unconfirmed / 1000000 FROM machine_stops') == pytest.approx(9 * 3600, abs=30)
    kpis = await later.kpis(asked, Scope(machine=VALVE))
    assert (kpis.down, kpis.stops) == (pytest.approx(3600, abs=30), 1)


@pytest.mark.newest_postgres
async def test_without_a_limit_nothing_is_ever_silent(connect: Connect) -> None:
    feed = await connect()
    await feed.execute('SET session_replication_role = replica; '
                       "UPDATE machine_feed_stream SET reported_at = '2020-01-01'; "
                       'SET session_replication_role = origin')
    await set_status(feed, 'operational')
    assert await feed.fetchval('SELECT count(*) FROM data_gaps') == 0


async def test_data_gaps_are_only_ever_added_to(connect: Connect) -> None:
    feed = await connect()
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match='data_gaps is append-only'):
        await feed.execute('DELETE FROM data_gaps')


# the job

@pytest.mark.newest_postgres
async def test_the_job_sums_up_and_hands_over_its_setting(connect: Connect, database: Database) -> None:
    reader = await connect()
    await age(reader, DAYS)
    job = asyncio.create_task(DaySums(database, machine_silent_after=90.0, every=0.01).job.run())
    await until(lambda: are_summed_up(reader))
    assert await reader.fetchval('SELECT machine_silent_after FROM plant_settings') == timedelta(seconds=90)
    job.cancel()
    await asyncio.gather(job, return_exceptions=True)


async def are_summed_up(reader: asyncpg.Connection) -> bool:
    return bool(await reader.fetchval('SELECT count(*) >= $1 FROM summed_days', DAYS))


@pytest.mark.newest_postgres
async def test_the_job_survives_a_database_that_is_away(connect: Connect, database: Database, settings: Settings,
                                                        caplog: pytest.LogCaptureFixture) -> None:
    reader = await connect()
    await age(reader, DAYS)
    away = Database('postgresql://nobody@127.0.0.1:1/nothing', settings)
    job = DaySums(away, every=0.01)
    with pytest.raises(DatabaseUnavailableError):
        await job.refresh()
    task = asyncio.create_task(job.job.run())
    await until(lambda: 'the days of the history cannot be summed up' in caplog.text)
    job._database = database
    await until(lambda: are_summed_up(reader))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await away.close()
