"""One word without an end, in every place that takes a text: no page gets wider for it, on a phone or a laptop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
import pytest_asyncio
from browser.harness import connected, until
from browser.profiles import LAPTOP, PHONE, Profiles
from browser.program import Program, started
from browser.visitor import Visitor, finds_nothing
from playwright.async_api import Browser, Page, expect

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]

WORD = 'W' * 300
NAME = 'Machine' + 'N' * 150
ADDRESS = 'https://example.com/' + 'path/' * 40
PERSON, MAIL = 'P' * 90, 'm' * 60 + '@example.com'
ORDER = 'WO-20261101-0000000a'

WIDER = """() => {
    const scrolls = element => element && (['auto', 'scroll'].includes(getComputedStyle(element).overflowX)
        && element.scrollWidth > element.clientWidth && element !== document.documentElement ? element
        : scrolls(element.parentElement))
    const cut = element => element && (['hidden', 'clip'].includes(getComputedStyle(element).overflowX)
        && element !== document.body ? element : cut(element.parentElement))
    const found = document.documentElement.scrollWidth > document.documentElement.clientWidth
        ? ['the page scrolls sideways'] : []
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    while (texts.nextNode()) {
        const text = texts.currentNode, holder = text.parentElement
        if (!/\\S/.test(text.data) || !holder.checkVisibility || !holder.checkVisibility()) continue
        if (['SCRIPT', 'STYLE', 'TEXTAREA', 'OPTION'].includes(holder.tagName)) continue
        const range = document.createRange()
        range.selectNodeContents(text)
        const box = range.getBoundingClientRect(), edge = holder.closest('.visually-hidden')
        if (box.width === 0 || edge || scrolls(holder) || cut(holder)) continue
        if (box.right > innerWidth + 1 || box.left < -1)
            found.push(`beyond the window: ${holder.tagName}.${holder.className}: ${text.data.slice(0, 30)}`)
        const card = holder.closest('.panel, .q-card, .tile, .order-card, td, th, .toast, li, .banner, .chip, .q-btn')
        if (card && box.right > card.getBoundingClientRect().right + 1)
            found.push(`beyond ${card.tagName}.${card.className}: ${text.data.slice(0, 30)}`)
    }
    return found
}"""


@pytest.fixture(scope='module')
def long_program(chromium: Browser) -> Iterator[Program]:
    """A its own floor."""
    with started(LOCAL_USER=MAIL) as program:
        yield program


@pytest_asyncio.fixture(scope='module', loop_scope='session')
async def filled(long_program: Program) -> AsyncIterator[asyncpg.Connection]:
    """Its database, with a long word in every column that takes one."""
    await until(lambda: long_program.health().get('status') == 'live')
    sql = await connected(long_program.database_url)
    await sql.execute("UPDATE production_lines SET name = $1 WHERE code = '01'", 'L' * 100)
    await sql.execute('INSERT INTO machine_feed_stream (machine_id, machine_name, type) VALUES (900, $1, $2)', NAME,
                      'T' * 60)
    await sql.execute("UPDATE machines SET line_id = (SELECT line_id FROM production_lines WHERE code = '01') "
                      'WHERE machine_name = $1', NAME)
    for status in 'down', 'operational', 'warning', 'down':
        await sql.execute('UPDATE machine_feed_stream SET status = $1, reason = $2 WHERE machine_name = $3', status,
                          WORD[:200], NAME)
    person = await sql.fetchval('INSERT INTO employees (first_name, last_name, email, department, role) '
                                "VALUES ($1, $1, $2, $3, 'supervisor') RETURNING id", PERSON, MAIL, 'D' * 90)
    async with sql.transaction():
        await sql.execute('INSERT INTO work_orders '
                          '(id, machine_id, issue_description, priority, reporter_name, assignee_id) '
                          "VALUES ($1, $2, $3, 'critical', $4, $5)", ORDER, NAME, f'{WORD} {ADDRESS}', PERSON, person)
        await sql.execute('INSERT INTO work_order_checklist (work_order_id, text) VALUES ($1, $2)', ORDER, WORD)
        await sql.execute('INSERT INTO work_order_events (work_order_id, who, kind, note) '
                          "VALUES ($1, $2, 'commented', $3)", ORDER, PERSON, f'{WORD} {ADDRESS}')
        await sql.execute('INSERT INTO work_order_attachments '
                          '(work_order_id, file_name, media_type, content, added_by) '
                          "VALUES ($1, $2, 'application/pdf', '%PDF-1.7', $3)", ORDER, 'F' * 190 + '.pdf', PERSON)
        done = await sql.fetchval('INSERT INTO work_orders (machine_id, issue_description, reporter_name) '
                                  'VALUES ($1, $2, $3) RETURNING id', NAME, WORD, PERSON)
        await sql.execute("UPDATE work_orders SET status = 'completed', cause = $2, action_taken = $2 WHERE id = $1",
                          done, WORD)
    await until(lambda: long_program.health()['machines'] == 31)
    yield sql
    sql.terminate()


@pytest_asyncio.fixture(loop_scope='session')
async def visitor(profiles: Profiles, long_program: Program, filled: asyncpg.Connection) -> AsyncIterator[Visitor]:
    visitor = Visitor(profiles, long_program)
    yield visitor
    await visitor.leave()


async def is_not_wider(page: Page) -> None:
    """On a laptop and on a phone. A failure names the text, and the page by its address."""
    await page.wait_for_load_state('networkidle')
    for size in LAPTOP, PHONE['viewport']:
        await page.set_viewport_size(size)  # type: ignore[arg-type]
        await page.wait_for_function('width => window.outerWidth === width', arg=size['width'])
        await finds_nothing(page, WIDER, f'{page.url} at {size}')


async def test_no_page_gets_wider(visitor: Visitor) -> None:
    page = await visitor.blank(**PHONE)
    for path in ('/', '/work-orders', '/work-orders?view=board', '/work-orders?state=completed',
                 f'/work-orders?machine={NAME}', f'/work-orders/{ORDER}', '/employees', '/diagnosis', '/reports',
                 '/reports/shift', '/past', f'/work-orders/{WORD}', f'/work-orders?q={WORD}', '/wall'):
        await visitor.go(page, path, connection=None)
        await is_not_wider(page)


async def test_no_panel_or_dialog_gets_wider(visitor: Visitor) -> None:
    page = await visitor.open('/', **PHONE)
    await page.locator(f'[data-machine="{NAME}"]').first.click()
    await expect(page.locator('.drawer')).to_be_visible()
    await is_not_wider(page)
    await page.get_by_role('button', name='New work order').first.click()
    await expect(page.locator('.sheet')).to_be_visible()
    await is_not_wider(page)

    await visitor.go(page, f'/work-orders/{ORDER}')
    for name in 'Complete', 'Put on hold', 'Cancel order', 'Edit':
        await page.get_by_role('button', name=name, exact=True).first.click()
        await is_not_wider(page)
        await visitor.go(page, f'/work-orders/{ORDER}')


@pytest.mark.parametrize('path', ['/reports', '/reports/shift'])
async def test_no_table_of_a_report_is_wider_than_its_box_or_its_sheet_of_paper(visitor: Visitor, path: str) -> None:
    page = await visitor.open(path, connection=None)
    await expect(page.locator(':is(.stops-table, .handover-table) td').filter(has_text='WWW').first).to_be_visible()
    wider = """() => [...document.querySelectorAll(':is(.stops-table, .handover-table)')]
        .filter(table => table.scrollWidth > table.parentElement.clientWidth + 1).map(table => table.innerText)"""

    await finds_nothing(page, wider)

    await page.emulate_media(media='print')
    await page.set_viewport_size({'width': 718, 'height': 1015})
    await finds_nothing(page, wider)
