"""Every figure against the oracle, which computes it from a random history by looking at all of it again."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, time, timedelta
from itertools import groupby, pairwise, product
from operator import attrgetter
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from database.postgres import Connect
from hypothesis import HealthCheck, Phase, assume, example, given, settings
from hypothesis import strategies as st
from unit.oracle import US, DataGap, History, HistoryRow, Order

from floor.analytics import (
    DEFINITIONS,
    Analytics,
    Band,
    Kpi,
    Kpis,
    Page,
    Scope,
    StopKind,
    StopSelection,
    StopSort,
    Window,
)
from floor.analytics.kpis import Sums
from floor.analytics.report_snapshot import parts_of
from floor.analytics.timeline import ColumnShares
from floor.core.errors import QueryError
from floor.core.machines import MachineName, Status
from floor.core.plant_calendar import PlantSettings
from floor.core.shifts import Shifts
from floor.db.database import Database

pytestmark = [pytest.mark.newest_postgres, pytest.mark.long]


DETROIT, LORD_HOWE = ZoneInfo('America/Detroit'), ZoneInfo('Australia/Lord_Howe')
SPRING, AUTUMN = datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
LINES = {'Press': ('Transmission Line', 1), 'Welder': ('Transmission Line', 2), 'Oven': ('Transmission Line', 3),
         'Cutter': ('Engine Line', 1), 'Crane': (None, 1)}
NAMES = [*LINES, 'Gone']
SHIFTS = 'Early 06:00,Late 14:00,Night 22:00'
MIDNIGHT = time()
CLOCKS = [(ZoneInfo('UTC'), MIDNIGHT), (DETROIT, MIDNIGHT), (LORD_HOWE, MIDNIGHT),
          (DETROIT, time(6)), (DETROIT, time(5, 30)), (LORD_HOWE, time(5, 30)), (DETROIT, time(6, 7)),
          (DETROIT, time(1, 30)), (LORD_HOWE, time(1, 45)),  # which their clocks show twice
          (DETROIT, time(2, 30)), (LORD_HOWE, time(2, 15))]  # and which they skip
"""By which a plant's days can be, and begin."""
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TABLES = ('machine_status_history', 'status_intervals', 'data_gaps', 'machine_stops', 'history_days', 'changed_days',
          'machine_days', 'machine_hours', 'line_hours', 'stop_days', 'status_days', 'machine_feed_stream',
          'former_machine_names', 'machine_placements', 'machines', 'work_orders', 'work_order_events',
          'work_order_checklist', 'work_order_attachments', 'plant_settings', 'machine_types')
EMPTY = f"""  -- of a few rows each, which TRUNCATE takes ten times as long for
    SET session_replication_role = replica;
    {' '.join(f'DELETE FROM {table};' for table in TABLES)}
    SET session_replication_role = origin;
    INSERT INTO plant_settings DEFAULT VALUES;
"""
MACHINES = """  -- each of another type, which has a micro-stop limit
    INSERT INTO machines (machine_id, machine_name, type, line_id, position)
    SELECT m.number, m.name, m.name, line_id, place
    FROM unnest($1::int[], $2::text[], $3::text[], $4::int[]) AS m (number, name, line, place)
    LEFT JOIN production_lines l ON l.name = m.line"""
CLOCK = """
    CREATE OR REPLACE FUNCTION floor_clock() RETURNS timestamptz LANGUAGE sql STABLE
    AS $$ SELECT '{}'::timestamptz $$"""


