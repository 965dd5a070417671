"""From the command to the first live tile in a Chromium that waits for it: cold, with initdb, and warm.

And how long a new database takes to get its 60 days of history, which comes while the floor is live.
"""

from __future__ import annotations

import asyncio
import time
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
LIVE_TILE = 'body:has([data-connection="live"]) .tile'
TRY_EVERY_S = 0.05


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
            at_most('60 days of history for a new database', BACKFILL_S, median(histories), 's', spread(histories))]


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


async def give_history(program: Path) -> float:
    """Seconds."""
    async with running_floor(program) as app:
        connection = await asyncpg.connect(app.database_url, server_settings={'search_path': SCHEMA})
        try:
            done = await backfill(connection, load_queries(), days=60)
        finally:
            await connection.close()
        if done is None:
            raise RuntimeError('the database was not new')
        return done.took
