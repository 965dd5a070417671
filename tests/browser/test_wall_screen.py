"""The wall screen: opened by its address, read from afar, and never without what is down."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import asyncpg
import pytest
from browser.visitor import Visitor, badge, finds_nothing, tile
from playwright.async_api import Locator, Page, expect

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]

LINES = ['Transmission Line', 'Engine Line', 'Exterior Line', 'Interior Line']
FULL_HD, FOUR_K, UPRIGHT = (1920, 1080), (3840, 2160), (1080, 1920)
STOP = "UPDATE machine_feed_stream SET status = 'down', reason = 'Seat worn' WHERE machine_name = 'Valve_01_01'"
EVERY_STATUS = ("UPDATE machine_feed_stream SET reason = 'Supply air low', "
                "status = (ARRAY['operational', 'warning', 'down'])[1 + machine_id % 3]")
OUTSIDE = """() => [...document.querySelectorAll('.wall .tile, .wall .row-machine, .wall .badge, .wall .clock')]
    .filter(each => each.checkVisibility())
    .filter(each => { const box = each.getBoundingClientRect()
        return box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight })
    .map(each => each.textContent)"""
CUT_OFF = """() => [...document.querySelectorAll('.wall .tile')]
    .filter(each => each.checkVisibility() && each.scrollHeight > each.clientHeight + 1)
    .map(each => each.textContent)"""


def shown(page: Page) -> Locator:
    return page.locator('.slide[data-shown=true]')


async def on_each_screen(page: Page, *sizes: tuple[int, int]) -> AsyncIterator[tuple[int, int]]:
    """The page, and the width and height that its window has now, which only style sheets follow."""
    for width, height in sizes:
        await page.set_viewport_size({'width': width, 'height': height})
        await page.wait_for_function('([width, height]) => innerWidth === width && innerHeight === height',
                                     arg=[width, height])
        yield width, height


async def test_it_fills_the_screen_and_nothing_is_cut_off(visitor: Visitor, connection: asyncpg.Connection) -> None:
    await connection.execute(EVERY_STATUS)
    page = await visitor.blank()
    for path, screens in (('/?kiosk', [FULL_HD, FOUR_K, UPRIGHT]), ('/?kiosk&rotate=60', [FULL_HD, UPRIGHT]),
                          ('/?kiosk&line=Transmission+Line&line=Interior+Line', [UPRIGHT])):
        await visitor.go(page, path)
        async for width, height in on_each_screen(page, *screens):
            where = f'{path} at {width} x {height}'
            await expect(page.locator('.row-machine:visible'), where).to_have_count(12)
            assert await page.evaluate("getComputedStyle(document.querySelector('.tile')).cursor") == 'none'
            assert await page.evaluate('getComputedStyle(document.body).overflow') == 'hidden'
            await finds_nothing(page, OUTSIDE, where)
            await finds_nothing(page, CUT_OFF, where)
            await expect(page.get_by_role('link')).to_have_count(0)
            box = await page.locator('.wall-main').bounding_box()
            assert box is not None
            assert box['height'] > .88 * height, where


async def test_tiles_take_the_whole_width_and_every_row_of_the_list_is_seen(
        visitor: Visitor, connection: asyncpg.Connection) -> None:
    """However short the names are: here they are single letters."""
    await connection.execute("UPDATE machine_feed_stream SET status = 'down'")
    page = await visitor.blank()
    for path in '/?kiosk', '/?kiosk&line=Interior%20Line', '/?kiosk&line=Transmission%20Line':
        await visitor.go(page, path)
        await expect(page.locator('.row-machine:visible')).to_have_count(12)
        await page.locator('.tile').evaluate_all("all => all.forEach(tile => { tile.textContent = 'A'; "
                                                 "tile.dataset.word = tile.dataset.reason = '' })")
        async for width, height in on_each_screen(page, FULL_HD, (1366, 768), (2560, 1080), UPRIGHT):
            where = f'{path} at {width} x {height}'
            await expect(page.locator('.row-machine:visible'), where).to_have_count(12)
            await expect(page.locator('.panel-note'), where).to_have_text('30 machines in total')
            gaps = await page.locator('.section').evaluate_all(
                'all => all.map(each => [each.closest(".line"), each].map(one => one.getBoundingClientRect().right))'
                '.map(([line, section]) => line - section)')
            assert max(gaps) < .02 * width, where
            beyond = await page.locator('.row-machine, .panel-note').evaluate_all(
                'all => all.filter(each => each.getBoundingClientRect().bottom > innerHeight + 1).length')
            assert beyond == 0, where


async def test_four_k_shows_the_same_twice_as_large(visitor: Visitor, connection: asyncpg.Connection) -> None:
    page = await visitor.open('/?kiosk')
    letters = [await tile(page, 'Valve_01_01').evaluate('tile => parseFloat(getComputedStyle(tile).fontSize)')
               async for _ in on_each_screen(page, FULL_HD, FOUR_K)]

    assert letters[1] == pytest.approx(2 * letters[0], rel=.05)


async def test_a_changed_word_is_laid_out_once(visitor: Visitor, connection: asyncpg.Connection) -> None:
    """The sizes within a slide depend on the slide: in a flexible box each of its passes resolved them again."""
    await connection.execute("UPDATE machine_feed_stream SET status = 'down' WHERE machine_id <= 3")
    page = await visitor.open('/?kiosk', viewport={'width': 1920, 'height': 1080})
    await expect(page.locator('.row-machine:visible')).to_have_count(3)
    devtools = await page.context.new_cdp_session(page)
    await devtools.send('Performance.enable')

    async def style_passes() -> float:
        metrics = (await devtools.send('Performance.getMetrics'))['metrics']
        return next(float(each['value']) for each in metrics if each['name'] == 'RecalcStyleCount')

    async def passes_of(change: str, part: str) -> float:
        await page.evaluate('document.body.offsetHeight')
        before = await style_passes()
        await page.locator(part).first.evaluate(f'part => {{ {change}; document.body.offsetHeight }}')
        return await style_passes() - before

    visitor.loses_connection = True
    await page.evaluate('window.socket.disconnect()')
    await expect(page.locator('#popup')).to_have_attribute('aria-hidden', 'false')
    for part in '.tile', '.line-header h2', '.badge':  # the least of three: something may fade meanwhile
        assert min([await passes_of("part.append('longer')", part) for _ in range(3)]) <= 4, part
    row = '.row-machine:visible'
    assert min([await passes_of("part.style.display = 'none'", row) for _ in range(3)]) <= 4, row


async def test_lines_take_turns_and_what_is_down_stays(visitor: Visitor, connection: asyncpg.Connection) -> None:
    await connection.execute(STOP)
    page = await visitor.open('/?kiosk&rotate=3', viewport={'width': 1920, 'height': 1080})
    await page.evaluate('window.notReloaded = true')
    start = LINES.index(await shown(page).locator('.line').get_attribute('data-line'))

    for step in range(len(LINES) + 1):
        number = (start + step) % len(LINES)
        await expect(shown(page).locator('.line')).to_have_attribute('data-line', LINES[number])
        await expect(shown(page)).to_have_count(1)
        await expect(page.locator('.line:visible')).to_have_count(1)
        await expect(shown(page).locator('.slide-number')).to_have_text(f'{number + 1} of 4')
        await expect(page.locator('.row-machine:visible')).to_have_text(re.compile('^01·01 Valve\nSeat worn'))
    assert await page.evaluate('window.notReloaded')


async def test_a_change_shows_on_a_line_whose_turn_comes_later(visitor: Visitor,
                                                               connection: asyncpg.Connection) -> None:
    page = await visitor.open('/?kiosk&rotate=3600')
    await connection.execute(STOP)

    await expect(tile(page, 'Valve_01_01')).to_have_attribute('data-status', 'down')
    await expect(page.locator('.row-machine:visible')).to_have_count(1)


async def test_some_lines_only(visitor: Visitor, connection: asyncpg.Connection) -> None:
    page = await visitor.open('/?kiosk&line=interior%20line&line=Engine%20Line')

    assert await page.locator('.line:visible').evaluate_all('all => all.map(line => line.dataset.line)') == [
        'Engine Line', 'Interior Line']


async def test_a_line_that_does_not_exist(visitor: Visitor, connection: asyncpg.Connection) -> None:
    page = await visitor.open('/?kiosk&line=Axle')

    *lines, last = LINES
    await expect(page.get_by_text(f'There is no line Axle. Use {", ".join(lines)} or {last}.')).to_be_visible()
    card, side = [await page.locator(each).bounding_box() for each in ('.line.empty', '.wall-side')]
    assert card and side
    assert card['x'] + card['width'] <= side['x'], 'what needs attention stays uncovered'
    await expect(badge(page)).to_have_attribute('data-connection', 'live')


async def test_a_line_that_does_not_exist_is_named_beside_those_that_do(visitor: Visitor,
                                                                        connection: asyncpg.Connection) -> None:
    page = await visitor.open('/?kiosk&line=Engine+Line&line=Enterior+Line')

    await expect(page.get_by_role('alert').filter(
        has_text='There is no line Enterior Line. Did you mean Interior Line')).to_be_visible()
    assert await page.locator('.line:visible').evaluate_all('all => all.map(line => line.dataset.line)') == [
        'Engine Line']


async def test_an_address_that_asks_for_what_there_is_not(visitor: Visitor, connection: asyncpg.Connection) -> None:
    """What is down anywhere is still shown."""
    await connection.execute("UPDATE machine_feed_stream SET status = 'down' "
                             "WHERE machine_name = 'Source_Sorter_01_01'")
    page = await visitor.blank()
    for address, sentence in {
            'rotate=often': 'Cannot understand rotate=often: use a number of seconds from 3 to 3,600, or 0 for all '
                            'lines at once.',
            'rotate=1': 'Cannot understand rotate=1: use a number of seconds from 3 to 3,600, or 0 for all lines at '
                        'once.',
            'lines=Axle': 'There is no parameter lines. Did you mean line?',
            'theme=pink': 'Cannot understand theme=pink: use dark, light, andon, isa-101 or auto.'}.items():
        await visitor.go(page, f'/?kiosk&{address}')

        await expect(page.get_by_text(sentence)).to_be_visible()
        await expect(page.locator('.wall-side')).to_contain_text('01·01 Source Sorter')


async def test_its_theme_is_in_the_address(visitor: Visitor, connection: asyncpg.Connection) -> None:
    page = await visitor.blank(color_scheme='light')
    for address, ground in {'': 'rgb(15, 19, 23)', '&theme=light': 'rgb(244, 245, 246)',
                            '&theme=andon': 'rgb(0, 0, 0)'}.items():
        await visitor.go(page, f'/?kiosk{address}')

        await expect(page.locator('body'), address).to_have_css('background-color', ground)


async def test_the_floor_leads_to_it(visitor: Visitor, connection: asyncpg.Connection) -> None:
    page = await visitor.open()

    async with page.expect_popup() as opened:
        await page.get_by_role('link', name='Wall screen').click()

    await expect((await opened.value).locator('.wall .tile')).to_have_count(30)


async def test_a_wall_screen_that_hears_nothing_says_so(visitor: Visitor, connection: asyncpg.Connection) -> None:
    page = await visitor.open('/?kiosk', viewport={'width': 1920, 'height': 1080})
    visitor.loses_connection = True
    visitor.program.process.suspend()
    try:
        await expect(page.get_by_text('Connection lost', exact=True)).to_be_visible()
        box = await page.locator('.stale-notice').bounding_box()
    finally:
        visitor.program.process.resume()
    assert box is not None
    assert box['width'] > 1920 / 4
    await expect(page.locator('.stale-overlay')).to_be_hidden()


async def test_machines_come_and_go(visitor: Visitor, connection: asyncpg.Connection) -> None:
    page = await visitor.open('/?kiosk&rotate=3600')

    await connection.execute("INSERT INTO machine_feed_stream (machine_name, type) VALUES ('Painter_04_07', 'painter')")

    await expect(tile(page, 'Painter_04_07')).to_have_count(1)
    await expect(page.locator('.slide')).to_have_count(4)
