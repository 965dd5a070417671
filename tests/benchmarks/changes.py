"""The changes: UPDATEs at a steady rate, each with a number in its reason by which it is known again in a browser."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from .server import SCHEMA

STATUSES = ('warning', 'down', 'operational')
WRITERS = 4
MARK = re.compile(r'change (\d+)')
UPDATE = f'UPDATE {SCHEMA}.machine_feed_stream SET status = $2, reason = $3, datetime = now() WHERE machine_name = $1'


@dataclass(frozen=True, slots=True)
class Change:
    """One UPDATE: its number, whose, and when it was sent (seconds since 1970)."""

    number: int
    machine: str
    sent: float


class Writer:
    """Writes to all machines in turn."""

    def __init__(self, pool: asyncpg.Pool, machines: list[str]) -> None:
        self.machines = machines
        self._pool = pool
        self._number = 0

    async def write(self, rate: float, seconds: float) -> list[Change]:
        """This many changes a second for so long. A writer that can't keep up is an error, not a slower benchmark."""
        done: list[Change] = []
        began = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for index in range(round(rate * seconds)):
                await asyncio.sleep(max(0.0, began + index / rate - time.monotonic()))
                tasks.create_task(self._write(done))
        took = time.monotonic() - began
        if took > seconds * 1.1 + 0.5:
            raise RuntimeError(f'{rate:g} changes/s for {seconds:g} s took {took:.1f} s: the machine is too busy')
        return sorted(done, key=lambda change: change.number)

    async def _write(self, done: list[Change]) -> None:
        self._number += 1
        number = self._number
        # the status goes on by one each round of the machines, so that every UPDATE changes it
        machine = self.machines[number % len(self.machines)]
        status = STATUSES[number // len(self.machines) % len(STATUSES)]
        async with self._pool.acquire() as connection:
            sent = time.time()
            await connection.execute(UPDATE, machine, status, f'change {number}')
        done.append(Change(number, machine, sent))


@asynccontextmanager
async def writer(database_url: str) -> AsyncIterator[Writer]:
    """A writer to all machines that are on the floor now."""
    async with asyncpg.create_pool(database_url, min_size=WRITERS, max_size=WRITERS) as pool:
        rows = await pool.fetch(f'SELECT machine_name FROM {SCHEMA}.machine_feed_stream ORDER BY machine_id')
        yield Writer(pool, [row['machine_name'] for row in rows])