class Plant:
    """A database whose history is what a test says it was."""

    def __init__(self, connection: asyncpg.Connection, database: Database) -> None:
        self.connection = connection
        self.database = database
        self.clock = CLOCKS[0]

    async def tell(self, history: History, chance: random.Random | None = None) -> None:
        """Write the history, and sum up some of its days."""
        await self.connection.execute(EMPTY)
        await self.connection.execute(CLOCK.format(history.now))
        numbers = {name: number for number, name in enumerate(history.machines, 1)}
        places = [LINES.get(name, (None, 1)) for name in numbers]
        await self.connection.execute(MACHINES, list(numbers.values()), list(numbers), [line for line, _ in places],
                                      [place for _, place in places])
        await self.move(history, numbers)
        await self.connection.execute('UPDATE plant_settings SET micro_stop = $1', history.micro_stop)
        await self.connection.executemany('INSERT INTO machine_types VALUES ($1, $2) ON CONFLICT (type) '
                                          'DO UPDATE SET micro_stop = excluded.micro_stop', [*history.limits.items()])
        if history.is_lived:
            await self.live(history, numbers, chance)
        else:
            await self.load(history, numbers)
        await self.connection.execute('SET session_replication_role = replica')
        await self.connection.executemany(
            'INSERT INTO work_orders (id, machine_id, stop_since, created_at, acknowledged_at, started_at, due_at, '
            "issue_description, priority, machine_status) "
            "VALUES ($1, $2, $3, $4, $5, $6, now(), 'It stands', 'medium', 'down')",
            [(o.id, o.machine, o.stop_since, o.created, o.acknowledged, o.started) for o in history.orders])
        await self.connection.execute('SET session_replication_role = origin')
        await self.sum_up(chance)

    async def move(self, history: History, numbers: dict[str, int]) -> None:
        """As they stood, and stand now."""
        await self.connection.execute('SET session_replication_role = replica')
        for name, at, line in history.moves:
            await self.connection.execute(
                'UPDATE machine_placements SET until = $2 WHERE machine_id = $1 AND until > $2', numbers[name], at)
            await self.connection.execute(
                'INSERT INTO machine_placements (machine_id, line_id, since) '
                'VALUES ($1, (SELECT line_id FROM production_lines WHERE name = $3), $2)', numbers[name], at, line)
            await self.connection.execute(
                'UPDATE machines SET line_id = (SELECT line_id FROM production_lines WHERE name = $2) '
                'WHERE machine_id = $1', numbers[name], line)
        await self.connection.execute('SET session_replication_role = origin')

    async def load(self, history: History, numbers: dict[str, int]) -> None:
        """As a history that was there before: a log, of which the rest is made."""
        await self.connection.execute('SET session_replication_role = replica')
        await self.connection.executemany(
            'INSERT INTO machine_feed_stream (machine_id, machine_name, reported_at, status, reason) '
            "VALUES ($1, $2, $3, coalesce($4, 'operational'), $5)",
            [(numbers[name], name, history.quiet.get(name, history.now) - HOUR, *last_words(history, name))
             for name in sorted(history.present)])
        await self.connection.execute("UPDATE plant_settings SET machine_silent_after = '1 hour'")
        await self.connection.executemany(
            'INSERT INTO machine_status_history (version, machine_id, new_status, reason, happened_at) '
            'VALUES ($1, $2, $3, $4, $5)',
            [(row.version, numbers[row.machine], row.status, row.reason, row.at) for row in history.status_rows])
        await self.connection.executemany(
            'INSERT INTO data_gaps (version, machine_id, since, until) '
            "VALUES (nextval('machine_feed_version') + 1000, $1, $2, $3)",
            [(numbers[row.machine], row.since, row.until) for row in history.gaps])
        await self.connection.execute('SET session_replication_role = origin')
        await self.connection.execute('SELECT rebuild_history()')

    async def live(self, history: History, numbers: dict[str, int], chance: random.Random | None) -> None:
        """As it was reported: in any order, some of it twice."""
        rows = [row for row in history.status_rows if row.at <= history.now]
        (chance or random).shuffle(rows)
        await self.connection.executemany(
            'INSERT INTO machine_feed_stream (machine_id, machine_name) VALUES ($1, $2)',
            [(numbers[name], name) for name in sorted(history.present)])
        for row in rows:
            for _ in range(chance.randint(1, 2) if chance else 1):
                await self.connection.execute('SELECT report_status($1, $2, $3, $4)', row.machine, row.status,
                                              row.reason, row.at)
        versions = {(row['machine_id'], row['happened_at']): row['version'] for row in await self.connection.fetch(
            'SELECT machine_id, happened_at, version FROM machine_status_history')}
        history.status_rows = [replace(row, version=versions[numbers[row.machine], row.at]) for row in rows]

    async def sum_up(self, chance: random.Random | None) -> None:
        """All of it, or what chance has left time for; of some something came late again."""
        await self.set_clock(*(chance.choice(CLOCKS) if chance else (DETROIT, MIDNIGHT)))
        await self.connection.execute('SELECT list_days()')
        days = [row['day'] for row in await self.connection.fetch('SELECT day FROM history_days ORDER BY day')]
        for day in days:
            if chance is None or chance.random() < 0.7:
                await self.connection.execute('SELECT sum_day($1)', day)
            if chance and chance.random() < 0.2:
                await self.connection.execute('DELETE FROM machine_days WHERE day = $1', day)
                await self.connection.execute('DELETE FROM stop_days WHERE day = $1', day)
                await self.connection.execute('INSERT INTO changed_days VALUES ($1)', day)

    async def set_clock(self, zone: ZoneInfo, day_start: time) -> None:
        """By which days are from now on."""
        self.clock = zone, day_start
        await self.connection.execute('UPDATE plant_settings SET time_zone = $1, day_start = $2', zone.key, day_start)

    def analytics(self, history: History, zone: ZoneInfo = DETROIT, shifts: str = SHIFTS) -> Analytics:
        calendar = PlantSettings(zone=zone).calendar(shifts)
        return Analytics(self.database, lambda: calendar, now=history.now)


def last_words(history: History, machine: str) -> tuple[str | None, str | None]:
    """Status and reason as the feed has them."""
    status_rows = history.of(machine)
    return (status_rows[-1].status, status_rows[-1].reason) if status_rows else (None, None)


@pytest.fixture
async def site(connect: Connect, database: Database) -> AsyncIterator[Plant]:
    yield Plant(await connect(), database)


# random histories

@dataclass(frozen=True)
class Probe:
    """A history, a window on it, and how the history came into the database."""

    history: History
    window: Window
    seed: int


def moments(base: datetime) -> st.SearchStrategy[datetime]:
    """Close enough together to meet; some not on a full minute."""
    minutes = st.integers(-2 * 24 * 60, 3 * 24 * 60) | st.integers(0, 40)
    return st.builds(lambda minute, micros: base + minute * MINUTE + micros * US, minutes,
                     st.just(0) | st.integers(0, 59_999_999))


def possible_gaps(gaps: list[DataGap], rows: list[HistoryRow]) -> list[DataGap]:
    """Those of machines that were there, and in which nothing was reported; one at a time."""
    found: list[DataGap] = []
    for gap in sorted(gaps, key=lambda gap: gap.since):
        mine = sorted((row for row in rows if row.machine == gap.machine), key=lambda row: (row.at, row.version))
        before = [row for row in mine if row.at < gap.since]
        if (before and before[-1].status is not None and not any(gap.since <= row.at < gap.until for row in mine)
                and not any(other.machine == gap.machine and other.until >= gap.since for other in found)):
            found.append(gap)
    return found


@st.composite
def questions(draw: st.DrawFn) -> Probe:
    base = draw(st.sampled_from([SPRING, AUTUMN]))
    when = moments(base)
    states = st.sampled_from([('operational', None), ('down', None), ('down', 'Jam'), ('down', 'Drive overload'),
                              ('down', 'Jam'), ('warning', 'Oil low'), ('warning', 'Starved'), (None, None),
                              ('warning', 'Blocked downstream'), ('warning', ' starved by a neighbour')])
    names = st.sampled_from(NAMES)
    lines = st.sampled_from([None, 'Transmission Line', 'Engine Line'])
    rows = draw(st.lists(st.tuples(names, when, states), max_size=40))
    versions = draw(st.permutations(range(1, len(rows) + 1)))
    of_moment = {(name, at): HistoryRow(name, at, status, reason, version)  # as the times of a machine's reports are
                 for (name, at, (status, reason)), version in zip(rows, versions, strict=True)}
    status_rows = list(of_moment.values())
    gaps = [DataGap(name, since, since + length * MINUTE) for name, since, length in
            draw(st.lists(st.tuples(names, when, st.integers(1, 3000)), max_size=4))]
    now = draw(when | st.just(base + 5 * DAY))
    present = draw(st.sets(names))
    is_lived = draw(st.booleans())
    if is_lived:  # every report is a change, so that their order does not matter
        status_rows = [replace(row, reason=f'{row.reason or "Reason"} {row.version}'.strip())
                       for row in status_rows if row.status is not None and row.at <= now]
        gaps = []
        present = {row.machine for row in status_rows}
    gaps = possible_gaps(gaps, status_rows)
    quiet = {name: max([draw(when), *(row.at for row in status_rows if row.machine == name),
                        *(row.until for row in gaps if row.machine == name)])
             for name in sorted(present) if draw(st.integers(0, 3)) == 0 and not is_lived}
    limits = st.sampled_from([timedelta(), 5 * MINUTE, DAY])
    moved = draw(st.dictionaries(st.tuples(st.sampled_from(list(LINES)), when), lines, max_size=3))
    moves = [(name, at, line) for (name, at), line in sorted(moved.items(), key=lambda move: move[0][1])]
    history = History(status_rows, now, gaps, quiet, places=LINES, present=present, is_lived=is_lived, moves=moves,
                      micro_stop=draw(limits), limits=draw(st.dictionaries(names, limits, max_size=2)))
    stops = [stop for name in LINES for stop in history.stops(name)]
    if stops:
        ages = st.none() | st.integers(-10, 500)
        for number, (stop, created, acknowledged, started) in enumerate(draw(st.lists(
                st.tuples(st.sampled_from(stops), st.integers(-10, 500), ages, ages), max_size=5))):
            history.orders.append(Order(
                stop.machine, stop.since, stop.since + created * MINUTE,
                None if acknowledged is None else stop.since + acknowledged * MINUTE,
                None if started is None else stop.since + started * MINUTE, f'WO-20261101-{number:04}'))
    start, end = sorted([draw(when), draw(when | st.just(now))])
    return Probe(history, Window(start, end), draw(st.integers(0, 2**32)))


