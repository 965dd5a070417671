"""Readable in every theme, on a phone, and as each person likes it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import asyncpg
import pytest
from browser.harness import Until
from browser.profiles import PHONE
from browser.program import Program
from browser.visitor import Visitor, badge, drawer, fits_window, tile, tiles
from playwright.async_api import Page, expect

pytestmark = pytest.mark.asyncio(loop_scope='session')

THEMES = {'Light': 'light', 'Dark': 'dark', 'High performance (ISA-101)': 'isa-101'}
READABLE = 4.5   # WCAG 2.2, 1.4.3 (AA)
ATTEMPTS = 20

EVERY_STATUS = """
    UPDATE machine_feed_stream SET
        status = (ARRAY['operational', 'warning', 'down'])[1 + machine_id % 3],
        reason = CASE machine_id % 3 WHEN 0 THEN NULL WHEN 1 THEN 'Supply air low' ELSE 'Seat worn' END
"""

# Contrast by WCAG 2.2 of every text that is shown, also of the texts that CSS adds, against what lies behind it.
CONTRASTS = """() => {
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true})
    const rgba = color => {
        canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1)
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data
        return [r, g, b, a / 255]
    }
    const over = (top, under) => [...[0, 1, 2].map(i => top[i] * top[3] + under[i] * (1 - top[3])), 1]
    const behind = element => {
        const layers = []
        for (let e = element; e; e = e.parentElement) layers.push(rgba(getComputedStyle(e).backgroundColor))
        return layers.reduceRight((under, top) => over(top, under), [255, 255, 255, 1])
    }
    const luminance = color => color.slice(0, 3).map(v => v / 255)
        .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0)
    const contrast = (text, ground) => {
        const [dark, light] = [luminance(over(rgba(text), ground)), luminance(ground)].sort((a, b) => a - b)
        return (light + 0.05) / (dark + 0.05)
    }
    const shown = e => e.checkVisibility({visibilityProperty: true, opacityProperty: true})
        && e.getBoundingClientRect().width > 1 && e.getBoundingClientRect().bottom > 0
    const found = []
    for (const element of document.querySelectorAll('.frame *, .drawer, .drawer *')) {
        if (!shown(element)) continue
        const ground = behind(element)
        const look = (pseudo, words) => found.push({
            what: [(element.className || element.tagName) + pseudo, element.dataset.status, words.trim()].join(' '),
            contrast: contrast(getComputedStyle(element, pseudo).color, ground)})
        const own = [...element.childNodes].filter(n => n.nodeType === 3).map(n => n.data).join('').trim()
        if (own) { look('', own); if (element.matches('.tile, .row-machine')) look('::first-line', own) }
        for (const pseudo of ['::before', '::after']) {
            const content = getComputedStyle(element, pseudo).content
            if (['none', 'normal'].includes(content)) continue
            if (content.replace(/["\\s\\u200b]|\\\\A/g, '')) look(pseudo, content)
        }
    }
    return found
}"""


async def shows_colours(page: Page, theme: str) -> None:
    """The class of a theme comes to the body before that of the last one goes."""
    await page.wait_for_function("theme => [...document.body.classList].filter(each => each.startsWith('theme-'))"
                                 ".join() === `theme-${theme}`", arg=theme)


async def choose(page: Page, theme: str) -> None:
    await page.get_by_role('button', name='Theme').click()
    await page.get_by_role('menuitemradio', name=theme).click()
    await expect(page.locator('.frame')).to_have_attribute('data-theme', THEMES[theme])
    await shows_colours(page, THEMES[theme])
    await expect(page.get_by_role('menu')).to_be_hidden()


async def contrasts(page: Page) -> list[dict[str, Any]]:
    """Of all texts, once the theme has reached all of them: it does so a moment after its class is there."""
    for _ in range(ATTEMPTS):
        found: list[dict[str, Any]] = await page.evaluate(CONTRASTS)
        if all(text['contrast'] >= READABLE for text in found):
            break
    return found


async def test_every_text_can_be_read(visitor: Visitor, connection: asyncpg.Connection) -> None:
    await connection.execute(EVERY_STATUS)
    page = await visitor.open('/')
    for status in 'operational', 'warning', 'down':
        await expect(page.locator(f'.tile[data-status={status}]')).to_have_count(10)
    # nobody is silent here: as for a machine without data
    await tile(page, 'Sorter_04_01').evaluate("tile => Object.assign(tile.dataset, {status: 'unknown', word: '?'})")

    for theme in THEMES:
        await choose(page, theme)
        floor = await contrasts(page)
        await tile(page, 'Valve_01_01').click()
        await expect(drawer(page).locator('.drawer-events li').first).to_be_visible()
        machine = await contrasts(page)
        await page.keyboard.press('Escape')
        await expect(drawer(page)).to_be_hidden()

        assert sum('tile::after' in text['what'] for text in floor) == 30
        assert sum('tile::first-line' in text['what'] for text in floor) == 30
        assert any('unknown' in text['what'] for text in floor)
        assert any(text['what'].startswith('fact') or 'DD' in text['what'] for text in machine)
        assert {text['what']: round(text['contrast'], 2) for text in floor + machine
                if text['contrast'] < READABLE} == {}, theme


async def test_the_themes_differ_and_are_remembered(visitor: Visitor) -> None:
    page = await visitor.open('/')
    grounds = set()
    for theme, name in THEMES.items():
        await choose(page, theme)
        await visitor.go(page)
        await expect(page.locator('.frame')).to_have_attribute('data-theme', name)
        await shows_colours(page, name)
        grounds.add(await page.locator('body').evaluate('body => getComputedStyle(body).backgroundColor'))
    assert len(grounds) == len(THEMES)
    somebody_else = await visitor.open('/')
    await expect(somebody_else.locator('.frame')).to_have_attribute('data-theme', 'auto')


async def test_what_is_chosen_is_kept_in_the_data_folder_and_nowhere_else(visitor: Visitor, program: Program,
                                                                          until: Until) -> None:
    page = await visitor.open('/')
    await choose(page, 'Dark')
    folder = program.data_dir / 'ui'
    await until(lambda: any('"dark"' in file.read_text() for file in folder.glob('storage-user-*.json')))
    assert folder.stat().st_mode & 0o777 == 0o700
    assert not (program.data_dir.parent / '.nicegui').exists(), 'the working directory'


async def test_without_a_choice_the_page_follows_the_device(visitor: Visitor) -> None:
    async def ground(page: Page) -> str:
        return await page.locator('body').evaluate('body => getComputedStyle(body).backgroundColor')
    assert await ground(await visitor.open(color_scheme='light')) == 'rgb(244, 245, 246)'
    assert await ground(await visitor.open(color_scheme='dark')) == 'rgb(15, 19, 23)'


async def test_nothing_slides_for_people_who_do_not_want_it(visitor: Visitor) -> None:
    page = await visitor.open(reduced_motion='reduce')
    await tile(page, 'Valve_01_01').click()
    await expect(drawer(page)).to_be_visible()

    moving = await page.evaluate("""document.getAnimations()
        .filter(animation => animation.effect.target.className !== 'history-entry')  // moves nothing
        .filter(animation => animation.effect.getComputedTiming().duration > 1).length""")

    assert moving == 0


async def test_status_is_more_than_a_colour(visitor: Visitor, connection: asyncpg.Connection) -> None:
    """The mark of each status has its own shape, and the word stands beside it."""
    await connection.execute(EVERY_STATUS)
    page = await visitor.open()
    shapes, words = {}, {}
    for status in 'operational', 'warning', 'down':
        await expect(page.locator(f'.tile[data-status={status}]')).to_have_count(10)  # none is about to change
        first = page.locator(f'.tile[data-status={status}]').first
        shapes[status] = await first.evaluate(
            "tile => getComputedStyle(tile, '::before').webkitMaskImage.split('url')[1]")
        words[status] = await first.evaluate("tile => getComputedStyle(tile, '::after').content")

    assert len(set(shapes.values())) == 3
    assert ['Running' in words['operational'], 'Warning' in words['warning'], 'Down' in words['down']] == [True] * 3


async def test_on_a_phone_everything_is_in_one_column(visitor: Visitor, connection: asyncpg.Connection) -> None:
    await connection.execute(EVERY_STATUS)
    page = await visitor.open(**PHONE)
    await expect(tiles(page)).to_have_count(30)
    await expect(page.locator('.panel-note', has_text='20 machines in total')).to_be_visible()

    await fits_window(page)
    boxes = await page.locator('.line, .panel').evaluate_all(
        'all => all.map(e => e.getBoundingClientRect()).map(box => [box.left, box.right, box.top, box.bottom])')
    assert len({(left, right) for left, right, _, _ in boxes}) == 1
    in_order = sorted(boxes, key=lambda box: box[2])
    assert all(above[3] <= below[2] for above, below in pairwise(in_order))
    await expect(badge(page)).to_be_in_viewport()
    sizes = await tiles(page).evaluate_all('all => all.map(e => [e.offsetWidth, e.offsetHeight])')
    assert min(min(size) for size in sizes) >= 44   # a finger

    await tile(page, 'Painter_04_01').tap()

    await expect(drawer(page).get_by_role('heading', level=2)).to_have_text('Painter 04·01')
    await fits_window(page)
    box = await drawer(page).bounding_box()
    assert box is not None
    assert (round(box['x']), round(box['width'])) == (0, 390)
    await drawer(page).get_by_role('button', name='Close').tap()
    await expect(drawer(page)).to_be_hidden()


async def test_a_phone_shows_the_names_of_all_pages(visitor: Visitor) -> None:
    page = await visitor.open(**PHONE)
    pages = page.get_by_role('navigation', name='Pages')
    await expect(pages.get_by_role('link')).to_have_count(6)
    for width in 320, 360, 390, 430:
        await page.set_viewport_size({'width': width, 'height': 844})
        assert await pages.evaluate('each => [each.scrollWidth, each.getBoundingClientRect().left >= 0]') == [
            await pages.evaluate('each => each.clientWidth'), True], width
        for link in await pages.get_by_role('link').all():
            await expect(link).to_be_in_viewport(ratio=1)


async def test_nothing_reaches_over_the_edge(visitor: Visitor, connection: asyncpg.Connection) -> None:
    await connection.execute(EVERY_STATUS)
    page = await visitor.open()
    await expect(page.locator('.tile[data-status=down]')).to_have_count(10)
    for width in 320, 820, 1120, 1920, 3840:
        await page.set_viewport_size({'width': width, 'height': 1000})
        await page.wait_for_function('width => innerWidth === width', arg=width)

        await fits_window(page)
