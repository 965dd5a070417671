"""What a browser computes from the stylesheets: of each status, theme and connection, and of a page on paper."""

from __future__ import annotations

import asyncpg
import pytest
import pytest_asyncio
from browser.visitor import Visitor, drawer
from playwright.async_api import Page, expect

pytestmark = pytest.mark.asyncio(loop_scope='session')

STATUSES = ('operational', 'warning', 'down', 'unknown')
COLOURS = {
    'light': ('#2f7d4f', '#93600f', '#c62f2f', '#66717d'),
    'dark': ('#5fb381', '#e6b04a', '#ff7b76', '#8d9aa8'),
    'isa-101': ('#50575c', '#6e4a00', '#a30f0f', '#4a5056'),
    'andon': ('#5fb381', '#e6b04a', '#ff7b76', '#8d9aa8'),
}
"""Of each status in STATUSES. ISA-101: grey where all is well."""
TILES = {
    'light': [('#ffffff', '#dfe3e7'), ('#fff8e6', '#93600f'), ('#fdecec', '#c62f2f'), ('#ffffff', '#66717d')],
    'dark': [('#1b2129', '#29313a'), ('#2b2417', '#e6b04a'), ('#3a1b1d', '#ff7b76'), ('#1b2129', '#8d9aa8')],
    'isa-101': [('#d6d8da', '#b0b4b8'), ('#ffe08a', '#6e4a00'), ('#ffc9c4', '#a30f0f'), ('#d6d8da', '#4a5056')],
    'andon': [('#0f1a13', '#1f5a36'), ('#f5b301', '#e6b04a'), ('#d31f1f', '#ff7b76'), ('#0f1a13', '#8d9aa8')],
}
"""Ground and border of a tile in each status in STATUSES."""
ON_COLOUR = {'warning': '#140d00', 'down': '#ffffff'}
"""Shape and words on the tiles of an andon, which are in the colour of their status as a whole."""
SHAPES = {'operational': '50% none', 'warning': '0px polygon(50% 0px, 100% 100%, 0px 100%)', 'down': '0px none',
          'unknown': '50% none dashed 2px'}
"""Corners and outline: a circle, a triangle, a square, a ring."""
MASKS = [('dasharray', SHAPES['unknown']), ('circle', SHAPES['operational']), ('M5 0l5 10', SHAPES['warning']),
         ('M0 0h10v10', SHAPES['down'])]
"""What a tile and a row draw as an SVG, beside the icon of the machine: a part of it, and the shape that it is."""
SHAPED = {'.tile': '::before', '.count': '::before', '.row-event': '::before',
          '.row-machine:not(.row-feed)': '::after', '.drawer-status': '::before',
          '.drawer-events li': '::before', '.machine-now': '::before'}
"""What has the shape of a status."""
TYPES = ['sorter', 'robotic_arm', 'injection_molder', 'valve', 'painter']
WORDS_IN_COLOUR = [('.tile', '::after', 'down'), ('.tile', '::after', 'warning'),
                   ('.row-machine:not(.row-feed)', '::before', 'down')]

HEX = """const hex = color => { const found = color.match(/[\\d.]+/g).map(Number)
    return found[3] === 0 ? 'none' : '#' + found.slice(0, 3).map(v => v.toString(16).padStart(2, '0')).join('') }
const theme = name => { document.body.className = `theme-${name}`
    document.querySelector('.frame').dataset.theme = name }"""

