"""SIGTERM with sixty pages of employees open: until the process is gone, against an empty NiceGUI page's program."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path

import asyncpg
import httpx

from .browsers import FloorBrowser
from .report import Row, at_most, say
from .server import SCHEMA, Floor, Server, empty_page, running_floor

PAGES, PEOPLE = 60, 100
WITHIN_S = 3.0
ADD_PEOPLE = f"""
INSERT INTO {SCHEMA}.employees (first_name, last_name, email, department)
SELECT 'First ' || number, 'Last ' || number, 'person' || number || '@plant.example', 'Maintenance'
FROM generate_series(1, $1::int) AS number"""


async def run(program: Path, *, quick: bool) -> list[Row]:
    """The rows."""
    pages = 10 if quick else PAGES
    async with running_floor(program) as app:
        await add_people(app, PEOPLE)
        ours = await stop(app, pages, '/employees')
    async with empty_page() as empty:
        bare = await stop(empty, pages, '/')
    return [at_most(f'{pages} pages of /employees with {PEOPLE} people, gone after SIGTERM', WITHIN_S, ours, 's',
                    f'an empty NiceGUI page: {bare:.2f} s')]


async def stop(server: Server, pages: int, path: str) -> float:
    """Open so many pages with a socket each, end the program, and take the time."""
    browsers = [FloorBrowser(server.address, path=path) for _ in range(pages)]
    async with httpx.AsyncClient(timeout=60) as http:
        for browser in browsers:
            await browser.open(http)
    began = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    status = await asyncio.to_thread(server.process.wait, 120)
    took = time.monotonic() - began
    say(f'{pages} pages of {path}: gone after {took:.2f} s with exit status {status}')
    for browser in browsers:
        browser.close()
    return took


async def add_people(app: Floor, count: int) -> None:
    """So many more employees."""
    connection = await asyncpg.connect(app.database_url)
    try:
        await connection.execute(ADD_PEOPLE, count)
    finally:
        await connection.close()
    await asyncio.sleep(1)
