"""Faults of the database itself, the embedded one of the program: killed, and hung."""

from __future__ import annotations

import asyncio
import time

import httpx
import psutil
from suspended import suspended

from .history import History
from .scene import START_PATIENCE_S, Scene, running
from .stage import Fault, Stage

ANSWERS_WITHIN_S = 1.5
"""How long a page may wait while the database hangs. The program needs milliseconds, a machine of many some more."""
ASK_EVERY_S = 0.05
GONE = 'the database did not come back automatically'


async def killed(stage: Stage) -> History:
    """kill -9 of a backend, which makes the server recover, and of the postmaster, while the feed writes."""
    program = stage.program()
    is_short_and_whole = stage.quick and stage.mutation is None   # a busy machine then takes its time
    patience = START_PATIENCE_S if is_short_and_whole else stage.patience
    async with running(stage, program, lambda: program.database_url) as floor:
        for turn in range(1 if stage.quick else 10):
            await floor.shown(await floor.change())
            victim = program.postmaster if turn % 2 == 0 else psutil.Process(floor.connection.get_server_pid())
            victim.kill()
            try:
                await floor.connect_again(patience)
            except TimeoutError:
                floor.history.broken.append(GONE)
                return floor.history
            floor.history.heal()
            await floor.change()
            await floor.agree()
        return await floor.settle()


async def frozen(stage: Stage) -> History:
    """SIGSTOP of the postmaster and all backends. Nothing is closed and nothing answers."""
    program = stage.program()
    async with running(stage, program, lambda: program.database_url) as floor:
        await floor.shown(await floor.change())
        with suspended(program.postmaster):
            await _pages_are_served(floor, stage.patience + 1 if stage.quick else 20)
        floor.history.heal()
        return await floor.settle()


async def _pages_are_served(floor: Scene, seconds: float) -> None:
    """Ask the program all the time, and see that nothing in it waits for the database."""
    took: list[float] = []
    async with httpx.AsyncClient(base_url=floor.program.url, timeout=30) as http:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            asked = time.monotonic()
            await http.get('/healthz')
            took.append(time.monotonic() - asked)
            await asyncio.sleep(ASK_EVERY_S)
    took.sort()
    floor.history.figures['an answer meanwhile'] = (f'p50 {took[len(took) // 2] * 1000:.0f} ms, p99 '
                                                    f'{took[int(len(took) * 0.99)] * 1000:.0f} ms')
    if took[-1] > ANSWERS_WITHIN_S:
        floor.history.broken.append(f'the program was busy for {took[-1]:.1f} s while the database hung')


FAULTS = [
    Fault('killed', 'kill -9 of postmaster and backends of the embedded database, 10 times',
          'does_not_restart_the_server', GONE, killed),
    Fault('frozen', 'SIGSTOP of the whole database for 20 s', 'waits_in_the_event_loop', 'the program was busy',
          frozen, short=False),
]
