"""30 machines, 100 simulated browsers, 10 and 100 changes/s, in turn with the yardstick: latency and processor time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from .changes import Writer, writer
from .crowd import Observation, crowd
from .report import Row, at_most, say, spread
from .server import Server, running_floor, yardstick

BROWSERS = 100
RATES = (10, 100)
WARM_UP_S = 2
P99_MS, CORE_PERCENT = 50.0, 10.0
RATIO = {10: 5.0, 100: 1.0}


@dataclass(frozen=True, slots=True)
class Load:
    """What one server did under one rate. cpu and idle are seconds of processor time per second."""

    rate: int
    seen: Observation
    cpu: float
    idle: float

    @property
    def micros(self) -> float:
        """Processor time above idle, per change and browser, in us."""
        return (self.cpu - self.idle) * 1e6 / self.rate / BROWSERS

    def __str__(self) -> str:
        return (f'p50 {self.seen.p50:.1f} p99 {self.seen.p99:.1f} ms, {self.cpu * 100:.1f} % of a core '
                f'({self.idle * 100:.1f} % idle), {self.micros:.1f} us per change and browser above idle')


async def run(program: Path, *, quick: bool) -> list[Row]:
    """The rows."""
    rounds, seconds = (1, 6) if quick else (4, 15)
    loads: dict[str, list[Load]] = {'floor': [], 'yardstick': []}
    async with running_floor(program) as app, yardstick(app.database_url) as bare, writer(app.database_url) as write:
        for number in range(rounds):
            for kind, server in ('floor', app), ('yardstick', bare):
                for load in await measure(kind, server, write, seconds):
                    loads[kind].append(load)
                    say(f'round {number + 1}: {kind:9} {load.rate:3}/s: {load}, {load.seen.messages / seconds:.1f} '
                        f'messages/s, {load.seen.kilobytes / seconds:.1f} kB/s')
    return [row for rate in RATES for row in rows(rate, *([load for load in side if load.rate == rate]
                                                          for side in loads.values()))]


async def measure(kind: str, server: Server, write: Writer, seconds: float) -> list[Load]:
    """One server with all its browsers, under each rate."""
    loads = []
    async with crowd(kind, server.address, BROWSERS) as browsers:
        await asyncio.sleep(WARM_UP_S)
        before = server.cpu
        await asyncio.sleep(seconds / 2)
        idle = (server.cpu - before) / (seconds / 2)
        for rate in RATES:
            await browsers.observed(await write.write(rate, WARM_UP_S))
            before = server.cpu
            changes = await write.write(rate, seconds)
            cpu = (server.cpu - before) / seconds
            loads.append(Load(rate, await browsers.observed(changes), cpu, idle))
    return loads


def rows(rate: int, ours: list[Load], theirs: list[Load]) -> list[Row]:
    """Medians of the rounds."""
    load = f'30 machines, {BROWSERS} browsers, {rate}/s'
    micros, bare = median(load.micros for load in ours), median(load.micros for load in theirs)
    p99 = [load.seen.p99 for load in ours]
    what = f'{spread([load.seen.p50 for load in ours])} p50; yardstick p99 {spread([load.seen.p99 for load in theirs])}'
    wrong = sum(load.seen.missed + load.seen.backwards + load.seen.lost for load in ours)
    result = [at_most(f'{load}, CPU per change and browser', RATIO[rate], micros / bare, 'x the yardstick',
                      f'{micros:.1f} against {bare:.1f} us'),
              Row(f'{load}, missed, out of order, thrown out', 'none', str(wrong), wrong == 0)]
    if rate == RATES[0]:
        core = [load.cpu * 100 for load in ours]
        return [at_most(f'{load}, p99', P99_MS, median(p99), 'ms', what),
                at_most(f'{load}, processor', CORE_PERCENT, median(core), '% of a core', spread(core)), *result]
    return [Row(f'{load}, p99', '', f'{spread(p99)} ms; {what}'), *result]
