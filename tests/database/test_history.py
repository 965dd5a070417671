"""What is kept of each machine in the transaction of each report: intervals, stops, names and lines of then."""

from __future__ import annotations

import asyncio
import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from database.harness import set_clock, start_without_past
from database.postgres import Connect

pytestmark = pytest.mark.newest_postgres

VALVE, PAINTER = 'Valve_01_01', 'Painter_02_01'
NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ORDER = "INSERT INTO work_orders (machine_id, issue_description, priority) VALUES ($1, 'It leaks', 'high')"
IS_THERE = 'SELECT count(*) FROM machine_feed_stream WHERE machine_name = $1'
INTERVALS = 'SELECT machine_id, since, until, status, reason, version FROM status_intervals ORDER BY machine_id, since'
STOPS = 'SELECT * FROM machine_stops ORDER BY machine_id, since'
OVERLAPS = """
    SELECT * FROM (SELECT machine_id, since, until, lead(since) OVER (PARTITION BY machine_id ORDER BY since) AS next
                   FROM status_intervals) AS i WHERE next < until"""
CONTRADICTIONS = """
    SELECT f.machine_name, f.status, i.status, f.status_since, known.began, s.since
    FROM machine_feed_stream f
    LEFT JOIN LATERAL known_status_at(f.machine_id, 'infinity') known ON true
    LEFT JOIN status_intervals i ON i.machine_id = f.machine_id AND i.until = 'infinity'
    LEFT JOIN machine_stops s ON s.machine_id = f.machine_id AND s.until IS NULL
    WHERE (f.status, f.reason) IS DISTINCT FROM (i.status, i.reason)
       OR f.status IS NOT NULL AND f.status_since <> known.began
       OR (f.status IS NOT DISTINCT FROM 'down') <> (s.since IS NOT NULL) OR s.since <> f.status_since"""


