"""Connections to PostgreSQL: a pool, and separate connections.

The pool is for short queries of pages and REST. The listener and the simulator have separate connections.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from ..core.latency import LatencyHistogram
from ..core.repeated_log import RateLimitedLog
from ..core.session_settings import Session
from ..core.settings import Settings
from .connection import UNREACHABLE, Connection, describe, unavailable
from .database_login import Credentials, DatabaseLogin
from .full_server import FullServer
from .query_files import load_queries

log = logging.getLogger(__name__)

Connect = Callable[[], Awaitable[Connection]]


@dataclass(frozen=True, slots=True)
class PoolUse:
    """Connections of the pool: in use, idle, and the limit."""

    busy: int
    idle: int
    most: int


DISK_FULL_SHOWN_S = 120.0
"""Seconds after a write failed on a full disk. Background tasks write more often than that."""


class Database:
    """One PostgreSQL database, with a connection pool and the named queries."""

    def __init__(self, url: str | None, settings: Settings, credentials: Credentials | None = None) -> None:
        """url: a postgresql:// address; None: from the PG* variables, or from the credentials if given."""
        self.url = url
        self.schema = settings.default_postgres_schema
        self.feed_table = settings.default_postgres_table
        self.new_floor = settings.floor_to_make
        self.first_time_zone = settings.plant_timezone
        """Of a plant that nobody has set up yet."""
        self.is_time_zone_given = 'plant_timezone' in settings.model_fields_set
        """Whether PLANT_TIMEZONE is set, and has not been compared with the data yet."""
        self.is_guest = settings.is_guest
        self.legacy_schema = settings.legacy_schema
        self.feed_writers = settings.feed_writers
        self.change_data_feed = settings.change_data_feed
        self.queries = load_queries(self.feed_table)
        self.has_our_functions = False
        """Whether this process has brought the functions of the schema up to date."""
        self._settings = settings
        self._login = DatabaseLogin(settings, credentials)
        self.wait = LatencyHistogram('floor_database_pool_wait_seconds',
                                     'Time until a page or a command had a connection to the '
                                     'database.')
        self._disk_full = -inf, ''
        self._disk_full_log = RateLimitedLog(log)
        self._release_log = RateLimitedLog(log)
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()
        self._full_server = FullServer(settings.db_pool_timeout)

    async def connect(self) -> Connection:
        """Open a connection outside the pool, in the floor's schema.

        :raises DatabaseUnavailableError: the database does not answer, or not in time
        """
        try:
            return await self._full_server.connect(lambda: self._pool, lambda: self._login.open(
                self.url, timeout=self._settings.db_pool_timeout, **self._login.options))
        except UNREACHABLE as error:
            raise unavailable(error) from error

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        """A connection from the pool for a short piece of work.

        A full disk is recorded (disk_full). If the database has become read-only, all connections are renewed.

        :raises DatabaseUnavailableError: the database does not answer, no connection is free within DB_POOL_TIMEOUT, or
            the connection broke
        """
        try:
            asked_at = time.monotonic()
            pool = await self._open_pool()
            connection = await self._full_server.take_from(pool)
            try:
                self.wait.observe(time.monotonic() - asked_at)
                yield connection
            finally:
                await self._release(pool, connection)
        except asyncpg.ReadOnlySQLTransactionError:
            await self.expire_connections()  # after a failover they may lead to the old primary
            raise
        except asyncpg.DiskFullError as error:
            self._disk_full = time.monotonic(), describe(error)
            self._disk_full_log.warn('disk_full', f'the disk of the database is full: {describe(error)}')
            raise
        except UNREACHABLE as error:
            raise unavailable(error) from error

    async def now(self) -> datetime:
        """The time by the database's clock, which decides what is overdue, over or ongoing.

        :raises DatabaseUnavailableError: as acquire
        """
        async with self.acquire() as connection:
            now: datetime = await self.queries.database_time(connection)
            return now

    @property
    def disk_full(self) -> str | None:
        """The server's error if a recent write failed on a full disk, else None."""
        at, problem = self._disk_full
        return problem if time.monotonic() - at < DISK_FULL_SHOWN_S else None

    @property
    def pool_use(self) -> PoolUse:
        """How many connections the pool has open, and how many are in use."""
        if self._pool is None:
            return PoolUse(0, 0, self._settings.db_pool_size + self._settings.db_max_overflow)
        return PoolUse(self._pool.get_size() - self._pool.get_idle_size(), self._pool.get_idle_size(),
                       self._pool.get_max_size())

    async def expire_connections(self) -> None:
        """Replace each pooled connection before its next use: after a migration, and by age."""
        if self._pool is not None:
            await self._pool.expire_connections()

    async def close(self, *, within: float = 5.0) -> None:
        """Close the pool, waiting at most so many seconds for running statements."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            async with asyncio.timeout(within):
                await pool.close()
        except TimeoutError:
            log.warning('database work was still running at shutdown and was cancelled')
            pool.terminate()

    async def _open_pool(self) -> asyncpg.Pool:
        async with self._opening:
            if self._pool is None:
                size = self._settings.db_pool_size
                try:
                    self._pool = await self._new_pool(size)
                except asyncpg.TooManyConnectionsError:  # the server has fewer than DB_POOL_SIZE left
                    self._pool = await self._new_pool(0)
            return self._pool

    async def _release(self, pool: asyncpg.Pool, connection: PoolConnectionProxy) -> None:
        """Release a connection completely, even if its user is cancelled; errors are then logged."""
        release = asyncio.ensure_future(pool.release(connection, timeout=self._settings.db_pool_timeout))
        try:
            await asyncio.shield(release)
        except asyncio.CancelledError:
            release.add_done_callback(self._released_late)
            raise

    def _released_late(self, release: asyncio.Future[None]) -> None:
        if not release.cancelled() and (error := release.exception()) is not None:
            self._release_log.warn('release', f'a connection that could not be returned was closed: '
                                              f'{describe(error)}')

    def _new_pool(self, kept_open: int) -> asyncpg.Pool:
        # DB_POOL_SIZE connections are kept open; under load there are up to DB_MAX_OVERFLOW more
        most = self._settings.db_pool_size + self._settings.db_max_overflow
        return asyncpg.create_pool(
            self.url, min_size=kept_open, max_size=most, timeout=self._settings.db_pool_timeout,
            connect=self._open_for_pool, connection_class=Session, **self._login.options)

    async def _open_for_pool(self, dsn: str | None = None, **options: Any) -> asyncpg.Connection:
        self._full_server.keep_free()
        return await self._login.open(dsn, **options)
