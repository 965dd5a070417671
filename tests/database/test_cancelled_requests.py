"""A request that is given up in a transaction, because its browser has left."""

from __future__ import annotations

import anyio
import pytest
from database.postgres import Connect, until

from floor.core.settings import Settings
from floor.db.database import Database
from floor.db.transactions import command

pytestmark = pytest.mark.newest_postgres


async def test_a_request_that_is_given_up_is_rolled_back_without_an_error_in_the_log(
        settings: Settings, database_url: str, connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    """anyio, by which Starlette ends requests, cancels again until a task has ended, and so its ROLLBACK too."""
    database = Database(database_url, settings.model_copy(update={'db_pool_size': 1, 'db_max_overflow': 0}))
    other = await connect()

    async def request() -> None:
        async with command(database) as connection:
            await connection.execute('DELETE FROM machine_feed_stream')
            await connection.execute('SELECT pg_sleep(60) -- request')

    async def is_asked() -> bool:
        return bool(await other.fetchval("SELECT count(*) FROM pg_stat_activity WHERE query ~ '-- request$'"))

    try:
        async with database.acquire() as connection:
            process = connection.get_server_pid()
        async with anyio.create_task_group() as requests:
            requests.start_soon(request)
            await until(is_asked)
            requests.cancel_scope.cancel()
        async with database.acquire() as connection:
            assert (connection.get_server_pid(), connection.is_in_transaction()) == (process, False)
            assert await connection.fetchval('SELECT count(*) FROM machine_feed_stream')
    finally:
        await database.close()
    assert not caplog.records
