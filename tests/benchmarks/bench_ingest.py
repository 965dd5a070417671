"""Events over HTTP: to a tile in Chromium, in turn with UPDATEs; and 3,000 a second in batches, for a minute.

The yardsticks are the same statuses as plain UPDATEs by asyncpg. Single events are sent by two clients:
aiohttp, by which the gateway sends its batches, parses in C, as asyncpg does; httpx in Python.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from statistics import median

import aiohttp
import asyncpg
import httpx

from .bench_latency import RATE, latencies
from .bench_many import add_machines
from .changes import STATUSES, UPDATE, WRITERS, Change, Writer, writer
from .chromium import chromium
from .crowd import crowd
from .report import Row, at_most, percentile, say, spread
from .server import SCHEMA, Floor, running_floor

MORE_MS, BEHIND_MS = 3.0, 1000.0
MACHINES, BATCH, EVENTS_PER_S = 1000, 300, 3000
KEY = (f'INSERT INTO {SCHEMA}.access_keys (kind, name, secret_hash, scopes, made_by) '
       "VALUES ('token', 'benchmark', sha256($1::text::bytea), '{feed:write}', 'benchmark')")
SECRET = 'lm_token_' + 'b' * 43
HEADERS = {'Authorization': f'Bearer {SECRET}'}


async def run(program: Path, *, quick: bool) -> list[Row]:
    """The rows."""
    async with running_floor(program) as app, reporter(app) as client:
        rows = await to_tile(app, client, *((2, 5) if quick else (6, 20)))
        await add_machines(app, MACHINES)
        return rows + await flood(app, client, 10 if quick else 60)


@asynccontextmanager
async def reporter(app: Floor) -> AsyncIterator[httpx.AsyncClient]:
    """A program with a token for reporting."""
    connection = await asyncpg.connect(app.database_url)
    await connection.execute(KEY, SECRET)
    await connection.close()
    async with httpx.AsyncClient(base_url=app.address, headers=HEADERS, timeout=60) as client:
        yield client


async def send(client: httpx.AsyncClient, machine: str, status: str, reason: str) -> None:
    """One event."""
    answer = await client.post('/api/feed', json={'machine': machine, 'status': status, 'reason': reason})
    answer.raise_for_status()


async def send_lean(client: aiohttp.ClientSession, machine: str, status: str, reason: str) -> None:
    """One event."""
    async with client.post('/api/feed', json={'machine': machine, 'status': status, 'reason': reason}) as answer:
        answer.raise_for_status()
        await answer.read()


async def to_tile(app: Floor, client: httpx.AsyncClient, rounds: int, seconds: float) -> list[Row]:
    """From sending to the changed tile, by HTTP and by UPDATE in turn."""
    async with writer(app.database_url) as update, chromium() as browser, \
            aiohttp.ClientSession(app.address, headers=HEADERS) as lean:
        ways = {'aiohttp': Writer([partial(send_lean, lean)] * WRITERS, update.machines, first=1_000_000),
                'httpx': Writer([partial(send, client)] * WRITERS, update.machines, first=2_000_000),
                'UPDATE': update}
        measured: dict[str, list[list[float]]] = {way: [] for way in ways}
        for number in range(rounds):
            for way, write in ways.items():
                measured[way].append(await latencies(browser, app.address, write, seconds))
            say(f'round {number + 1}: p50 ' + ', '.join(f'{way} {median(each[-1]):.2f} ms'
                                                        for way, each in measured.items()))
    p50 = {way: percentile(list(chain.from_iterable(each)), 0.5) for way, each in measured.items()}
    middle = {way: spread([median(each) for each in of_way]) for way, of_way in measured.items()}
    return [at_most(f'event by HTTP ({way}) to tile in Chromium, {RATE}/s, p50', MORE_MS, p50[way] - p50['UPDATE'],
                    'ms more than an UPDATE', f'{p50[way]:.2f} against {p50["UPDATE"]:.2f} ms; rounds {middle[way]} '
                                              f'against {middle["UPDATE"]}') for way in ('aiohttp', 'httpx')]


async def flood(app: Floor, client: httpx.AsyncClient, seconds: int) -> list[Row]:
    """Batches at a steady rate to a floor of 1,000 machines with an open page; then the same as plain UPDATEs."""
    connection = await asyncpg.connect(app.database_url)
    machines = [row['machine_name'] for row in await connection.fetch(
        f'SELECT machine_name FROM {SCHEMA}.machine_feed_stream ORDER BY machine_id')]
    changes: list[Change] = []
    took: list[float] = []
    async with crowd('floor', app.address, 1) as pages:
        began = time.monotonic()
        for index in range(seconds * EVENTS_PER_S // BATCH):
            await asyncio.sleep(max(0.0, began + index * BATCH / EVENTS_PER_S - time.monotonic()))
            first, sent = index * BATCH, time.time()
            batch = [Change(number, machines[number % MACHINES], sent) for number in range(first, first + BATCH)]
            answer = await client.post('/api/feed', json=[
                {'machine': change.machine, 'status': STATUSES[change.number // MACHINES % len(STATUSES)],
                 'reason': f'change {change.number}', 'id': str(change.number)} for change in batch])
            assert [each['result'] for each in answer.json()['results']] == ['accepted'] * BATCH
            took.append(time.time() - sent)
            changes += batch
        rate = len(changes) / (time.monotonic() - began)
        seen = await pages.observed(changes)
    began, updates = time.monotonic(), 0
    while time.monotonic() - began < seconds / 10:
        await connection.execute(UPDATE, machines[updates % MACHINES], STATUSES[updates // MACHINES % 3 - 1], 'plain')
        updates += 1
    plain = updates / (time.monotonic() - began)
    await connection.close()
    stored = f'batches of {BATCH} answered in {median(took) * 1000:.0f} ms (p99 {percentile(took, 0.99) * 1000:.0f})'
    return [Row(f'{EVENTS_PER_S:,} events/s by HTTP for {seconds} s', 'sustained',
                f'{rate:.0f}/s; {stored}; plain UPDATEs {plain:.0f}/s', rate >= EVENTS_PER_S * 0.98),
            at_most('the page behind them, p99', BEHIND_MS, seen.p99, 'ms', f'p50 {seen.p50:.0f} ms'),
            Row('not at the final state', 'none', str(seen.missed), seen.missed == 0)]
