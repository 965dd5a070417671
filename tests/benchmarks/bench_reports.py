"""10 million changes of 1,000 machines in a year: every report of 30 days and a year, refresh, what the feed pays."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

import asyncpg

from floor.analytics import Analytics, Scope, Window
from floor.core.machines import MachineName
from floor.core.plant_calendar import PlantSettings
from floor.core.settings import Settings
from floor.db.database import Database
from floor.db.embedded.server import EmbeddedPostgres
from floor.db.migrations import migrate
from floor.db.schema_files import load_schema_files
from floor.jobs.dashboard_refresh import DashboardRefresh
from floor.jobs.day_sums import DaySums

from .report import Row, at_most, percentile, say, spread
from .server import SCHEMA, data_folder

MACHINES, LINES, QUICK_CHANGES = 1000, 40, 500_000
YEAR = timedelta(days=365)
MONTH_MS, YEAR_MS, TIMELINE_MS, FLOOR_AT_MS, TABLES_MS = 200.0, 700.0, 200.0, 50.0, 1000.0
REBUILD_S, SIZE_GB = 60.0, 4.0
LITTLE = 60
DERIVED = ('status_intervals', 'machine_stops', 'machine_days', 'machine_hours', 'line_hours', 'stop_days',
           'status_days')
YARDSTICK = 'SELECT count(*) FROM generate_series(1, 200000)'
ZONE = ZoneInfo('America/Detroit')
CALENDAR = PlantSettings(zone=ZONE).calendar('Early 06:00,Late 14:00,Night 22:00')
Probe = Callable[[Analytics, Window], Awaitable[object]]
FLOOR, LINE, SHIFT = Scope(), Scope(line='Line 7'), Scope(shift='Late')
PRESS = MachineName('Press_07_03')

PLANT = f"""
SET session_replication_role = replica;
TRUNCATE machine_feed_stream, machine_counts, machines, machine_placements, former_machine_names, production_lines,
    work_orders, work_order_events, work_order_checklist, work_order_attachments, machine_status_history,
    status_intervals, machine_stops;
SET session_replication_role = origin;
INSERT INTO production_lines (line_id, code, name, position)
SELECT n, to_char(n, 'FM00'), 'Line ' || n, n FROM generate_series(1, {LINES}) AS n;
INSERT INTO machines (machine_id, machine_name, type, line_id, position)
SELECT row_number() OVER (ORDER BY line, place), to_char(line, '"Press_"FM00') || to_char(place, '"_"FM00'), 'press',
       line, place
