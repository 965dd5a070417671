"""Whatever the database says is text: every page and dialog of a floor on which every name and word is an attack.

A script that ran would set window.smuggled; an element that was made of a text would carry data-smuggled; a template
that was compiled would show PRODUCT. The visitor also takes note of everything that the page's policy had to stop.
"""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator, Iterator
from urllib.parse import quote

import asyncpg
import pytest
import pytest_asyncio
from browser.harness import connected, until
from browser.profiles import Profiles
from browser.program import Program, started
from browser.visitor import Visitor, drawer, tile
from playwright.async_api import Browser, Page, expect

from floor.core.csv_file import FORMULA_STARTS

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]

IMAGE = '<img src=x onerror="window.smuggled=1" data-smuggled>'
SCRIPT = '<script data-smuggled>window.smuggled=1</script>'
TEMPLATE = '{{7*19117}} ${7*19117} <b v-html="1" data-smuggled>bold</b>'
PRODUCT = '133819'
QUOTES = """"'`><svg onload=window.smuggled=1 data-smuggled>"""
LINK = 'javascript:window.smuggled=1'
TURNED = '\u202elive\u2066 \u200b👩‍🏭 \x01␀'
FORMULA = '=HYPERLINK("https://evil.example","x")'
LINES = 'one\ntwo\r\n<hr data-smuggled>'
LONG = f'<i data-smuggled>{"long " * 1990}'
NAMES = [IMAGE, SCRIPT, TEMPLATE, QUOTES, LINK, 'live 👩 ␀', FORMULA, '<hr data-smuggled>', f'{IMAGE}{"W" * 140}']
REASONS = [SCRIPT, LONG, IMAGE, LINK, TEMPLATE, FORMULA, TURNED, QUOTES, LINES]
MALLORY = 'mallory+<img/src=x/onerror=window.smuggled=1>@evil.example'
ORDER = 'WO-20261101-0000000a'

SIGNS = """product => [
    ...(window.smuggled === undefined ? [] : ['a script ran']),
    ...[...document.querySelectorAll('[data-smuggled], [onerror], [onload], [onclick], [v-html]')]
        .map(e => e.outerHTML),
    ...[...document.querySelectorAll('a[href], iframe[src], form[action]')]
        .map(e => e.href || e.src || e.action).filter(address => !address.startsWith(location.origin + '/')),
    ...(document.body.innerText.includes(product) ? ['a template was compiled'] : []),
    ...(document.title.includes(product) ? ['a template was compiled into the title'] : []),
]"""


@pytest.fixture(scope='module')
def hostile_program(chromium: Browser) -> Iterator[Program]:
    """A its own floor, whose words no other test has to live with, and whose user is called an attack too."""
    with started(LOCAL_USER=MALLORY) as program:
        yield program


@pytest_asyncio.fixture(scope='module', loop_scope='session')
async def hostile(hostile_program: Program) -> AsyncIterator[asyncpg.Connection]:
    """Its database, when every column that takes a text has been given one."""
    await until(lambda: hostile_program.health().get('status') == 'live')
    connection = await connected(hostile_program.database_url)
    await fill(connection)
    await until(lambda: hostile_program.health()['machines'] == 30 + len(NAMES))
    yield connection
    connection.terminate()


async def fill(connection: asyncpg.Connection) -> None:
    """Machines on a line, people, and an order with everything that an order can have."""
    async with connection.transaction():
        await connection.execute("UPDATE production_lines SET name = $1 WHERE code = '01'", IMAGE)
        line = await connection.fetchval("SELECT line_id FROM production_lines WHERE code = '01'")
        for number, name in enumerate(NAMES):
            await connection.execute('INSERT INTO machine_feed_stream (machine_id, machine_name, type) '
                                     'VALUES ($1, $2, $3)', 100 + number, name, NAMES[-number - 1])
            await connection.execute('UPDATE machines SET line_id = $1 WHERE machine_name = $2', line, name)
        mallory = await connection.fetchval(
            "INSERT INTO employees (first_name, last_name, email, department, role) "
            "VALUES ($1, $2, $3, $4, 'supervisor') RETURNING id", IMAGE, TEMPLATE, MALLORY, QUOTES)
        await connection.execute(
            'INSERT INTO work_orders (id, machine_id, issue_description, priority, reporter_name, assignee_id) '
            "VALUES ($1, $2, $3, 'high', $4, $5)", ORDER, IMAGE, LONG, QUOTES, mallory)
        for number, (name, words) in enumerate(zip(NAMES, REASONS, strict=True)):
            await connection.execute('INSERT INTO work_orders (machine_id, issue_description, priority, reporter_name) '
                                     'VALUES ($1, $2, $3, $4)', name, words, ['critical', 'low'][number % 2], name)
            await connection.execute('INSERT INTO work_order_checklist (work_order_id, text, done_by) '
                                     'VALUES ($1, $2, $3)', ORDER, name, name)
            await connection.execute(
                'INSERT INTO work_order_events (work_order_id, who, kind, note) '
                "VALUES ($1, $2, 'commented', $3)", ORDER, name, words)
            await connection.execute(
                'INSERT INTO work_order_attachments (work_order_id, file_name, media_type, content, added_by) '
                "VALUES ($1, $2, 'image/png', $3, $4)", ORDER, name, b'\x89PNG\r\n\x1a\n', words[:200])
    for status in 'down', 'operational', 'down':
        for name, reason in zip(NAMES, REASONS, strict=True):
            await connection.execute('UPDATE machine_feed_stream SET status = $1, reason = $2 WHERE machine_name = $3',
                                     status, reason, name)


