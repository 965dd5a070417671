"""Connections to PostgreSQL, and the named queries of sql/queries.

The pool is for short queries of pages and REST. The listener and the simulator have connections of their own.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from math import inf
from pathlib import Path
from typing import Any, Protocol, cast

import aiosql
import asyncpg
from asyncpg.pool import PoolConnectionProxy

from ..core.errors import DatabaseMisconfiguredError, DatabaseUnavailableError
from ..core.latency import LatencyHistogram
from ..core.repeated_log import RateLimitedLog
from ..core.resources import resource_folder
from ..core.sentences import full_stop
from ..core.session_settings import LATER, PLAIN, Session, apply_settings, supported_settings
from ..core.settings import Settings
from .connection import UNREACHABLE, Connection, describe, permanent_problem, unavailable
from .full_server import FullServer
from .queries import Queries

log = logging.getLogger(__name__)

SQL = resource_folder('sql')
DEFAULT_FEED_TABLE = 'machine_feed_stream'

TRIGGER_STATEMENT = re.compile(
    r'^\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:CONSTRAINT\s+)?TRIGGER\s+(\w+)\s[^;]*?\bON\s+(\w+)',
    re.IGNORECASE | re.MULTILINE)

Connect = Callable[[], Awaitable[Connection]]


def read_sql(path: Path, feed_table: str) -> str:
    """An SQL file of the project; DEFAULT_POSTGRES_TABLE, if set, replaces the feed table's name."""
    text = path.read_text(encoding='utf-8')
    return text if feed_table == DEFAULT_FEED_TABLE else re.sub(rf'\b{DEFAULT_FEED_TABLE}\b', feed_table, text)


@cache
def load_queries(feed_table: str = DEFAULT_FEED_TABLE) -> Queries:
    """Every block of sql/queries, each an awaitable taking a connection and its arguments by name."""
    text = '\n'.join(read_sql(path, feed_table) for path in sorted((SQL / 'queries').glob('*.sql')))
    triggers = ', '.join(f"('{table}', '{name}')" for table, name in defined_triggers(feed_table))
    queries: Any = aiosql.from_str(text.replace("('table', 'trigger')", triggers), 'asyncpg')
    return cast(Queries, queries)


def defined_triggers(feed_table: str = DEFAULT_FEED_TABLE) -> list[tuple[str, str]]:
    """The table and the name of each trigger in sql/functions."""
    return sorted((table.lower(), name.lower()) for path in sorted((SQL / 'functions').glob('*.sql'))
                  for name, table in TRIGGER_STATEMENT.findall(read_sql(path, feed_table)))


@dataclass(frozen=True, slots=True)
class PoolUse:
    """Connections of the pool: in use, idle, and the limit."""

    busy: int
    idle: int
    most: int


SERVER_GIVES_UP = {'tcp_user_timeout': '15000', 'tcp_keepalives_idle': '15', 'tcp_keepalives_interval': '5',
                   'tcp_keepalives_count': '3'}
"""When the server ends the session of a client that has vanished: after 15 s (in ms) if it has data to send, else
after 30 s. A listener whose client is gone keeps the notification queue growing; a full queue makes writers fail."""


DISK_FULL_SHOWN_S = 120.0
"""Seconds after a write failed on a full disk. Background tasks write more often than that."""


class Credentials(Protocol):
    """Host, user and password for each new connection, if neither an address nor the PG* variables give them."""

    given: int
    """The number of passwords so far."""

    async def arguments(self) -> dict[str, Any]:
        """Further arguments for asyncpg.connect.

        :raises DatabaseUnavailableError: there is no password; the message says why
        """

    def refuse(self, given: int) -> None:
        """The database refused a login that was started when generation was given."""


