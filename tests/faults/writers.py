"""The feed: sessions that change machines at a steady rate and take down what was acknowledged, whatever happens."""

from __future__ import annotations

import asyncio
import itertools
import time
from contextlib import suppress

import asyncpg
from database.postgres import SCHEMA

from .history import History, Write

STATUSES = ('warning', 'down', 'operational')
AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
UPDATE = (f'UPDATE {SCHEMA}.machine_feed_stream SET status = $2, reason = $3, datetime = now() WHERE machine_name = $1 '
          'RETURNING version')
COME_BACK_AFTER_S = 0.02


class Writers:
    """Each session has its own machines, so that a machine's writes are acknowledged in their order."""

    def __init__(self, database_url: str, history: History, *, rate: float, sessions: int = 2) -> None:
        """rate: writes a second of all sessions together."""
        self.spared: set[str] = set()
        """Machines that are left to the test."""
        self._url = database_url
        self._history = history
        self._pause = sessions / rate
        self._sessions = sessions
        self._numbers = itertools.count(1)
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, machines: list[str]) -> None:
        """Begin to write."""
        self._stopping = False
        self._tasks = [asyncio.create_task(self._keep_writing(machines[turn::self._sessions]))
                       for turn in range(self._sessions)]

    async def stop(self) -> None:
        """End with the writes under way; what is not acknowledged by then is taken down as unknown."""
        self._stopping = True
        if self._tasks:
            _, stuck = await asyncio.wait(self._tasks, timeout=10)
            for task in stuck:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def write(self, connection: asyncpg.Connection, machine: str, *, more: str = '') -> Write:
        """One write, now. more: what follows its number in the reason.

        :raises OSError, asyncpg.PostgresError, ...: it was not acknowledged, which is taken down
        """
        number = next(self._numbers)
        status = STATUSES[number % len(STATUSES)]
        sent, acked, version = time.monotonic(), None, None
        try:
            version = await connection.fetchval(UPDATE, machine, status, f'write {number}{more}')
            if not connection.is_in_transaction():
                acked = time.monotonic()
        finally:
            self._history.writes.append(Write(number, machine, status, sent, acked, version))
        return self._history.writes[-1]

    def acknowledge(self, write: Write) -> None:
        """A write that was made in a transaction has been committed."""
        place = self._history.writes.index(write)
        self._history.writes[place] = Write(write.number, write.machine, write.status, write.sent, time.monotonic(),
                                            write.version)

    async def _keep_writing(self, machines: list[str]) -> None:
        connection: asyncpg.Connection | None = None
        due = time.monotonic()
        turn = itertools.cycle(machines)
        try:
            while not self._stopping:
                try:
                    if connection is None:
                        connection = await asyncpg.connect(self._url, timeout=5)
                    if (machine := next(turn)) not in self.spared:
                        await self.write(connection, machine)
                except AWAY:
                    if connection is not None:
                        connection.terminate()
                    connection = None
                    await asyncio.sleep(COME_BACK_AFTER_S)
                due = max(due + self._pause, time.monotonic() - 1)
                await asyncio.sleep(max(0.0, due - time.monotonic()))
        finally:
            if connection is not None:
                with suppress(*AWAY):
                    await connection.close(timeout=1)