@pytest_asyncio.fixture(loop_scope='session')
async def visitor(profiles: Profiles, hostile_program: Program, hostile: asyncpg.Connection) -> AsyncIterator[Visitor]:
    """Mallory's victim, who looks everywhere."""
    visitor = Visitor(profiles, hostile_program)
    yield visitor
    # to go on before all of a page has come cuts the rest off
    assert [complaint for complaint in await visitor.leave() if 'net::ERR_ABORTED' not in complaint] == []


async def is_harmless(page: Page) -> None:
    """Nothing on the page as it is now came to life."""
    assert await page.evaluate(SIGNS, PRODUCT) == [], page.url


async def press(page: Page, name: str | re.Pattern[str]) -> None:
    """Press the first such button, and look at what it opens."""
    await page.get_by_role('button', name=name).first.click()
    await is_harmless(page)


async def test_the_floor_and_a_machine(visitor: Visitor) -> None:
    page = await visitor.open()
    for name in NAMES:
        await expect(tile(page, name)).to_have_attribute('data-status', 'down')
    await expect(page.locator('.tile').get_by_text(IMAGE).first).to_be_visible()
    await expect(page.get_by_text(SCRIPT).first).to_be_attached()
    await is_harmless(page)
    for name, reason in zip(NAMES, REASONS, strict=True):
        await tile(page, name).click()
        await expect(drawer(page)).to_contain_text(' '.join(reason.split())[:60])
        await is_harmless(page)
        await press(page, 'New work order')
        await expect(page.get_by_role('dialog')).to_have_count(2)   # the drawer and the form
        await is_harmless(page)
        await page.keyboard.press('Escape')
        await expect(page.get_by_role('dialog')).to_have_count(1)
        await page.keyboard.press('Escape')
        await expect(drawer(page)).to_be_hidden()


async def test_a_machine_whose_address_is_an_attack(visitor: Visitor) -> None:
    page = await visitor.blank()
    for name in NAMES:
        await visitor.go(page, f'/?machine={quote(name)}')
        await expect(drawer(page)).to_contain_text(name.split('\n')[0].replace('_', ' ')[:12])
        await is_harmless(page)


async def test_orders_as_a_table_and_as_a_board(visitor: Visitor) -> None:
    page = await visitor.open('/work-orders')
    await expect(page.get_by_text(SCRIPT).first).to_be_visible()
    await is_harmless(page)
    for choice in await page.get_by_role('combobox').all():
        await choice.click()
        await expect(page.get_by_role('listbox').last).to_be_visible()
        await is_harmless(page)
        await page.keyboard.press('Escape')
    await press(page, 'New work order')
    page = await visitor.open('/work-orders?view=board')
    await expect(page.get_by_text(SCRIPT).first).to_be_visible()
    await is_harmless(page)
    await press(page, re.compile('^Move '))


async def test_one_order_with_all_its_dialogs(visitor: Visitor, hostile: asyncpg.Connection) -> None:
    page = await visitor.open(f'/work-orders/{ORDER}')
    for text in IMAGE, SCRIPT, TEMPLATE, QUOTES, FORMULA:
        await expect(page.get_by_text(text).first).to_be_attached()
    await is_harmless(page)
    for name in 'Put on hold', 'Complete', 'Cancel order', 'Edit':
        await visitor.go(page, f'/work-orders/{ORDER}')
        await press(page, re.compile(f'^{name}'))
    await page.get_by_role('textbox', name='Description').fill('Mine')
    await hostile.execute('UPDATE work_orders SET issue_description = $2 WHERE id = $1', ORDER, IMAGE + SCRIPT)
    await page.get_by_role('button', name='Save').first.click()
    # both versions, side by side
    await expect(page.get_by_text('Someone else changed this order', exact=False).first).to_be_visible()
    await is_harmless(page)


