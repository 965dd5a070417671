"""What is derived from the history: brought up to date step by step, by one at a time, and losing nothing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from database.postgres import Connect, Psql, until

from floor.analytics import Analytics, Kpi, Page, Scope, Term, Unit, Window
from floor.core.errors import DatabaseUnavailableError, InvalidInputError
from floor.core.machines import MachineName, Status
from floor.core.settings import Settings
from floor.db.database import Database
from floor.jobs.history_refresh import HistoryRefresh

VALVE = MachineName('Valve_01_01')
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ADD = ('INSERT INTO machine_status_history (version, machine_name, new_status, reason, changed_at) '
       "VALUES (nextval('machine_feed_version'), $1, $2, $3, $4)")
DERIVED = ('SELECT count(*), sum(operational + 3 * warning + 5 * waiting + 7 * down + 11 * caused + 13 * unattributed) '
           'FROM machine_days',
           'SELECT count(*), sum(operational + 3 * warning + 5 * waiting + 7 * down) FROM floor_quarters '
           'WHERE operational + warning + waiting + down > 0',
           'SELECT version, since, until, reason, repaired, silent FROM machine_stops ORDER BY version',
           'SELECT * FROM status_checkpoints ORDER BY at, machine_name')


@pytest.fixture
def analytics(database: Database) -> Analytics:
    return Analytics(database, ZoneInfo('UTC'))


async def set_status(connection: asyncpg.Connection, status: str, reason: str | None = None, name: str = VALVE) -> None:
    await connection.execute('UPDATE machine_feed_stream SET status = $1, reason = $2 WHERE machine_name = $3',
                             status, reason, name)


async def add(connection: asyncpg.Connection, hours_ago: float, status: str | None, reason: str | None = None,
              name: str = 'Press') -> datetime:
    """A row of the history as if it had been written then."""
    moment = datetime.now(UTC) - timedelta(hours=hours_ago)
    await connection.execute(ADD, name, status, reason, moment)
    return moment


async def derived(connection: asyncpg.Connection) -> list[Any]:
    return [[tuple(row) for row in await connection.fetch(query)] for query in DERIVED]


def window(hours: float, end: datetime | None = None) -> Window:
    end = end or datetime.now(UTC) + HOUR
    return Window(end - timedelta(hours=hours), end)


async def test_psql_can_bring_it_up_to_date(psql: Psql) -> None:
    assert psql('-c', 'SELECT refresh_history() >= 30', '-c', 'SELECT refresh_history()') == 't\n0\n'
    assert psql('-c', 'SELECT count(*) FROM history_machines') == '30\n'


async def test_a_stop_begins_and_ends_with_down_whatever_reasons_are_given(connect: Connect, psql: Psql) -> None:
    feed = await connect()
    for status, reason in [('warning', 'Oil low'), ('down', None), ('down', 'Seal leak'), ('down', 'Pin stuck')]:
        await set_status(feed, status, reason)
        psql('-c', 'SELECT refresh_history()')
    stop = await feed.fetchrow('SELECT * FROM machine_stops')
    assert stop and (stop['machine_name'], stop['reason'], stop['until']) == (VALVE, 'Pin stuck', None)
    await set_status(feed, 'operational')
    psql('-c', 'SELECT refresh_history()')
    stop = await feed.fetchrow('SELECT *, until > since AS lasted FROM machine_stops')
    assert stop and stop['lasted'] and stop['repaired']


async def test_a_machine_that_is_removed_while_down_was_not_repaired(connect: Connect) -> None:
    feed = await connect()
    await set_status(feed, 'down', 'Seal leak')
    await feed.execute('DELETE FROM machine_feed_stream WHERE machine_name = $1', VALVE)
    await feed.fetchval('SELECT refresh_history()')
    assert await feed.fetchval('SELECT NOT repaired AND until IS NOT NULL FROM machine_stops')


async def test_a_number_is_right_to_the_second_even_if_nobody_refreshes(connect: Connect, analytics: Analytics) -> None:
    feed = await connect()
    await add(feed, 10, 'operational')
    await feed.fetchval('SELECT refresh_history()')
    began = await add(feed, 2, 'down', 'Jam')
    kpis = await analytics.kpis(window(24), Scope(machine=MachineName('Press')))
    assert (kpis.operational, kpis.stops, kpis.ongoing) == (pytest.approx(8 * 3600, abs=1), 1, 1)
    assert kpis.down == kpis.ongoing_seconds == pytest.approx(2 * 3600, abs=60)
    assert [(s.since, s.reason) for s in (await analytics.stops(window(24))).stops] == [(began, 'Jam')]


async def test_what_commits_late_is_not_lost(connect: Connect) -> None:
    slow, quick, reader = await connect(), await connect(), await connect()
    await reader.fetchval('SELECT refresh_history()')
    transaction = slow.transaction()
    await transaction.start()
    await add(slow, 5, 'down', 'Jam')
    await add(quick, 4, 'down', 'Drive overload', name='Welder')
    await reader.fetchval('SELECT refresh_history()')
    await transaction.commit()
    await reader.fetchval('SELECT refresh_history()')
    assert {row['machine_name'] for row in await reader.fetch('SELECT * FROM machine_stops')} == {'Press', 'Welder'}


async def test_what_is_older_than_what_was_rolled_up_is_put_in_its_place(connect: Connect) -> None:
    feed = await connect()
    await add(feed, 70, 'operational')
    await add(feed, 60, 'warning', 'Starved', name=VALVE)
    await add(feed, 59, 'operational', name=VALVE)
    await feed.fetchval('SELECT refresh_history()')
    await add(feed, 50, 'down', 'Jam')
    await add(feed, 40, 'operational')
    await add(feed, 59.5, 'down', 'Diverter', name='Injection_Molder_01_01')
    await add(feed, 59.2, 'operational', name='Injection_Molder_01_01')
    await feed.execute("INSERT INTO data_gaps (machine_name, since, until) "
                       "VALUES ('Press', now() - '65 hours'::interval, now() - '64 hours'::interval)")
    await feed.fetchval('SELECT refresh_history()')
    late = await derived(feed)
    await feed.execute('SELECT history_rebuild()')
    await feed.fetchval('SELECT refresh_history()')
    rebuilt = await derived(feed)
    assert late == rebuilt
    assert await feed.fetchval('SELECT sum(down) FROM machine_days') > 10 * 3600 * 1_000_000
    assert await feed.fetchval("SELECT sum(caused) FROM machine_days WHERE machine_name = 'Injection_Molder_01_01'") > 0


async def test_what_came_late_is_in_every_report_before_it_is_read(connect: Connect, analytics: Analytics) -> None:
    """Also where what a machine was is read from a mark that was made before it came."""
    feed = await connect()
    await add(feed, 70, 'operational')
    await feed.fetchval('SELECT refresh_history()')
    now = datetime.now(UTC)
    await add(feed, 40, 'down', 'Jam')

    async def reports() -> list[Any]:
        asked = Window(now - 20 * HOUR, now - 14 * HOUR)
        return [await analytics.kpis(asked), await analytics.lines(asked), await analytics.wait_attribution(asked),
                (await analytics.floor_at(asked.start)).machines]
    at_once = await reports()
    await feed.fetchval('SELECT refresh_history()')
    assert at_once[0].down == 6 * 3600
    assert at_once == await reports()


async def test_steps_lead_to_the_same_as_one_go(connect: Connect, database: Database) -> None:
    feed = await connect()
    for hours in range(60, 2, -1):
        await add(feed, hours, ['down', 'operational', 'warning'][hours % 3], 'Starved' if hours % 3 == 2 else None,
                  name=['Press', 'Welder', VALVE][hours % 2])
    steps = 0
    while await feed.fetchval('SELECT refresh_history(7)'):
        steps += 1
    by_steps = await derived(feed)
    await feed.execute('SELECT history_rebuild()')
    await feed.fetchval('SELECT refresh_history()')
    assert steps > 8
    assert by_steps == await derived(feed)


async def test_one_refreshes_at_a_time_and_the_others_skip(connect: Connect) -> None:
    first, second = await connect(), await connect()
    transaction = first.transaction()
    await transaction.start()
    assert await first.fetchval('SELECT refresh_history()') > 0
    assert await second.fetchval('SELECT refresh_history()') is None
    await transaction.rollback()
    assert await second.fetchval('SELECT refresh_history()') > 0


async def test_a_database_restored_on_another_server_is_read_again_and_goes_on(connect: Connect) -> None:
    """There the transactions count from the beginning: what was read has numbers that are yet to come."""
    feed = await connect()
    await feed.execute("SET session_replication_role = replica; UPDATE machine_status_history SET xid = '99999999999'; "
                       "SET session_replication_role = origin; UPDATE history_progress SET xid = '99999999999'")
    await feed.fetchval('SELECT refresh_history()')
    assert await feed.fetchval('SELECT count(*) FROM history_pending') == 0
    await set_status(feed, 'down', 'Seal leak')
    assert await feed.fetchval('SELECT count(*) FROM history_pending') == 1
    assert await feed.fetchval('SELECT refresh_history()') > 0
    assert await feed.fetchval('SELECT count(*) FROM machine_stops') == 1


async def test_a_data_gap_is_remembered_and_its_time_unknown(connect: Connect, analytics: Analytics) -> None:
    feed = await connect()
    await feed.execute("UPDATE plant_settings SET machine_silent_after = '1 hour'")
    await feed.execute("SET session_replication_role = replica; UPDATE machine_feed_stream SET reported_at = "
                       "now() - '3 hours'::interval; UPDATE machine_status_history SET changed_at = "
                       "now() - '4 hours'::interval; "
                       'SET session_replication_role = origin')
    assert (await analytics.floor_at(datetime.now(UTC))).machines[0].status is Status.UNKNOWN
    scope = Scope(machine=VALVE)
    before = await analytics.kpis(window(24), scope)
    await set_status(feed, 'operational')
    after = await analytics.kpis(window(24), scope)
    assert await feed.fetchval('SELECT machine_name FROM data_gaps') == VALVE
    assert before.covered == pytest.approx(after.covered, abs=30) == pytest.approx(2 * 3600, abs=30)
    await feed.fetchval('SELECT refresh_history()')
    assert (await analytics.kpis(window(24), scope)).covered == pytest.approx(after.covered, abs=30)


async def test_a_data_gap_that_goes_on_is_unknown_in_hours_that_are_rolled_up_too(
        connect: Connect, analytics: Analytics) -> None:
    """The days and quarters were added up while nobody could know that nothing would be heard for so long."""
    feed = await connect()
    await feed.execute("UPDATE plant_settings SET machine_silent_after = '1 hour'; "
                       "SET session_replication_role = replica; UPDATE machine_feed_stream SET reported_at = "
                       "now() - '50 hours'::interval; UPDATE machine_status_history SET changed_at = "
                       "now() - '50 hours'::interval; SET session_replication_role = origin")
    await feed.fetchval('SELECT refresh_history()')
    for scope in Scope(machine=VALVE), Scope():
        kpis = await analytics.kpis(window(72), scope)
        machines = 30 if scope.is_whole_floor else 1
        assert kpis.covered == pytest.approx(3600 * machines, abs=1)
    pattern = await analytics.hourly_pattern(window(72), Scope())
    assert sum(map(bool, (share is not None for day in pattern.share for share in day))) <= 2


async def test_without_a_limit_nothing_is_ever_silent(connect: Connect) -> None:
    feed = await connect()
    await feed.execute('SET session_replication_role = replica; '
                       "UPDATE machine_feed_stream SET reported_at = '2020-01-01'; "
                       'SET session_replication_role = origin')
    await set_status(feed, 'operational')
    assert await feed.fetchval('SELECT count(*) FROM data_gaps') == 0


async def test_a_renamed_machine_leaves_under_its_old_name_and_comes_under_the_new(connect: Connect) -> None:
    feed = await connect()
    await feed.execute("UPDATE machines SET machine_name = 'Valve_01_09' WHERE machine_name = $1", VALVE)
    await set_status(feed, 'down', name='Valve_01_09')
    rows = await feed.fetch("SELECT machine_name, status FROM machine_intervals WHERE machine_name LIKE 'Valve_01_0%' "
                            'ORDER BY 1, since')
    assert [tuple(row) for row in rows] == [(VALVE, 'operational'), (VALVE, None), ('Valve_01_09', 'operational'),
                                            ('Valve_01_09', 'down')]


async def test_data_gaps_are_only_ever_added_to(connect: Connect) -> None:
    feed = await connect()
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match='data_gaps is append-only'):
        await feed.execute('DELETE FROM data_gaps')


# the job

async def test_the_job_refreshes_and_hands_over_the_limit(connect: Connect, database: Database) -> None:
    reader = await connect()
    await add(reader, 30, 'down', 'Jam')
    job = asyncio.create_task(HistoryRefresh(database, machine_silent_after=90.0, every=0.01).job.run())

    async def is_up_to_date() -> bool:
        return bool(await reader.fetchval("SELECT rolled_until > now() - interval '2 hours' FROM history_progress"))

    await until(is_up_to_date)
    assert await reader.fetchval('SELECT machine_silent_after FROM plant_settings') == timedelta(seconds=90)
    assert await reader.fetchval('SELECT count(*) FROM machine_stops') == 1
    job.cancel()
    await asyncio.gather(job, return_exceptions=True)


async def test_the_job_survives_a_database_that_is_away(connect: Connect, database: Database, settings: Settings,
                                                           caplog: pytest.LogCaptureFixture) -> None:
    reader = await connect()
    away = Database('postgresql://nobody@127.0.0.1:1/nothing', settings)
    job = HistoryRefresh(away, None, every=0.01)
    with pytest.raises(DatabaseUnavailableError):
        await job.refresh()
    task = asyncio.create_task(job.job.run())
    await until(lambda: 'the history cannot be updated' in caplog.text)
    job._database = database
    await add(reader, 1, 'down')

    async def is_up_to_date() -> bool:
        return bool(await reader.fetchval('SELECT count(*) FROM machine_stops'))

    await until(is_up_to_date)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await away.close()


# windows and things that are not there

@pytest.mark.parametrize('asked', [
    Window(datetime(2016, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
    Window(datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)),
    Window(datetime(2500, 1, 1, tzinfo=UTC), datetime(2501, 1, 1, tzinfo=UTC)),
    Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
    Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)),
], ids=['ten years', 'forever', 'future', 'empty', 'one second'])
@pytest.mark.parametrize('scope', [Scope(), Scope(machine=MachineName('Nobody')), Scope(line='Nowhere')],
                         ids=['floor', 'no machine', 'no line'])
async def test_any_window_of_anything_has_an_answer(analytics: Analytics, asked: Window, scope: Scope) -> None:
    kpis = await analytics.kpis(asked, scope)
    assert kpis.coverage is None or 0 <= kpis.coverage <= 1
    assert kpis.mtbf is None and kpis.mttr is None and kpis.response is None and kpis.stops == 0
    assert (await analytics.causes(asked, scope), await analytics.problem_machines(asked, scope)) == ((), ())
    assert (await analytics.stops(asked, scope)).total == 0
    assert len((await analytics.hourly_pattern(asked, scope)).share) == 7
    assert (await analytics.work_orders(asked, scope)).resolution == ()
    assert (await analytics.wait_attribution(asked, scope)).not_attributed == 0
    for kpi in Kpi:
        assert (await analytics.explain(kpi, asked, scope)).formula
    assert len(await analytics.lines(asked)) in {0, 4}
    assert [lane.machine for lane in await analytics.timeline(asked, [VALVE])] == [VALVE]
    assert (await analytics.floor_at(asked.start)).machines == () or asked.start.year == 2500


async def test_a_machine_that_is_gone_keeps_its_past(connect: Connect, analytics: Analytics) -> None:
    feed = await connect()
    await add(feed, 20, 'operational')
    await add(feed, 10, None)
    for _ in 'before and after a refresh', 'and':
        kpis = await analytics.kpis(window(25, datetime.now(UTC)), Scope(machine=MachineName('Press')))
        assert kpis.coverage == pytest.approx(10 / 25, abs=0.001)
        assert kpis.at_least == pytest.approx(10 * 3600, abs=1)
        await feed.fetchval('SELECT refresh_history()')
    assert (await analytics.kpis(window(5, datetime.now(UTC)))).machines == 30


def test_a_window_and_a_page_must_make_sense() -> None:
    with pytest.raises(InvalidInputError, match='time zone'):
        Window(datetime(2026, 1, 1), datetime(2026, 1, 2, tzinfo=UTC))
    with pytest.raises(InvalidInputError, match='before it starts'):
        Window(datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(InvalidInputError, match='a page has'):
        Page(0)


async def test_there_is_no_figure_of_that_name(analytics: Analytics) -> None:
    with pytest.raises(InvalidInputError, match='use uptime_share, availability, down, stops'):
        await analytics.explain('oee', window(1))


# taking a number apart

async def test_the_pieces_of_a_figure_add_up_to_it(connect: Connect, analytics: Analytics) -> None:
    feed = await connect()
    await add(feed, 20, 'operational')
    await add(feed, 15, 'down', 'Jam')
    await add(feed, 14, 'warning', 'Starved')
    await add(feed, 13, 'down')
    await add(feed, 12.99, 'operational')
    asked, press = window(24, datetime.now(UTC)), Scope(machine=MachineName('Press'))
    uptime = await analytics.explain('uptime_share', asked, press)
    assert {piece.status for piece in uptime.pieces if not piece.counted} == {Status.UNKNOWN}
    counted = [piece for piece in uptime.pieces if piece.counted]
    up = sum(piece.seconds for piece in counted if piece.status is not Status.DOWN)
    assert uptime.value == pytest.approx(up / sum(piece.seconds for piece in counted))
    mttr = await analytics.explain('mttr', asked, press)
    assert [(piece.counted, piece.why) for piece in mttr.pieces] == [(True, ''), (False, 'micro-stop')]
    assert mttr.value == pytest.approx(sum(piece.seconds for piece in mttr.pieces if piece.counted))
    assert Term('micro-stops', 1, Unit.COUNT) in mttr.left_out
    assert [part.machine for part in uptime.parts] == ['Press']
    pages = [await analytics.explain('coverage', asked, Scope(), Page(number, 7)) for number in (1, 2, 3, 4, 5, 6)]
    every = [piece for page in pages for piece in page.pieces]
    assert len({(piece.machine, piece.since) for piece in every}) == len(every) > 31
    assert [page.more for page in pages] == [True] * 5 + [False] or pages[-1].more


async def test_clocks_split_a_stop_and_add_up_to_it(connect: Connect, analytics: Analytics) -> None:
    feed = await connect()
    began = await add(feed, 5, 'down', 'Jam', name=VALVE)
    await add(feed, 3, 'operational', name=VALVE)
    await feed.execute(
        'INSERT INTO work_orders (machine_id, issue_description, stop_since, machine_status, created_at, '
        "acknowledged_at, started_at) VALUES ($1, 'It stands', $2::timestamptz, 'down', "
        "$2::timestamptz + interval '10 minutes', $2::timestamptz + interval '30 minutes', "
        "$2::timestamptz + interval '1 hour')", VALVE, began)
    stop = (await analytics.stops(window(24), Scope(machine=VALVE))).stops[0]
    assert (stop.detect, stop.acknowledge, stop.respond, stop.repair) == (600, 1200, 1800, pytest.approx(3600, abs=1))
    assert sum([stop.detect, stop.acknowledge, stop.respond, stop.repair]) == pytest.approx(stop.length)
    kpis = await analytics.kpis(window(24), Scope(machine=VALVE))
    assert (kpis.response, kpis.acknowledged, kpis.failures) == (1800, 1, 1)
    assert (kpis.repair, kpis.works) == (pytest.approx(3600, abs=1), 1)


async def test_work_orders_over_time(connect: Connect, analytics: Analytics) -> None:
    feed = await connect()
    await feed.execute(
        'INSERT INTO work_orders (machine_id, issue_description, priority, timestamp, status, completed_at, cause, '
        "action_taken) SELECT $1, 'It stands', 'high', now() - n * interval '1 day', 'completed', now() - n * "
        "interval '1 day' + n * interval '1 hour', 'Wear', 'Replaced' FROM unnest('{1,2,8}'::int[]) n", VALVE)
    await feed.execute("INSERT INTO work_orders (machine_id, issue_description, timestamp) VALUES ($1, 'It leaks', "
                       "now() - interval '2 days')", VALVE)
    report = await analytics.work_orders(window(24 * 10))
    assert sum(day.orders for day in report.volume) == 4
    assert [day.average is not None for day in report.volume] == [False] * 6 + [True] * 3
    assert [day.is_over for day in report.volume] == [True] * 8 + [False]
    assert report.volume[-1].average == pytest.approx(3 / 7)
    assert [(r.priority, r.orders, r.mean, r.median) for r in report.resolution] == [('high', 3, 13_200, 7200)]
    assert [(a.priority, a.orders) for a in report.ages] == [('medium', 1)]
    assert report.ages[0].oldest == pytest.approx(2 * 86400, abs=60)
    assert [(load.name, load.active, load.completed) for load in report.load] == [(None, 1, 3)]


async def test_the_vital_few_are_the_first_to_reach_eighty_percent(connect: Connect, analytics: Analytics) -> None:
    feed = await connect()
    for hours_ago, hours, reason in [(40, 6.0, 'Hydraulic leak'), (30, 3.0, 'Jam'), (20, 0.5, 'Diverter'),
                                     (10, 0.2, None), (8, 0.2, None)]:
        await add(feed, hours_ago, 'down', reason)
        await add(feed, hours_ago - hours, 'operational')
    causes = await analytics.causes(window(48))
    assert [(cause.reason, cause.vital) for cause in causes] == [
        ('Hydraulic leak', True), ('Jam', True), ('Diverter', False), (None, False)]
    assert causes[1].cumulative == pytest.approx(9 / 9.9, abs=0.001)
    assert [(cause.reason, cause.count) for cause in await analytics.causes(window(48), by='count')][:1] == [(None, 2)]


async def test_a_crowd_of_stretches_becomes_one_band_of_the_worst(connect: Connect, analytics: Analytics) -> None:
    feed = await connect()
    for minute in range(60):
        await add(feed, 5 + minute / 60, 'down' if minute == 30 else 'warning', f'Reason {minute}')
    lane, = await analytics.timeline(window(24, datetime.now(UTC)), [MachineName('Press')], columns=12)
    assert len(lane.bands) <= 12 * 4
    assert [band.status for band in lane.bands if band.merged > 1] == [Status.DOWN]
    assert sum(band.merged for band in lane.bands) == 61


async def test_a_schema_that_is_not_ours_is_shown_in_a_sentence(connect: Connect, analytics: Analytics) -> None:
    feed = await connect()
    await feed.execute('DROP FUNCTION work_orders_at')
    with pytest.raises(DatabaseUnavailableError, match=r'cannot answer: function work_orders_at.* does not exist'):
        await analytics.floor_at(datetime.now(UTC))
