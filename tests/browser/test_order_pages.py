"""The list of work orders in a real browser: searched as people type, and turned page by page while others write."""

from __future__ import annotations

import re
from typing import Any

import asyncpg
import pytest
from browser.profiles import PHONE
from browser.visitor import Visitor, fits_window
from playwright.async_api import Page, expect

pytestmark = pytest.mark.asyncio(loop_scope='session')

ADD = """INSERT INTO work_orders (id, machine_id, issue_description, priority)
         SELECT 'WO-20261123-' || lpad(n::text, 8, '0'), 'Valve_01_01', 'Order ' || n, 'low'
         FROM generate_series($1::integer, $2::integer) AS n"""


async def whats(page: Page) -> list[str]:
    return await page.locator('.order-list tbody td[data-column=description]').all_inner_texts()


@pytest.mark.parametrize('options', [{}, PHONE], ids=['laptop', 'phone'])
async def test_a_search_finds_a_comment_whatever_its_accents_and_order_of_words(
        visitor: Visitor, connection: asyncpg.Connection, options: dict[str, Any]) -> None:
    await connection.execute(ADD, 1, 2)
    await connection.execute("INSERT INTO work_order_events (work_order_id, kind, note) "
                             "VALUES ('WO-20261123-00000002', 'commented', 'Ersatzteil liegt in der Großen Straße')")
    page = await visitor.open('/work-orders', **options)

    if options:
        await page.get_by_role('button', name='Filters').tap()
    await page.get_by_label('Search all texts, including comments').fill('strasse ERSATZTEIL')

    await expect(page.locator('.order-list tbody')).not_to_contain_text('Order 1')
    await expect(page.locator('.order-list tbody')).to_contain_text('Order 2')


async def test_on_a_phone_orders_are_on_the_screen_and_filters_unfold(visitor: Visitor,
                                                                      connection: asyncpg.Connection) -> None:
    await connection.execute(ADD, 1, 2)
    address = '/work-orders?priority=low&machine=Valve_01_01'
    page = await visitor.open(address, **PHONE)
    filters, priority = page.get_by_role('button', name='Filters 2'), page.get_by_label('Priority', exact=True)
    order = page.locator('.order-list tbody tr').first
    await expect(order).to_be_visible()
    box = await order.bounding_box()
    assert box is not None and box['y'] + box['height'] < 844 * 2 / 3
    await expect(priority).to_be_hidden()
    await expect(filters).to_have_attribute('aria-expanded', 'false')
    await filters.tap()
    await expect(filters).to_have_attribute('aria-expanded', 'true')
    await expect(priority).to_be_visible()
    await fits_window(page)
    await filters.tap()
    await expect(priority).to_be_hidden()

    laptop = await visitor.open(address)
    await expect(laptop.get_by_label('Priority', exact=True)).to_be_visible()
    await expect(laptop.get_by_role('button', name='Filters')).to_be_hidden()


async def test_next_and_previous_skip_and_repeat_nothing_while_others_write(visitor: Visitor,
                                                                            connection: asyncpg.Connection) -> None:
    await connection.execute(ADD, 1, 120)
    page = await visitor.open('/work-orders?sort=description')
    await expect(page.get_by_text('Showing 1 to 50 of 120')).to_be_visible()
    seen = await whats(page)
    # the first of this page goes to the end of the list: those after it move up, also over the ends of pages
    await connection.execute("UPDATE work_orders SET issue_description = 'Zzz' WHERE issue_description = 'Order 1'")
    await expect(page.locator('.order-list tbody')).to_contain_text('Order 51')
    seen += await whats(page)
    for number, showing in (2, '51 to 100'), (3, '10[0-9] to 120'):
        await page.get_by_role('button', name='Next page').click()
        await expect(page).to_have_url(re.compile(f'page={number}&cursor='))
        await expect(page.get_by_text(re.compile(f'^Showing {showing} of 120'))).to_be_visible()
        seen += await whats(page)
        # one that was seen already: what comes after it is not moved by it
        await connection.execute("UPDATE work_orders SET issue_description = 'Zzz' WHERE issue_description = $1",
                                 seen[-9])
        await expect(page.locator('.order-list tbody')).to_contain_text('Zzz')

    assert {f'Order {n}' for n in range(1, 121)} <= set(seen)


async def test_the_fields_of_a_long_order_come_into_sight_when_they_open(visitor: Visitor,
                                                                         connection: asyncpg.Connection) -> None:
    await connection.execute(ADD, 1, 1)
    await connection.execute('UPDATE work_orders SET issue_description = $1',
                             '\n'.join(f'line {n}' for n in range(120)))
    page = await visitor.open('/work-orders/WO-20261123-00000001', **PHONE)

    await page.get_by_role('button', name='Edit', exact=True).tap()

    await expect(page.get_by_role('textbox', name='Description')).to_be_focused()
    await expect(page.get_by_role('textbox', name='Description')).to_be_in_viewport()


async def test_the_label_of_each_field_of_a_new_order_is_whole_on_a_phone(visitor: Visitor) -> None:
    page = await visitor.open('/work-orders', **PHONE)
    await page.get_by_role('button', name='New work order').tap()
    await expect(page.get_by_label('Checklist')).to_be_visible()

    cut = await page.locator('.order-form .q-field__label').evaluate_all(
        'labels => labels.filter(label => label.scrollWidth > label.clientWidth).map(label => label.innerText)')

    assert cut == []


@pytest.mark.parametrize('options', [{}, PHONE], ids=['laptop', 'phone'])
async def test_an_order_opens_wherever_its_row_is_pressed(visitor: Visitor, connection: asyncpg.Connection,
                                                          options: dict[str, Any]) -> None:
    await connection.execute(ADD, 1, 1)
    page = await visitor.open('/work-orders', **options)
    for column in 'machine', 'description', 'due':
        cell = await page.locator(f'.order-list tbody td[data-column={column}]').bounding_box()
        press = page.touchscreen.tap if options else page.mouse.click

        await press(cell['x'] + cell['width'] / 2, cell['y'] + cell['height'] / 2)

        await expect(page).to_have_url(re.compile('/work-orders/WO-20261123-00000001'))
        await visitor.ready(page)
        await visitor.go(page, '/work-orders')