class Database:
    """One PostgreSQL database, with a connection pool and the named queries."""

    def __init__(self, url: str | None, settings: Settings, credentials: Credentials | None = None) -> None:
        """url: a postgresql:// address; None: from the PG* variables, or from the credentials if given."""
        self.url = url
        self.schema = settings.default_postgres_schema
        self.feed_table = settings.default_postgres_table
        self.new_floor = settings.floor_to_make
        self.is_guest = settings.is_guest
        self.legacy_schema = settings.legacy_schema
        self.feed_writers = settings.feed_writers
        self.change_data_feed = settings.change_data_feed
        self.queries = load_queries(self.feed_table)
        self.has_our_functions = False
        """Whether this process has brought the functions of the schema up to date."""
        self._settings = settings
        self._credentials = credentials
        self.wait = LatencyHistogram('floor_database_pool_wait_seconds',
                                     'Time until a page or a command had a connection to the '
                                     'database.')
        self._disk_full = -inf, ''
        self._disk_full_log = RateLimitedLog(log)
        self._release_log = RateLimitedLog(log)
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()
        self._full_server = FullServer(settings.db_pool_timeout)
        self._given: dict[str, str] = PLAIN | LATER
        """The settings at the start of a session; empty if a pooler refuses them: they are then set afterwards."""

    async def connect(self) -> Connection:
        """Open a connection outside the pool, in the floor's schema.

        :raises DatabaseUnavailableError: the database does not answer, or not in time
        """
        try:
            return await self._full_server.connect(lambda: self._pool, lambda: self._sign_in(
                self.url, timeout=self._settings.db_pool_timeout, **self._options()))
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
            await asyncio.wait_for(pool.close(), within)
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
        release = asyncio.ensure_future(pool.release(connection))
        try:
            await asyncio.shield(release)
        except asyncio.CancelledError:
            release.add_done_callback(self._released_late)
            raise

    def _released_late(self, release: asyncio.Future[None]) -> None:
        if not release.cancelled() and (error := release.exception()) is not None:
            self._release_log.warn('release', f'a connection that could not be reset was closed: '
                                              f'{describe(error)}')

    def _new_pool(self, kept_open: int) -> asyncpg.Pool:
        # DB_POOL_SIZE connections are kept open; under load there are up to DB_MAX_OVERFLOW more
        most = self._settings.db_pool_size + self._settings.db_max_overflow
        return asyncpg.create_pool(
            self.url, min_size=kept_open, max_size=most, timeout=self._settings.db_pool_timeout,
            connect=self._sign_in_for_pool, connection_class=Session, **self._options())

    async def _sign_in_for_pool(self, dsn: str | None = None, **options: Any) -> asyncpg.Connection:
        self._full_server.keep_free()
        return await self._sign_in(dsn, **options)

    async def _sign_in(self, dsn: str | None = None, **options: Any) -> asyncpg.Connection:
        """asyncpg.connect with the credentials, also for the pool.

        :raises DatabaseMisconfiguredError: retrying cannot help
        """
        try:
            return await self._sign_in_once(dsn, **options)
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            if (reason := permanent_problem(error, self._settings.plant_timezone)) is not None:
                raise DatabaseMisconfiguredError(reason) from error
            raise

    async def _sign_in_once(self, dsn: str | None, **options: Any) -> asyncpg.Connection:
        if self._credentials is None:
            return await self._begin_session(dsn, **options)
        arguments = await self._credentials.arguments()
        given = self._credentials.given
        try:
            return await self._begin_session(dsn, **options, **arguments)
        except asyncpg.InvalidAuthorizationSpecificationError as error:
            self._credentials.refuse(given)
            raise DatabaseUnavailableError(
                f'the database refuses the login: {full_stop(describe(error))} Asking for a new password; if this '
                f'continues, give the app the database as its resource, or its service principal a role') from error

    async def _begin_session(self, dsn: str | None, server_settings: dict[str, str], **options: Any) -> Session:
        options['connection_class'] = Session
        given = self._given
        try:
            session: Session = await asyncpg.connect(dsn, server_settings=server_settings | given, **options)
        except (asyncpg.ProtocolViolationError, asyncpg.UndefinedObjectError) as error:
            if not given:
                raise
            if given == PLAIN | LATER and isinstance(error, asyncpg.UndefinedObjectError):
                self._given = PLAIN  # for a server before PostgreSQL 17
                return await self._begin_session(dsn, server_settings, **options)
            # a pooler, or a server that does not know one of them: they are set one by one afterwards
            session = await asyncpg.connect(dsn, server_settings=server_settings, **options)
            self._given = {}
        try:
            await apply_settings(session, {name: value for name, value in (server_settings | PLAIN).items()
                                           if name not in SERVER_GIVES_UP})
        except BaseException:
            session.terminate()
            raise
        if self._given:
            self._given = supported_settings(session)
        return session

    def _options(self) -> dict[str, Any]:
        # server settings survive the RESET ALL when a connection is released; SET search_path would not
        return {'command_timeout': self._settings.db_command_timeout,
                'server_settings': {'search_path': f'"{self.schema}", pg_temp', 'application_name': 'line-monitor',
                                    'timezone': self._settings.plant_timezone,  # for the date in an order's id
                                    **SERVER_GIVES_UP}}
