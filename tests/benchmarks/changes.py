"""The changes: UPDATEs at a steady rate, each with a number in its reason by which it is known again in a browser."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import asyncpg

from .server import SCHEMA

STATUSES = ('warning', 'down', 'operational')
WRITERS = 4
MARK = re.compile(r'change (\d+)')
UPDATE = f'UPDATE {SCHEMA}.machine_feed_stream SET status = $2, reason = $3, datetime = now() WHERE machine_name = $1'

Send = Callable[[str, str, str], Awaitable[Any]]
"""Reports the status of a machine: its name, the status, the reason."""


@dataclass(frozen=True, slots=True)
class Change:
    """One UPDATE: its number, whose, and when it was sent (seconds since 1970)."""

    number: int
    machine: str
    sent: float


class Writer:
    """Writes to all machines in turn. A machine has its own sender, so that its changes keep their order."""

    def __init__(self, senders: Sequence[Send], machines: list[str], first: int = 0) -> None:
        """first: the number before that of the first change. Two writers to one floor must not use the same."""
        self.machines = machines
        self._senders = [(send, asyncio.Lock()) for send in senders]
        self._number = first

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
        turn, index = divmod(number, len(self.machines))
        machine, status = self.machines[index], STATUSES[turn % len(STATUSES)]
        send, lock = self._senders[index % len(self._senders)]
        async with lock:
            sent = time.time()
            await send(machine, status, f'change {number}')
        done.append(Change(number, machine, sent))


@asynccontextmanager
async def writer(database_url: str) -> AsyncIterator[Writer]:
    """A writer to all machines that are on the floor now."""
    connections = [await asyncpg.connect(database_url) for _ in range(WRITERS)]
    try:
        rows = await connections[0].fetch(f'SELECT machine_name FROM {SCHEMA}.machine_feed_stream ORDER BY machine_id')
        yield Writer([partial(connection.execute, UPDATE) for connection in connections],
                     [row['machine_name'] for row in rows])
    finally:
        for connection in connections:
            await connection.close()
