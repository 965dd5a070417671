"""Where the knee is: machines x browsers x changes per second; latency, frames, processor, and /healthz meanwhile.

Past the knee there are fewer frames and never wrong ones: every browser has to end with the last word of each machine.
Also: how long 200 pages at once keep each other, and those who look already, waiting; and the memory of a browser.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from .bench_many import add_machines
from .changes import Writer, writer
from .chromium import chromium, fresh
from .crowd import Crowd, Observation, crowd
from .report import Row, say
from .server import ROOT, Floor, load_picture, running_floor

MACHINES = (30, 300)
BROWSERS = (25, 100, 400)
RATES = (10, 50, 200, 600)
MAX_TILES = 30_000
"""In all browsers together: a crowd that has more to read needs both cores for itself."""
SECONDS = 5.0
STORM, LOOKING = 200, 20
STORM_RATE = 10
HEALTHY_S, AT_ONCE_MS = 2.0, 250
MEGABYTE = 1024 * 1024
PICTURE = ROOT / 'assets' / 'pictures' / 'load.png'


@dataclass(frozen=True, slots=True)
class Cell:
    """One load. cpu in cores, health: the slowest answer of /healthz in seconds."""

    machines: int
    browsers: int
    rate: int
    seen: Observation
    cpu: float
    health: float

    @property
    def frames(self) -> float:
        """Messages to each browser per second."""
        return self.seen.messages / SECONDS

    def __str__(self) -> str:
        wrong = self.seen.missed + self.seen.backwards
        return (f'{self.machines} machines, {self.browsers} browsers, {self.rate}/s: p50 {self.seen.p50:.0f}, '
                f'p99 {self.seen.p99:.0f} ms, {self.frames:.1f} messages/s, {self.cpu * 100:.0f} % of a core, '
                f'/healthz {self.health:.2f} s, wrong at the end {wrong}, thrown out {self.seen.lost}')


async def run(program: Path, *, quick: bool) -> list[Row]:
    """The rows; the full run also draws the picture."""
    cells: list[Cell] = []
    rows: list[Row] = []
    for machines in MACHINES[:1] if quick else MACHINES:
        async with running_floor(program) as app:
            if machines > MACHINES[0]:
                await add_machines(app, machines)
            async with crowd('floor', app.address, 2):   # what the first page costs isn't what a browser costs
                pass
            async with writer(app.database_url) as write:   # one for all: the numbers of its changes only grow
                for browsers in BROWSERS[:1] if quick else BROWSERS:
                    if machines * browsers <= MAX_TILES:
                        cells += await cells_of(app, write, browsers)
                if machines == MACHINES[0]:
                    rows.append(await storm(app, write, 20 if quick else STORM))
    if not quick:
        await draw(cells)
    return [*map(row, cells), *rows]


def row(cell: Cell) -> Row:
    """A line of the table: late is allowed, wrong is not."""
    wrong = cell.seen.missed + cell.seen.backwards + cell.seen.lost
    return Row(f'{cell.machines} machines, {cell.browsers} browsers, {cell.rate} changes/s',
               f'nothing wrong, /healthz within {HEALTHY_S:g} s',
               f'p50 {cell.seen.p50:.0f}, p99 {cell.seen.p99:.0f} ms; {cell.frames:.1f} messages/s; '
               f'{cell.cpu * 100:.0f} % of a core; /healthz {cell.health:.2f} s; wrong {wrong}',
               wrong == 0 and cell.health <= HEALTHY_S)


async def cells_of(app: Floor, write: Writer, browsers: int) -> list[Cell]:
    """One crowd under each rate, until the changes can no longer be written."""
    cells = []
    before = app.rss
    async with crowd('floor', app.address, browsers) as pages:
        say(f'{len(write.machines)} machines, {browsers} browsers: '
            f'{(app.rss - before) / MEGABYTE / browsers:.2f} MB per browser that came')
        await pages.observed(await write.write(RATES[0], 2))
        for rate in RATES:
            try:
                cells.append(await cell(app, pages, write, browsers, rate))
            except RuntimeError as error:
                say(f'{rate}/s: {error}')
                break
            say(str(cells[-1]))
    return cells


async def cell(app: Floor, pages: Crowd, write: Writer, browsers: int, rate: int) -> Cell:
    """One load for a few seconds."""
    before = app.cpu
    async with asked(app) as answers:
        changes = await write.write(rate, SECONDS)
    cpu = (app.cpu - before) / SECONDS
    return Cell(len(write.machines), browsers, rate, await pages.observed(changes), cpu, max(answers))


async def storm(app: Floor, write: Writer, count: int) -> Row:
    """So many pages asked for at once, beside people who look already."""
    async with crowd('floor', app.address, LOOKING) as pages, \
            httpx.AsyncClient(timeout=300, limits=httpx.Limits(max_connections=count)) as http:
        calm = await pages.observed(await write.write(STORM_RATE, SECONDS))
        took: list[float] = []

        async def come() -> None:
            began = time.monotonic()
            (await http.get(app.address, headers={'Connection': 'close'})).raise_for_status()
            took.append(time.monotonic() - began)
        async with asked(app) as answers, asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(write.write(STORM_RATE, SECONDS))
            for _ in range(count):
                tasks.create_task(come())
        seen = await pages.observed(writing.result())
    took.sort()
    text = (f'half of them after {took[len(took) // 2]:.1f} s, the last after {took[-1]:.1f} s; who looked already saw '
            f'changes after p50 {seen.p50:.0f}, p99 {seen.p99:.0f} ms (before: {calm.p50:.0f}, {calm.p99:.0f}); '
            f'/healthz {max(answers):.2f} s')
    say(f'{count} pages at once: {text}')
    return Row(f'{count} pages at once', 'none fails, nobody is thrown out', text, seen.lost + seen.missed == 0)


@asynccontextmanager
async def asked(app: Floor) -> AsyncIterator[list[float]]:
    """Ask /healthz all the time; the list holds the seconds of each answer."""
    answers: list[float] = []

    async def ask() -> None:
        async with httpx.AsyncClient(base_url=app.address, timeout=60) as http:
            while True:
                began = time.monotonic()
                await http.get('/healthz')
                answers.append(time.monotonic() - began)
                await asyncio.sleep(0.1)
    task = asyncio.create_task(ask())
    try:
        yield answers
        if not answers:
            await asyncio.wait({task}, timeout=60)
    finally:
        task.cancel()


async def draw(cells: list[Cell]) -> None:
    """The p99 over the changes per second, a curve for each floor and crowd."""
    async with load_picture(json.dumps(options(cells))) as server, chromium() as browser, \
            fresh(browser) as (_, page, _):
        await page.goto(server.address)
        await page.wait_for_selector('canvas')
        await page.wait_for_timeout(1500)   # ECharts draws its lines in
        await page.locator('.nicegui-echart').screenshot(path=PICTURE)


def options(cells: list[Cell]) -> dict[str, Any]:
    """What ECharts gets."""
    curves = {(cell.machines, cell.browsers): [[each.rate, round(each.seen.p99, 1)] for each in cells
                                               if (each.machines, each.browsers) == (cell.machines, cell.browsers)]
              for cell in cells}
    axis = {'type': 'log', 'nameLocation': 'middle', 'nameTextStyle': {'fontSize': 15}, 'axisLabel': {'fontSize': 13}}
    at_once = {'symbol': 'none', 'silent': True, 'lineStyle': {'color': '#93600f'}, 'data': [{'yAxis': AT_ONCE_MS}],
               'label': {'formatter': f'{AT_ONCE_MS} ms', 'position': 'insideEndTop'}}
    return {
        'animation': False, 'backgroundColor': '#ffffff', 'textStyle': {'fontFamily': 'sans-serif'},
        'legend': {'top': 8, 'textStyle': {'fontSize': 13}}, 'grid': {'left': 80, 'right': 40, 'top': 70, 'bottom': 60},
        'xAxis': {**axis, 'name': 'changes per second', 'nameGap': 34, 'min': min(RATES), 'max': max(RATES)},
        'yAxis': {**axis, 'name': 'ms from UPDATE to browser, p99', 'nameGap': 50},
        'series': [{'type': 'line', 'name': f'{machines} machines, {browsers} browsers', 'data': points,
                    'symbolSize': 9, 'symbol': ['circle', 'triangle', 'rect'][BROWSERS.index(browsers) % 3],
                    'lineStyle': {'type': 'solid' if machines == MACHINES[0] else 'dashed', 'width': 2},
                    **({'markLine': at_once} if number == 0 else {})}
                   for number, ((machines, browsers), points) in enumerate(curves.items())]}
