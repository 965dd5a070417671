"""How the browser tests find a browser, ask the database, and wait."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg
import pytest
from browser.program import Program
from playwright.async_api import Playwright
from suspended import suspended

FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-quic', '--no-first-run',
         '--disable-background-networking', '--disable-component-update', '--disable-sync',
         '--host-resolver-rules=MAP evil.example 127.0.0.1,MAP floor.example 127.0.0.1',
         # A page lives for seconds: optimizing its scripts and tidying its memory early cost more than they gain.
         '--js-flags=--no-opt --no-maglev --min-semi-space-size=16 --max-semi-space-size=64']
SHELL = 'chromium-headless-shell'
"""The same engine without the windows that nobody sees: half the processor time, and no settings of a person."""
NO_BROWSER = ('no Chromium: `apt-get install chromium` or `playwright install chromium`, or name one in the '
              'environment variable CHROMIUM')
PATIENCE_S = 60.0
Until = Callable[..., Awaitable[None]]


def find_chromium(playwright: Playwright, *names: str) -> str:
    """The browser that the tests drive; skips, or fails where REQUIRE_BROWSER says that there must be one.

    names: of the programs that will do, the best first
    """
    candidates = [os.environ.get('CHROMIUM'), *map(shutil.which, names), playwright.chromium.executable_path]
    for path in candidates:
        if path and Path(path).exists():
            return path
    if os.environ.get('REQUIRE_BROWSER') == '1':
        pytest.fail(NO_BROWSER)
    pytest.skip(NO_BROWSER)


async def connected(url: str) -> asyncpg.Connection:
    """A connection to a database that may be starting."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return await asyncpg.connect(url, timeout=10)
        if time.monotonic() > deadline:
            return await asyncpg.connect(url, timeout=10)
        await asyncio.sleep(0.05)


async def forget_orders(connection: asyncpg.Connection) -> None:
    """Take all work orders away, which nobody else can: they are never deleted."""
    if not await connection.fetchval('SELECT EXISTS (SELECT FROM work_orders)'):
        return
    async with connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = 'replica'")
        for table in 'work_order_attachments', 'work_order_checklist', 'work_order_events', 'work_orders':
            await connection.execute(f'DELETE FROM {table}')
        await connection.execute("""SELECT announce('{"resync": "forgotten"}')""")


async def until(condition: Callable[[], object], within: float = PATIENCE_S) -> None:
    """Wait for something that no page shows."""
    async with asyncio.timeout(within):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 (there is no event to wait for)
            await asyncio.sleep(0.05)


@contextmanager
def stopped_database(program: Program) -> Iterator[None]:
    """PostgreSQL takes what it is sent and answers nothing (SIGSTOP)."""
    with suspended(program.postmaster):
        yield
