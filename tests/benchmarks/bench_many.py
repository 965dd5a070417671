"""1,000 machines on one page, 200 simulated browsers, 200 changes/s: latency, processor, memory, and nothing missed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg

from .changes import writer
from .crowd import crowd
from .report import Row, at_most, say
from .server import SCHEMA, Floor, live, running_floor

MACHINES, BROWSERS, RATE = 1000, 200, 200
PER_LINE = 25
P99_MS, CORE_PERCENT, MEGABYTES = 250.0, 50.0, 6.0
MEGABYTE = 1024 * 1024
WARM_UP_S = 3

ADD_LINES = f"""
INSERT INTO {SCHEMA}.production_lines (line_id, code, name, position)
SELECT 100 + number, to_char(50 + number, 'FM00'), 'Line ' || 50 + number, 100 + number
FROM generate_series(0, $1::int - 1) AS number"""
ADD_MACHINES = f"""
INSERT INTO {SCHEMA}.machine_feed_stream (machine_id, machine_name, type)
SELECT 10000 + number,
       to_char(50 + number / $2::int, '"Press_"FM00') || to_char(number % $2::int + 1, '"_"FM00'), 'press'
FROM generate_series(0, $1::int - 1) AS number"""


async def run(program: Path, *, quick: bool) -> list[Row]:
    """The rows."""
    browsers, seconds = (50, 8) if quick else (BROWSERS, 30)
    async with running_floor(program) as app:
        await add_machines(app)
        async with crowd('floor', app.address, 2):   # what the first page costs isn't what a browser costs
            pass
        empty = app.rss
        async with crowd('floor', app.address, browsers) as pages, writer(app.database_url) as write:
            opened = app.rss
            warm_up = await write.write(RATE, WARM_UP_S)
            before = app.cpu
            changes = await write.write(RATE, seconds)
            core = (app.cpu - before) / seconds * 100
            seen = await pages.observed([*warm_up, *changes])
            full = app.rss
    per_browser = (max(opened, full) - empty) / MEGABYTE / browsers
    say(f'{browsers} browsers, {seconds} s: p50 {seen.p50:.0f}, p99 {seen.p99:.0f}, worst {seen.worst:.0f} ms; '
        f'{seen.messages:.0f} messages and {seen.kilobytes:.0f} kB per browser; '
        f'memory {empty / MEGABYTE:.0f} MB, with all pages {opened / MEGABYTE:.0f}, then {full / MEGABYTE:.0f}')
    load = f'{MACHINES} machines, {browsers} browsers, {RATE}/s'
    return [at_most(f'{load}, p99', P99_MS, seen.p99, 'ms', f'p50 {seen.p50:.0f} ms'),
            at_most(f'{load}, processor', CORE_PERCENT, core, '% of a core'),
            at_most(f'{load}, memory per browser', MEGABYTES, per_browser, 'MB'),
            Row(f'{load}, missed or not at the final state', 'none', str(seen.missed), seen.missed == 0),
            Row(f'{load}, went back to an older state', 'never', str(seen.backwards), seen.backwards == 0),
            Row(f'{load}, thrown out', 'none', str(seen.lost), seen.lost == 0)]


async def add_machines(app: Floor, machines: int = MACHINES) -> None:
    """Fill the floor up to so many, on lines of 25."""
    connection = await asyncpg.connect(app.database_url)
    try:
        count = machines - await connection.fetchval(f'SELECT count(*) FROM {SCHEMA}.machine_feed_stream')
        await connection.execute(ADD_LINES, -(-count // PER_LINE))
        await connection.execute(ADD_MACHINES, count, PER_LINE)
    finally:
        await connection.close()
    await asyncio.sleep(1)
    await live(app)
