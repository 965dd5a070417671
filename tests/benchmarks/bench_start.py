"""From the command to the first live tile in a Chromium that waits for it: cold, with initdb, and warm.

And how long a new database takes to get its 60 days of history, which comes while the floor is live: by the clock, in
processor time of the process that writes it, and how long its event loop is held up by it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import asyncpg
from playwright.async_api import Browser, Error

from floor.db.query_files import load_queries
from simulator.backfill import backfill

from .chromium import chromium, fresh
from .report import Row, at_most, say, spread
from .server import SCHEMA, data_folder, running_floor, start_floor

COLD_S, WARM_S, BACKFILL_S = 10.0, 3.0, 12.0
BACKFILL_CPU_S, TURN_MS = 10.0, 50.0
LIVE_TILE = 'body:has([data-connection="live"]) .tile'
TRY_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class Given:
    """A history: seconds by the clock, processor seconds of this process, and the longest turn of its event loop, in ms
    of its thread's processor time, which other work does not lengthen."""

    took_s: float
    processor_s: float
    turn_ms: float


async def run(program: Path, *, quick: bool) -> list[Row]:
    """The rows."""
    cold: list[float] = []
    warm: list[float] = []
    async with chromium() as browser:
        for _ in range(1 if quick else 3):
            async with data_folder() as folder:
                cold.append(await start(browser, program, folder))
                warm += [await start(browser, program, folder) for _ in range(2 if quick else 3)]
            say(f'cold {cold[-1]:.1f} s, warm so far {spread(warm)} s')
    histories = [await give_history(program) for _ in range(1 if quick else 3)]
    return [at_most('start to first live tile, new data folder', COLD_S, median(cold), 's', spread(cold)),
            at_most('start to first live tile, warm', WARM_S, median(warm), 's', spread(warm)),
            *(at_most(f'60 days of history for a new database{what}', limit, median(figures), unit, spread(figures))
              for what, limit, unit, figures in (
                  ('', BACKFILL_S, 's', [each.took_s for each in histories]),
                  (': processor time of who writes it', BACKFILL_CPU_S, 's', [each.processor_s for each in histories]),
                  (': longest turn of the event loop', TURN_MS, 'ms', [each.turn_ms for each in histories])))]


async def start(browser: Browser, program: Path, folder: Path) -> float:
    """Seconds."""
    async with fresh(browser) as (_, page, _):
        began = time.monotonic()
        app = start_floor(program, folder)
        try:
            while True:
                try:
                    await page.goto(app.address)
                    break
                except Error:   # nobody listens yet
                    if app.process.poll() is not None:
                        raise
                    await asyncio.sleep(TRY_EVERY_S)
            await page.wait_for_selector(LIVE_TILE, timeout=60_000)
            return time.monotonic() - began
        finally:
            app.stop()


async def give_history(program: Path) -> Given:
    """To a floor that has none."""
    async with running_floor(program) as app:
        connection = await asyncpg.connect(app.database_url, server_settings={'search_path': SCHEMA})
        try:
            async with turns() as lasted_s:
                began = time.process_time()
                done = await backfill(connection, load_queries(), days=60)
                processor_s = time.process_time() - began
        finally:
            await connection.close()
        if done is None:
            raise RuntimeError('the database was not new')
        return Given(done.took, processor_s, max(lasted_s) * 1000)


@asynccontextmanager
async def turns() -> AsyncIterator[list[float]]:
    """Processor seconds of this thread from one look to the next, a millisecond later or when the loop is free."""
    lasted: list[float] = []

    async def look() -> None:
        before = time.thread_time()
        while True:
            await asyncio.sleep(0.001)
            now = time.thread_time()
            lasted.append(now - before)
            before = now
    looking = asyncio.create_task(look())
    try:
        yield lasted
    finally:
        looking.cancel()
