"""A change in the table shows in every browser, without a reload and whatever it says."""

from __future__ import annotations

import json
import re

import asyncpg
import pytest
from browser.visitor import Visitor, badge, drawer, fits_window, tile, tiles
from playwright.async_api import expect

pytestmark = pytest.mark.asyncio(loop_scope='session')

SEED_UPDATE = ("UPDATE machine_feed_stream SET status = 'warning', datetime = NOW() "
               "WHERE machine_name = 'Injection_Molder_02_01';")
HOSTILE = ['<img src=/never.png onerror="window.pwned=1">', '"><script>window.pwned=1</script>',
           "O'Brien & Sons \\ {{ window.pwned=1 }} ${window.pwned=1}", 'javascript:window.pwned=1', '🤖🏭 机器 مصنع',
           'W' * 200, 'wide name ' * 19 + 'and end', '_' * 99 + 'مصنع' + 'x' * 97]


async def test_the_update_of_the_readme_shows_in_every_window(visitor: Visitor, connection: asyncpg.Connection) -> None:
    pages = [await visitor.open(), await visitor.open()]
    for page in pages:
        await expect(tiles(page)).to_have_count(30)
        await expect(tile(page, 'Injection_Molder_02_01')).to_have_attribute('data-status', 'operational')

    await connection.execute(SEED_UPDATE)

    for page in pages:
        molder = tile(page, 'Injection_Molder_02_01')
        await expect(molder).to_have_attribute('data-status', 'warning')
        await expect(molder).to_have_accessible_name(re.compile('^Injection Molder 02·01, Warning, since '))
        await expect(page.locator('[data-line="Engine Line"] .line-header')).to_have_attribute('data-worst', 'warning')
        await expect(page.locator('.figure[data-status=warning]')).to_have_text('1')
        await expect(page.locator('.row-machine:visible')).to_have_count(1)
        await expect(page.locator('.row-event').first).to_have_text('Injection Molder 02·01 Warning')


async def test_machines_come_and_go_without_a_reload(visitor: Visitor, connection: asyncpg.Connection) -> None:
    page = await visitor.open()
    await expect(tiles(page)).to_have_count(30)
    await page.evaluate('window.notReloaded = true')

    await connection.execute("INSERT INTO machine_feed_stream (machine_name, type) VALUES ('Painter_04_07', 'painter')")
    await expect(page.locator('[data-line="Interior Line"] [data-machine]').last).to_have_attribute(
        'data-machine', 'Painter_04_07')
    await connection.execute("INSERT INTO machine_feed_stream (machine_name) VALUES ('Forklift')")
    await expect(page.locator('[data-line="Not on a line"] [data-machine="Forklift"]')).to_be_visible()
    await connection.execute("UPDATE machine_feed_stream SET status = 'down' WHERE machine_name = 'Painter_04_07'")
    await expect(tile(page, 'Painter_04_07')).to_have_attribute('data-status', 'down')

    await connection.execute("DELETE FROM machine_feed_stream WHERE machine_name IN ('Painter_04_07', 'Valve_01_01')")
    await expect(tile(page, 'Painter_04_07')).to_have_count(0)
    await expect(tiles(page)).to_have_count(30)
    await connection.execute('TRUNCATE machine_feed_stream')
    await expect(page.get_by_text('There are no machines on the floor.')).to_be_visible()
    await expect(tiles(page)).to_have_count(0)
    await expect(badge(page)).to_have_attribute('data-connection', 'live')
    assert await page.evaluate('window.notReloaded')


async def test_a_line_that_is_renamed_shows_its_new_name(visitor: Visitor, connection: asyncpg.Connection) -> None:
    page = await visitor.open()

    await connection.execute("UPDATE production_lines SET name = '<b>Axle</b> Line' WHERE code = '03'")

    await expect(page.get_by_role('heading', name='<b>Axle</b> Line')).to_be_visible()


async def test_names_and_reasons_are_text_whatever_they_hold(visitor: Visitor, connection: asyncpg.Connection) -> None:
    page = await visitor.open()
    await connection.executemany('INSERT INTO machine_feed_stream (machine_name, type) VALUES ($1, $1)',
                                 [[name] for name in HOSTILE])
    await connection.execute("UPDATE machine_feed_stream SET status = 'down', reason = machine_name "
                             'WHERE machine_name = ANY ($1)', HOSTILE)

    for width in 390, 1366:
        await page.set_viewport_size({'width': width, 'height': 844})
        await page.wait_for_function('width => innerWidth === width', arg=width)
        for name in HOSTILE:
            await expect(tile(page, name)).to_have_attribute('data-status', 'down')
            shown = await tile(page, name).inner_text()  # a number at the end of a long name has its own line
            assert ''.join(name.split()) in ''.join(shown.split())
        await fits_window(page)
        heights = await page.locator('.line [data-machine]').evaluate_all('all => all.map(tile => tile.offsetHeight)')
        assert max(heights) <= 1.5 * min(heights), width
        for name in HOSTILE[:2] + HOSTILE[5:6]:
            await tile(page, name).click()
            await expect(drawer(page).get_by_role('heading', level=2)).to_have_text(name)
            await expect(drawer(page).locator('.facts')).to_contain_text(name)
            await fits_window(page)
            await page.keyboard.press('Escape')
            await expect(drawer(page)).to_be_hidden()
    assert await page.evaluate('window.pwned') is None
    assert await page.locator('img[src="/never.png"]').count() == 0


async def test_a_storm_ends_in_the_picture_of_the_table(visitor: Visitor, connection: asyncpg.Connection) -> None:
    """Two hundred statements over all machines as fast as they go; what counts is the last word of each."""
    page = await visitor.open()

    for number in range(200):
        await connection.execute("UPDATE machine_feed_stream SET status = (ARRAY['operational', 'warning', 'down'])"
                                 '[1 + (machine_id * 7 + $1) % 3], reason = $2 WHERE machine_id % 5 = $1 % 5',
                                 number, f'storm {number}')

    for row in await connection.fetch('SELECT machine_name, status, reason FROM machine_feed_stream'):
        await expect(tile(page, row['machine_name'])).to_have_attribute('data-status', row['status'])
        await expect(tile(page, row['machine_name'])).to_have_attribute('data-reason', row['reason'] or '')


async def test_a_changed_text_changes_the_style_of_little_else(visitor: Visitor,
                                                               connection: asyncpg.Connection) -> None:
    """`body:has(…)` before a selector of everything would make the browser compute all styles with each new text."""
    visitor.loses_connection = True
    page = await visitor.blank()
    browser = page.context.browser
    assert browser is not None
    for path in '/', '/?kiosk', '/work-orders?view=board', '/employees':
        await visitor.go(page, path)
        await page.evaluate('window.socket.disconnect()')
        await expect(page.locator('#popup')).to_have_attribute('aria-hidden', 'false')
        await page.evaluate('document.body.offsetHeight')
        await browser.start_tracing(page=page, categories=['devtools.timeline'])
        await page.locator('.clock').evaluate("clock => { clock.textContent = 'noon'; document.body.offsetHeight }")
        events = json.loads(await browser.stop_tracing())['traceEvents']
        styled = [event['args']['elementCount'] for event in events
                  if event['name'] == 'UpdateLayoutTree' and 'elementCount' in event.get('args', {})]

        assert styled, path
        assert max(styled) < 50, f'{path}: of {await page.locator("*").count()} elements'
