"""Machines renamed one after the other by REST, on a floor of 1,000 with 100 simulated browsers: when all show it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import httpx

from .bench_many import MACHINES, add_machines
from .changes import Change
from .crowd import crowd
from .report import Row, at_most, percentile, say
from .server import running_floor

BROWSERS, RENAMES, PAUSE_S = 100, 40, 1.0
P95_MS = 500.0


async def run(program: Path, *, quick: bool) -> list[Row]:
    """The rows."""
    browsers, renames = (20, 10) if quick else (BROWSERS, RENAMES)
    async with running_floor(program) as app, httpx.AsyncClient(base_url=app.address, timeout=60) as http:
        await add_machines(app)
        machines = (await http.get('/api/plant/machines')).raise_for_status().json()[:renames]
        changes: list[Change] = []
        took: list[float] = []
        async with crowd('names', app.address, browsers) as pages:
            for number, machine in enumerate(machines, 1):
                sent = time.time()
                answer = await http.patch(f'/api/plant/machines/{machine["id"]}',
                                          json={'version': machine['version'], 'name': f'change {number}'})
                if answer.is_error:
                    raise RuntimeError(answer.text)
                took.append((time.time() - sent) * 1000)
                changes.append(Change(number, f'order {number}', sent))
                await asyncio.sleep(PAUSE_S)
            seen = await pages.observed(changes)
    say(f'{seen.messages / renames:.1f} messages and {seen.kilobytes / renames:.0f} kB per rename and browser')
    what = f'rename of a machine, {MACHINES:,} machines, {browsers} browsers'
    return [at_most(f'{what}: shown everywhere, p95', P95_MS, seen.p95, 'ms',
                    f'p50 {seen.p50:.0f}, worst {seen.worst:.0f} ms; answered after {percentile(took, 0.5):.0f} ms'),
            Row(f'{what}: not shown', 'none', str(seen.missed), seen.missed == 0),
            Row(f'{what}: thrown out', 'none', str(seen.lost), seen.lost == 0)]
