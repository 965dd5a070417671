"""A database that cannot be written is not live, and the app works again as soon as it can."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg
import httpx
import pytest
from database.postgres import Connect, until
from fastapi import FastAPI

from floor.core.errors import DatabaseUnavailableError
from floor.db import database as database_module
from floor.db.database import Database
from floor.db.transactions import command
from floor.feed.freshness import Freshness
from floor.feed.listener import Listener
from floor.feed.store import Store
from floor.feed.timing import Timing
from floor.operations import health
from floor.operations.event_loop_latency import event_loop_latency
from floor.operations.freshness_log import FreshnessLog
from floor.operations.runtime_status import RuntimeStatus
from floor.web.live.render_probe import browser_latency

pytestmark = pytest.mark.newest_postgres
QUICK = Timing(heartbeat=0.05, heartbeat_timeout=10, audit=3600, gap=0.005, first_backoff=0.01)
WRITE = "UPDATE employees SET department = 'Night' WHERE id = 1"


class Pages:
    """Nobody looks."""

    pages, pages_gone = 0, 0


class App:
    """A listener and its watch on this database, and /healthz."""

    def __init__(self, database: Database) -> None:
        self.store = Store(stale_after=60)
        self.listener = Listener(database.connect, database.queries, self.store, timing=QUICK)
        self.watch = FreshnessLog(self.store, disk_full=lambda: database.disk_full)
        app = FastAPI()
        health.register(app, RuntimeStatus(database=database, store=self.store, listener=self.listener,
                                           watch=self.watch,
                                           pages=Pages(), loop=event_loop_latency(), browser=browser_latency()))
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url='http://floor')

    async def health(self) -> tuple[int, dict[str, object]]:
        answer = await self._client.get('/healthz')
        return answer.status_code, answer.json()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self.listener.run()), asyncio.create_task(self.watch.job.run())]
        try:
            await until(lambda: self.store.connection is Freshness.LIVE)
            yield
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


@pytest.fixture
async def admin(connect: Connect) -> AsyncIterator[asyncpg.Connection]:
    """Leaves the server as it was: its configuration is for all databases."""
    admin = await connect(server_settings={'default_transaction_read_only': 'off'})
    yield admin
    await admin.execute('ALTER SYSTEM RESET default_transaction_read_only')
    await admin.execute('SELECT pg_reload_conf()')


async def set_read_only(admin: asyncpg.Connection, read_only: bool) -> None:
    """What managed services do when a disk fills up, and to an old primary."""
    await admin.execute(f"ALTER SYSTEM SET default_transaction_read_only = {'on' if read_only else 'off'}")
    await admin.execute('SELECT pg_reload_conf()')


async def test_a_database_that_becomes_read_only_is_not_live_until_it_can_be_written(
        database: Database, admin: asyncpg.Connection) -> None:
    app = App(database)
    async with app.running():
        await set_read_only(admin, True)
        await until(lambda: app.store.connection is Freshness.STALE)
        status, report = await app.health()
        assert status == 503
        assert 'read-only' in str(report['connection_error'])
        assert app.listener.losses['read_only'] == 1
        await set_read_only(admin, False)
        await until(lambda: app.store.connection is Freshness.LIVE)
        assert (await app.health())[0] == 200


async def test_a_pool_that_led_to_a_read_only_server_is_renewed(
        database: Database, admin: asyncpg.Connection) -> None:
    """As after a failover: what was connected stays read-only, a new connection can write."""
    await admin.execute(f'ALTER DATABASE {await admin.fetchval("SELECT current_database()")} '
                        'SET default_transaction_read_only = on')
    with pytest.raises(DatabaseUnavailableError, match='read-only'):
        async with command(database) as connection:
            await connection.execute(WRITE)
    await admin.execute(f'ALTER DATABASE {await admin.fetchval("SELECT current_database()")} '
                        'RESET default_transaction_read_only')
    async with command(database) as connection:
        await connection.execute(WRITE)
    assert await admin.fetchval('SELECT department FROM employees WHERE id = 1') == 'Night'


async def test_a_full_disk_shows_in_healthz_and_in_the_log_until_it_is_over(
        database: Database, admin: asyncpg.Connection, caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch) -> None:
    """The real SQLSTATE of a real server, raised where PostgreSQL would extend the table."""
    await admin.execute("""
        CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE disk_full USING MESSAGE = 'could not extend file "base/1/2": No space left on device';
        END $$;
        CREATE TRIGGER a_no_room BEFORE UPDATE ON employees FOR EACH ROW EXECUTE FUNCTION no_room();""")
    app = App(database)
    async with app.running():
        for _ in range(100):
            with pytest.raises(DatabaseUnavailableError):
                async with command(database) as connection:
                    await connection.execute(WRITE)
        await until(lambda: app.store.feed_warning is not None)
        status, report = await app.health()
        assert status == 200, 'what is shown is true'
        assert report['feed_warning'] == ('The disk of the database is full, so writing fails: '
                                     'could not extend file "base/1/2": No space left on device.')
        complaints = [each.message for each in caplog.records
                      if each.levelno >= logging.WARNING and 'disk of the database' in each.message]
        assert len(complaints) == 1
        monkeypatch.setattr(database_module, 'DISK_FULL_SHOWN_S', 0)
        await until(lambda: app.store.feed_warning is None)
