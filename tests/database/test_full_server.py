"""A server without a connection left for us: what is asked waits for one, a page says so, and nothing ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from urllib.parse import urlsplit

import asyncpg
import pytest
from database.postgres import SCHEMA, Server, until

from floor.core.errors import DatabaseUnavailableError
from floor.core.settings import Settings
from floor.db.connection_check import check_connection
from floor.db.database import Database
from floor.feed.freshness import Freshness
from floor.feed.listener import Listener
from floor.feed.store import Store
from floor.feed.timing import Timing

pytestmark = pytest.mark.newest_postgres


@pytest.fixture
def limited(server: Server, database_url: str) -> Iterator[str]:
    """The address of the fresh database for a login that may have two connections."""
    name = urlsplit(database_url).path.removeprefix('/')
    server.psql(database_url, script=f"""
        CREATE ROLE guest LOGIN CONNECTION LIMIT 2;
        GRANT ALL ON DATABASE {name} TO guest; GRANT ALL ON SCHEMA {SCHEMA} TO guest;
        GRANT ALL ON ALL TABLES IN SCHEMA {SCHEMA} TO guest; GRANT ALL ON ALL SEQUENCES IN SCHEMA {SCHEMA} TO guest;""")
    yield database_url.replace('//postgres@', '//guest@')
    server.drop_database(database_url)
    server.psql(server.url('postgres'), '-c', 'DROP ROLE guest')


async def test_what_is_asked_waits_for_a_connection_of_the_program(
        settings: Settings, limited: str, caplog: pytest.LogCaptureFixture) -> None:
    """Ten questions at once, two connections: all are answered, one after the other, and the log has one line."""
    database = Database(limited, settings.model_copy(update={'db_pool_size': 5, 'db_max_overflow': 10}))

    async def ask(number: int) -> int:
        async with database.acquire() as connection:
            return int(await connection.fetchval('SELECT $1::int FROM pg_sleep(0.02)', number))

    try:
        assert await asyncio.gather(*(ask(number) for number in range(10))) == list(range(10))
    finally:
        await database.close()
    warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert warnings[0].startswith('waiting for a connection, because the database has none left: too many conn')


async def test_the_page_says_that_it_waits_and_is_live_as_soon_as_there_is_room(
        settings: Settings, limited: str) -> None:
    strangers = [await asyncpg.connect(limited) for _ in range(2)]
    database, store = Database(limited, settings), Store(stale_after=60)
    await check_connection(database)  # no reason to end
    listener = Listener(database.connect, database.queries, store,
                        timing=Timing(heartbeat=0.05, audit=3600, first_backoff=0.01))
    running = asyncio.create_task(listener.run())
    try:
        await until(lambda: store.connection_error is not None)
        assert str(store.connection_error).startswith(
            'the database has no connection left for this program; it is waiting for one: '
            'too many connections for role "guest"')
        assert listener.status.reason == 'full'
        await strangers.pop().close()
        await until(lambda: store.connection is Freshness.LIVE)
    finally:
        running.cancel()
        for stranger in strangers:
            await stranger.close()
        await database.close()


async def test_the_listener_takes_the_place_of_an_idle_connection(settings: Settings, limited: str) -> None:
    """A pool that holds every connection of the login would keep the floor from ever being live."""
    database = Database(limited, settings.model_copy(update={'db_pool_size': 2}))
    try:
        async with database.acquire(), database.acquire():
            assert database.pool_use.busy == 2
        own = await database.connect()
        assert await own.fetchval('SELECT 1') == 1
        async with database.acquire() as connection:
            assert await connection.fetchval('SELECT 2') == 2
        await own.close()
    finally:
        await database.close()


async def test_who_waits_too_long_learns_why(settings: Settings, limited: str) -> None:
    strangers = [await asyncpg.connect(limited) for _ in range(2)]
    database = Database(limited, settings.model_copy(update={'db_pool_timeout': 0.5}))
    try:
        with pytest.raises(DatabaseUnavailableError, match=r'^the database has no connection left for this program'):
            async with database.acquire():
                pass
    finally:
        for stranger in strangers:
            await stranger.close()
        await database.close()