async def ask(plant: Plant, question: Probe) -> Analytics:
    await plant.tell(question.history, random.Random(question.seed))
    return plant.analytics(question.history)


many = settings(max_examples=settings.default.max_examples // 2, deadline=None,
                phases=[Phase.explicit, Phase.reuse, Phase.generate], suppress_health_check=list(HealthCheck))
some = settings(many, max_examples=many.max_examples * 2 // 5)
"""For tests that ask a dozen questions of each history, and compare answers with each other instead of the oracle."""
SCOPES = [Scope(), Scope(line='Transmission Line'), Scope(machine=MachineName('Press')), Scope(line='No such line'),
          Scope(machine=MachineName('Gone'))]


def expected(history: History, window: Window, scope: Scope) -> Kpis:
    names = history.scope(window.start, window.end, scope.line, scope.machine)
    others = [] if scope.machine else [name for name in history.machines if name not in names]
    sums = history.sums(names, window.start, window.end, scope.line, others)
    return Kpis.of(window.until(history.now), Sums(**asdict(sums)))


STOP_BEFORE = [HistoryRow('Welder', SPRING, 'down', 'Jam', 1),
               HistoryRow('Welder', SPRING + 18 * MINUTE, 'operational', None, 2)]
REPAIRED_AS_IT_BEGINS = Probe(History(STOP_BEFORE, SPRING + DAY, places=LINES),
                              Window(SPRING + 18 * MINUTE, SPRING + 25 * MINUTE), 1)

STANDS_AND_IS_SILENT = Probe(
    History([HistoryRow('Press', SPRING, 'down', 'Jam', 1),
             HistoryRow('Welder', SPRING + 5 * MINUTE, 'warning', 'Starved', 2)],
            SPRING + 3 * DAY, quiet={'Press': SPRING + HOUR}, places=LINES, present={'Press', 'Welder'}),
    Window(SPRING - DAY, SPRING + 2 * DAY), 7)

MOVED_WHILE_DOWN = Probe(
    History([HistoryRow('Press', SPRING, 'down', 'Jam', 1),
             HistoryRow('Press', SPRING + 4 * DAY, 'operational', None, 2),
             HistoryRow('Welder', SPRING + DAY, 'warning', 'Starved', 3)],
            SPRING + 5 * DAY, places=LINES, moves=[('Press', SPRING + HOUR, 'Engine Line'),
                                                   ('Press', SPRING + 2 * HOUR, None)], present={'Press', 'Welder'}),
    Window(SPRING + DAY, SPRING + 3 * DAY), 4)
"""And never was down on the lines to which it was moved."""


DOWN_WHEN_IT_FELL_SILENT_AND_LEFT = Probe(
    History([HistoryRow('Press', SPRING - HOUR, 'down', 'Jam', 1), HistoryRow('Press', SPRING + DAY, None, None, 2)],
            SPRING + 2 * DAY, gaps=[DataGap('Press', SPRING, SPRING + DAY)], places=LINES, present=set()),
    Window(SPRING - DAY, SPRING + 2 * DAY), 3)
"""In the shifts after the first nothing is known of it but that its stop went on."""


@given(question=questions())
@example(question=REPAIRED_AS_IT_BEGINS)
@example(question=STANDS_AND_IS_SILENT)
@example(question=DOWN_WHEN_IT_FELL_SILENT_AND_LEFT)
@example(question=replace(DOWN_WHEN_IT_FELL_SILENT_AND_LEFT, window=Window(SPRING + HOUR, SPRING + 2 * DAY)))
@example(question=MOVED_WHILE_DOWN)
@example(question=replace(MOVED_WHILE_DOWN, window=Window(SPRING + 4 * DAY, SPRING + 5 * DAY)))
@example(question=replace(REPAIRED_AS_IT_BEGINS, seed=2))
@example(question=replace(REPAIRED_AS_IT_BEGINS, window=Window(SPRING + 18 * MINUTE, SPRING + 18 * MINUTE)))
@many
async def test_kpis_are_what_the_definitions_say(site: Plant, question: Probe) -> None:
    analytics = await ask(site, question)
    for scope in SCOPES:
        assert await analytics.kpis(question.window, scope) == expected(question.history, question.window, scope)
    for each in await analytics.lines(question.window):
        if each.line is not None:
            assert each.kpis == expected(question.history, question.window, Scope(line=each.line))


@given(question=questions())
@some
async def test_what_is_explained_is_what_was_shown(site: Plant, question: Probe) -> None:
    analytics = await ask(site, question)
    shown = expected(question.history, question.window, Scope())
    of = {name: expected(question.history, question.window, Scope(machine=MachineName(name)))
          for name in question.history.machines}
    for kpi in Kpi:
        explained = await analytics.explain(kpi, question.window)
        assert explained.value == getattr(shown, kpi)
        assert [(part.value, part.coverage) for part in explained.parts] == [
            (getattr(of[part.machine], kpi), of[part.machine].coverage) for part in explained.parts]


@given(question=questions())
@many
async def test_the_intervals_behind_a_share_are_the_longest_of_all_page_by_page(site: Plant, question: Probe) -> None:
    analytics = await ask(site, question)
    kpis = await analytics.kpis(question.window)
    for kpi in Kpi.UPTIME_SHARE, Kpi.AVAILABILITY, Kpi.COVERAGE, Kpi.WAITING:
        whole = (await analytics.explain(kpi, question.window, Scope(), Page(1, 1000))).pieces
        lost, seconds = (Status.WARNING, kpis.waiting) if kpi is Kpi.WAITING else (Status.DOWN, kpis.down)
        assert sum(piece.seconds for piece in whole if piece.status is lost) == pytest.approx(seconds)
        for size in 1, 3:
            for number in range(1, 4):
                page = await analytics.explain(kpi, question.window, Scope(), Page(number, size))
                assert page.pieces == whole[(number - 1) * size:number * size]
                assert page.more == (len(whole) > number * size)


@given(question=questions())
@example(question=MOVED_WHILE_DOWN)
@many
async def test_causes_problem_machines_and_stops_are_what_the_definitions_say(site: Plant, question: Probe) -> None:
    history, window = question.history, question.window
    analytics = await ask(site, question)
    for scope in SCOPES[:3]:
        names = [name for name in history.machines if scope.machine in {None, name}]
        causes = await analytics.causes(window, scope)
        assert {cause.reason: (round(cause.seconds * 1e6), cause.count) for cause in causes} == history.causes(
            names, window.start, window.end, scope.line)
        assert [cause.seconds for cause in causes] == sorted((cause.seconds for cause in causes), reverse=True)
        worst = await analytics.problem_machines(window, scope)
        assert [(m.machine, round(m.seconds * 1e6), m.count, round(m.longest * 1e6)) for m in worst] == (
            history.problem_machines(names, window.start, window.end, scope.line))
        page = await analytics.stops(window, scope, Page(1, 1000))
        stops = history.stops_in(names, window.start, window.end, scope.line)
        assert [(s.id, s.machine, s.since, s.until, s.reason, s.repaired) for s in page.stops] == [
            (s.version, s.machine, s.since, s.until, s.reason, s.repaired) for s in stops]
        assert page.total == len(stops)
        for got, stop in zip(page.stops, stops, strict=True):
            assert round(got.down * 1e6) == history.down_within(stop, window.start, window.end)
            assert round(got.length * 1e6) == history.length(stop)
            assert round(got.unconfirmed * 1e6) == history.length(stop) - history.down_within(
                stop, stop.since, history.now)
            order = history.order(stop)
            assert got.order == (order.id if order else None)
            response = history.response(stop)
            assert got.response == (None if response is None else response / 1e6)
        clocks = await analytics.clocks(window, scope)
        assert {c.reason: (c.stops, [round(mean * c.stops * 1e6) for mean in c.means]) for c in clocks.causes} == \
            history.clocks(names, window.start, window.end, scope.line)
        assert clocks.total == len(stops)


@pytest.mark.parametrize('lengths', [
    ((0, 300), (400, 20), (800, 2), (6000, 1), (6010, 9), (6020, 4), (6030, 6), (6040, 2), (6050, 4)),
    ((0, 3), (400, 2), (800, 1), (6000, 4), (6010, 9), (6020, 7), (6030, 8), (6040, 7), (6050, 6)),
])
async def test_a_page_of_stops_is_a_part_of_the_whole_list(site: Plant, lengths: tuple[tuple[int, int], ...]) -> None:
    """A page is bounded by the known time of the stops of the last hundredth of the window; here nearly all stops began
    in it, and of one of them only 2 minutes are known."""
    moments = [(SPRING + minute * MINUTE, status) for since, length in lengths
               for minute, status in ((since, 'down'), (since + length, 'operational'))]
    history = History([HistoryRow('Welder', at, status, None, version)
                       for version, (at, status) in enumerate(moments, 1)],
                      SPRING + 6060 * MINUTE, [DataGap('Welder', SPRING + 6011 * MINUTE, SPRING + 6018 * MINUTE)],
                      places=LINES, present={'Welder'})
    window = Window(SPRING - MINUTE, history.now)
    await ask(site, Probe(history, window, 1))
    analytics = site.analytics(history, shifts='All day 00:00')
    for scope in Scope(), Scope(shift='All day'):
        for kind, sort, turned in product(StopKind, StopSort, (False, True)):
            selection = StopSelection(kind, sort=sort, turned=turned)
            listed = await analytics.stops(window, scope, Page(1, 1000), selection)
            whole = listed.stops
            assert len(whole) == listed.total
            for size, number in product((1, 3), range(1, 4)):
                page = await analytics.stops(window, scope, Page(number, size), selection)
                assert page.stops == whole[(number - 1) * size:number * size], selection
    for kpi in Kpi.FAILURES, Kpi.MICRO_STOPS, Kpi.MTTR, Kpi.CARRIED_IN:
        pieces = (await analytics.explain(kpi, window, Scope(), Page(1, 1000))).pieces
        assert len(pieces) == len(lengths)
        for size, number in product((1, 3), range(1, 4)):
            page_of_pieces = await analytics.explain(kpi, window, Scope(), Page(number, size))
            assert page_of_pieces.pieces == pieces[(number - 1) * size:number * size], kpi


@given(question=questions())
@some
async def test_the_list_of_stops_has_those_of_its_kind_and_its_counts_are_those_of_the_cards(
        site: Plant, question: Probe) -> None:
    history, window = question.history, question.window
    analytics = await ask(site, question)
    kpis = await analytics.kpis(window)
    stops = history.stops_in(history.machines, window.start, window.end)
    kinds = {
        StopKind.ALL: stops,
        StopKind.LONG: [stop for stop in stops if history.is_failure(stop)],
        StopKind.FAILURES: [stop for stop in stops if history.is_failure(stop) and stop.since >= window.start],
        StopKind.MICRO_STOPS: [stop for stop in stops if not history.is_failure(stop) and stop.since >= window.start],
        StopKind.CARRIED_IN: [stop for stop in stops if stop.since < window.start]}
    for kind, expected_stops in kinds.items():
        listed = await analytics.stops(window, Scope(), Page(1, 1000), StopSelection(kind))
        assert {stop.id for stop in listed.stops} == {stop.version for stop in expected_stops}
        assert [stop.down for stop in listed.stops] == sorted((stop.down for stop in listed.stops), reverse=True)
        assert listed.total == len(listed.stops)
        assert listed.seconds == pytest.approx(sum(stop.down for stop in listed.stops))
        assert (listed.failures, listed.micro_stops, listed.carried_in) == (
            kpis.failures, kpis.micro_stops, kpis.carried_in)


@given(question=questions())
@example(question=replace(MOVED_WHILE_DOWN, window=Window(SPRING, SPRING + 2 * DAY)))
@some
async def test_the_stops_behind_a_figure_add_up_to_it(site: Plant, question: Probe) -> None:
    analytics = await ask(site, question)
    for scope in (Scope(), Scope('Transmission Line'), Scope(reason='Jam'), Scope(reason='Jam', shift='Late'),
                  Scope(shift='Early')):
        kpis = await analytics.kpis(question.window, scope)
        amounts = {}
        for kpi in Kpi:
            if DEFINITIONS[kpi].evidence == 'intervals' or (scope.is_filtered and kpi is Kpi.MTBF):
                continue
            explained = await analytics.explain(kpi, question.window, scope, Page(1, 1000))
            pieces, counted = explained.pieces, [piece.counted for piece in explained.pieces]
            assert counted == sorted(counted, reverse=True), 'those that count come first'
            amounts[kpi] = [piece.seconds for piece in pieces if piece.counted]
            assert amounts[kpi] == sorted(amounts[kpi], reverse=True), 'the longest first'
            assert all(piece.counted or piece.why for piece in pieces)
            assert kpi is Kpi.DOWN or explained.counted == len(amounts[kpi])
        assert sum(amounts[Kpi.DOWN]) == pytest.approx(kpis.down)
        assert (len(amounts[Kpi.STOPS]), len(amounts[Kpi.FAILURES]), len(amounts[Kpi.MICRO_STOPS])) == (
            kpis.stops, kpis.failures, kpis.micro_stops)
        assert len(amounts[Kpi.CARRIED_IN]) == kpis.carried_in
        for kpi, number in (Kpi.MTTR, kpis.repaired), (Kpi.REPAIR, kpis.works):
            assert len(amounts[kpi]) == number
            assert sum(amounts[kpi]) == pytest.approx((getattr(kpis, kpi) or 0) * number)
        assert len(amounts[Kpi.RESPONSE]) == kpis.acknowledged
        assert kpis.response in amounts[Kpi.RESPONSE] or not amounts[Kpi.RESPONSE]


@given(cycles=st.lists(st.tuples(st.integers(1, 400), st.integers(5, 200)), min_size=1, max_size=12),
       seed=st.integers(0, 2**32))
@many
async def test_over_complete_cycles_mtbf_and_mttr_agree_with_the_share_of_time_that_was_down(
        site: Plant, cycles: list[tuple[int, int]], seed: int) -> None:
    at, status_rows = SPRING, []
    for number, (up, down) in enumerate(cycles):
        status_rows += [HistoryRow('Press', at, 'operational', None, 2 * number + 1),
                        HistoryRow('Press', at + up * MINUTE, 'down', 'Jam', 2 * number + 2)]
        at += (up + down) * MINUTE
    status_rows.append(HistoryRow('Press', at, 'operational', None, 2 * len(cycles) + 1))
    window = Window(SPRING, at + US)  # the last repair ends with the last cycle
    kpis = await (await ask(site, Probe(History(status_rows, at + DAY, places=LINES), window, seed))).kpis(
        window, Scope(machine=MachineName('Press')))
    assert kpis.mtbf is not None and kpis.mttr is not None and kpis.uptime_share is not None
    assert kpis.mtbf / (kpis.mtbf + kpis.mttr) == pytest.approx(kpis.uptime_share, abs=1e-6)


def by_clock(base: datetime, clock: tuple[ZoneInfo, time]) -> Probe:
    """A machine that is down in the night in which the clocks change, and whose days are by this clock."""
    seed = next(seed for seed in range(1000) if random.Random(seed).choice(CLOCKS) == clock)
    rows = [HistoryRow('Press', base + at * HOUR, status, None, version) for version, (at, status) in enumerate([
        (-24, 'operational'), (4, 'down'), (11, 'operational')], 1)]
    return Probe(History(rows, base + 4 * DAY, places=LINES), Window(base - 22 * HOUR, base + 58 * HOUR), seed)


@given(question=questions())
@example(question=by_clock(SPRING, (DETROIT, time(6))))
@example(question=by_clock(AUTUMN, (DETROIT, time(6))))
@example(question=by_clock(SPRING, (DETROIT, time(5, 30))))
@example(question=by_clock(AUTUMN, (DETROIT, time(5, 30))))
@example(question=MOVED_WHILE_DOWN)
@many
async def test_hours_of_the_week_are_what_the_definitions_say(site: Plant, question: Probe) -> None:
    history, window = question.history, question.window
    await ask(site, question)
    for zone, day_start in site.clock, random.Random(question.seed + 1).choice(CLOCKS):  # days are summed by the first
        await site.set_clock(zone, day_start)
        for scope in SCOPES[:3]:
            names = history.scope(window.start, window.end, scope.line, scope.machine)
            down, known = history.hours(names, window.start, window.end, (zone, day_start), scope.line)
            pattern = await site.analytics(history, zone).hourly_pattern(window, scope)
            for day in range(7):
                for hour in range(24):
                    assert round(pattern.down[day][hour] * 1e6) == down[day, hour]
                    assert round(pattern.covered[day][hour] * 1e6) == known[day, hour]


WAITED_FOR_ON_TWO_LINES = Probe(
    History([HistoryRow(name, SPRING + at * HOUR, status, reason, version)
             for version, (name, at, status, reason) in enumerate([
                 ('Press', 1, 'down', 'Jam'), ('Welder', 1, 'warning', 'Starved'),
                 ('Press', 3, 'operational', None), ('Welder', 3, 'operational', None),
                 ('Press', 6, 'down', 'Jam'), ('Cutter', 6, 'warning', 'Blocked'),
                 ('Press', 7, 'operational', None), ('Cutter', 7, 'operational', None)], 1)],
            SPRING + 2 * DAY, places=LINES, moves=[('Press', SPRING + 5 * HOUR, 'Engine Line')]),
    Window(SPRING, SPRING + DAY), 4)


@given(question=questions())
@example(question=WAITED_FOR_ON_TWO_LINES)
@example(question=STANDS_AND_IS_SILENT)
@example(question=replace(STANDS_AND_IS_SILENT, seed=8))
@example(question=replace(STANDS_AND_IS_SILENT, seed=9))
@many
async def test_causes_of_waiting_are_what_the_definitions_say(site: Plant, question: Probe) -> None:
    history, window = question.history, question.window
    analytics = await ask(site, question)
    answer = await analytics.wait_attribution(window)
    of_lines = [each for line in ('Transmission Line', 'Engine Line')
                for each in (await analytics.wait_attribution(window, Scope(line))).machines]
    waits = history.waits(window.start, window.end)
    for machine in answer.machines:
        assert sum(each.caused for each in of_lines if each.machine == machine.machine) == pytest.approx(machine.caused)
    for name in NAMES:
        caused = sum(length for (_, root), length in waits.items() if root == name)
        nobody = waits[name, None]
        waited = sum(s.length for s in history.known(name, window.start, window.end) if s.waits)
        if None not in history.lines_of(name, window.start, window.end):
            charge = next((c for c in answer.machines if c.machine == name), None)
            got = (charge.caused, charge.not_attributed, charge.waited) if charge else (0, 0, 0)
            assert tuple(round(value * 1e6) for value in got) == (caused, nobody, waited)


@pytest.mark.parametrize(('states', 'caused', 'nobody'), [
    (('blocked', 'blocked', 'down'), {'Oven': 120}, {}),
    (('down', 'starved', 'starved'), {'Press': 120}, {}),
    (('blocked', 'down', 'starved'), {'Welder': 120}, {}),
    (('down', 'blocked', 'starved'), {}, {'Welder': 60, 'Oven': 60}),
    (('blocked', 'starved', 'down'), {}, {'Press': 60, 'Welder': 60}),
    (('starved', 'down', 'blocked'), {}, {'Press': 60, 'Oven': 60}),
    (('down', 'operational', 'starved'), {'Press': 60}, {}),
    (('blocked', 'operational', 'down'), {'Oven': 60}, {}),
])
async def test_a_chain_of_waiting_ends_at_who_is_down_or_where_it_turns_back(
        site: Plant, states: tuple[str, str, str], caused: dict[str, int], nobody: dict[str, int]) -> None:
    """For an hour, on one line, in this order. Behind a machine that waits the other way nobody is charged."""
    of_line = [(state, None) if state in {'down', 'operational'} else ('warning', state.title())
               for state in states]
    status_rows = [HistoryRow(name, SPRING + after, *state, version) for version, (name, state, after) in enumerate([
        *((name, state, 9 * HOUR) for name, state in zip(LINES, of_line, strict=False)),
        *((name, ('operational', None), 10 * HOUR) for name in list(LINES)[:3])], 1)]
    history = History(status_rows, SPRING + 2 * DAY, places=LINES, present=set(LINES))
    for window in Window(SPRING, SPRING + DAY), Window(SPRING + 8 * HOUR, SPRING + 11 * HOUR):
        await site.tell(history)
        answer = await site.analytics(history).wait_attribution(window)
        assert {c.machine: c.caused / 60 for c in answer.machines if c.caused} == caused
        assert {c.machine: c.not_attributed / 60 for c in answer.machines if c.not_attributed} == nobody


async def test_who_is_nearer_is_charged_while_it_is_down_and_then_who_is_behind_it(site: Plant) -> None:
    down, starved, runs = ('down', None), ('warning', 'Starved'), ('operational', None)
    status_rows = [HistoryRow(name, SPRING + at * HOUR, *state, version) for version, (name, state, at) in enumerate([
        ('Press', down, 9), ('Welder', down, 9), ('Oven', starved, 9), ('Welder', runs, 9.5), ('Press', runs, 10),
        ('Oven', runs, 10)], 1)]
    history = History(status_rows, SPRING + 2 * DAY, places=LINES, present=set(LINES))
    await site.tell(history)
    for window in Window(SPRING, SPRING + DAY), Window(SPRING + 8 * HOUR, SPRING + 11 * HOUR):
        answer = await site.analytics(history).wait_attribution(window)
        assert {c.machine: c.caused / 60 for c in answer.machines if c.caused} == {'Welder': 30, 'Press': 30}
        assert answer.not_attributed == 0


@pytest.mark.parametrize(('window', 'known'), [
    ((6, 42), [31, 1, 4]),       # the days that are summed up reach over both ends
    ((14, 58), [37.5, 2.5, 4]),  # and end within both
    ((0, 24), [20, 2, 2]), ((1, 23), [19, 2, 1]), ((20, 30), [10, 0, 0]), ((47, 49), [1.5, .5, 0])])
async def test_a_day_that_is_known_in_part_counts_with_that_part(
        site: Plant, window: tuple[float, float], known: list[float]) -> None:
    """Hours: heard of from 2 on, down from 5 to 7, silent from 34 to 38, down from 48.5 to 51."""
    history = History(
        [HistoryRow('Press', SPRING + at * HOUR, status, None, version) for version, (at, status) in enumerate([
            (2, 'operational'), (5, 'down'), (7, 'operational'), (48.5, 'down'), (51, 'operational')], 1)],
        SPRING + 5 * DAY, [DataGap('Press', SPRING + 34 * HOUR, SPRING + 38 * HOUR)], places=LINES)
    await site.tell(history)
    for scope in Scope(), Scope(machine=MachineName('Press')):
        kpis = await site.analytics(history).kpis(Window(*(SPRING + hour * HOUR for hour in window)), scope)
        assert [hours / 3600 for hours in (kpis.operational, kpis.down, kpis.unknown)] == known


@given(question=questions(), moment=moments(SPRING) | moments(AUTUMN))
@many
async def test_the_floor_at_a_moment_is_what_was_reported_until_then(site: Plant, question: Probe,
                                                                     moment: datetime) -> None:
    history = question.history
    floor = await (await ask(site, question)).floor_at(moment)
    moment = min(moment, history.now)
    assert {m.name: (m.status, m.reason, m.since_ms) for m in floor.machines} == {
        name: (status, reason, ((since - datetime(1970, 1, 1, tzinfo=UTC)) // US + 500) // 1000)
        for name, (status, reason, since) in history.floor_at(moment).items()}
    assert all(event.changed_ms <= moment.timestamp() * 1000 + 0.5 for event in floor.events)  # rounded


@given(question=questions(), columns=st.sampled_from([1, 3, 10_000]))
@many
async def test_a_timeline_has_no_gap_and_shows_what_was(site: Plant, question: Probe, columns: int) -> None:
    history, seen = question.history, question.window.until(question.history.now)
    names = [MachineName(name) for name in ['Nobody', *NAMES]]
    timeline = await (await ask(site, question)).timeline(question.window, names, columns)
    assert timeline.window == seen
    assert [lane.machine for lane in timeline.lanes] == names
    lanes = {name: [(state, list(same)) for state, same in groupby(history.stretches(name, seen.start, seen.end),
                                                                   attrgetter('status', 'reason'))] for name in names}
    bands = {name: [Band(same[0].since, same[-1].until, Status(status), reason) for (status, reason), same in lane]
             for name, lane in lanes.items()}
    crowded = any(crowd(bands[name], seen, columns) > 3 for name in names)
    for lane in timeline.lanes:
        if crowded:
            assert (lane.bands, len(lane.columns)) == ((), columns)
            for place, column in enumerate(lane.columns):
                assert column == pytest.approx(shares(bands[lane.machine], seen, columns, place), abs=1e-6)
        else:
            assert (list(lane.bands), lane.columns) == (bands[lane.machine], ())


def crowd(bands: Sequence[Band], window: Window, columns: int) -> int:
    """The most bands that begin and end in one column."""
    width = window.micros // columns + 1
    places = [((band.since - window.start) // US // width, ((band.until - window.start) // US - 1) // width)
              for band in bands]
    return max(Counter(first for first, last in places if first == last).values(), default=0)


def shares(bands: Sequence[Band], window: Window, columns: int, place: int) -> ColumnShares:
    """Of one column."""
    width = window.micros / columns
    spent = dict.fromkeys(Status, 0.0)
    for band in bands:
        since, until = ((at - window.start) / US for at in (band.since, band.until))
        spent[band.status] += max(0.0, min(until, width * (place + 1)) - max(since, width * place)) / width
    return ColumnShares(*(spent[Status(name)] for name in ColumnShares._fields))


# filters

COUNTED = ('stops', 'failures', 'micro_stops', 'acknowledged', 'repaired', 'works')
"""What all reasons, and all shifts, add up to."""


@given(question=questions())
@example(question=REPAIRED_AS_IT_BEGINS)
@example(question=STANDS_AND_IS_SILENT)
@some
async def test_the_figures_of_all_reasons_add_up_to_those_without_a_filter(site: Plant, question: Probe) -> None:
    history, window = question.history, question.window
    assume(window.until(history.now).micros)
    analytics = await ask(site, question)
    whole = await analytics.kpis(window)
    reasons = sorted({stop.reason or '' for name in history.machines for stop in history.stops(name)})
    of = {reason: await analytics.kpis(window, Scope(reason=reason)) for reason in reasons}
    for name in (*COUNTED, 'carried_in', 'ongoing'):
        assert sum(getattr(kpis, name) for kpis in of.values()) == getattr(whole, name), name
    assert sum(kpis.down for kpis in of.values()) == pytest.approx(whole.down)
    assert all(kpis.uptime_share is kpis.availability is kpis.mtbf is kpis.at_least is None for kpis in of.values())
    causes = {cause.reason or '': cause for cause in await analytics.causes(window)}
    for reason, kpis in of.items():
        scope = Scope(reason=reason)
        cause = causes.get(reason)
        worst = await analytics.problem_machines(window, scope, 1000)
        stops = await analytics.stops(window, scope, Page(1, 1000))
        assert (kpis.down, kpis.stops) == ((cause.seconds, cause.count) if cause else (0, 0))
        assert sum(machine.seconds for machine in worst) == pytest.approx(kpis.down)
        assert sum(machine.count for machine in worst) == kpis.stops
        assert (stops.total, stops.failures, stops.micro_stops) == (
            kpis.stops + kpis.carried_in, kpis.failures, kpis.micro_stops)
        assert {stop.reason or '' for stop in stops.stops} <= {reason}
        clocks = await analytics.clocks(window, scope)
        assert list(clocks.causes) == [each for each in (await analytics.clocks(window)).causes
                                       if (each.reason or '') == reason]
        assert await analytics.causes(window, scope) == await analytics.causes(window)


@given(question=questions())
@example(question=REPAIRED_AS_IT_BEGINS)
@example(question=STANDS_AND_IS_SILENT)
@example(question=DOWN_WHEN_IT_FELL_SILENT_AND_LEFT)
@some
async def test_the_figures_of_all_shifts_add_up_to_those_without_a_filter(site: Plant, question: Probe) -> None:
    window = question.window
    assume(window.until(question.history.now).micros)
    analytics = await ask(site, question)
    scopes = [Scope(shift=name) for name in Shifts(SHIFTS, DETROIT).names]
    whole, of = await analytics.kpis(window), [await analytics.kpis(window, scope) for scope in scopes]
    for name in COUNTED:
        assert sum(getattr(kpis, name) for kpis in of) == getattr(whole, name), name
    for name in 'covered', 'operational', 'warning', 'waiting', 'down':
        assert sum(getattr(kpis, name) for kpis in of) == pytest.approx(getattr(whole, name)), name
    causes = [cause for scope in scopes for cause in await analytics.causes(window, scope)]
    for cause in await analytics.causes(window):
        assert sum(each.seconds for each in causes if each.reason == cause.reason) == pytest.approx(cause.seconds)
        assert sum(each.count for each in causes if each.reason == cause.reason) == cause.count
    for scope, kpis in zip(scopes, of, strict=True):
        stops = await analytics.stops(window, scope, Page(1, 1000))
        assert (stops.total, stops.failures, stops.micro_stops) == (
            kpis.stops + kpis.carried_in, kpis.failures, kpis.micro_stops)
        assert stops.seconds == pytest.approx(kpis.down)
    patterns = [await analytics.hourly_pattern(window, scope) for scope in scopes]
    pattern = await analytics.hourly_pattern(window)
    for day in range(7):
        for hour in range(24):
            assert sum(each.covered[day][hour] for each in patterns) == pytest.approx(pattern.covered[day][hour])
    waits = [await analytics.wait_attribution(window, scope) for scope in scopes]
    for machine in (await analytics.wait_attribution(window)).machines:
        assert sum(each.caused for wait in waits for each in wait.machines
                   if each.machine == machine.machine) == pytest.approx(machine.caused)


LATE = SPRING + 2 * DAY + 18 * HOUR
"""When a late shift begins in Detroit."""
OVER_THE_EDGES_OF_A_SHIFT = Probe(
    History([HistoryRow('Press', LATE - HOUR, 'down', 'Jam', 1),
             HistoryRow('Press', LATE, 'operational', None, 2),
             HistoryRow('Welder', LATE - HOUR, 'down', 'Jam', 3),
             HistoryRow('Welder', LATE + 2 * HOUR, 'operational', None, 4),
             HistoryRow('Welder', LATE + 6 * HOUR, 'down', 'Jam', 11),
             HistoryRow('Welder', LATE + 7 * HOUR, 'operational', None, 12),
             HistoryRow('Oven', LATE - 9 * HOUR, 'down', None, 5),
             HistoryRow('Oven', LATE + 9 * HOUR, 'operational', None, 6),
             HistoryRow('Cutter', LATE + HOUR, 'down', 'Jam', 7),
             HistoryRow('Cutter', LATE + 3 * HOUR, None, None, 8),
             HistoryRow('Crane', LATE, 'down', 'Jam', 9),
             HistoryRow('Crane', LATE + MINUTE, 'operational', None, 10)],
            LATE + 2 * DAY, places=LINES, present=set(LINES) - {'Cutter'},
            moves=[('Welder', LATE + 5 * HOUR, 'Engine Line')],
            orders=[Order('Welder', LATE - HOUR, LATE - 50 * MINUTE, LATE - 40 * MINUTE,
                          LATE + 30 * MINUTE, 'WO-20261101-0001'),
                    Order('Cutter', LATE + HOUR, LATE + 61 * MINUTE, LATE + 62 * MINUTE,
                          LATE + 63 * MINUTE, 'WO-20261101-0002')]),
    Window(SPRING + DAY, SPRING + 4 * DAY), 5)
"""One ends as it begins, one was acknowledged before and worked on in it, one is on another line, one goes through all
of it, one ends as its machine leaves, and one begins with it."""


def stop_figures(kpis: Kpis) -> dict[str, object]:
    """All that counts stops."""
    return {name: getattr(kpis, name) for name in (
        'failures', 'micro_stops', 'carried_in', 'repaired', 'mttr', 'works', 'repair', 'acknowledged', 'response',
        'response_p90')}


def expected_of_shift(history: History, window: Window, scope: Scope) -> dict[str, object]:
    """What is counted in each of its hours; a stop that went on when one of them began, and began in none, once."""
    parts = parts_of(window.until(history.now), scope, Shifts(SHIFTS, DETROIT))
    names = [name for name in history.machines if scope.machine in {None, name}]
    of_parts = [history.sums([], part.start, part.end, scope.line, names) for part in parts]
    sums = Sums(**{name: sum(getattr(of, name) for of in of_parts)
                   for name in ('failures', 'micro_stops', 'repairs', 'repair', 'works', 'work')},
                responses=[response for of in of_parts for response in of.responses])
    found = {(stop.machine, stop.since)
             for part in parts for stop in history.stops_in(names, part.start, part.end, scope.line)}
    sums.carried_in = len([since for _, since in found if not any(part.start <= since < part.end for part in parts)])
    return stop_figures(Kpis.of(window, sums))


@given(question=questions())
@example(question=OVER_THE_EDGES_OF_A_SHIFT)
@example(question=MOVED_WHILE_DOWN)
@example(question=DOWN_WHEN_IT_FELL_SILENT_AND_LEFT)
@many
async def test_the_stops_of_a_shift_are_those_of_its_hours(site: Plant, question: Probe) -> None:
    analytics = await ask(site, question)
    for scope in SCOPES[:3]:
        for shift in 'Early', 'Late':
            of_shift = replace(scope, shift=shift)
            assert stop_figures(await analytics.kpis(question.window, of_shift)) == expected_of_shift(
                question.history, question.window, of_shift)


@given(question=questions())
@example(question=REPAIRED_AS_IT_BEGINS)
@example(question=STANDS_AND_IS_SILENT)
@some
async def test_a_shift_of_all_day_is_as_no_filter(site: Plant, question: Probe) -> None:
    window, all_day = question.window, Scope(shift='All day')
    assume(window.until(question.history.now).micros)
    await ask(site, question)
    analytics = site.analytics(question.history, shifts='All day 00:00')
    assert await analytics.kpis(window, all_day) == await analytics.kpis(window)
    assert await analytics.causes(window, all_day) == await analytics.causes(window)
    assert await analytics.problem_machines(window, all_day) == await analytics.problem_machines(window)
    assert await analytics.clocks(window, all_day) == await analytics.clocks(window)
    for kind in StopKind:
        assert await analytics.stops(window, all_day, Page(), StopSelection(kind)) == await analytics.stops(
            window, Scope(), Page(), StopSelection(kind))


@given(question=questions())
@example(question=REPAIRED_AS_IT_BEGINS)
@example(question=STANDS_AND_IS_SILENT)
@some
async def test_each_point_of_a_trend_is_what_the_figures_of_its_window_are(site: Plant, question: Probe) -> None:
    window, analytics = question.window, await ask(site, question)
    third = (window.end - window.start) / 3
    edges = [window.start, window.start + third, window.start + 2 * third, window.end]
    buckets = [Window(start, end) for start, end in pairwise(edges) if start < end]
    for scope in Scope(), Scope('Transmission Line'), Scope(reason='Jam'), Scope(shift='Late'), Scope(
            reason='Jam', shift='Late'):
        points = await analytics.trend(buckets, scope)
        assert [point.is_over for point in points] == [
            bucket.end <= question.history.now for bucket in buckets if bucket.start < question.history.now]
        for bucket, point in zip(buckets, points, strict=False):
            kpis = await analytics.kpis(bucket, scope)
            expected_point = (kpis.availability, pytest.approx(kpis.down), kpis.failures) if kpis.covered else (
                None, None, None)
            assert (point.availability, point.down, point.failures) == expected_point


async def test_an_unknown_reason_or_shift_is_refused_with_those_there_are(site: Plant) -> None:
    history = History([HistoryRow('Press', SPRING, 'down', 'Jam', 1)], SPRING + DAY, places=LINES)
    await site.tell(history)
    analytics = site.analytics(history)

    with pytest.raises(QueryError) as refused:
        await analytics.checked(Scope(reason='Spindle', shift='Evening'))

    assert refused.value.faults == {'reason': 'There is no reason Spindle. Use Jam.',
                                    'shift': 'There is no shift Evening. Use Early, Late or Night.'}
    await analytics.checked(Scope(reason='Jam', shift='Late'))
    with pytest.raises(QueryError, match='no reason \\(none\\)'):
        await analytics.checked(Scope(reason=''))
