"""The present state of the program and its database, for /diagnosis.

RuntimeStatus has the state of the process; the rest comes from the database, which may not answer. Passwords, tokens
and addresses that contain them are not read here, so they cannot be shown.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg

from ..core.errors import DatabaseError, DatabaseUnavailableError, FeedNotDeliveredError
from ..db.connection import UNREACHABLE, Connection, describe
from .runtime_status import RuntimeStatus

LONG_OPEN_S = 30.0
PATIENCE_S = 3.0
"""Time limit in seconds for all queries together, and for a notification."""


@dataclass(frozen=True, slots=True)
class AppliedFile:
    """A migration in the database. intact: whether it is equal to the file of this program; None: psql applied it, or
    this program does not have it."""

    version: int
    name: str
    applied_at: datetime
    intact: bool | None
    app_version: str | None = None
    """The version of the program that applied it."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """One trigger of the floor's tables."""

    name: str
    table: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class ProgramConnections:
    """Connections to the database of one program on one host."""

    program: str
    login: str
    place: str
    number: int
    since: datetime


@dataclass(frozen=True, slots=True)
class OpenTransaction:
    """A session with an old transaction that locks tables of the floor; waiting: how many sessions wait for it."""

    pid: int
    login: str
    seconds: float
    waiting: int


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """The state of the database. Sizes in bytes; queue_usage from 0 to 1."""

    server: str
    name: str
    login: str
    owner: str | None
    feeds: str | None
    """The logins that may write only the feed."""
    size: int
    server_since: datetime
    now: datetime
    is_replica: bool
    queue_usage: float
    sessions: int
    most_sessions: int
    migrations: tuple[AppliedFile, ...]
    triggers: tuple[Trigger, ...]
    missing_triggers: tuple[str, ...]
    missing_rights: tuple[tuple[str, str], ...]
    """The rights that this login lacks, each with the statement that grants it."""
    connected: tuple[ProgramConnections, ...]
    dashboard_at: datetime | None
    history_at: datetime | None
    summed_until: datetime | None
    history_from: datetime | None
    history_rows: int
    sums_from: datetime | None
    simulator: str | None
    simulator_at: datetime | None
    unlimited_feeds: tuple[tuple[str, tuple[str, ...], str], ...] = ()
    """Feed logins, each with the limits that it lacks."""
    open_transactions: tuple[OpenTransaction, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The present state. problem: why the database could not be queried."""

    runtime: RuntimeStatus
    database: DatabaseFacts | None
    problem: str | None
    now: float = field(default_factory=time.time)
    """Seconds since 1970, by this machine's clock."""


async def diagnose(runtime: RuntimeStatus) -> Diagnosis:
    """Collect the present state. Never fails: an error of the database is part of the result."""
    try:
        async with asyncio.timeout(PATIENCE_S), runtime.database.acquire() as connection:
            return Diagnosis(runtime, await _ask(runtime, connection), None)
    except TimeoutError:
        return Diagnosis(runtime, None, f'it has not answered for {PATIENCE_S:g} s')
    except (DatabaseError, asyncpg.PostgresError) as error:
        return Diagnosis(runtime, None, describe(error))


async def measure_delivery(runtime: RuntimeStatus) -> float:
    """Seconds that a notification takes to the server and back, on a separate connection.

    :raises DatabaseUnavailableError: the database does not answer
    :raises FeedNotDeliveredError: it did not come back in time
    """
    channel, token = f'floor_diagnosis_{uuid.uuid4().hex}', uuid.uuid4().hex
    back: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def arrived(_connection: object, _pid: int, _channel: str, payload: object) -> None:
        if payload == token and not back.done():
            back.set_result(time.monotonic())

    connection = await runtime.database.connect()
    try:
        async with asyncio.timeout(PATIENCE_S):
            await connection.add_listener(channel, arrived)
            sent = time.monotonic()
            await runtime.database.queries.listen_for_diagnosis(connection, channel=channel, token=token)
            return await back - sent
    except TimeoutError as error:
        raise FeedNotDeliveredError(f'a heartbeat notification did not come back within {PATIENCE_S:g} s: something in '
                                    'front of PostgreSQL, such as a pooler, does not pass on notifications') from error
    except (*UNREACHABLE, asyncpg.PostgresError) as error:
        raise DatabaseUnavailableError(f'the database does not answer: {describe(error)}') from error
    finally:
        connection.terminate()


async def _ask(runtime: RuntimeStatus, connection: Connection) -> DatabaseFacts:
    queries = runtime.database.queries
    about = await queries.diagnosed_database(connection)
    upkeep = await queries.diagnosed_upkeep(connection)
    ours = {each.version: each.sha256 for each in runtime.migrations}
    rights = queries.missing_rights(connection, schema=runtime.database.schema, upgrading=False, looking=False)
    return DatabaseFacts(
        **about, **upkeep,
        migrations=tuple([_applied(row, ours) async for row in queries.diagnosed_migrations(connection)]),
        triggers=tuple([Trigger(row['name'], row['table_name'], row['is_on'])
                        async for row in queries.diagnosed_triggers(connection)]),
        missing_triggers=tuple([row['name'] async for row in queries.missing_triggers(connection)]),
        missing_rights=tuple([(row['missing'], row['remedy']) async for row in rights]),
        connected=tuple([ProgramConnections(row['program'], row['login'], row['place'], row['sessions'], row['since'])
                         async for row in queries.diagnosed_sessions(connection)]),
        unlimited_feeds=tuple([(row['login'], tuple(row['missing']), row['remedy'])
                               async for row in queries.diagnosed_feed_logins(connection)]),
        open_transactions=tuple([OpenTransaction(**row) async for row in
                                 queries.diagnosed_open_transactions(connection, after=LONG_OPEN_S)]))


def _applied(row: Any, ours: dict[int, str]) -> AppliedFile:
    known = ours.get(row['version'])
    intact = None if known is None or row['sha256'] is None else known == row['sha256']
    return AppliedFile(row['version'], row['name'], row['applied_at'], intact, row['app_version'])
