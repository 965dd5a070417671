"""On a phone nothing scrolls sideways, and what is pressed is as large as a finger: 44 px (WCAG 2.2, 2.5.5)."""

from __future__ import annotations

import asyncpg
import pytest
from browser.profiles import PHONE
from browser.visitor import Visitor, drawer, fits_window, tile
from pictures import encoded, motif
from playwright.async_api import Locator, Page, expect

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]

FINGER = 44
TOO_SMALL = """finger => [...document.querySelectorAll(
        'nav a, a.chip, .wall-link, button, [role=button], [role=tab], [role=menuitemradio], .q-btn')].filter(each => {
    const box = each.getBoundingClientRect()
    return box.width > 1 && box.height > 1 && each.checkVisibility({visibilityProperty: true, opacityProperty: true})
        && !each.closest('.q-field') && Math.round(box.height) < finger
}).map(each => `${each.textContent.trim().slice(0, 40)} ${each.className} ${each.getBoundingClientRect().height}`)"""

TOO_SMALL_IN_MAIN = TOO_SMALL.replace("'nav a, a.chip", "'main a, summary, .chip-select, .chip-search, a.chip").replace(
    "!each.closest('.q-field')", "!each.parentElement.closest('.q-field')")


async def an_order(sql: asyncpg.Connection, text: str = 'Pin sticks') -> str:
    return str(await sql.fetchval("INSERT INTO work_orders (machine_id, issue_description, assignee) "
                                  "VALUES ('Injection_Molder_01_01', $1, 'Lisa Garcia') RETURNING id", text))


async def test_pages_fit_a_phone_and_what_is_pressed_is_as_large_as_a_finger(visitor: Visitor,
                                                                              connection: asyncpg.Connection) -> None:
    order = await an_order(connection, 'Hydraulic leak at the clamp cylinder ' * 5)
    await connection.execute("UPDATE machine_feed_stream SET status = 'down', reason = 'Pin sticks' "
                             "WHERE machine_name = 'Valve_01_01'")
    page = await visitor.blank(**PHONE)
    assert await page.evaluate('matchMedia("(pointer: coarse)").matches')
    links = {'/reports': '.report-machine', '/reports/shift': f'a[href$="{order}"]'}
    for path, words in (('/', 'Valve'), ('/work-orders', 'Garcia'), ('/work-orders?view=board', 'Garcia'),
                        (f'/work-orders/{order}', 'Garcia'), ('/employees', 'Garcia'), ('/reports', 'Valve'),
                        ('/reports/shift', 'Valve'), ('/past', 'Valve'), ('/diagnosis', '')):
        await visitor.go(page, path)
        for scheme in 'light', 'dark':
            await page.emulate_media(color_scheme=scheme)
            await expect(page.get_by_role('main')).to_contain_text(words)
            await fits_window(page)
        assert await page.evaluate(TOO_SMALL, FINGER) == [], path
        if path in links:
            await page.locator(links[path]).first.wait_for()
            if path == '/reports':
                await page.locator('.stops-table tbody tr').first.wait_for()
                await page.evaluate('document.querySelectorAll("details").forEach(each => each.open = true)')
            assert await page.evaluate(TOO_SMALL_IN_MAIN, FINGER) == [], path


async def middle_of_text(text: Locator) -> float:
    """The height on the page of the middle of its first line."""
    return float(await text.evaluate("""each => {
        const range = document.createRange(); range.selectNodeContents(each)
        const line = range.getClientRects()[0]
        return (line.top + line.bottom) / 2
    }"""))


async def test_close_stands_on_the_line_of_its_heading(visitor: Visitor) -> None:
    page = await visitor.open(**PHONE)
    await tile(page, 'Valve_01_01').click()
    header = drawer(page).locator('.drawer-header')
    close = header.get_by_role('button', name='Close')
    assert (await box_of(close))['height'] >= FINGER
    heading, word = await middle_of_text(header.locator('h2')), await middle_of_text(close.locator('.block'))
    assert abs(heading - word) < 4


async def test_a_date_stands_on_one_line(visitor: Visitor, connection: asyncpg.Connection) -> None:
    order = await an_order(connection)
    await connection.execute('INSERT INTO work_order_attachments '
                             '(work_order_id, file_name, media_type, content, added_by) '
                             "VALUES ($1, 'seal.png', 'image/png', $2, 'Maximilian Mustermann')", order,
                             encoded(motif(), 'PNG'))
    page: Page = await visitor.open(f'/work-orders/{order}', **PHONE)
    time = page.locator('.attachments time')
    assert len(await time.evaluate('each => [...each.getClientRects()].map(line => line.top)')) == 1
    await page.wait_for_function('[...document.querySelectorAll(".attachments img")].every(each => each.naturalWidth)')


async def box_of(element: Locator) -> dict[str, float]:
    box = await element.bounding_box()
    assert box is not None
    return dict(box)  # type: ignore[arg-type]