async def test_what_every_page_shows(visitor: Visitor, hostile: asyncpg.Connection) -> None:
    page = await visitor.open('/employees')
    await hostile.execute('INSERT INTO work_orders (machine_id, issue_description, priority, reporter_name) '
                          "VALUES ($1, $2, 'critical', $3)", TEMPLATE, QUOTES, SCRIPT)
    await expect(page.get_by_role('alert').filter(has_text='{{7').first).to_be_visible()
    await is_harmless(page)


async def test_people(visitor: Visitor) -> None:
    page = await visitor.open('/employees')
    await expect(page.get_by_text(MALLORY).first).to_be_visible()
    await is_harmless(page)
    await press(page, 'All')
    await press(page, 'Add employee')
    await visitor.go(page, '/employees')
    await page.get_by_text(MALLORY).first.click()
    await is_harmless(page)


async def test_reports_with_every_panel_and_what_they_explain(visitor: Visitor) -> None:
    page = await visitor.open('/reports')
    await expect(page.get_by_text(SCRIPT).first).to_be_attached()
    await is_harmless(page)
    for summary in await page.locator('summary').all():
        await summary.click()
        await is_harmless(page)
    for choice in await page.get_by_role('combobox').all():
        await choice.click()
        await is_harmless(page)
        await page.keyboard.press('Escape')
    for figure in 'Uptime', 'Stops', 'MTTR':
        await press(page, f'Explain {figure}')
        await expect(page.get_by_role('dialog')).to_have_count(1)
        await is_harmless(page)
        await page.keyboard.press('Escape')
        await expect(page.get_by_role('dialog')).to_have_count(0)
    await press(page, re.compile('^Details of '))
    await is_harmless(page)


async def test_the_shift_and_the_past(visitor: Visitor) -> None:
    page = await visitor.blank()
    for path in '/reports/shift', '/past':
        await visitor.go(page, path)
        await expect(page.get_by_text(IMAGE).first).to_be_attached()
        await is_harmless(page)


async def test_the_diagnosis(visitor: Visitor) -> None:
    page = await visitor.open('/diagnosis')
    await expect(page.get_by_role('main')).to_contain_text('igration')
    await is_harmless(page)


async def test_the_interface_shown_by_its_own_page(visitor: Visitor) -> None:
    page = await visitor.open()
    await page.goto(visitor.program.url + '/docs')
    for path in 'current-status', '/api/employees':
        await page.get_by_role('button', name=path).first.click()
        await page.get_by_role('button', name='Execute').last.click()
    await expect(page.locator('.live-responses-table').last).to_contain_text('onerror')
    assert await page.evaluate('window.smuggled') is None
    assert await page.locator('[data-smuggled]').count() == 0


async def test_an_address_that_is_an_attack(visitor: Visitor) -> None:
    page = await visitor.blank()
    for path in (f'/{quote(IMAGE)}', f'/work-orders/{quote(IMAGE, safe="")}', f'/?line={quote(SCRIPT)}',
                 f'/past?at={quote(IMAGE)}', f'/work-orders?q={quote(IMAGE)}&machine={quote(SCRIPT)}',
                 f'/reports?machine={quote(QUOTES)}&line={quote(TEMPLATE)}'):
        await visitor.go(page, path, connection=None)
        await is_harmless(page)
    visitor.complaints[:] = [complaint for complaint in visitor.complaints if '404' not in complaint]


async def test_no_cell_of_any_file_is_a_formula(visitor: Visitor) -> None:
    files = 0
    for path in '/work-orders', '/reports':
        page = await visitor.open(path)
        await expect(page.get_by_role('link', name='CSV').first).to_be_attached()
        await page.wait_for_function("[...document.querySelectorAll('a[download]')].every("
                                     "link => link.getAttribute('href')?.includes('.'))")  # each panel has been read
        links = await page.get_by_role('link', name='CSV').all()
        for address in [await link.get_attribute('href') for link in links]:
            answer = await page.request.get(f'{visitor.program.url}{address}')
            assert answer.ok
            files += 1
            text = await asyncio.to_thread(lambda body: body.decode('utf-8-sig'), await answer.body())
            assert [cell for row in csv.reader(io.StringIO(text, newline='')) for cell in row
                    if cell.lstrip().startswith(FORMULA_STARTS) and not re.fullmatch(r'-?[\d.]+', cell)] == []
    assert files >= 9
