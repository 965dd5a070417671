"""A Chromium and a running program for each worker, and the floor as delivered for each test.

Playwright's async interface on one event loop for all of these tests: its synchronous one would leave a running loop in
the main thread, and the other tests of the same worker could not start theirs.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from benchmarks.chromium import NAMES
from browser.program import Program, started
from browser.visitor import Visitor
from playwright.async_api import Browser, Playwright, async_playwright, expect

FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-quic', '--no-first-run',
         '--disable-background-networking', '--disable-component-update', '--disable-sync',
         '--host-resolver-rules=MAP evil.example 127.0.0.1,MAP floor.example 127.0.0.1']
SHELL = 'chromium-headless-shell'
"""The same engine without the windows that nobody sees: half the processor time, and no settings of a person."""
NO_BROWSER = ('no Chromium: `apt-get install chromium` or `playwright install chromium`, or name one in the '
              'environment variable CHROMIUM')
PATIENCE_S = 30.0

expect.set_options(timeout=PATIENCE_S * 1000)


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


@pytest_asyncio.fixture(scope='session', loop_scope='session')
async def chromium() -> AsyncIterator[Browser]:
    """One browser process per worker; each visit has a profile of its own in it."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(playwright, SHELL, *NAMES), args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture(scope='session')
def program(chromium: Browser) -> Iterator[Program]:
    """`python main.py` with its embedded database, one per worker."""
    with started() as program:
        yield program


async def connected(url: str) -> asyncpg.Connection:
    """A connection to a database that may be starting."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return await asyncpg.connect(url, timeout=10)
        if time.monotonic() > deadline:
            return await asyncpg.connect(url, timeout=10)
        await asyncio.sleep(0.05)


@pytest_asyncio.fixture(scope='session', loop_scope='session')
async def delivered(program: Program) -> dict[str, list[asyncpg.Record]]:
    """The machines and lines as the migrations put them there."""
    await until(lambda: program.health().get('status') == 'live')
    connection = await connected(program.database_url)
    try:
        return {'machines': await connection.fetch('SELECT machine_id, machine_name, type FROM machine_feed_stream'),
                'lines': await connection.fetch('SELECT line_id, name FROM production_lines')}
    finally:
        await connection.close()


@pytest_asyncio.fixture(loop_scope='session')
async def sql(program: Program, delivered: dict[str, list[asyncpg.Record]]) -> AsyncIterator[asyncpg.Connection]:
    """The program's database, with the floor as delivered: thirty machines that run."""
    connection = await connected(program.database_url)
    names = [machine['machine_name'] for machine in delivered['machines']]
    async with connection.transaction():
        await connection.execute('DELETE FROM machine_feed_stream WHERE machine_name <> ALL ($1)', names)
        await connection.execute('DELETE FROM machines WHERE machine_name <> ALL ($1)', names)
        await connection.executemany('INSERT INTO machine_feed_stream (machine_id, machine_name, type) '
                                     'VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', delivered['machines'])
        await connection.execute("UPDATE machine_feed_stream SET status = 'operational', reason = NULL "
                                 "WHERE status IS DISTINCT FROM 'operational' OR reason IS NOT NULL")
        await connection.executemany('UPDATE production_lines SET name = $2 WHERE line_id = $1 AND name <> $2',
                                     delivered['lines'])
    await forget_orders(connection)
    await until(lambda: (health := program.health()).get('status') == 'live' and health['machines'] == len(names))
    yield connection
    connection.terminate()


async def forget_orders(connection: asyncpg.Connection) -> None:
    """Take all work orders away, which nobody else can: they are never deleted."""
    if not await connection.fetchval('SELECT EXISTS (SELECT FROM work_orders)'):
        return
    async with connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = 'replica'")
        for table in 'work_order_attachments', 'work_order_checklist', 'work_order_events', 'work_orders':
            await connection.execute(f'DELETE FROM {table}')
        await connection.execute("""SELECT announce('{"resync": "forgotten"}')""")


@pytest.fixture(scope='session')
def technicians_program(program: Program) -> Iterator[Program]:
    """The same floor on another port, where Lisa Garcia, a technician, is the local user."""
    second = program.joined('lisa', LOCAL_USER='lisa.garcia@example.com')
    try:
        second.start()
        yield second
    finally:
        second.stop()


@pytest_asyncio.fixture(loop_scope='session')
async def lisa(chromium: Browser, technicians_program: Program, sql: asyncpg.Connection) -> AsyncIterator[Visitor]:
    """Lisa Garcia, a technician, with a browser of her own; nothing may be complained of."""
    visitor = Visitor(chromium, technicians_program)
    yield visitor
    assert await visitor.leave() == []


@pytest_asyncio.fixture(loop_scope='session')
async def visitor(chromium: Browser, program: Program, sql: asyncpg.Connection) -> AsyncIterator[Visitor]:
    """A person who opens the floor. At the end nothing may have been complained of: no error in a console, no request
    that failed or left this machine, no error in the program's log."""
    visitor = Visitor(chromium, program)
    yield visitor
    assert await visitor.leave() == []


@pytest.fixture
def visitor_of(chromium: Browser) -> Callable[[Program], Visitor]:
    """A person who opens the floor of another program."""
    return lambda program: Visitor(chromium, program)


async def until(condition: Callable[[], object], within: float = PATIENCE_S) -> None:
    """Wait for something that no page shows."""
    async with asyncio.timeout(within):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 (there is no event to wait for)
            await asyncio.sleep(0.05)


Until = Callable[..., Awaitable[None]]


@pytest.fixture(name='until')
def until_fixture() -> Until:
    """Wait for something that no page shows: `await until(lambda: ...)`."""
    return until
