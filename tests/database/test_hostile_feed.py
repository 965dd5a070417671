"""A feed's login that holds whatever it can get hold of: it delays nobody, or not for long, and people are told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from uuid import uuid4
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from database.postgres import SCHEMA, until

from floor.analytics.dashboard_keeper import DashboardKeeper
from floor.analytics.history_keeper import HistoryKeeper
from floor.database import SQL, Database
from floor.listener import Listener, Timing
from floor.migrate import load_migrations, migrate, prepare
from floor.store import Connection, Store

Connect = Callable[..., Awaitable[asyncpg.Connection]]
Psql = Callable[..., str]

FEED_WRITER = SQL / 'feed_writer.sql'
QUICK = Timing(heartbeat=0.05, heartbeat_timeout=2, audit=0.1, polling=0.05, gap=0.005, first_backoff=0.01)


@pytest.fixture
async def feed(psql: Psql, connect: Connect) -> asyncpg.Connection:
    name = f'gateway_{uuid4().hex[:8]}'
    psql('-f', str(FEED_WRITER), '-c', f'CREATE ROLE {name} LOGIN; GRANT floor_feed_writer TO {name}')
    return await connect(name)


@pytest.fixture
async def holding_everything(feed: asyncpg.Connection) -> asyncpg.Connection:
    """Every machine's row, and the numbers that once were our locks."""
    await feed.execute('BEGIN; SELECT pg_advisory_lock(7302113006), pg_advisory_lock(7302113007)')
    await feed.execute("UPDATE machine_feed_stream SET status = 'down', reason = 'Mine'")
    return feed


async def test_a_floor_comes_back_whatever_a_feed_holds(
        database: Database, connect: Connect, holding_everything: asyncpg.Connection) -> None:
    admin, store, connections = await connect(), Store(stale_after=QUICK.stale_after), []

    async def open_connection() -> asyncpg.Connection:
        connections.append(await database.connect())
        return connections[-1]

    listener = Listener(open_connection, database.queries, store, schema=SCHEMA, timing=QUICK,
                        prepare=prepare(database))
    task = asyncio.create_task(listener.run())
    try:
        await until(lambda: store.connection is Connection.LIVE)
        await admin.execute('SELECT pg_terminate_backend($1)', connections[0].get_server_pid())
        await until(lambda: len(connections) > 1 and store.connection is Connection.LIVE)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_the_dashboard_is_refreshed_whatever_a_feed_holds(
        database: Database, holding_everything: asyncpg.Connection) -> None:
    assert await DashboardKeeper(database, HistoryKeeper(database, None), ZoneInfo('UTC')).refresh()


async def test_a_schema_is_made_whatever_a_feed_holds(
        connect: Connect, holding_everything: asyncpg.Connection) -> None:
    async with asyncio.timeout(20):
        assert len(await migrate(await connect(), 'second_plant', load_migrations())) == len(load_migrations()) - 1
