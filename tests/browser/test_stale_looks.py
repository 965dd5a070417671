"""What is not live does not look live: what shows the state of the floor is grey, on each screen and in each theme."""

from __future__ import annotations

import re

import asyncpg
import pytest
from browser.harness import stopped_database
from browser.program import Program
from browser.visitor import Visitor, badge, drawer
from playwright.async_api import Page, expect
from playwright.async_api import TimeoutError as PlaywrightTimeout

pytestmark = pytest.mark.asyncio(loop_scope='session')

EVERY_STATUS = ("UPDATE machine_feed_stream SET reason = 'Supply air low', "
                "status = (ARRAY['operational', 'warning', 'down'])[1 + machine_id % 3]")
LIVE_PARTS = '.tile, .figure, .count, .line-header, .row-machine, .row-event, .drawer-status, .drawer-events li, ' \
             '.drawer-orders li, .machine-now, .order-card, .order-row, [data-status]'
COLOURED = """parts => [...document.querySelectorAll(parts)]
    .filter(part => part.checkVisibility())
    .filter(part => {
        for (let each = part; each; each = each.parentElement)
            if (getComputedStyle(each).filter.includes('grayscale(1)')) return false;
        return true;
    })
    .map(part => `${part.className}: ${part.textContent.slice(0, 30)}`)"""
WALLS = [f'/?kiosk&theme={theme}' for theme in ('light', 'dark', 'andon', 'isa-101')]
SCREENS = [*((wall, 'light') for wall in WALLS), ('/?machine=Valve_01_01', 'light'), ('/?machine=Valve_01_01', 'dark'),
           ('/work-orders?view=board', 'dark'), ('/work-orders/ORDER', 'light')]


async def open_screens(visitor: Visitor, sql: asyncpg.Connection) -> list[Page]:
    """Each with every status on it, live."""
    await sql.execute(EVERY_STATUS)
    order = await sql.fetchval('INSERT INTO work_orders (machine_id, issue_description, priority) '
                               "VALUES ('Valve_01_01', 'Hisses', 'critical') RETURNING id")
    first = await visitor.blank()
    pages = [await first.context.new_page() for _ in SCREENS]
    for page, (path, scheme) in zip(pages, SCREENS, strict=True):
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        await visitor.go(page, path.replace('ORDER', order))
    for page, (path, _) in zip(pages, SCREENS, strict=True):
        if 'machine=' in path:
            await expect(drawer(page).locator('.drawer-status')).to_be_visible()
            await expect(drawer(page).locator('.drawer-orders li')).to_have_count(1)
        await expect(page).not_to_have_title(re.compile('^(Stale|Connecting)'))
    return pages


async def turns_grey(page: Page, name: str) -> None:
    """When the colours have faded."""
    try:
        await page.wait_for_function(f'({COLOURED})({LIVE_PARTS!r}).length === 0')
    except PlaywrightTimeout:
        assert await page.evaluate(COLOURED, LIVE_PARTS) == [], name


async def test_while_the_database_does_not_answer_and_while_there_is_no_connection(
        visitor: Visitor, program: Program, connection: asyncpg.Connection) -> None:
    visitor.loses_connection = True
    pages = await open_screens(visitor, connection)
    live = [await page.evaluate(COLOURED, LIVE_PARTS) for page in pages]
    assert all(live), 'each screen has parts that are in colour while it is live'

    with stopped_database(program):
        for page, (path, _) in zip(pages, SCREENS, strict=True):
            await expect(badge(page)).to_have_attribute('data-connection', 'stale')
            await turns_grey(page, path)
            await expect(page).to_have_title(re.compile('^Stale · .* · Line Monitor$'))

    for page in pages:
        await expect(badge(page)).to_have_attribute('data-connection', 'live')
        await expect(page).not_to_have_title(re.compile('^Stale'))
        await page.wait_for_function(f'({COLOURED})({LIVE_PARTS!r}).length > 0')

    for page in pages:
        await page.evaluate('window.socket.disconnect()')
        await expect(page.locator('#popup')).to_have_attribute('aria-hidden', 'false')
        await turns_grey(page, page.url)


async def test_a_page_that_is_opened_before_the_database_answers_says_so_in_its_title(
        visitor: Visitor, program: Program) -> None:
    visitor.loses_connection = True
    with stopped_database(program):
        page = await visitor.open(connection=None)
        await expect(badge(page)).to_have_attribute('data-connection', 'stale')
        later = await visitor.open(connection='stale')
        await expect(later).to_have_title('Stale · Floor · Line Monitor')
    await expect(later).to_have_title('Floor · Line Monitor')