IN_EVERY_STATUS = f"""([name, shaped, statuses, masks]) => {{ {HEX}
    theme(name)
    const found = {{}}
    for (const status of statuses) {{
        const of = found[status] = {{shapes: {{}}, colours: {{}}, words: {{}}}}
        for (const [part, pseudo] of Object.entries(shaped)) {{
            const element = document.querySelector(part)
            element.dataset.status = status
            const style = getComputedStyle(element, pseudo), ring = style.borderTopStyle !== 'none'
            const drawn = masks.find(([path]) => style.webkitMaskImage.includes(path))
            of.shapes[part] = drawn ? drawn[1] : `${{style.borderRadius}} ${{style.clipPath}}`
                + (ring ? ` ${{style.borderTopStyle}} ${{style.borderTopWidth}}` : '')
            of.colours[part] = hex(drawn ? style.backgroundImage.match(/rgba?\\([^)]*\\)/)[0]
                : ring ? style.borderTopColor : style.backgroundColor)
            of.words[part] = hex(getComputedStyle(element, pseudo === '::after' ? '::before' : '::after').color)
        }}
        const tile = getComputedStyle(document.querySelector('.tile'))
        of.tile = [hex(tile.backgroundColor), hex(tile.borderTopColor)]
        of.dashed = tile.borderTopStyle
        const header = document.querySelector('.line-header')
        header.dataset.worst = status
        const edge = getComputedStyle(header, '::before')
        of.line = edge.backgroundImage === 'none' ? hex(edge.backgroundColor) : edge.backgroundImage.split('(')[0]
        const figure = document.querySelector(`.figure[data-status=${{status}}]`)
        of.figures = ['0', '3'].map(count => {{
            figure.dataset.count = count
            return hex(getComputedStyle(figure).color) }})
        const drawn = document.querySelector('.drawer-status')
        of.title = hex(getComputedStyle(drawn).color)
    }}
    found.ink = hex(getComputedStyle(document.querySelector('.frame')).color)
    return found
}}"""


@pytest_asyncio.fixture(loop_scope='session')
async def floor_page(visitor: Visitor, connection: asyncpg.Connection) -> Page:
    """The floor with one machine opened, with everything that has the shape of a status."""
    await connection.execute("UPDATE machine_feed_stream SET status = 'down', reason = 'Seat worn' "
                             "WHERE machine_name = 'Valve_01_01'")
    page: Page = await visitor.open('/?machine=Valve_01_01', color_scheme='light', reduced_motion='no-preference')
    await expect(drawer(page).locator('.drawer-events li').first).to_be_visible()
    await page.evaluate("document.querySelector('.frame main').append(Object.assign(document.createElement('p'), "
                        "{className: 'machine-now'}))")   # of the page of an order
    for part in SHAPED:
        await expect(page.locator(part).first).to_be_attached()
    return page


async def test_every_status_has_its_shape_and_its_colour_in_every_theme(floor_page: Page) -> None:
    for theme, colours in COLOURS.items():
        found = await floor_page.evaluate(IN_EVERY_STATUS, [theme, SHAPED, STATUSES, MASKS])
        for status, colour, tile in zip(STATUSES, colours, TILES[theme], strict=True):
            shown, where = found[status], (theme, status)
            on_tile = ON_COLOUR.get(status, colour) if theme == 'andon' else colour
            assert shown['shapes'] == dict.fromkeys(SHAPED, SHAPES[status]), where
            assert shown['colours'] == dict.fromkeys(SHAPED, colour) | {'.tile': on_tile}, where
            assert (*shown['tile'], shown['dashed']) == (*tile, 'dashed' if status == 'unknown' else 'solid'), where
            assert shown['line'] == (colour if status != 'unknown' else 'repeating-linear-gradient'), where
            none, some = shown['figures']
            assert (none, some) == (found['ink'], colour if status in {'warning', 'down'} else found['ink']), where
            assert shown['title'] == colour, where
        for part, _, status in WORDS_IN_COLOUR:
            expected = colours[STATUSES.index(status)]
            if theme == 'andon' and part == '.tile':
                expected = ON_COLOUR[status]
            assert found[status]['words'][part] == expected, (theme, status, part)


async def test_a_tile_has_the_icons_of_its_type_and_of_its_work_orders(floor_page: Page) -> None:
    icons = await floor_page.evaluate("""types => {
        const tile = document.querySelector('.tile'), found = {}
        const name = address => address.split('/').pop().split('?')[0].split('"')[0]
        for (const orders of [{}, {orders: '2'}, {orders: '2', overdue: '1'}]) {
            delete tile.dataset.orders; delete tile.dataset.overdue
            Object.assign(tile.dataset, orders)
            found[Object.keys(orders).join(' ')] = name(getComputedStyle(tile).backgroundImage)
        }
        const icon = element => name(getComputedStyle(element, '::before').webkitMaskImage)
        for (const type of types)
            found[type] = icon(document.querySelector(`.tile[data-machine*="${type}" i]`))
        tile.dataset.icon = '999'
        found.hammer = icon(tile)
        return found
    }""", TYPES)
    assert icons == {'': 'none', 'orders': 'wo.svg', 'orders overdue': 'wo-overdue.svg', 'hammer': 'other.svg'} | {
        each: f'{each}.svg' for each in TYPES}


