"""A Chromium and a running program for each worker, and the floor as delivered for each test.

Playwright's async interface on one event loop for all of these tests: its synchronous one would leave a running loop in
the main thread, and the other tests of the same worker could not start theirs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from benchmarks.chromium import NAMES
from browser.harness import FLAGS, PATIENCE_S, SHELL, Until, connected, find_chromium, forget_orders, until
from browser.profiles import Profiles
from browser.program import Program, started
from browser.visitor import Visitor
from playwright.async_api import Browser, async_playwright, expect

expect.set_options(timeout=PATIENCE_S * 1000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker runs all tests of a file, since they share programs."""
    for item in items:
        if item.path.parent == Path(__file__).parent and item.get_closest_marker('xdist_group') is None:
            item.add_marker(pytest.mark.xdist_group(item.path.name))


OF_MACHINES = ('machine_feed_stream', 'machine_status_history', 'status_intervals', 'data_gaps', 'machine_stops',
               'machine_placements', 'former_machine_names', 'machines')


@pytest_asyncio.fixture(scope='session', loop_scope='session')
async def chromium() -> AsyncIterator[Browser]:
    """One browser process per worker; each visit has its own profile in it."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(playwright, SHELL, *NAMES), args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope='session', loop_scope='session')
async def profiles(chromium: Browser) -> Profiles:
    """The profiles of this browser that visitors use one after another."""
    return Profiles(chromium)


@pytest.fixture(scope='session')
def program(chromium: Browser) -> Iterator[Program]:
    """`python main.py` with its embedded database, one per worker."""
    with started() as program:
        yield program


@pytest_asyncio.fixture(scope='session', loop_scope='session')
async def delivered(program: Program) -> dict[str, list[Any]]:
    """The machines and lines as the migrations put them there."""
    await until(lambda: program.health().get('status') == 'live')
    connection = await connected(program.database_url)
    try:
        return {'machines': await connection.fetch('SELECT machine_id, machine_name, type FROM machine_feed_stream'),
                'lines': await connection.fetch('SELECT line_id, name FROM production_lines')}
    finally:
        await connection.close()


@pytest_asyncio.fixture(loop_scope='session')
async def connection(program: Program, delivered: dict[str, list[Any]]) -> AsyncIterator[asyncpg.Connection]:
    """The program's database, with the floor as delivered: thirty machines that run."""
    connection = await connected(program.database_url)
    numbers = [machine['machine_id'] for machine in delivered['machines']]
    async with connection.transaction():
        await connection.execute('SET LOCAL session_replication_role = replica')  # else machines with a history stay
        for table in OF_MACHINES:
            await connection.execute(f'DELETE FROM {table} WHERE machine_id <> ALL ($1)', numbers)
        await connection.execute('SET LOCAL session_replication_role = origin')
        await connection.executemany(
            'UPDATE machines SET machine_name = $2 WHERE machine_id = $1 AND machine_name <> $2',
            [(machine['machine_id'], machine['machine_name']) for machine in delivered['machines']])
        await connection.executemany('INSERT INTO machine_feed_stream (machine_id, machine_name, type) '
                                     'VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', delivered['machines'])
        await connection.execute("UPDATE machine_feed_stream SET status = 'operational', reason = NULL "
                                 "WHERE status IS DISTINCT FROM 'operational' OR reason IS NOT NULL")
        await connection.executemany('UPDATE production_lines SET name = $2 WHERE line_id = $1 AND name <> $2',
                                     delivered['lines'])
    await forget_orders(connection)
    await until(lambda: (health := program.health()).get('status') == 'live' and health['machines'] == len(numbers))
    yield connection
    connection.terminate()


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
async def lisa(profiles: Profiles, technicians_program: Program,
               connection: asyncpg.Connection) -> AsyncIterator[Visitor]:
    """Lisa Garcia, a technician, with a browser of her own; nothing may be complained of."""
    visitor = Visitor(profiles, technicians_program)
    yield visitor
    assert await visitor.leave() == []


@pytest_asyncio.fixture(loop_scope='session')
async def visitor(profiles: Profiles, program: Program, connection: asyncpg.Connection) -> AsyncIterator[Visitor]:
    """A person who opens the floor. At the end nothing may have been complained of: no error in a console, no request
    that failed or left this machine, no error in the program's log."""
    visitor = Visitor(profiles, program)
    yield visitor
    assert await visitor.leave() == []


@pytest.fixture
def visitor_of(profiles: Profiles) -> Callable[[Program], Visitor]:
    """A person who opens the floor of another program."""
    return lambda program: Visitor(profiles, program)


@pytest.fixture(name='until')
def until_fixture() -> Until:
    """Wait for something that no page shows: `await until(lambda: ...)`."""
    return until
