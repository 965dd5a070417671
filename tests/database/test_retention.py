"""History that is older than wanted goes, batch by batch; what it adds up to stays, and nothing else can delete it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from database.past import age, content, report, say, set_clock
from database.postgres import Connect, Psql

from floor.analytics import Analytics, Window
from floor.db.database import Database
from floor.db.query_files import SQL
from floor.jobs.dashboard_refresh import DashboardRefresh
from floor.jobs.day_sums import DaySums

DETROIT = ZoneInfo('America/Detroit')
VALVE, PAINTER = 'Valve_01_01', 'Painter_04_01'
PROBLEMS, CHANGES = 'dashboard_problematic_machines_30days', 'dashboard_machine_status_changes_7days'
FORGET = "SELECT forget_history(now() - interval '30 days')"


async def sums(connection: asyncpg.Connection) -> list[Any]:
    """All that is derived, but for the present day, which goes on."""
    past = 'WHERE day < (SELECT max(day) FROM history_days)'
    return [await connection.fetch(query) for query in (
        f'SELECT * FROM machine_days {past} ORDER BY day, machine_id, line_id',
        f'SELECT * FROM line_hours {past} ORDER BY 1, 2, 3',
        'SELECT version, since, until, reason, repaired FROM machine_stops ORDER BY 1',
        f'SELECT day, since, until FROM summed_days {past} ORDER BY 1',
        f'SELECT * FROM machine_hours {past} ORDER BY day, machine_id, line_id',
        f'SELECT * FROM stop_days {past} ORDER BY day, machine_id, line_id')]


async def oldest(connection: asyncpg.Connection) -> list[tuple[str, int]]:
    """What is left of the valve: statuses and whole days ago."""
    rows = await connection.fetch(
        'SELECT new_status, round(extract(epoch FROM now() - happened_at) / 86400)::int AS days '
        'FROM machine_status_history WHERE machine_id = machine_called($1) ORDER BY happened_at, version', VALVE)
    return [tuple(row) for row in rows]


async def tables(connection: asyncpg.Connection) -> list[Any]:
    """The two dashboard tables that look far back; hours to one digit, as their 30 days move on with every second."""
    problems = await connection.fetch(
        'SELECT machine_name, downtime_incidents, days_with_issues, first_incident, last_incident, failures, '
        f'micro_stops, round(downtime_hours, 1) FROM {PROBLEMS} ORDER BY 1')
    return [problems, await content(connection, CHANGES)]


@pytest.fixture
async def site(connect: Connect) -> asyncpg.Connection:
    """A valve with a past: 90 days of stops, and one that was going on 30 days ago with two reasons."""
    feed = await connect()
    await age(feed)
    await say(feed, VALVE, *((24 * days, ('down', 'operational')[days % 2], 'Jam') for days in range(91, 40, -1)),
              (24 * 32, 'down', 'Jam'), (24 * 31, 'down', 'Drive overload'), (24 * 20, 'operational', 'Well'),
              (24 * 10, 'warning', 'Oil low'))
    await feed.execute("UPDATE plant_settings SET time_zone = 'America/Detroit'")
    await feed.fetchval('SELECT refresh_days()')
    await feed.execute("UPDATE history_upkeep SET steady_since = now() - interval '2 days'")
    return feed


async def test_what_is_old_is_forgotten_and_its_sums_stay(site: asyncpg.Connection, database: Database) -> None:
    job = DashboardRefresh(database, DaySums(database), retention_days=30)
    await job.refresh()
    before, shown = await sums(site), await tables(site)
    assert await job.forget() == 52
    assert await oldest(site) == [('down', 32), ('down', 31), ('operational', 20), ('warning', 10)], \
        'the stop that was going on keeps its beginning'
    assert await site.fetchval('SELECT count(DISTINCT machine_id) FROM machine_status_history') == 30
    assert await site.fetchval('SELECT count(*) FROM status_days JOIN history_days USING (day) '
                               'WHERE until <= (SELECT forgotten_until FROM history_upkeep)') == 0
    assert await job.forget() == 0
    await job.refresh()
    assert await sums(site) == before
    assert await tables(site) == shown


async def test_a_time_of_which_only_gaps_were_left_is_forgotten_too(site: asyncpg.Connection) -> None:
    await site.execute("""
        SET session_replication_role = replica;
        UPDATE machine_status_history SET happened_at = now() - interval '60 days';
        INSERT INTO data_gaps (version, machine_id, since, until)
        SELECT nextval('machine_feed_version'), 1, now() - n * interval '1 day', now() - n * interval '23 hours'
        FROM unnest(ARRAY[50, 40, 30, 20]) AS n;
        SET session_replication_role = origin;
        SELECT rebuild_history(); SELECT refresh_days()""")
    for days in 35, 15:
        await site.execute(f"SELECT forget_history(now() - interval '{days} days')")
    assert await site.fetchval("SELECT forgotten_until > now() - interval '17 days' FROM history_upkeep")


async def test_it_goes_in_small_batches(site: asyncpg.Connection) -> None:
    batches: list[Any] = []
    while not batches or batches[-1]:
        batches.append(await site.fetchval("SELECT forget_history(now() - interval '30 days', 20)"))
    assert batches == [20, 20, 12, 0]


async def test_counts_go_with_the_history_of_their_time(site: asyncpg.Connection, database: Database) -> None:
    await site.execute('INSERT INTO machine_counts '
                       "SELECT 1, date_trunc('minute', now(), 'UTC') - n * interval '1 day', n, 0, 0 "
                       'FROM generate_series(0, 40) AS n')
    assert await site.fetchval("SELECT forget_history(now() - interval '30 days', 6)") == 6 + 6
    await DashboardRefresh(database, DaySums(database), retention_days=30).forget()
    assert await site.fetchval('SELECT max(good) FROM machine_counts') == 30


async def test_reports_of_what_is_left_stay_right(site: asyncpg.Connection, database: Database) -> None:
    now = datetime.now(UTC)
    reports = Analytics(database, now=now)
    midnight = now.astimezone(DETROIT).replace(hour=0, minute=0, second=0, microsecond=0)
    windows = [Window(midnight - timedelta(days=days), midnight) for days in (10, 30, 80)]
    before = [await reports.kpis(window) for window in windows]
    moments = [now, now - timedelta(days=5), now - timedelta(days=31.5)]  # the last in the time that is forgotten
    floors = [(await reports.floor_at(moment)).machines for moment in moments]
    await site.fetchval(FORGET)
    assert [await reports.kpis(window) for window in windows] == before
    assert [(await reports.floor_at(moment)).machines for moment in moments] == floors


async def test_what_is_not_in_the_sums_is_not_forgotten(site: asyncpg.Connection) -> None:
    for before in "now() + interval '1 day'", "'infinity'", 'NULL':
        with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError, match='forgotten: it is in the sums only up'):
            await site.fetchval(f'SELECT forget_history({before})')
    await site.execute('SELECT rebuild_history(); UPDATE history_days SET summed_at = NULL')
    with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError, match='it is in the sums only up to 20'):
        await site.fetchval(FORGET)
    assert len(await oldest(site)) == 56


async def test_only_who_was_granted_it_can_forget_and_nobody_can_delete(
        site: asyncpg.Connection, connect: Connect, psql: Psql) -> None:
    await site.execute('DROP ROLE IF EXISTS tidy; CREATE ROLE tidy LOGIN')
    try:
        await site.execute('GRANT USAGE ON SCHEMA manufacturing_line TO tidy; '
                           'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA manufacturing_line TO tidy')
        tidy = await connect('tidy')
        await tidy.execute("SET floor.history_upkeep = 'yes'")
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match='append-only'):
            await tidy.execute('DELETE FROM machine_status_history')
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match='permission denied for function forget_history'):
            await tidy.execute(FORGET)
        psql('-v', 'app=tidy', '-f', str(SQL / 'admin' / 'grants.sql'))
        assert await tidy.fetchval(FORGET) == 52
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match='append-only'):
            await site.execute('DELETE FROM machine_status_history')
    finally:
        await site.execute('DROP OWNED BY tidy; DROP ROLE tidy')


async def test_nothing_is_added_to_a_time_that_is_forgotten(site: asyncpg.Connection) -> None:
    await site.fetchval(FORGET)
    with pytest.raises(asyncpg.CheckViolationError, match='UTC was deleted: an earlier status'):
        await say(site, VALVE, (24 * 40, 'operational'))
    await site.execute("UPDATE history_upkeep SET forgotten_until = now() - interval '3 days'")
    with pytest.raises(asyncpg.CheckViolationError, match='UTC was deleted: an earlier status'):
        await report(site, VALVE, (24 * 5, 'operational'))


async def test_what_comes_late_after_it_leaves_the_sums_of_forgotten_times(site: asyncpg.Connection) -> None:
    await site.fetchval(FORGET)
    before = await sums(site)
    await report(site, PAINTER, (24 * 5, 'down', 'Jam'), (24 * 4, 'operational'))
    await site.fetchval('SELECT refresh_days()')
    after = await sums(site)
    changed = {row['day'] for row in set(after[0]) ^ set(before[0])}
    assert len(changed) in {2, 3} and min(changed) > datetime.now(UTC).date() - timedelta(days=7)
    assert set(before[2]) < set(after[2]) and before[3] == after[3]


async def test_the_first_line_of_a_machine_leaves_the_sums_of_forgotten_times(site: asyncpg.Connection) -> None:
    """Those of other machines too: they cannot be made again."""
    await site.execute("INSERT INTO machine_feed_stream (machine_name, status) VALUES ('Saw', 'down')")
    await site.fetchval(FORGET)
    forgotten = 'SELECT * FROM machine_days JOIN summed_days USING (day) WHERE until <= ' \
                '(SELECT forgotten_until FROM history_upkeep) ORDER BY day, machine_id'
    before = await site.fetch(forgotten)
    await site.execute("UPDATE machines SET line_id = 2 WHERE machine_name = 'Saw'")
    await site.fetchval('SELECT refresh_days()')
    assert len(before) > 30
    assert await site.fetch(forgotten) == before


async def test_a_clock_that_is_set_back_by_months_leaves_the_sums_of_forgotten_times(site: asyncpg.Connection) -> None:
    await site.fetchval(FORGET)
    before = (await sums(site))[0]
    await set_clock(site, timedelta(days=-200))
    await site.fetchval('SELECT refresh_days()')
    await set_clock(site, timedelta())
    await site.fetchval('SELECT refresh_days()')
    forgotten = await site.fetchval('SELECT (forgotten_until AT TIME ZONE $1)::date FROM history_upkeep', DETROIT.key)
    assert [row for row in (await sums(site))[0] if row['day'] < forgotten] == [
        row for row in before if row['day'] < forgotten]


async def test_a_rebuild_keeps_the_sums_and_stops_of_forgotten_times(site: asyncpg.Connection) -> None:
    """Also in another time zone, whose days can no longer be made."""
    await site.fetchval(FORGET)
    before = await sums(site)
    await site.execute('SELECT rebuild_history()')
    await site.fetchval('SELECT refresh_days()')
    assert await sums(site) == before
    await site.execute("UPDATE plant_settings SET time_zone = 'Asia/Tokyo'")
    await site.fetchval('SELECT refresh_days()')
    forgotten = await site.fetchval('SELECT (forgotten_until AT TIME ZONE $1)::date FROM history_upkeep', DETROIT.key)
    assert [row for row in (await sums(site))[0] if row['day'] < forgotten] == [
        row for row in before[0] if row['day'] < forgotten]
