"""A connection of the pool is given back to the end, also by who was cancelled twice."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
from contextlib import suppress
from typing import Any

import pytest
from database.postgres import until

from floor.core.settings import Settings
from floor.db.database import Database

pytestmark = pytest.mark.newest_postgres


async def test_a_connection_that_does_not_come_back_in_time_is_closed_with_one_line(
        settings: Settings, connect: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody waits for it now, so asyncio would print a traceback of an error that nobody asked for."""
    database = Database(settings.database_url, settings.model_copy(update={'db_pool_timeout': 0.5}))
    server_process: list[int] = []

    async def wait_long() -> None:
        async with database.acquire() as connection:
            server_process.append(connection.get_server_pid())
            await connection.execute('SELECT pg_sleep(60)')

    admin = await connect()
    work = asyncio.create_task(wait_long())
    await until(lambda: admin.fetchval("SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'"))
    os.kill(server_process[0], signal.SIGSTOP)
    try:
        work.cancel()
        await asyncio.sleep(0)  # it gives its connection back now, and is cancelled in that too
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
        assert database.pool_use.busy == 1
        await until(lambda: bool(caplog.records))
        assert database.pool_use.busy == 0
        gc.collect()
    finally:
        os.kill(server_process[0], signal.SIGCONT)

    assert [(record.levelno, record.name) for record in caplog.records] == [(logging.WARNING, 'floor.db.database')]
    async with database.acquire() as connection:  # another one
        assert connection.get_server_pid() != server_process[0]
    await database.close()
