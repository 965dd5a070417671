"""A stop and who fixes it: two people, two windows, two instances of the program on one database."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress

import asyncpg
import pytest
from browser.visitor import Visitor, drawer, tile
from playwright.async_api import Locator, Page, expect
from playwright.async_api import TimeoutError as PlaywrightTimeout

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]

ROWS = '.order-list tbody tr'
SQL_WORDS = "'); DROP TABLE work_orders; --"
HOSTILE = ('<script>window.hit = 1</script><img src=x onerror="window.hit = 1"> '
           f'{SQL_WORDS} \u202egnirts\u202c {{{{ 7 * 7 }}}} ${{7 * 7}} &lt;b&gt;')


async def assign(page: Page, form: Locator, typed: str, name: str) -> None:
    """Choose a person. An answer of the server to an earlier field may close the list; it is then opened again."""
    field, option = form.get_by_label('Assignee'), page.get_by_role('option', name=name)
    for _ in range(4):
        await field.fill(typed)
        with suppress(PlaywrightTimeout):
            await option.click(timeout=15_000)
            return
        await field.fill('')
    await field.fill(typed)
    await option.click()


async def report(page: Page, machine: str, description: str, *, priority: str = 'medium',
                 assignee: str | None = None) -> None:
    """Two clicks from the floor to the form, then the form."""
    await tile(page, machine).click()
    await drawer(page).get_by_role('button', name='New work order').click()
    form = page.get_by_role('dialog', name='New work order')
    await form.get_by_label('What is wrong').fill(description)
    await form.get_by_role('radio', name=priority).click()
    if assignee:
        await assign(page, form, assignee, assignee)
    await form.get_by_role('button', name='Create').click()
    await expect(form).to_be_hidden()


async def test_a_stop_from_the_alert_to_the_repair(visitor: Visitor, lisa: Visitor,
                                                   connection: asyncpg.Connection) -> None:
    await connection.execute("UPDATE machine_feed_stream SET status = 'down', reason = 'Hydraulic leak' "
                             "WHERE machine_name = 'Injection_Molder_02_02'")
    supervisor = await visitor.open()
    technician = await lisa.open('/work-orders')
    await expect(technician.get_by_text('There are no work orders.')).to_be_visible()

    # the supervisor reports it: machine, its reason and who reports are filled in
    await tile(supervisor, 'Injection_Molder_02_02').click()
    await drawer(supervisor).get_by_role('button', name='New work order').click()
    form = supervisor.get_by_role('dialog', name='New work order')
    await expect(form.get_by_label('What is wrong')).to_have_value('Hydraulic leak')
    await form.get_by_role('radio', name='critical').click()
    await assign(supervisor, form, 'Lisa', 'Lisa Garcia')
    notified = expect(technician.locator('.q-notification')).to_contain_text('Assigned to you')  # for a few seconds
    await asyncio.gather(notified, form.get_by_role('button', name='Create').click())

    # it shows on the floor, and in the technician's list, which showed it
    await expect(tile(supervisor, 'Injection_Molder_02_02')).to_have_attribute('data-orders', '1')
    await expect(drawer(supervisor).locator('.drawer-order')).to_contain_text('Lisa Garcia')
    row = technician.locator(ROWS)
    await expect(row).to_contain_text('Hydraulic leak')
    await expect(row).to_contain_text('critical')

    # she opens it, starts, waits for parts, resumes, completes
    await row.get_by_role('link').first.click()
    await expect(technician).to_have_url(re.compile(r'/work-orders/WO-\d{8}-[0-9a-f]{8}$'))
    address = technician.url.removeprefix(lisa.program.url)
    overseer = await visitor.open(address)
    state = overseer.locator('.order-status')

    async def both_show(words: str) -> None:  # a button that is built again takes no press
        for page in overseer, technician:
            await expect(page.locator('.order-status')).to_contain_text(words)

    await both_show('Open')
    await technician.get_by_role('button', name='Start').click()
    await both_show('In progress')
    await technician.get_by_role('button', name='Put on hold').click()
    hold = technician.get_by_role('dialog', name='Put on hold')
    await hold.get_by_role('radio', name=re.compile('parts', re.IGNORECASE)).click()
    await hold.get_by_role('button', name='Put on hold').click()
    await both_show('On hold')
    await technician.get_by_role('button', name='Resume').click()
    await both_show('In progress')
    await connection.execute("UPDATE machine_feed_stream SET status = 'operational' "
                             "WHERE machine_name = 'Injection_Molder_02_02'")
    await expect(technician.locator('.machine-now')).to_have_attribute('data-status', 'operational')
    await technician.get_by_role('button', name='Complete').click()
    completion = technician.get_by_role('dialog', name='Complete')
    await completion.get_by_label('Cause').fill('Seal of the clamp cylinder worn')
    await completion.get_by_label('Action').fill('Seal replaced, pressure tested')
    await completion.get_by_role('button', name='Complete').click()

    # both see the end and the whole history; the floor is calm again
    await expect(state).to_contain_text('Completed')
    history = overseer.get_by_role('region', name='Comments and history')
    for words in 'Lisa Garcia', 'parts', 'Seal of the clamp cylinder worn', 'Seal replaced, pressure tested':
        await expect(history).to_contain_text(words)
    await expect(tile(supervisor, 'Injection_Molder_02_02')).not_to_have_attribute('data-orders', '1')
    stored = await connection.fetchrow('SELECT status, completed_at > started_at AS in_order FROM work_orders')
    assert (stored['status'], stored['in_order']) == ('completed', True)


async def test_two_people_edit_one_order_and_the_second_decides(visitor: Visitor, lisa: Visitor,
                                                                connection: asyncpg.Connection) -> None:
    order = await connection.fetchval("INSERT INTO work_orders (machine_id, issue_description) "
                                      "VALUES ('Valve_01_01', 'Pin sticks') RETURNING id")
    first = await visitor.open(f'/work-orders/{order}')
    second = await lisa.open(f'/work-orders/{order}')
    await first.get_by_role('button', name='Edit').click()
    await first.get_by_role('textbox', name='Description').fill('Pin sticks, zone 4')
    await second.get_by_role('button', name='Edit').click()
    await second.get_by_role('textbox', name='Description').fill('Pin sticks since Monday')

    await first.get_by_role('button', name='Save').click()
    await expect(first.locator('.description')).to_have_text('Pin sticks, zone 4')
    await second.get_by_role('button', name='Save').click()

    decision = second.get_by_role('dialog', name='Someone else changed this order')
    await expect(decision).to_contain_text('Pin sticks, zone 4')
    await expect(decision).to_contain_text('Pin sticks since Monday')
    assert 'Pin sticks, zone 4' == await connection.fetchval(
        'SELECT issue_description FROM work_orders WHERE id = $1', order)
    await decision.get_by_role('button', name='Keep all mine').click()
    await decision.get_by_role('button', name='Save choices').click()
    await expect(first.locator('.description')).to_have_text('Pin sticks since Monday')


async def test_what_people_type_is_text_everywhere(visitor: Visitor, lisa: Visitor,
                                                   connection: asyncpg.Connection) -> None:
    page = await visitor.open()
    await report(page, 'Painter_03_01', HOSTILE)
    order = await connection.fetchval('SELECT id FROM work_orders')
    assert await connection.fetchval('SELECT issue_description FROM work_orders') == HOSTILE

    await page.goto(f'{visitor.program.url}/work-orders/{order}')
    await expect(page.locator('.description')).to_have_text(HOSTILE)
    comment = page.get_by_role('textbox', name='Comment')
    await comment.fill(HOSTILE)
    await page.get_by_role('button', name='Add comment').click()
    await expect(page.get_by_role('region', name='Comments and history')).to_contain_text(SQL_WORDS)
    seen = await lisa.blank()
    for path in '/work-orders', '/work-orders?view=board', f'/work-orders/{order}', '/?machine=Painter_03_01':
        await lisa.go(seen, path)
        await expect(seen.get_by_text(SQL_WORDS).first).to_be_visible()
        assert await seen.evaluate('window.hit') is None
        assert await seen.locator('main script, main img[src=x]').count() == 0
    assert await page.evaluate('window.hit') is None


async def test_a_text_of_100_kb_is_refused_with_a_sentence_and_kept(visitor: Visitor,
                                                                    connection: asyncpg.Connection) -> None:
    page = await visitor.open()
    await tile(page, 'Painter_03_01').click()
    await drawer(page).get_by_role('button', name='New work order').click()
    form = page.get_by_role('dialog', name='New work order')
    field = form.get_by_label('What is wrong')
    await field.evaluate('(field, text) => { field.removeAttribute("maxlength"); }', '')
    await field.fill('x' * 100_000)
    await form.get_by_role('button', name='Create').click()

    await expect(form).to_contain_text('at most 10,000')
    await expect(field).to_have_value('x' * 100_000)
    assert await connection.fetchval('SELECT count(*) FROM work_orders') == 0


async def test_a_double_click_is_one_order(visitor: Visitor, connection: asyncpg.Connection) -> None:
    page = await visitor.open()
    await tile(page, 'Painter_03_01').click()
    await drawer(page).get_by_role('button', name='New work order').click()
    form = page.get_by_role('dialog', name='New work order')
    await form.get_by_label('What is wrong').fill('Bell cup fault')
    await form.get_by_role('button', name='Create').dblclick()

    await expect(form).to_be_hidden()
    await expect(tile(page, 'Painter_03_01')).to_have_attribute('data-orders', '1')
    assert await connection.fetchval('SELECT count(*) FROM work_orders') == 1


async def test_what_is_typed_survives_a_lost_connection_and_a_reload(visitor: Visitor,
                                                                     connection: asyncpg.Connection) -> None:
    visitor.loses_connection = True
    page = await visitor.open()
    await tile(page, 'Painter_03_01').click()
    await drawer(page).get_by_role('button', name='New work order').click()
    form = page.get_by_role('dialog', name='New work order')
    await form.get_by_label('What is wrong').fill('Typed before')
    await expect(form.get_by_label('What is wrong')).to_have_value('Typed before')

    await page.context.set_offline(True)
    await page.wait_for_selector('#popup[aria-hidden="false"]', state='attached')
    await form.get_by_label('What is wrong').fill('Typed before and while it was away')
    await page.context.set_offline(False)
    await page.wait_for_selector('#popup[aria-hidden="true"]', state='attached')
    await expect(form.get_by_label('What is wrong')).to_have_value('Typed before and while it was away')
    await form.get_by_label('What is wrong').press('End')
    await form.get_by_label('What is wrong').type('.')

    await page.reload()
    await visitor.ready(page)
    await page.goto(f'{visitor.program.url}/?machine=Painter_03_01')
    await drawer(page).get_by_role('button', name='New work order').click()
    await expect(form.get_by_label('What is wrong')).to_have_value('Typed before and while it was away.')


async def test_a_card_is_dragged_to_another_state(lisa: Visitor, connection: asyncpg.Connection) -> None:
    await connection.execute('INSERT INTO work_orders (machine_id, issue_description) '
                             "VALUES ('Valve_01_01', 'Pin sticks')")
    page = await lisa.open('/work-orders?view=board')
    card = page.locator('.order-card', has_text='Pin sticks')

    column = page.locator('.board-column[data-order-status="in_progress"]')
    await card.drag_to(column)

    await expect(column.locator('.order-card')).to_contain_text('Pin sticks')
    assert await connection.fetchval('SELECT status FROM work_orders') == 'in_progress'


async def test_a_link_shows_the_same_orders(visitor: Visitor, connection: asyncpg.Connection) -> None:
    await connection.execute("INSERT INTO work_orders (machine_id, issue_description, priority) VALUES "
                             "('Valve_01_01', 'Pin sticks', 'high'), ('Painter_03_01', 'Booth too dry', 'low')")
    page = await visitor.open('/work-orders')
    await expect(page.locator(ROWS)).to_have_count(2)
    await page.get_by_label('Search', exact=False).fill('pin')
    await expect(page.locator(ROWS)).to_have_count(1)
    await expect(page).to_have_url(re.compile('q=pin'))

    other = await visitor.open(page.url.removeprefix(visitor.program.url))

    await expect(other.locator(ROWS)).to_have_count(1)
    await expect(other.locator(ROWS)).to_contain_text('Pin sticks')


async def test_employees_are_added_and_deactivated(visitor: Visitor, lisa: Visitor,
                                                   connection: asyncpg.Connection) -> None:
    page = await visitor.open('/employees')
    await page.get_by_role('button', name='Add').click()
    form = page.get_by_role('dialog')
    await form.get_by_label('First name').fill('Ada')
    await form.get_by_label('Last name').fill('Byron')
    await form.get_by_label('E-mail', exact=False).fill('ada.byron@example.com')
    await form.get_by_label('Department').fill('Maintenance')
    await form.get_by_role('button', name=re.compile('Add|Save|Create')).click()
    await expect(page.get_by_text('ada.byron@example.com')).to_be_visible()
    await page.get_by_role('button', name='Edit Ada Byron').click()
    await expect(page.get_by_role('dialog').get_by_label('Last name')).to_have_value('Byron')
    await page.keyboard.press('Escape')
    await expect(page.get_by_role('dialog')).to_have_count(0)  # while it closes, it takes the focus back
    await page.get_by_role('button', name='Deactivate Ada Byron').press('Enter')
    await page.get_by_role('dialog').get_by_role('button', name='Deactivate', exact=True).click()
    await expect(page.get_by_text('ada.byron@example.com')).to_have_count(0)
    await page.get_by_role('button', name='All', exact=True).click()
    await page.get_by_role('button', name='Reactivate Ada Byron').click()
    await page.get_by_role('dialog').get_by_role('button', name='Reactivate', exact=True).click()
    await expect(page.get_by_role('button', name='Deactivate Ada Byron')).to_be_visible()

    hers = await lisa.open('/employees')
    await expect(hers.get_by_text('ada.byron@example.com')).to_be_visible()
    await expect(hers.get_by_role('button', name='Add')).to_be_disabled()
    await connection.execute("DELETE FROM employees WHERE email = 'ada.byron@example.com'")
    await expect(hers.get_by_text('ada.byron@example.com')).to_have_count(0)
