"""What we do while the server has no connection left for us: max_connections, or the CONNECTION LIMIT of a role.

Pages wait for the next of our own connections that is free, or for one that the server has again. The listener, without
which nothing is live, takes the place of one that the pool keeps idle.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from ..core.repeated_log import RepeatedLog

if TYPE_CHECKING:
    from .database import Connection

log = logging.getLogger(__name__)

PAUSE_S = 0.2
"""Between two tries to connect."""
TRIES = 10
"""Until the server has noticed that a connection of ours is closed."""


class FullServer:
    """One for the pool of a Database."""

    def __init__(self, timeout: float) -> None:
        """timeout: seconds that one waits for a connection."""
        self._timeout = timeout
        self._turn = asyncio.Lock()
        self._log = RepeatedLog(log)
        self._waiting_alone = 0

    def keep_free(self) -> None:
        """Asked by the pool before it opens one more.

        :raises asyncpg.TooManyConnectionsError: the listener waits for the place
        """
        if self._waiting_alone:
            raise asyncpg.TooManyConnectionsError('the database has one connection less for pages until it is live')

    async def take_from(self, pool: asyncpg.Pool) -> PoolConnectionProxy:
        """A connection of the pool. One waiter at a time asks a full server.

        :raises asyncpg.TooManyConnectionsError: it stayed full, and none of ours became free
        """
        try:
            return await pool.acquire(timeout=self._timeout)
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
        """A connection that is not shared; where the server is full, in the place of an idle one of the pool.

        :raises asyncpg.TooManyConnectionsError: it is full, and none of ours is idle
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
        self._log.warn('full', f'waiting for a connection, because the database has none left for us: {full}')