FROM generate_series(1, {LINES}) AS line, generate_series(1, {MACHINES // LINES}) AS place;
INSERT INTO machine_feed_stream (machine_id, machine_name, type)
SELECT machine_id, machine_name, type FROM machines;
UPDATE plant_settings SET machine_silent_after = '1 day', time_zone = 'America/Detroit'"""
HISTORY = """
INSERT INTO machine_status_history (version, machine_id, new_status, reason, happened_at)
SELECT n, 1 + floor(random() * $6),
       CASE WHEN dice < 0.42 THEN 'operational' WHEN dice < 0.82 THEN 'warning' ELSE 'down' END,
       CASE WHEN dice < 0.42 THEN NULL WHEN dice < 0.62 THEN 'Degraded ' || n % 20 WHEN dice < 0.74 THEN 'Starved'
            WHEN dice < 0.82 THEN 'Blocked downstream' ELSE 'Cause ' || n % 40 END,
       $3::timestamptz + ($4::timestamptz - $3) * (n / $5::float8)
FROM (SELECT n, random() AS dice FROM generate_series($1::bigint, $2::bigint) AS n) AS change"""
ORDERS = """
SET session_replication_role = replica;
INSERT INTO work_orders (id, machine_id, stop_since, issue_description, priority, status, reporter_name, timestamp,
                         created_at, acknowledged_at, started_at, completed_at, due_at, cause, action_taken)
SELECT 'WO-' || to_char(since, 'YYYYMMDD') || '-' || lpad(to_hex(version), 8, '0'), machine_name, since, 'It stands',
       'high', 'completed', 'Ben Okafor', since + '2 min', since + '2 min', since + '5 min', since + '9 min', until,
       since + '8 hours', 'worn', 'replaced'
FROM machine_stops JOIN machines USING (machine_id)
WHERE until > since + interval '10 min' AND version % 25 = 0;  -- 50,000 a year
SET session_replication_role = origin"""
UPDATE = 'UPDATE machine_feed_stream SET status = $1, reason = $2, datetime = now() WHERE machine_name = $3'
UPDATE_MANY = """
UPDATE machine_feed_stream
SET status = (ARRAY['operational', 'warning', 'down'])[1 + floor(random() * 3)::int], reason = 'Reason ' || random(),
    datetime = now()
WHERE machine_id >= $1 AND machine_id < $1::integer + $2::integer"""
LOG_ONLY = """
CREATE OR REPLACE FUNCTION log_only() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO machine_status_history (version, machine_id, old_status, new_status, reason, datetime, happened_at)
    SELECT n.version, n.machine_id, o.status, n.status, n.reason, n.datetime, n.reported_at
    FROM new_rows n JOIN old_rows o USING (machine_id) WHERE (o.status, o.reason) IS DISTINCT FROM (n.status, n.reason);
    PERFORM announce_items('[', (SELECT array_agg(jsonb_build_array(
        n.machine_name, n.status, n.reason, n.version, epoch_ms(n.reported_at), epoch_ms(n.status_since))
        ORDER BY n.version) FROM new_rows n), ']');
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER log_only AFTER UPDATE ON machine_feed_stream REFERENCING OLD TABLE AS old_rows
    NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION log_only()"""

REPORTS: dict[str, Probe] = {
    'KPIs': lambda analytics, window: analytics.kpis(window, FLOOR),
    'KPIs of a line': lambda analytics, window: analytics.kpis(window, LINE),
    'lines compared': lambda analytics, window: analytics.lines(window),
    'causes': lambda analytics, window: analytics.causes(window, FLOOR),
    'problem machines': lambda analytics, window: analytics.problem_machines(window, FLOOR),
    'four clocks': lambda analytics, window: analytics.clocks(window, FLOOR),
    'stops, first page': lambda analytics, window: analytics.stops(window, FLOOR),
    'hourly pattern': lambda analytics, window: analytics.hourly_pattern(window, FLOOR),
    'hourly pattern of a line': lambda analytics, window: analytics.hourly_pattern(window, LINE),
    'root and victim': lambda analytics, window: analytics.wait_attribution(window, FLOOR),
    'work orders': lambda analytics, window: analytics.work_orders(window, FLOOR),
    'MTBF explained': lambda analytics, window: analytics.explain('mtbf', window, FLOOR),
    'uptime explained': lambda analytics, window: analytics.explain('uptime_share', window, FLOOR),
    'uptime of a machine explained': lambda analytics,
    window: analytics.explain('uptime_share', window, Scope(machine=PRESS)),
    'availability explained': lambda analytics, window: analytics.explain('availability', window, FLOOR),
    'trend by day': lambda analytics, window: analytics.trend(days_of(window), FLOOR),
    'KPIs of a shift': lambda analytics, window: analytics.kpis(window, SHIFT),
    'causes in a shift': lambda analytics, window: analytics.causes(window, SHIFT),
    'hourly pattern of a shift': lambda analytics, window: analytics.hourly_pattern(window, SHIFT),
    'KPIs of a reason': lambda analytics, window: analytics.kpis(window, Scope(reason='Cause 7')),
}


async def run(program: Path, *, quick: bool, millions: int = 10, keep: Path | None = None) -> list[Row]:
    """The rows. The program itself is not needed. keep: a data folder for another run, which then need not fill it."""
    changes, rounds = (QUICK_CHANGES, 5) if quick else (millions * 1_000_000, 20)
    async with data_folder() if keep is None else nullcontext(keep) as folder, scratch(folder) as database:
        rows = list[Row]()
        async with database.acquire() as connection:
            if await connection.fetchval('SELECT count(*) FROM machines') < MACHINES:
                await fill(connection, changes)  # type: ignore[arg-type]
                rows = await derive_all(connection)  # type: ignore[arg-type]
                await connection.execute(ORDERS)
                await connection.execute('VACUUM (ANALYZE) work_orders')
            else:
                await sum_days(connection)  # type: ignore[arg-type]
        return rows + await measure(database, rounds)


async def measure(database: Database, rounds: int) -> list[Row]:
    """Every question so many times, on a year that is filled and derived. After each question the yardstick, because
    how fast the machine is may be another matter a minute later."""
    analytics = Analytics(database, lambda: CALENDAR)
    rows, yardstick = list[Row](), list[float]()

    async def ask(question: Probe, days: float, times: int) -> list[float]:
        took = []
        for _ in range(times):
            took.append(await timed(question, analytics, days))
            began = time.perf_counter()
            await connection.fetchval(YARDSTICK)
            yardstick.append((time.perf_counter() - began) * 1000)
        return took

    async with database.acquire() as connection:
        for name, question in REPORTS.items():
            for days, limit, times in (30, MONTH_MS, rounds), (365, YEAR_MS, max(3, rounds // 2)):
                took = await ask(question, days, times)
                say(f'{name}, {days} days: {spread(took)} ms')
                rows.append(at_most(f'{name}, {days} days, p95', limit, percentile(took, 0.95), 'ms',
                                    f'p50 {median(took):.0f}'))
        names = [MachineName(f'Press_{1 + n % LINES:02}_{1 + n // LINES:02}') for n in range(30)]
        took = await ask(lambda a, w: a.timeline(w, names), 30, rounds)
        rows.append(at_most('timeline of 30 machines, 30 days, p95', TIMELINE_MS, percentile(took, 0.95), 'ms',
                            f'p50 {median(took):.0f}'))
        took = await ask(lambda a, w: a.floor_at(w.start - timedelta(days=random.uniform(0, 360))), 0, rounds)
        rows.append(at_most('the floor at any moment, p95', FLOOR_AT_MS, percentile(took, 0.95), 'ms',
                            f'p50 {median(took):.0f}'))
        rows.append(Row('yardstick: the server counts 200,000 numbers', '', f'{spread(yardstick)} ms'))
        rows.append(await refresh_little(connection, rounds))  # type: ignore[arg-type]
        rows += await refresh_tables(database, connection, rounds)  # type: ignore[arg-type]
        rows += await slowdown(connection, rounds)  # type: ignore[arg-type]
    return rows


@asynccontextmanager
async def scratch(folder: Path) -> AsyncIterator[Database]:
    """The embedded database as the program runs it, with the schema of now."""
    server = EmbeddedPostgres(folder)
    server.start()
    try:
        settings = Settings.load(_env_file=None, database_url=server.url, default_postgres_schema=SCHEMA,
                                 db_command_timeout=3600)
        connection = await asyncpg.connect(server.url)
        await migrate(connection, SCHEMA, load_schema_files(), new_floor='demo')
        await connection.close()
        database = Database(server.url, settings)
        yield database
        await database.close()
    finally:
        server.stop()


async def fill(connection: asyncpg.Connection, changes: int) -> None:
    """A year of history up to now, in the order of time."""
    await connection.execute(PLANT)
    began, now = time.monotonic(), datetime.now(UTC)
    step = 500_000
    for first in range(1, changes + 1, step):
        await connection.execute(HISTORY, first, min(first + step - 1, changes), now - YEAR, now, changes, MACHINES)
    await connection.execute(f"SELECT setval('machine_feed_version', {changes})")
    await connection.execute('VACUUM (ANALYZE) machine_status_history')
    size = await connection.fetchval("SELECT pg_size_pretty(pg_total_relation_size('machine_status_history'))")
    say(f'{changes:,} changes written in {time.monotonic() - began:.0f} s, {size}')


async def derive_all(connection: asyncpg.Connection) -> list[Row]:
    """As for a log that was loaded: intervals and stops, after which reports are right, and the days, after which they
    are quick."""
    began = time.monotonic()
    await connection.execute('SELECT rebuild_history()')
    rebuilt = time.monotonic() - began
    summed = await sum_days(connection)
    sizes = await connection.fetch(
        'SELECT name, pg_size_pretty(pg_total_relation_size(name::regclass)) AS size '
        'FROM unnest($1::text[]) AS name', DERIVED)
    stored: int = await connection.fetchval(
        'SELECT sum(pg_total_relation_size(name::regclass))::bigint FROM unnest($1::text[]) AS name',
        (*DERIVED, 'machine_status_history'))
    say(f'derived in {rebuilt:.0f} s, days summed up in {summed:.0f} s: '
        + ', '.join(f'{row["name"]} {row["size"]}' for row in sizes))
    return [at_most('from the end of a bulk load to right reports', REBUILD_S, rebuilt, 's',
                    f'{summed:.0f} s more until all days are summed up'),
            at_most('size on disk', SIZE_GB, stored / 2**30, 'GB')]


async def sum_days(connection: asyncpg.Connection) -> float:
    """Seconds until every day that is over is summed up."""
    began, done = time.monotonic(), 0
    while days := await connection.fetchval('SELECT refresh_days(5)'):
        done += days
    if done:
        await connection.execute(f'VACUUM (ANALYZE) {", ".join(DERIVED)}')
    return time.monotonic() - began


async def timed(question: Probe, analytics: Analytics, days: float) -> float:
    """Milliseconds for a window of so many days that ends now or a little before."""
    end = datetime.now(UTC) - timedelta(minutes=random.choice([0, random.uniform(0, 600)]))
    began = time.perf_counter()
    await question(analytics, Window(end - timedelta(days=days), end))
    return (time.perf_counter() - began) * 1000


def days_of(window: Window) -> list[Window]:
    """The days of a window by the plant's clock, as far as they are in it."""
    first = window.start.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    midnights = [first + timedelta(days=day) for day in range(1, (window.end - window.start).days + 1)]
    edges = [window.start, *(midnight.astimezone(UTC) for midnight in midnights), window.end]
    return [Window(start, end) for start, end in pairwise(edges) if start < end]


async def refresh_little(connection: asyncpg.Connection, rounds: int) -> Row:
    """What refresh_days() takes when a minute's worth of changes is new."""
    took = []
    for _ in range(rounds):
        await write(connection, LITTLE)
        began = time.perf_counter()
        await connection.fetchval('SELECT refresh_days()')
        took.append((time.perf_counter() - began) * 1000)
    return Row(f'refresh_days() with {LITTLE} new changes', '', f'{spread(took)} ms')


async def refresh_tables(database: Database, connection: asyncpg.Connection, rounds: int) -> list[Row]:
    """All eight dashboard tables as the program refreshes them, after a minute's changes and after a hundred times as
    many: what is stored is the same, so the difference is what is new."""
    job = DashboardRefresh(database, DaySums(database))
    await job.refresh()  # the first one fills them
    rows = []
    for new, times in (LITTLE, rounds), (100 * LITTLE, max(3, rounds // 4)):
        took = []
        for _ in range(times):
            await write(connection, new)
            began = time.perf_counter()
            assert await job.refresh()
            took.append((time.perf_counter() - began) * 1000)
        say(f'eight tables with {new:,} new changes: {spread(took)} ms')
        rows.append(at_most(f'all eight dashboard tables, {new:,} new changes, p95', TABLES_MS, percentile(took, 0.95),
                            'ms', f'p50 {median(took):.0f}'))
    return rows


async def slowdown(connection: asyncpg.Connection, rounds: int) -> list[Row]:
    """A status UPDATE of 1, 30 and 1,000 machines, in turn with one that only logs and announces."""
    await connection.execute(f"SELECT set_config('search_path', '{SCHEMA}, pg_temp', false)")
    await connection.execute(LOG_ONLY)
    rows = []
    for machines, times in (1, 300), (30, 60), (1000, 5):
        took: dict[str, list[float]] = {'machine_feed_updated': [], 'log_only': []}
        for number in range(2 * rounds):
            pair = sorted(took, reverse=number % 2 == 0)
            for trigger, other in pair, pair[::-1]:
                await connection.execute(f'ALTER TABLE machine_feed_stream ENABLE TRIGGER {trigger}, '
                                         f'DISABLE TRIGGER {other}')
                await change(connection, machines, max(6, times // 10))
                began = time.perf_counter()
                await change(connection, machines, times)
                took[trigger].append((time.perf_counter() - began) / times * 1e6)
        whole, least = took['machine_feed_updated'], took['log_only']
        rows.append(Row(f'a status UPDATE of {machines:,}, of one that only logs and announces', '',
                        f'{median(whole) / median(least):.3g} \u00d7 ({spread(whole)} against {spread(least)} us)'))
    return rows


async def change(connection: asyncpg.Connection, machines: int, times: int) -> None:
    """Statements that change so many machines each."""
    for _ in range(times):
        await connection.execute(UPDATE_MANY, random.randint(1, MACHINES - machines + 1), machines)


async def write(connection: asyncpg.Connection, count: int) -> None:
    """So many changes, one after the other."""
    for _ in range(count):
        line, place = random.randint(1, LINES), random.randint(1, MACHINES // LINES)
        await connection.execute(UPDATE, random.choice(['operational', 'warning', 'down']), f'Reason {random.random()}',
                                 f'Press_{line:02}_{place:02}')