async def test_a_pressing_order_has_the_colour_of_its_priority_and_an_overdue_one_is_red(floor_page: Page) -> None:
    found = await floor_page.evaluate(f"""() => {{ {HEX}
        theme('light')
        const found = {{}}
        for (const [name, value] of [['priority', 'critical'], ['priority', 'high'], ['priority', 'medium'],
                                     ['priority', 'low'], ['overdue', 'true']]) {{
            const order = document.querySelector('.frame main').appendChild(document.createElement('span'))
            order.className = name === 'priority' ? 'pill' : ''
            order.dataset[name] = value
            const style = getComputedStyle(order)
            found[value] = [hex(style.color), hex(style.backgroundColor), hex(style.borderTopColor), style.fontWeight]
            order.remove()
        }}
        return found
    }}""")
    ink, line, warn, down, ground = '#1c2126', '#dfe3e7', '#93600f', '#c62f2f', 'none'
    assert found == {
        'critical': ['#ffffff', down, down, '600'], 'high': [down, ground, down, '400'],
        'medium': [warn, ground, warn, '400'], 'low': [ink, ground, line, '400'], 'true': [down, ground, down, '600']}


async def test_what_is_not_live_is_hatched_and_pale_in_every_theme(floor_page: Page) -> None:
    """Grey alone is how a wall of ISA-101 looks while it is live."""
    found = await floor_page.evaluate(f"""themes => {{ {HEX}
        const badge = document.querySelector('[data-connection]'), popup = document.querySelector('#popup')
        const shown = () => {{
            const main = getComputedStyle(document.querySelector('.frame main'))
            const panel = document.querySelector('.drawer'), shape = getComputedStyle(badge, '::before')
            return [main.filter, main.opacity, main.backgroundImage.split('(')[0], getComputedStyle(panel).filter,
                    getComputedStyle(panel.firstElementChild).opacity,
                    `${{shape.borderRadius}} ${{shape.borderTopStyle}}`]
        }}
        return themes.map(name => {{
            theme(name)
            const found = {{}}
            for (const connection of ['live', 'stale', 'connecting']) {{
                badge.dataset.connection = connection
                found[connection] = shown()
            }}
            badge.dataset.connection = 'live'
            popup.setAttribute('aria-hidden', 'false')
            found.lost = shown()
            popup.setAttribute('aria-hidden', 'true')
            return found
        }})
    }}""", list(COLOURS))
    pale, hatched = ['grayscale(1)', '0.55'], 'repeating-linear-gradient'
    assert found == [{
        'live': ['none', '1', 'none', 'none', '1', '50% none'],
        'stale': [*pale, hatched, *pale, '0px none'],
        'connecting': [*pale, 'none', *pale, '50% dotted'],
        'lost': [*pale, hatched, *pale, '50% dotted'],
    }] * len(COLOURS)


