"""Searches among many work orders by the REST interface: what is typed, and how long the answers take."""

from __future__ import annotations

import time
from statistics import median

import asyncpg
import httpx

from .report import Row, at_most, percentile, say, spread

SEARCH_MS = 200.0
TYPED = {
    'one rare word': '{number}',
    'one frequent word': 'seal',
    'two frequent words': 'hydraulic leak',
    'a frequent and a rare word': 'LEAK {number}',
    'a work order number': 'WO-20250101-{number:08x}',
    'a frequent word with an accent': 'Müller',
    'accents and a sharp s, one rare word': 'muller strasse {number}',
    'a machine as people see it': 'valve 02·01 leák',
    'nothing found': 'nothing of the kind',
}
"""number is another one each time."""
YARDSTICK = 'SELECT count(*) FROM generate_series(1, 200000)'


async def search_rows(http: httpx.AsyncClient, connection: asyncpg.Connection, rounds: int, load: str) -> list[Row]:
    """A row for each kind of search. The yardstick is timed after each round: the machine's speed varies."""
    times: dict[str, list[float]] = {kind: [] for kind in TYPED}
    yardstick: list[float] = []
    for number in range(rounds):
        for kind, typed in TYPED.items():
            times[kind].append(await answered(http, typed.format(number=1000 + number * 7), kind))
        began = time.perf_counter()
        await connection.fetchval(YARDSTICK)
        yardstick.append((time.perf_counter() - began) * 1000)
    say(f'search: {summary([each for kind in times.values() for each in kind])}; yardstick {spread(yardstick)} ms')
    return [row(f'{load}, a search by the REST interface', [each for kind in times.values() for each in kind]),
            *(row(f'{load}, search for {kind}', taken) for kind, taken in times.items()),
            Row('yardstick: the server counts 200,000 numbers', '', f'{spread(yardstick)} ms')]


async def answered(http: httpx.AsyncClient, words: str, kind: str) -> float:
    """ms until the first page of what is found is there, with its count."""
    began = time.perf_counter()
    answer = (await http.get('/api/work-orders', params={'q': words})).raise_for_status()
    took = (time.perf_counter() - began) * 1000
    assert bool(answer.json()) == (kind != 'nothing found'), f'{words}: {len(answer.json())} orders'
    return took


def row(what: str, taken: list[float]) -> Row:
    """p95 against its limit, with p50."""
    return at_most(f'{what}, p95', SEARCH_MS, percentile(taken, 0.95), 'ms', f'p50 {median(taken):.0f} ms')


def summary(taken: list[float]) -> str:
    """Both figures, for a line of progress."""
    return f'p50 {median(taken):.0f}, p95 {percentile(taken, 0.95):.0f} ms'
