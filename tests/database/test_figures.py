"""Reports: any window has an answer, a figure can be taken apart, and its pieces add up to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from database.past import Word, say
from database.postgres import Connect
from together import together

from floor.analytics import Analytics, Kpi, Page, Scope, Term, Unit, Window
from floor.analytics.timeline import ColumnShares
from floor.core.errors import DatabaseUnavailableError, InvalidInputError
from floor.core.machines import MachineName, Status
from floor.db.database import Database

VALVE = MachineName('Valve_01_01')


@pytest.fixture
def analysis(database: Database) -> Analytics:
    return Analytics(database)


def window(hours: float, end: datetime | None = None) -> Window:
    end = end or datetime.now(UTC) + timedelta(hours=1)
    return Window(end - timedelta(hours=hours), end)


# windows and things that are not there

@together('asked', [
    Window(datetime(2016, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
    Window(datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)),
    Window(datetime(2500, 1, 1, tzinfo=UTC), datetime(2501, 1, 1, tzinfo=UTC)),
    Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
    Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)),
])
@together('scope', [Scope(), Scope(machine=MachineName('Nobody')), Scope(line='Nowhere')])
async def test_any_window_of_anything_has_an_answer(analysis: Analytics, asked: Window, scope: Scope) -> None:
    kpis = await analysis.kpis(asked, scope)
    assert kpis.coverage is None or 0 <= kpis.coverage <= 1
    assert kpis.mtbf is None and kpis.mttr is None and kpis.response is None and kpis.stops == 0
    assert (await analysis.causes(asked, scope), await analysis.problem_machines(asked, scope)) == ((), ())
    assert (await analysis.stops(asked, scope)).total == 0
    assert len((await analysis.hourly_pattern(asked, scope)).share) == 7
    assert (await analysis.work_orders(asked, scope)).resolution == ()
    assert (await analysis.wait_attribution(asked, scope)).not_attributed == 0
    for kpi in Kpi:
        assert (await analysis.explain(kpi, asked, scope)).formula
    assert len(await analysis.lines(asked)) in {0, 4}
    assert [lane.machine for lane in (await analysis.timeline(asked, [VALVE])).lanes] == [VALVE]
    assert (await analysis.floor_at(asked.start)).machines == () or asked.start.year == 2500


async def test_a_machine_that_is_gone_keeps_its_past(connect: Connect, analysis: Analytics) -> None:
    feed = await connect()
    await say(feed, 'Press', (20, 'operational'), (10, None))
    for _ in 'before and after a refresh', 'and':
        kpis = await analysis.kpis(window(25, datetime.now(UTC)), Scope(machine=MachineName('Press')))
        assert kpis.coverage == pytest.approx(10 / 25, abs=0.001)
        assert kpis.at_least == pytest.approx(10 * 3600, abs=1)
        await feed.fetchval('SELECT refresh_days()')
    assert (await analysis.kpis(window(5, datetime.now(UTC)))).machines == 30


def test_a_window_and_a_page_must_make_sense() -> None:
    with pytest.raises(InvalidInputError, match='time zone'):
        Window(datetime(2026, 1, 1), datetime(2026, 1, 2, tzinfo=UTC))
    with pytest.raises(InvalidInputError, match='before it starts'):
        Window(datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(InvalidInputError, match='a page has'):
        Page(0)


async def test_there_is_no_figure_of_that_name(analysis: Analytics) -> None:
    with pytest.raises(InvalidInputError, match='use uptime_share, availability, down, waiting, stops'):
        await analysis.explain('oee', window(1))


# taking a number apart

async def test_the_pieces_of_a_figure_add_up_to_it(connect: Connect, analysis: Analytics) -> None:
    feed = await connect()
    await say(feed, 'Press', (20, 'operational'), (15, 'down', 'Jam'), (14, 'warning', 'Starved'), (13, 'down'),
              (12.99, 'operational'))
    asked, press = window(24, datetime.now(UTC)), Scope(machine=MachineName('Press'))
    uptime = await analysis.explain('uptime_share', asked, press)
    assert {piece.status for piece in uptime.pieces if not piece.counted} == {Status.UNKNOWN}
    counted = [piece for piece in uptime.pieces if piece.counted]
    up = sum(piece.seconds for piece in counted if piece.status is not Status.DOWN)
    assert uptime.value == pytest.approx(up / sum(piece.seconds for piece in counted))
    mttr = await analysis.explain('mttr', asked, press)
    assert [(piece.counted, piece.why) for piece in mttr.pieces] == [(True, ''), (False, 'micro-stop')]
    assert mttr.value == pytest.approx(sum(piece.seconds for piece in mttr.pieces if piece.counted))
    assert Term('micro-stops', 1, Unit.COUNT) in mttr.left_out
    assert [part.machine for part in uptime.parts] == ['Press']
    pages = [await analysis.explain('coverage', asked, Scope(), Page(number, 7)) for number in (1, 2, 3, 4, 5, 6)]
    every = [piece for page in pages for piece in page.pieces]
    assert len({(piece.machine, piece.since) for piece in every}) == len(every) > 31
    assert [page.more for page in pages] == [True] * 5 + [False] or pages[-1].more


async def test_clocks_split_a_stop_and_add_up_to_it(connect: Connect, analysis: Analytics) -> None:
    feed = await connect()
    began, _ = await say(feed, VALVE, (5, 'down', 'Jam'), (3, 'operational'))
    await feed.execute(
        'INSERT INTO work_orders (machine_id, issue_description, stop_since, machine_status, created_at, '
        "acknowledged_at, started_at) VALUES ($1, 'It stands', $2::timestamptz, 'down', "
        "$2::timestamptz + interval '10 minutes', $2::timestamptz + interval '30 minutes', "
        "$2::timestamptz + interval '1 hour')", VALVE, began)
    stop = (await analysis.stops(window(24), Scope(machine=VALVE))).stops[0]
    assert (stop.detect, stop.acknowledge, stop.respond, stop.repair) == (600, 1200, 1800, pytest.approx(3600, abs=1))
    assert sum([stop.detect, stop.acknowledge, stop.respond, stop.repair]) == pytest.approx(stop.length)
    kpis = await analysis.kpis(window(24), Scope(machine=VALVE))
    assert (kpis.response, kpis.acknowledged, kpis.failures) == (1800, 1, 1)
    assert (kpis.repair, kpis.works) == (pytest.approx(3600, abs=1), 1)


async def test_work_orders_over_time(connect: Connect, analysis: Analytics) -> None:
    feed = await connect()
    await feed.execute(
        'INSERT INTO work_orders (machine_id, issue_description, priority, timestamp, status, completed_at, cause, '
        "action_taken) SELECT $1, 'It stands', 'high', now() - n * interval '1 day', 'completed', now() - n * "
        "interval '1 day' + n * interval '1 hour', 'Wear', 'Replaced' FROM unnest('{1,2,8}'::int[]) n", VALVE)
    await feed.execute("INSERT INTO work_orders (machine_id, issue_description, timestamp) VALUES ($1, 'It leaks', "
                       "now() - interval '2 days')", VALVE)
    report = await analysis.work_orders(window(24 * 10))
    assert sum(day.orders for day in report.volume) == 4
    assert [day.average is not None for day in report.volume] == [False] * 6 + [True] * 3
    assert [day.is_over for day in report.volume] == [True] * 8 + [False]
    assert report.volume[-1].average == pytest.approx(3 / 7)
    assert [(r.priority, r.orders, r.mean, r.median) for r in report.resolution] == [('high', 3, 13_200, 7200)]
    assert [(a.priority, a.orders) for a in report.ages] == [('medium', 1)]
    assert report.ages[0].oldest == pytest.approx(2 * 86400, abs=60)
    assert [(load.name, load.active, load.completed) for load in report.load] == [(None, 1, 3)]


async def test_the_vital_few_are_the_first_to_reach_eighty_percent(connect: Connect, analysis: Analytics) -> None:
    feed = await connect()
    for hours_ago, hours, reason in [(40, 6.0, 'Hydraulic leak'), (30, 3.0, 'Jam'), (20, 0.5, 'Diverter'),
                                     (10, 0.2, None), (8, 0.2, None)]:
        down: Word = (hours_ago, 'down', reason) if reason else (hours_ago, 'down')
        await say(feed, 'Press', down, (hours_ago - hours, 'operational'))
    causes = await analysis.causes(window(48))
    assert [(cause.reason, cause.vital) for cause in causes] == [
        ('Hydraulic leak', True), ('Jam', True), ('Diverter', False), (None, False)]
    assert causes[1].cumulative == pytest.approx(9 / 9.9, abs=0.001)
    assert [(cause.reason, cause.count) for cause in await analysis.causes(window(48), by='count')][:1] == [(None, 2)]


async def test_a_crowd_of_stretches_becomes_shares_of_columns(connect: Connect, analysis: Analytics) -> None:
    feed = await connect()
    await say(feed, 'Press', *((5 + minute / 60, 'down' if minute == 30 else 'warning', f'Reason {minute}')
                               for minute in range(60)))
    asked, names = window(24, datetime.now(UTC)), [MachineName('Press'), MachineName('Nobody')]
    press, nobody = (await analysis.timeline(asked, names, columns=12)).lanes
    assert press.bands == nobody.bands == ()
    assert sum(column.down for column in press.columns) * 120 == pytest.approx(1)
    assert set(nobody.columns) == {ColumnShares(0.0, 0.0, 0.0, 1.0)}
    press, nobody = (await analysis.timeline(asked, names, columns=10_000)).lanes
    assert press.columns == nobody.columns == ()
    assert (len(press.bands), len(nobody.bands)) == (61, 1)


async def test_a_schema_that_is_not_ours_is_shown_in_a_sentence(connect: Connect, analysis: Analytics) -> None:
    feed = await connect()
    await feed.execute('DROP FUNCTION work_orders_at')
    with pytest.raises(DatabaseUnavailableError, match=r'cannot answer: function work_orders_at.* does not exist'):
        await analysis.floor_at(datetime.now(UTC))