async def test_what_is_unknown_past_or_perhaps_old_is_hatched_in_two_colours_in_every_theme(visitor: Visitor) -> None:
    page = await visitor.open('/reports', color_scheme='light', reduced_motion='no-preference')
    found = await page.evaluate(f"""themes => {{ {HEX}
        document.querySelector('.frame main').insertAdjacentHTML('beforeend',
            `<div class="past"></div><span class="legend-entry" data-status="unknown"></span>
             <table class="heat"><tbody><tr><td data-unknown="true"></td></tr></tbody></table>`)
        const popup = document.querySelector('#popup')
        const hatch = (part, pseudo) => {{
            const image = getComputedStyle(document.querySelector(part), pseudo).backgroundImage
            return [image.split('(')[0], new Set(image.match(/(rgba?|color)\\([^)]*\\)/g)).size] }}
        const overlay = () => [...hatch('.stale-overlay'),
                               getComputedStyle(document.querySelector('.stale-overlay')).backdropFilter]
        return themes.map(name => {{
            theme(name)
            const found = {{past: hatch('.past'), hour: hatch('.heat td[data-unknown]'),
                            legend: hatch('.legend-entry[data-status=unknown]', '::before'), overlay: overlay()}}
            popup.setAttribute('aria-hidden', 'false')   // then the page itself is grey, and hatched
            found.lost = overlay()
            popup.setAttribute('aria-hidden', 'true')
            return found
        }})
    }}""", list(COLOURS))
    hatched = ['repeating-linear-gradient', 2]
    assert found == [{'past': hatched, 'hour': hatched, 'legend': hatched, 'overlay': [*hatched, 'grayscale(1)'],
                      'lost': ['none', 0, 'none']}] * len(COLOURS)


ON_PAPER = f"""pages => {{ {HEX}
    theme('dark')
    const style = each => getComputedStyle(each), frame = document.querySelector('.frame')
    const main = style(frame.querySelector('main')), body = style(document.body)
    const add = (name, within) => {{ const made = document.createElement('div')
        made.className = name; within.append(made); return made }}
    const shown = [], cut = [], down = add('tile', frame)
    down.style.color = 'var(--down)'
    for (const [kind, [hidden, whole]] of Object.entries(pages)) {{
        const page = add(kind, frame.querySelector('main')), history = add('history', page)
        shown.push(...hidden.filter(name => style(add(name, page)).display !== 'none'))
        cut.push(...whole.filter(name => [page, history].some(within => {{ const made = style(add(name, within))
            return made.maxHeight !== 'none' || made.overflow !== 'visible' }})))
        page.remove()
    }}
    return {{
        shown, cut, bar: style(document.querySelector('.bar')).display, main: main.filter, faded: main.opacity,
        hatched: main.backgroundImage,
        added: ['on-paper', 'handover-signatures'].map(name => style(add(name, frame)).display),
        colours: [hex(body.backgroundColor), hex(body.color), hex(style(down).color), body.colorScheme],
    }}
}}"""
PRINTED_PAGES = {
    'order-page': (['bar', 'offline-note', 'toast-place', 'uploads', 'one-line-form', 'comment-form', 'order-buttons',
                    'order-filters', 'banner-area', 'nicegui-skip-link', 'session-link', 'q-notifications'],
                   ['description', 'note-text', 'free-text', 'board', 'cards', 'order-list']),
    'reports': (['report-tabs', 'explain', 'panel-tools', 'part-file', 'chip'], ['report-scroll']),
    'handover': (['handover-links'], []),
}
"""Of each kind of page: its class, what is not printed, and what is printed as a whole however long it is."""


async def test_paper_is_white_without_controls_and_nothing_is_cut_off(visitor: Visitor) -> None:
    """Also in a dark theme and of a page that has gone stale."""
    page = await visitor.open('/reports', reduced_motion='no-preference')
    screen = await page.evaluate(ON_PAPER, PRINTED_PAGES)
    await page.locator('[data-connection]').evaluate("badge => { badge.dataset.connection = 'stale' }")
    await page.emulate_media(media='print')
    paper = await page.evaluate(ON_PAPER, PRINTED_PAGES)
    await page.locator('link[href*="reports.css"]').evaluate('link => { link.disabled = true }')
    of_another_page = await page.evaluate(ON_PAPER, {'order-page': PRINTED_PAGES['order-page']})

    assert {'bar', 'order-filters', 'report-tabs', 'handover-links'} <= set(screen['shown'])
    assert {'note-text', 'report-scroll', 'order-list'} <= set(screen['cut'])
    assert (screen['bar'], screen['main'], screen['added']) == ('flex', 'none', ['none', 'none'])
    assert of_another_page == paper == {
        'shown': [], 'cut': [], 'bar': 'none', 'main': 'none', 'faded': '1', 'hatched': 'none',
        'added': ['block', 'flex'], 'colours': ['#ffffff', '#000000', '#c62f2f', 'light']}
