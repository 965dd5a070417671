"""A sheet of 1,000 machines by REST, dry run and import, against plain INSERTs of the same machines by asyncpg."""

from __future__ import annotations

import time
from pathlib import Path

import asyncpg
import httpx

from .report import Row, at_most, say
from .server import SCHEMA, running_floor

MACHINES, LINES = 1_000, 20
WITHIN_S = 3.0
INSERT = f"INSERT INTO {SCHEMA}.machine_feed_stream (machine_name, type) VALUES ($1, 'press')"


async def run(program: Path, *, quick: bool) -> list[Row]:
    """The row."""
    count = 100 if quick else MACHINES
    sheet = 'line,machine,type,position\n' + ''.join(
        f'Hall {number % LINES},Press {number},press,{number // LINES + 1}\n' for number in range(count))
    async with running_floor(program) as app, httpx.AsyncClient(base_url=app.address, timeout=60) as http:
        connection = await asyncpg.connect(app.database_url)
        try:
            await connection.execute(f'SELECT {SCHEMA}.remove_demo()')
            took = await send(http, '?dry_run=true', sheet) + await send(http, '', sheet)
            began = time.monotonic()
            await connection.executemany(INSERT, [(f'Plain {number}',) for number in range(count)])
            plain = time.monotonic() - began
        finally:
            await connection.close()
    return [at_most(f'import of {count:,} machines with dry run', WITHIN_S, took, 's', f'plain INSERTs: {plain:.2f} s')]


async def send(http: httpx.AsyncClient, query: str, sheet: str) -> float:
    """Seconds until the answer."""
    began = time.monotonic()
    answer = await http.post(f'/api/plant/import{query}', content=sheet, headers={'Content-Type': 'text/csv'})
    took = time.monotonic() - began
    answer.raise_for_status()
    say(f'{query or "import"}: {took:.2f} s')
    return took
