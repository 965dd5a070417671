"""A day of changes through one open page, pressed into minutes: the browser's heap and DOM, and the server's memory.

17,280 changes are one every 5 s for 24 h. Time itself isn't pressed: the clock and the
connection's age tick as often as the benchmark has seconds.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import CDPSession, Page

from .changes import writer
from .chromium import chromium, fresh
from .report import Row, say
from .server import Server, running_floor

CHANGES, RATE = 17_280, 50
WARM_UP, PARTS = 1_440, 8
GROWTH = 1.10
MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes of JavaScript after a collection, DOM nodes, event listeners, and bytes of the server."""

    heap: float
    nodes: float
    listeners: float
    rss: float

    def __str__(self) -> str:
        return (f'heap {self.heap / MEGABYTE:.2f} MB, {self.nodes:.0f} nodes, {self.listeners:.0f} listeners, '
                f'server {self.rss / MEGABYTE:.1f} MB')


async def run(program: Path, *, quick: bool) -> list[Row]:
    """The rows."""
    return await soak(program, 1_200 if quick else CHANGES, '/')


async def soak(program: Path, total: int, path: str, *, outage_s: float = 0.0) -> list[Row]:
    """The rows of one page under so many changes; outage_s: seconds without network after each eighth of them."""
    sizes: list[Size] = []
    async with running_floor(program) as app, writer(app.database_url) as write, chromium() as browser, \
            fresh(browser) as (_, page, tools):
        await page.goto(app.address + path)
        await page.wait_for_selector('[data-connection="live"]')
        await tools.send('Performance.enable')
        await write.write(RATE, min(WARM_UP, total / 4) / RATE)   # every list is full, every cache warm
        await lose_network(page, outage_s)
        for part in range(PARTS + 1):
            if part:
                await write.write(RATE, total / PARTS / RATE)
                await lose_network(page, outage_s)
            sizes.append(await size(tools, app))
            say(f'{part * total // PARTS:6} changes: {sizes[-1]}')
        shown = await page.evaluate("document.querySelectorAll('.tile[data-reason^=change]').length")
        loads = await page.evaluate('performance.getEntriesByType("navigation")[0].type')
    say(f'the last page was loaded by: {loads}')
    rows = [Row('tiles that show a change at the end', '30', str(shown), shown == len(write.machines))]
    for what, values, unit in (('browser heap after a collection', [size.heap / MEGABYTE for size in sizes], 'MB'),
                               ('DOM nodes', [size.nodes for size in sizes], ''),
                               ('event listeners', [size.listeners for size in sizes], ''),
                               ('server memory', [size.rss / MEGABYTE for size in sizes], 'MB')):
        start, middle, end = values[0], values[PARTS // 2], values[-1]
        rows.append(Row(f'{total} changes through {path}, {what}', f'flat: at most {GROWTH:g} x the start',
                        f'{start:.4g}, {middle:.4g}, {end:.4g} {unit}'.strip(), end <= start * GROWTH))
    return rows


async def lose_network(page: Page, seconds: float) -> None:
    """For so long, and until it is back; 0: not at all."""
    if seconds:
        await page.context.set_offline(True)
        await asyncio.sleep(seconds)
        await page.context.set_offline(False)
        await page.wait_for_selector('#popup[aria-hidden="true"]', state='attached')


async def size(tools: CDPSession, server: Server) -> Size:
    """As it is now."""
    await tools.send('HeapProfiler.collectGarbage')
    metrics = {metric['name']: metric['value'] for metric in (await tools.send('Performance.getMetrics'))['metrics']}
    return Size(metrics['JSHeapUsedSize'], metrics['Nodes'], metrics['JSEventListeners'], server.rss)