class Floor:
    """A floor of two machines that were never reported, on a server whose clock stands at noon until it is set."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self.execute = connection.execute
        self.value = connection.fetchval
        self.now = NOON

    async def at(self, now: datetime) -> None:
        self.now = now
        await set_clock(self.connection, now)

    async def set(self, status: str, reason: str | None = None, machine: str = VALVE) -> None:
        await self.execute('UPDATE machine_feed_stream SET status = $1, reason = $2 WHERE machine_name = $3', status,
                           reason, machine)

    async def report(self, status: str, happened: datetime | None, reason: str | None = None,
                     machine: str = VALVE) -> Any:
        return await self.value('SELECT report_status($1, $2, $3, $4)', machine, status, reason, happened)

    async def intervals(self, machine: str = VALVE) -> list[tuple[float, float | None, str]]:
        """Minutes after noon from which and until when (None: now), and the status."""
        rows = await self.connection.fetch(
            "SELECT since, nullif(until, 'infinity') AS until, status FROM status_intervals "
            'WHERE machine_id = machine_called($1) ORDER BY since', machine)
        return [(self.minutes(row['since']), row['until'] and self.minutes(row['until']), row['status'])
                for row in rows]

    async def stops(self, machine: str = VALVE) -> list[tuple[float, float | None, str | None, float]]:
        """Minutes after noon from which and until when (None: now), the reason, the minutes that are unconfirmed."""
        rows = await self.connection.fetch(
            'SELECT since, until, reason, unconfirmed FROM machine_stops WHERE machine_id = machine_called($1) '
            'ORDER BY since', machine)
        return [(self.minutes(row['since']), row['until'] and self.minutes(row['until']), row['reason'],
                 row['unconfirmed'] / 60e6) for row in rows]

    async def live(self, machine: str = VALVE) -> tuple[str | None, float]:
        """The status now, and the minutes after noon since which it is so."""
        row = await self.connection.fetchrow(
            'SELECT status, status_since FROM machine_feed_stream WHERE machine_name = $1', machine)
        return row['status'], self.minutes(row['status_since'])

    @staticmethod
    def minutes(moment: datetime) -> float:
        return round((moment - NOON) / MINUTE, 3)


@pytest.fixture
async def site(connect: Connect) -> Floor:
    floor = Floor(await connect())
    await start_without_past(floor.connection, (VALVE, PAINTER), NOON)
    return floor


async def test_a_report_ends_one_interval_and_begins_the_next(site: Floor) -> None:
    for minute, status, reason in (
            (0, 'operational', None), (5, 'down', None), (6, 'down', 'Leak'), (9, 'warning', None)):
        await site.at(NOON + minute * MINUTE)
        await site.set(status, reason)
    await site.at(NOON + 10 * MINUTE)
    await site.set('warning')
    assert await site.intervals() == [(0, 5, 'operational'), (5, 6, 'down'), (6, 9, 'down'), (9, None, 'warning')]
    assert await site.stops() == [(5, 9, 'Leak', 0)]


# reports with a time

async def test_a_late_report_is_put_where_it_belongs_and_never_turns_the_live_status_back(site: Floor) -> None:
    await site.set('operational')
    await site.at(NOON + 60 * MINUTE)
    await site.set('warning')
    assert await site.report('down', NOON + 20 * MINUTE, 'Leak') == 'late'
    assert await site.report('operational', NOON + 30 * MINUTE) == 'late'
    assert await site.intervals() == [(0, 20, 'operational'), (20, 30, 'down'), (30, 60, 'operational'),
                                      (60, None, 'warning')]
    assert await site.stops() == [(20, 30, 'Leak', 0)]
    assert await site.live() == ('warning', 60)


async def test_in_the_present_a_late_report_counts_until_the_last_one(site: Floor) -> None:
    await site.set('operational')
    await site.at(NOON + 60 * MINUTE)
    await site.set('operational')  # it says so again
    assert await site.report('down', NOON + 20 * MINUTE) == 'late'
    assert await site.intervals() == [(0, 20, 'operational'), (20, 60, 'down'), (60, None, 'operational')]
    assert await site.live() == ('operational', 60)


async def test_a_stop_that_ended_a_moment_before_the_last_report_is_kept(site: Floor) -> None:
    await site.set('operational')
    await site.at(NOON + MINUTE)
    await site.set('operational')
    assert await site.report('down', NOON + MINUTE - timedelta(microseconds=1), 'Jam') == 'late'
    assert await site.value('SELECT length FROM machine_stops') == 1


async def test_a_stop_that_began_earlier_than_was_known_takes_its_order_with_it(site: Floor) -> None:
    await site.set('operational')
    await site.at(NOON + 60 * MINUTE)
    await site.set('down', 'Leak')
    order = await site.value(f'{ORDER} RETURNING id', VALVE)
    version = await site.value('SELECT version FROM machine_feed_stream WHERE machine_name = $1', VALVE)
    assert await site.report('down', NOON + 50 * MINUTE, 'Pressure lost') == 'late'
    assert await site.stops() == [(50, None, 'Pressure lost', 0)]
    assert await site.live() == ('down', 50)
    assert await site.value('SELECT version FROM machine_feed_stream WHERE machine_name = $1', VALVE) > version
    assert await site.value('SELECT stop_since FROM work_orders WHERE id = $1', order) == NOON + 50 * MINUTE


async def test_a_writer_cannot_say_that_an_order_belongs_to_another_stop(site: Floor) -> None:
    await site.set('down')
    await site.execute(ORDER, VALVE)
    await site.execute('UPDATE work_orders SET stop_since = now()')
    assert await site.value('SELECT stop_since FROM work_orders') == NOON


async def test_the_same_report_twice_is_one(site: Floor) -> None:
    reports = [('operational', NOON - HOUR), ('down', NOON - 50 * MINUTE), ('operational', NOON - 40 * MINUTE)]
    assert [await site.report(*report) for report in reports] == ['current'] * 3
    before = await site.connection.fetch(INTERVALS)
    assert [await site.report(*report) for report in reports] == ['known'] * 3
    assert await site.connection.fetch(INTERVALS) == before
    assert await site.report('operational', NOON) == 'repeated'


@pytest.mark.parametrize(('happened', 'message'), [
    (NOON + timedelta(minutes=2, seconds=1), "more than 2 min ahead of the server's clock"),
    (NOON - timedelta(days=7, seconds=1), 'more than 7 days ago'),
    (datetime.max.replace(tzinfo=UTC), 'ahead'), (datetime.min.replace(tzinfo=UTC), 'ago')])
async def test_a_time_that_cannot_be_is_refused(site: Floor, happened: datetime, message: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match=message):
        await site.report('down', happened)
    assert await site.intervals() == []


async def test_a_machine_that_is_not_there_is_refused_and_a_former_name_is_understood(site: Floor) -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="machine 'Nobody' is not on this floor"):
        await site.report('down', NOON, machine='Nobody')
    await site.execute("UPDATE machines SET machine_name = 'Main valve' WHERE machine_name = $1", VALVE)
    assert await site.report('down', NOON) == 'current'
    assert await site.live('Main valve') == ('down', 0)


async def test_a_clock_that_is_a_little_ahead_keeps_the_order(site: Floor) -> None:
    await site.report('down', NOON + MINUTE)
    await site.set('operational')  # by the server's clock a minute before
    assert [status for *_, status in await site.intervals()] == ['down', 'operational']
    assert await site.stops() == [(1, 1, None, 0)]


# data gaps

async def test_a_data_gap_is_unknown_and_never_shortens_a_stop(site: Floor) -> None:
    await site.execute("UPDATE plant_settings SET machine_silent_after = '10 minutes'")
    await site.set('down', 'Leak')
    await site.at(NOON + 60 * MINUTE)
    await site.set('down', 'Leak')
    await site.at(NOON + 65 * MINUTE)
    await site.set('operational')
    assert await site.intervals() == [(0, 10, 'down'), (10, 60, 'unknown'), (60, 65, 'down'),
                                      (65, None, 'operational')]
    assert await site.stops() == [(0, 65, 'Leak', 50)]
    down, length, unconfirmed = (await site.connection.fetch(
        'SELECT down, length, unconfirmed FROM stops_between(NULL, $1, $2, $2)', NOON - DAY, NOON + DAY))[0]
    assert (down, length, unconfirmed) == (15 * 60e6, 65 * 60e6, 50 * 60e6)


async def test_a_machine_that_falls_silent_and_leaves_was_unknown_meanwhile(site: Floor) -> None:
    await site.execute("UPDATE plant_settings SET machine_silent_after = '10 minutes'")
    await site.set('operational')
    await site.at(NOON + 60 * MINUTE)
    await site.execute('DELETE FROM machine_feed_stream WHERE machine_name = $1', VALVE)
    assert await site.intervals() == [(0, 10, 'operational'), (10, 60, 'unknown')]


async def test_a_late_report_ends_a_data_gap_for_as_long_as_it_counts(site: Floor) -> None:
    await site.execute("UPDATE plant_settings SET machine_silent_after = '10 minutes'")
    await site.set('operational')
    await site.at(NOON + 60 * MINUTE)
    await site.set('operational')
    await site.report('down', NOON + 30 * MINUTE)
    expected = [(0, 10, 'operational'), (10, 30, 'unknown'), (30, 40, 'down'), (40, 60, 'unknown'),
                (60, None, 'operational')]
    assert await site.intervals() == expected
    assert await site.stops() == [(30, 60, None, 20)]
    await site.execute('SELECT rebuild_history()')
    assert await site.intervals() == expected


# a lost signal: the feed knows that the machine gives no data

async def test_a_lost_signal_is_a_gap_until_the_next_report(site: Floor) -> None:
    await site.set('down', 'Leak')
    await site.at(NOON + 60 * MINUTE)
    assert await site.report('unknown', NOON + 20 * MINUTE) == 'current'
    assert await site.report('Unknown ', None) == 'repeated'
    assert await site.live() == ('down', 0), 'SQL sees the last status'
    rows = await site.connection.fetch(
        'SELECT m.machine_name, i.status, extract(epoch FROM i.until - i.since) / 60 AS minutes '
        'FROM intervals_of(machine_ids(NULL), $1, $2, $2) i JOIN machines m USING (machine_id) ORDER BY 2', NOON,
        site.now)
    assert [tuple(row) for row in rows] == [(VALVE, 'down', 20), (VALVE, 'unknown', 40)], 'before it has ended'

    await site.at(NOON + 70 * MINUTE)
    await site.set('down')
    await site.at(NOON + 75 * MINUTE)
    await site.set('operational')
    assert await site.intervals() == [(0, 20, 'down'), (20, 70, 'unknown'), (70, 75, 'down'),
                                      (75, None, 'operational')]
    assert await site.stops() == [(0, 75, 'Leak', 50)]


async def test_the_earlier_of_no_report_and_a_lost_signal_counts(site: Floor) -> None:
    await site.execute("UPDATE plant_settings SET machine_silent_after = '10 minutes'")
    await site.set('operational')
    await site.at(NOON + 60 * MINUTE)
    await site.report('unknown', NOON + 30 * MINUTE)
    since = 'SELECT since FROM machines_without_data(floor_clock())'
    assert await site.value(since) == NOON + 10 * MINUTE
    await site.report('unknown', NOON + 5 * MINUTE)
    assert await site.value(since) == NOON + 5 * MINUTE
    await site.execute('DELETE FROM machine_feed_stream WHERE machine_name = $1', VALVE)
    assert await site.intervals() == [(0, 5, 'operational'), (5, 60, 'unknown')]


async def test_a_late_report_from_before_the_loss_does_not_end_it(site: Floor) -> None:
    await site.set('operational')
    await site.at(NOON + 60 * MINUTE)
    await site.report('unknown', NOON + 40 * MINUTE)
    assert await site.report('down', NOON + 30 * MINUTE) == 'late'
    assert await site.value('SELECT since FROM machines_without_data(floor_clock())') == NOON + 40 * MINUTE
    assert await site.report('warning', NOON + 40 * MINUTE) == 'current', 'of one moment the status counts'
    assert await site.intervals() == [(0, 30, 'operational'), (30, 40, 'down'), (40, None, 'warning')]


async def test_a_late_loss_is_put_where_it_belongs(site: Floor) -> None:
    for minute, status in (0, 'operational'), (20, 'down'), (40, 'warning'), (60, 'warning'):
        await site.at(NOON + minute * MINUTE)
        await site.set(status)
    assert await site.report('unknown', NOON - HOUR) == 'known', 'nothing was known of it'
    assert [await site.report('unknown', NOON + minute * MINUTE) for minute in (10, 12, 30, 50)] == [
        'late', 'known', 'late', 'late']
    expected = [(0, 10, 'operational'), (10, 20, 'unknown'), (20, 30, 'down'), (30, 40, 'unknown'),
                (40, 50, 'warning'), (50, 60, 'unknown'), (60, None, 'warning')]
    assert await site.intervals() == expected
    assert await site.stops() == [(20, 40, None, 10)]
    assert await site.report('unknown', NOON + 25 * MINUTE) == 'late'
    assert await site.stops() == [(20, 40, None, 15)], 'the gap that was known begins earlier'
    assert await site.live() == ('warning', 40)


async def test_a_writer_of_the_table_cannot_lose_a_signal_and_of_a_machine_never_reported_none_is_lost(
        site: Floor) -> None:
    assert await site.report('unknown', None) == 'repeated'
    await site.set('operational')
    await site.execute('UPDATE machine_feed_stream SET signal_lost_at = now()')
    assert await site.value('SELECT count(signal_lost_at) FROM machine_feed_stream') == 0
    assert await site.intervals() == [(0, None, 'operational')]


# who a machine is

async def test_a_renamed_machine_keeps_its_past_wherever_it_is_renamed(site: Floor) -> None:
    await site.set('down', 'Leak')
    await site.execute(ORDER, VALVE)
    await site.at(NOON + 5 * MINUTE)
    await site.execute("UPDATE machine_feed_stream SET machine_name = 'Main valve' WHERE machine_name = $1", VALVE)
    assert await site.value("SELECT machine_id FROM machines WHERE machine_name = 'Main valve'") == await site.value(
        'SELECT machine_called($1)', VALVE)
    await site.execute("UPDATE machines SET machine_name = 'Valve A' WHERE machine_name = 'Main valve'")
    assert await site.live('Valve A') == ('down', 0)
    assert await site.intervals('Valve A') == await site.intervals(VALVE) == [(0, None, 'down')]
    assert await site.value('SELECT machine_id FROM work_orders') == 'Valve A'
    assert await site.value("SELECT reported_at FROM machine_feed_stream WHERE machine_name = 'Valve A'") == NOON, (
        'a new name is no report')


async def test_a_machine_that_comes_back_is_the_one_that_left(site: Floor) -> None:
    number = await site.value('SELECT machine_called($1)', VALVE)
    await site.set('down')
    await site.at(NOON + 10 * MINUTE)
    await site.execute('DELETE FROM machine_feed_stream WHERE machine_name = $1', VALVE)
    assert await site.value('SELECT retired_at FROM machines WHERE machine_id = $1', number) == NOON + 10 * MINUTE
    await site.at(NOON + 20 * MINUTE)
    assert await site.value('INSERT INTO machine_feed_stream (machine_id, machine_name, status) '
                            "VALUES (999, $1, 'down') RETURNING machine_id", VALVE) == number
    assert await site.value('SELECT retired_at FROM machines WHERE machine_id = $1', number) is None
    assert await site.intervals() == [(0, 10, 'down'), (20, None, 'down')]
    assert await site.stops() == [(0, 10, None, 0), (20, None, None, 0)]


async def test_a_late_report_of_a_machine_that_is_back_without_a_status_belongs_to_before_it_left(site: Floor) -> None:
    await site.set('operational')
    await site.at(NOON + 60 * MINUTE)
    await site.value('DELETE FROM machine_feed_stream WHERE machine_name = $1', VALVE)
    await site.at(NOON + 120 * MINUTE)
    await site.value('INSERT INTO machine_feed_stream (machine_name) VALUES ($1)', VALVE)
    assert await site.report('down', NOON + 20 * MINUTE, 'Leak') == 'late'
    assert await site.intervals() == [(0, 20, 'operational'), (20, 60, 'down')]
    assert await site.stops() == [(20, 60, 'Leak', 0)]
    assert await site.live() == (None, 120)
    assert await site.report('warning', NOON + 90 * MINUTE) == 'current', 'nothing is known since it left'
    assert await site.intervals() == [(0, 20, 'operational'), (20, 60, 'down'), (90, None, 'warning')]


async def test_a_late_gap_of_a_machine_that_is_back_without_a_status_is_before_it_left(site: Floor) -> None:
    await site.set('operational')
    await site.at(NOON + 60 * MINUTE)
    await site.value('DELETE FROM machine_feed_stream WHERE machine_name = $1', VALVE)
    await site.at(NOON + 120 * MINUTE)
    await site.value('INSERT INTO machine_feed_stream (machine_name) VALUES ($1)', VALVE)
    assert await site.report('unknown', NOON + 20 * MINUTE) == 'late'
    assert await site.intervals() == [(0, 20, 'operational'), (20, 60, 'unknown')]
    assert await site.report('unknown', NOON + 90 * MINUTE) == 'repeated', 'nothing is known since it left'


async def test_the_number_of_a_machine_that_left_is_given_to_no_other(site: Floor) -> None:
    number = await site.value('SELECT machine_called($1)', VALVE)
    await site.execute('DELETE FROM machine_feed_stream WHERE machine_name = $1', VALVE)
    with pytest.raises(asyncpg.UniqueViolationError, match=f'{number} is the number of {VALVE}, which has left'):
        await site.execute('INSERT INTO machine_feed_stream (machine_id, machine_name) VALUES ($1, $2)', number, 'New')
    with pytest.raises(asyncpg.CheckViolationError, match='the number is the machine'):
        await site.execute('UPDATE machine_feed_stream SET machine_id = $1 + 1000', number)


async def test_a_machine_with_a_history_cannot_be_deleted(site: Floor) -> None:
    await site.set('down')
    await site.execute('DELETE FROM machine_feed_stream')
    with pytest.raises(asyncpg.ForeignKeyViolationError, match=f'{VALVE} has a history, which would go with it'):
        await site.execute('DELETE FROM machines WHERE machine_name = $1', VALVE)
    await site.execute('INSERT INTO machine_counts VALUES (machine_called($1), $2, 1, 0, 1)', PAINTER, NOON)
    with pytest.raises(asyncpg.ForeignKeyViolationError, match=f'{PAINTER} has a history'):
        await site.execute('DELETE FROM machines WHERE machine_name = $1', PAINTER)
    await site.execute('DELETE FROM machine_counts')
    await site.execute('DELETE FROM machines WHERE machine_name = $1', PAINTER)


async def test_what_happened_stays_with_the_line_of_then(site: Floor) -> None:
    await site.set('warning')
    for at, status, line in (10, 'warning', 3), (30, 'down', 3), (50, 'down', 2), (60, 'operational', 2):
        await site.at(NOON + at * MINUTE)
        await site.set(status)
        await site.execute('UPDATE machines SET line_id = $2 WHERE machine_name = $1', VALVE, line)
    await site.at(NOON + 100 * MINUTE)
    times = await site.connection.fetch(
        'SELECT line_id, sum(warning)::bigint, sum(down)::bigint, sum(operational)::bigint '
        'FROM times_in_parts($1, ARRAY[$2::timestamptz], ARRAY[$3::timestamptz], $3) GROUP BY line_id ORDER BY 1',
        [VALVE], NOON - DAY, site.now)
    assert [(line, *(micros / 60e6 for micros in row)) for line, *row in times] == [
        (1, 10, 0, 0), (2, 0, 0, 40), (3, 20, 30, 0)], 'what was down on line 3 is so until it runs again'
    assert await site.value('SELECT line_id FROM machine_stops') == 3


async def test_what_happened_on_no_line_is_asked_for_as_line_0(site: Floor) -> None:
    await site.execute('UPDATE machines SET line_id = NULL WHERE machine_name = $1', VALVE)
    await site.at(NOON + MINUTE)
    await site.set('down')
    await site.set('down', machine=PAINTER)
    await site.at(NOON + 30 * MINUTE)
    for function in 'stops_between', 'stops_touching':
        stops = await site.connection.fetch(f'SELECT machine_name FROM {function}(NULL, $1, $2, $2, 0::smallint)',
                                            NOON - DAY, site.now)
        assert [row['machine_name'] for row in stops] == [VALVE]


async def test_the_first_line_of_a_machine_counts_for_its_past(site: Floor) -> None:
    await site.execute("INSERT INTO machine_feed_stream (machine_name, status) VALUES ('Saw', 'down')")
    await site.at(NOON + 10 * MINUTE)
    await site.execute("UPDATE machines SET line_id = 2 WHERE machine_name = 'Saw'")
    times = await site.connection.fetch(
        'SELECT DISTINCT line_id FROM times_in_parts($1, ARRAY[$2::timestamptz], ARRAY[$3::timestamptz], $3)', ['Saw'],
        NOON - DAY, site.now)
    assert [row['line_id'] for row in times] == [2] == [await site.value('SELECT line_id FROM machine_stops')]


# at all times

@pytest.mark.parametrize('seed', range(8))
async def test_whatever_happens_intervals_and_stops_are_what_the_log_means(site: Floor, seed: int) -> None:
    """Reports now and late, data gaps, lost signals, machines that leave and return, new names: what was kept step by
    step is what a rebuild makes of the log."""
    chance = random.Random(seed)
    await site.execute('UPDATE plant_settings SET machine_silent_after = $1', chance.choice([None, HOUR, 3 * HOUR]))
    names = [VALVE, PAINTER]
    for step in range(120):
        if chance.random() < 0.9:
            await site.at(site.now + chance.choice([timedelta(), MINUTE, 20 * MINUTE, 5 * HOUR]))
        number = chance.randrange(2)
        machine = names[number]
        status = chance.choice(['operational', 'warning', 'down', 'down'])
        with_unknown = chance.choice([status, status, status, 'unknown'])
        reason = chance.choice([None, None, 'Leak', 'Jam'])
        action = chance.random()
        if action < 0.4:
            await site.set(status, reason, machine)
        elif action < 0.9 and await site.value(IS_THERE, machine):
            ago = chance.random() * chance.choice([MINUTE, HOUR, DAY, 6 * DAY])
            await site.report(with_unknown, site.now - ago, reason, machine)
        elif action < 0.93:
            await site.execute('DELETE FROM machine_feed_stream WHERE machine_name = $1', machine)
        elif action < 0.96:
            await site.execute('INSERT INTO machine_feed_stream (machine_name, status) VALUES ($1, $2) ON CONFLICT '
                               '(machine_name) DO UPDATE SET status = excluded.status', machine, status)
        else:
            names[number] = f'Machine {step}'
            await site.execute('UPDATE machines SET machine_name = $1 WHERE machine_name = $2', names[number], machine)
        if step % 10 == 9:
            assert await site.connection.fetch(CONTRADICTIONS) == [], step
    assert await site.connection.fetch(OVERLAPS) == []
    intervals, stops = await site.connection.fetch(INTERVALS), await site.connection.fetch(STOPS)
    assert len(intervals) > 15
    await site.execute('SELECT rebuild_history()')
    assert await site.connection.fetch(INTERVALS) == intervals
    assert await site.connection.fetch(STOPS) == stops


# days

async def days(connection: asyncpg.Connection) -> set[str]:
    """Which are summed up and right."""
    return {str(row['day']) for row in await connection.fetch('SELECT day FROM summed_days')}


async def test_a_day_of_which_something_comes_late_is_read_from_the_intervals_until_it_is_summed_up_again(
        site: Floor) -> None:
    await site.set('operational')
    await site.at(NOON + 2 * DAY)
    await site.set('warning')
    assert await site.value('SELECT refresh_days()') == 3
    assert await days(site.connection) == {'2026-03-05', '2026-03-06', '2026-03-07'}
    await site.report('down', NOON + HOUR)
    await site.report('operational', NOON + 2 * HOUR)
    assert await days(site.connection) == set(), 'until the report at noon two days later'
    answer = 'SELECT down FROM machine_times(NULL, ARRAY[$1::timestamptz], ARRAY[$2::timestamptz], $2)'
    assert await site.value(answer, NOON - DAY, site.now) == 3600e6
    assert await site.value('SELECT refresh_days()') == 3
    assert await days(site.connection) == {'2026-03-05', '2026-03-06', '2026-03-07'}
    assert await site.value(answer, NOON - DAY, site.now) == 3600e6


@pytest.mark.parametrize('status', ['down', 'unknown'])
async def test_a_day_of_which_a_feed_that_was_offline_reports_is_summed_up_again(site: Floor, status: str) -> None:
    """In order: the machine had reported nothing since."""
    await site.set('operational')
    await site.at(NOON + 3 * DAY)
    assert await site.value('SELECT refresh_days()') == 4
    await site.report(status, NOON + DAY)
    assert await days(site.connection) == {'2026-03-05'}
    answer = 'SELECT operational FROM machine_times(NULL, ARRAY[$1::timestamptz], ARRAY[$2::timestamptz], $2)'
    for _ in range(2):
        assert await site.value(answer, NOON - DAY, site.now) == DAY / MINUTE * 60e6
        await site.value('SELECT refresh_days()')


async def test_the_present_day_is_summed_up_to_the_hour_that_ended_five_minutes_ago(site: Floor) -> None:
    summed_until = 'SELECT max(until) FROM summed_days'
    await site.set('operational')
    await site.at(NOON + 3 * HOUR + 4 * MINUTE)
    assert await site.value('SELECT refresh_days()') == 1
    assert await site.value(summed_until) == NOON + 2 * HOUR
    assert await site.report('down', NOON + 179 * MINUTE) == 'current'
    await site.at(NOON + 3 * HOUR + 5 * MINUTE)
    assert await site.value('SELECT refresh_days()') == 1
    assert await site.value(summed_until) == NOON + 3 * HOUR
    assert await site.value('SELECT down FROM machine_days') == 60e6
    assert await site.value('SELECT refresh_days()') == 0, 'until the next hour is over'
    await site.at(NOON + 12 * HOUR + 5 * MINUTE)
    assert await site.value('SELECT refresh_days()') == 1
    assert await site.value(summed_until) == NOON + 12 * HOUR, 'the day is over, and the next has no full hour'
    assert await site.value('SELECT down FROM machine_days') == 60e6 + 9 * 3600e6


async def test_what_comes_late_into_the_hours_of_the_present_day_marks_it_and_what_comes_into_the_others_does_not(
        site: Floor) -> None:
    await site.set('operational')
    await site.at(NOON + 3 * HOUR + 30 * MINUTE)
    await site.value('SELECT refresh_days()')
    answer = 'SELECT down FROM machine_times(NULL, ARRAY[$1::timestamptz], ARRAY[$2::timestamptz], $2)'
    for minutes, marks in (181, False), (120, True), (60, True):
        assert await site.report('down', NOON + minutes * MINUTE) in {'late', 'current'}
        assert await days(site.connection) == (set() if marks else {'2026-03-05'})
        for are_left in marks, False:
            assert await site.value(answer, NOON, site.now) == (210 - minutes) * 60e6
            assert await site.value('SELECT refresh_days()') == are_left


async def test_what_comes_late_and_is_of_the_moment_at_which_the_sums_end_is_of_the_hour_before_it(site: Floor) -> None:
    """The longest interval of a day is one that ended in it, also at its very end."""
    longest = 'SELECT longest_down FROM machine_days ORDER BY day'
    for end in NOON + 3 * HOUR, NOON + 12 * HOUR:
        await site.set('down')
        await site.at(end + 6 * MINUTE)
        await site.value('SELECT refresh_days()')
        assert await site.report('operational', end) == 'current'
        assert await days(site.connection) == set()
        await site.value('SELECT refresh_days()')
        assert await site.value(longest) == max(180, (end - NOON) / MINUTE - 186) * 60e6


async def test_a_day_is_summed_up_once_nobody_can_still_write_into_it(site: Floor, connect: Connect) -> None:
    """A transaction that changed a machine before midnight and is still open at three in the morning."""
    await site.set('operational')
    other = await connect()
    transaction = other.transaction()
    await transaction.start()
    await other.execute("UPDATE machine_feed_stream SET status = 'down' WHERE machine_name = $1", VALVE)
    began = await other.fetchval('SELECT now()')
    assert not await site.value('SELECT is_settled($1)', began + HOUR)
    assert await site.value('SELECT is_settled($1)', began - HOUR), 'what ended before it began is to be seen'
    await transaction.rollback()
    assert await site.value('SELECT is_settled($1)', began + HOUR)


@pytest.mark.parametrize('analyzed', [True, False])
async def test_a_status_is_found_without_reading_all_that_was_before_it(site: Floor, analyzed: bool) -> None:
    """Of machines that take turns, as they do on a floor: each interval of one is on another page of the table."""
    await site.execute("""
        SET session_replication_role = replica;
        INSERT INTO status_intervals (machine_id, since, until, status, version)
        SELECT 1000 + machine, moment, moment + interval '1 minute', (ARRAY['down', 'operational'])[1 + number % 2],
               100 * number + machine
        FROM generate_series(1, 1000) AS number, generate_series(1, 50) AS machine,
             LATERAL (SELECT timestamptz '2026-01-01' + number * interval '1 minute' AS moment) AS at
        ORDER BY number, machine""")
    if analyzed:
        await site.execute('ANALYZE status_intervals')
    for moment in 'infinity', '2026-01-01 12:00':
        plan, = json.loads(await site.value(
            f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM known_status_at(1007, '{moment}')"))
        assert plan['Plan']['Actual Rows'] == 1
        assert plan['Plan']['Shared Hit Blocks'] + plan['Plan']['Shared Read Blocks'] < 20


async def test_late_reports_of_two_transactions_wait_for_nobody(site: Floor, connect: Connect) -> None:
    """Into the same days, in the opposite order."""
    for machine in VALVE, PAINTER:
        await site.set('operational', machine=machine)
    await site.at(NOON + 3 * DAY)
    for machine in VALVE, PAINTER:
        await site.set('operational', machine=machine)
    await site.execute('SELECT refresh_days()')
    writers = [await connect(), await connect()]
    transactions = [writer.transaction() for writer in writers]
    for transaction in transactions:
        await transaction.start()
    moments = [NOON + HOUR, NOON + DAY + HOUR]
    for of_each in moments, moments[::-1]:
        for writer, machine, moment in zip(writers, (VALVE, PAINTER), of_each, strict=True):
            await asyncio.wait_for(writer.execute("SELECT report_status($1, 'down', NULL, $2)", machine, moment), 60)
    for transaction in transactions:
        await transaction.commit()
    assert len(await site.stops(VALVE)) == len(await site.stops(PAINTER)) == 1


async def test_another_clock_of_the_plant_makes_other_days(site: Floor) -> None:
    await site.set('operational')
    await site.at(NOON + 2 * DAY)
    await site.execute('SELECT refresh_days()')
    await site.execute("UPDATE plant_settings SET time_zone = 'America/Detroit'")
    assert await days(site.connection) == set()
    await site.execute('SELECT refresh_days()')
    first = await site.value('SELECT min(since) FROM summed_days')
    assert first == datetime(2026, 3, 5, 5, tzinfo=UTC)
    assert await site.value(
        'SELECT operational FROM machine_times(NULL, ARRAY[$1::timestamptz], ARRAY[$2::timestamptz], $2)', NOON - DAY,
        site.now) == 2 * DAY / timedelta(microseconds=1)


async def test_a_floor_without_a_history_has_no_days_to_mark(site: Floor) -> None:
    await site.execute("SET statement_timeout = '10s'")
    for change in ("INSERT INTO machine_feed_stream (machine_name) VALUES ('Saw')",
                   "UPDATE machines SET line_id = 2 WHERE machine_name = 'Saw'",
                   "UPDATE plant_settings SET micro_stop = '1 minute', machine_silent_after = '1 hour'"):
        await site.execute(change)
    assert await site.value('SELECT count(*) FROM changed_days') == 0


async def test_a_limit_of_a_day_is_24_hours_whatever_the_time_zone_of_the_session(site: Floor) -> None:
    """The clocks of Berlin skip an hour on 29 March."""
    silent = "SELECT silent_since('2026-03-28 12:00+01', NULL, NULL, '1 day') = timestamptz '2026-03-29 12:00+01'"
    for zone in 'UTC', 'Europe/Berlin':
        await site.execute(f"SET timezone = '{zone}'")
        assert await site.value(silent), zone


async def test_only_one_sums_up_at_a_time(site: Floor, connect: Connect) -> None:
    await site.set('operational')
    await site.at(NOON + 2 * DAY)
    other = await connect()
    async with other.transaction():
        assert await other.fetchval('SELECT refresh_days()') == 3
        assert await site.value('SELECT refresh_days()') is None
    assert await site.value('SELECT refresh_days()') == 0
