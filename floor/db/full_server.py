"""Handling of a server without free connections: max_connections, or the CONNECTION LIMIT of a role.

Pages wait for a free connection of the pool or the server. The listener, which everything live depends on, replaces an
idle connection of the pool.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from ..core.repeated_log import RateLimitedLog
from .connection import Connection

log = logging.getLogger(__name__)

PAUSE_S = 0.2
"""Seconds between two attempts to connect."""
TRIES = 10
"""Seconds until the server has noticed that a connection was closed."""


class FullServer:
    """One for each pool."""

    def __init__(self, timeout: float) -> None:
        """timeout: the most seconds to wait for a connection."""
        self._timeout = timeout
        self._turn = asyncio.Lock()
        self._log = RateLimitedLog(log)
        self._waiting_alone = 0

    def keep_free(self) -> None:
        """Called by the pool before it opens another connection.

        :raises asyncpg.TooManyConnectionsError: the listener is waiting for this connection
        """
        if self._waiting_alone:
            raise asyncpg.TooManyConnectionsError('a connection is reserved for the listener until the floor is live')

    async def take_from(self, pool: asyncpg.Pool) -> PoolConnectionProxy:
        """A connection of the pool. One waiter at a time tries a full server.

        :raises asyncpg.TooManyConnectionsError: the server stayed full, and none of the pool became free
        """
        try:
            async with asyncio.timeout(self._timeout):  # as an argument it would make a task of it, and another turn
                return await pool.acquire()
        except asyncpg.TooManyConnectionsError as error:
            full = error
        self._note(full)
        try:
            async with asyncio.timeout(self._timeout), self._turn:
                while True:
                    try:
                        return await pool.acquire(timeout=self._timeout)
                    except asyncpg.TooManyConnectionsError as error:
                        full = error
                    await asyncio.sleep(PAUSE_S)
        except TimeoutError:
            raise full from None

    async def connect(self, pool: Callable[[], asyncpg.Pool | None],
                      connect: Callable[[], Awaitable[Connection]]) -> Connection:
        """A connection outside the pool; if the server is full, it replaces an idle one of the pool.

        :raises asyncpg.TooManyConnectionsError: the server is full, and none of the pool is idle
        """
        try:
            return await connect()
        except asyncpg.TooManyConnectionsError as error:
            full = error
        self._note(full)
        self._waiting_alone += 1
        try:
            if not await self._give_one_up(pool()):
                raise full
            for _ in range(TRIES):
                try:
                    return await connect()
                except asyncpg.TooManyConnectionsError as error:
                    full = error
                await asyncio.sleep(PAUSE_S)
            raise full
        finally:
            self._waiting_alone -= 1

    async def _give_one_up(self, pool: asyncpg.Pool | None) -> bool:
        if pool is None or not pool.get_idle_size():
            return False
        connection = await pool.acquire(timeout=self._timeout)
        try:
            await connection.close(timeout=self._timeout)
        finally:
            await pool.release(connection)
        return True

    def _note(self, full: BaseException) -> None:
        self._log.warn('full', f'waiting for a connection, because the database has none left: {full}')
