"""What breaks is seen at once, never taken for the present, and recovers."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from browser.program import Program
from browser.visitor import Visitor, badge, tile
from playwright.async_api import Locator, Page, expect
from suspended import suspended

from floor.db.embedded.server import EmbeddedPostgres
from floor.db.embedded.sockets import address

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]

BREAK = "UPDATE machine_feed_stream SET status = 'down', reason = 'Seat worn' WHERE machine_name = 'Valve_01_01'"
GREY = re.compile(r'grayscale\(1\)')


def banner(page: Page) -> Locator:
    return page.locator('.banner')


async def looks_stale(page: Page) -> None:
    """Shown by the badge and the banner, and seen from afar."""
    await expect(badge(page)).to_have_attribute('data-connection', 'stale')
    await expect(badge(page)).to_have_text(re.compile(r'^stale since \d\d:\d\d:\d\d$'))
    await expect(banner(page)).to_contain_text('The floor is shown as of ')
    await expect(page.locator('.frame main')).to_have_css('filter', GREY)


async def looks_live(page: Page) -> None:
    await expect(badge(page)).to_have_attribute('data-connection', 'live')
    await expect(banner(page)).to_be_hidden()
    await expect(page.locator('.frame main')).to_have_css('filter', 'none')


async def test_the_database_dies_and_comes_back(visitor: Visitor, program: Program) -> None:
    page = await visitor.open()
    await page.evaluate('window.notReloaded = true')
    postmaster = program.postmaster
    # the outage may be short: the page itself keeps watch
    seen = asyncio.create_task(page.wait_for_selector('body:has([data-connection=stale]) .banner:not([hidden])'))
    await page.evaluate('1')

    postmaster.send_signal(signal.SIGKILL)

    await seen
    await looks_live(page)
    assert program.postmaster.pid != postmaster.pid
    connection = await connect_again(program.database_url)
    await connection.execute(BREAK)
    await connection.close()
    await expect(tile(page, 'Valve_01_01')).to_have_attribute('data-status', 'down')
    assert await page.evaluate('window.notReloaded')


async def test_what_changed_while_the_database_was_out_of_reach_shows_afterwards(
        visitor: Visitor, program: Program, connection: asyncpg.Connection) -> None:
    page = await visitor.open()
    async with asyncio.timeout(30):
        administrator = await asyncpg.connect(program.database_url.replace('/line_monitor?', '/postgres?'))
    try:
        await administrator.execute('ALTER DATABASE line_monitor ALLOW_CONNECTIONS false')
        await administrator.fetch("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                  "WHERE datname = 'line_monitor' AND pid <> $1", connection.get_server_pid())
        await looks_stale(page)
        await connection.execute(BREAK)
        await connection.execute("DELETE FROM machine_feed_stream WHERE machine_name = 'Valve_02_01'")
        await expect(banner(page)).to_contain_text('not currently accepting connections')
        await expect(tile(page, 'Valve_01_01')).to_have_attribute('data-status', 'operational')
    finally:
        await administrator.execute('ALTER DATABASE line_monitor ALLOW_CONNECTIONS true')
        await administrator.close()

    await looks_live(page)
    await expect(tile(page, 'Valve_01_01')).to_have_attribute('data-status', 'down')
    await expect(tile(page, 'Valve_02_01')).to_have_count(0)
    await expect(page.locator('.row-event', has_text='Valve 01·01 Down: Seat worn').first).to_be_visible()


async def test_a_database_that_hangs_is_noticed(visitor: Visitor, program: Program) -> None:
    """Nothing is closed and nothing answers: only the heartbeat that stays away tells."""
    page = await visitor.open()
    with suspended(program.postmaster):
        await looks_stale(page)

    await looks_live(page)


async def test_the_browser_is_cut_off(visitor: Visitor, connection: asyncpg.Connection) -> None:
    """The server cannot tell the page: its style sheet does, by NiceGUI's own notice."""
    page = await visitor.open()
    visitor.loses_connection = True

    await page.context.set_offline(True)

    await expect(page.locator('.frame main')).to_have_css('filter', GREY)
    await expect(badge(page)).to_have_css('text-decoration-line', 'line-through')
    await connection.execute(BREAK)
    await expect(tile(page, 'Valve_01_01')).to_have_attribute('data-status', 'operational')
    await page.context.set_offline(False)
    await expect(tile(page, 'Valve_01_01')).to_have_attribute('data-status', 'down')
    await looks_live(page)


async def test_the_program_is_restarted_under_an_open_page(visitor: Visitor, program: Program) -> None:
    page = await visitor.open()
    await page.evaluate('window.notReloaded = true')
    visitor.loses_connection = True

    await asyncio.to_thread(program.stop)
    await expect(page.locator('.frame main')).to_have_css('filter', GREY)
    await asyncio.to_thread(program.start)

    await page.wait_for_function('!window.notReloaded')
    await visitor.ready(page)
    await looks_live(page)
    connection = await connect_again(program.database_url)
    await connection.execute(BREAK)
    await connection.close()
    await expect(tile(page, 'Valve_01_01')).to_have_attribute('data-status', 'down')


async def test_the_database_comes_after_the_program(folder: Path, visitor_of: Callable[[Program], Visitor]) -> None:
    """Nobody is there at the start: the page says so and why, and becomes the floor automatically."""
    data = folder / 'later'
    program = Program(folder, DATABASE_URL=address(data / 'socket', 'line_monitor'), NEW_FLOOR='demo')
    postgres = EmbeddedPostgres(data)
    visitor = visitor_of(program)
    try:
        await asyncio.to_thread(program.start)
        page = await visitor.open(connection='connecting')
        await page.evaluate('window.notReloaded = true')
        await expect(banner(page)).to_contain_text(re.compile(r'^Connecting to the database \(.+\)\. '))
        await expect(page.get_by_text('Waiting for the database.')).to_be_visible()
        await expect(page.locator('.frame main')).to_have_css('filter', GREY)

        postgres.start()

        await looks_live(page)
        await expect(page.locator('[data-machine]')).to_have_count(30)
        await expect(page.get_by_text('Waiting for the database.')).to_be_hidden()
        assert await page.evaluate('window.notReloaded')
        assert await visitor.leave() == []
    finally:
        await asyncio.to_thread(program.stop)
        postgres.stop()


async def connect_again(url: str) -> asyncpg.Connection:
    """To a server that may still be starting."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await asyncpg.connect(url)
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.05)
