"""Plain requests that no browser follows, as a crawler's or a health check's: what they leave in memory."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx

from .bench_stop import PEOPLE, add_people
from .report import Row, at_most, say
from .server import Server, empty_page, running_floor

REQUESTS, MORE = 105, 400
MEGABYTE = 1_000_000
FIRST_MB, GROWTH_MB = 120, 20


async def run(program: Path, *, quick: bool) -> list[Row]:
    """The rows."""
    more = 100 if quick else MORE
    async with running_floor(program) as app:
        await add_people(app, PEOPLE)
        ours = await crawl(app, '/employees', more)
    async with empty_page() as empty:
        bare = await crawl(empty, '/', more)
    what = f'plain requests of /employees with {PEOPLE} people'
    return [at_most(f'{REQUESTS} {what}: memory', FIRST_MB, ours[0], 'MB more', f'an empty page: {bare[0]:.0f} MB'),
            at_most(f'{more} further {what}: memory', GROWTH_MB, ours[1], 'MB more',
                    f'an empty page: {bare[1]:.0f} MB')]


async def crawl(server: Server, path: str, more: int) -> tuple[float, float]:
    """How much memory grows by the first requests, and by those that follow."""
    sizes = []
    async with httpx.AsyncClient(base_url=server.address, timeout=60) as http:
        for count in 1, REQUESTS, more:
            for _ in range(count):
                (await http.get(path)).raise_for_status()
            await asyncio.sleep(1)
            sizes.append(server.rss / MEGABYTE)
            say(f'{server.address}{path}: {count} requests: {sizes[-1]:.0f} MB')
    return sizes[1] - sizes[0], sizes[2] - sizes[1]
