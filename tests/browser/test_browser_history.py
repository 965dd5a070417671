"""Back and Forward in a real browser: each takes back or brings back one choice, and the page is not loaded again."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from browser.profiles import PHONE
from browser.report_window import choose_window, chosen_window
from browser.visitor import Visitor
from playwright.async_api import Locator, Page, expect

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]

ADD = 'INSERT INTO work_orders (machine_id, issue_description, priority) VALUES ($1, $2, $3)'

OpenPage = Callable[..., Awaitable[Page]]


@pytest.fixture
def stays(visitor: Visitor) -> OpenPage:
    """The page with a mark on it that is lost when it is loaded again."""
    async def stays(path: str, **options: Any) -> Page:
        page = await visitor.open(path, **options)
        await page.evaluate('window.is_the_same = true')
        return page
    return stays


def chip(page: Page, name: str) -> Locator:
    return page.get_by_role('button', name=re.compile(f'^{name}( [0-9]+)?$'))


async def pressed(page: Page, name: str, value: str) -> None:
    await expect(chip(page, name)).to_have_attribute('aria-pressed', value)


@pytest.mark.parametrize('options', [{}, PHONE], ids=['laptop', 'phone'])
async def test_back_takes_back_one_filter_of_the_list_at_a_time(
        stays: OpenPage, visitor: Visitor, connection: asyncpg.Connection, options: dict[str, Any]) -> None:
    await connection.execute(ADD, 'Valve_01_01', 'Oil leak', 'high')
    await connection.execute(ADD, 'Valve_01_01', 'Belt torn', 'low')
    url = f'{visitor.program.url}/work-orders'
    page = await stays('/work-orders', **options)
    await chip(page, 'Open').click()
    await expect(page).to_have_url(f'{url}?status=open')
    await chip(page, 'Overdue').click()
    await expect(page).to_have_url(f'{url}?status=open&overdue=1')
    await expect(page.get_by_text('No work order matches this filter.')).to_be_visible()

    await page.go_back()
    await expect(page).to_have_url(f'{url}?status=open')
    await pressed(page, 'Overdue', 'false')
    await expect(page.get_by_text('Oil leak')).to_be_visible()
    await page.go_back()
    await expect(page).to_have_url(url)
    await pressed(page, 'Open', 'false')
    await page.go_forward()

    await pressed(page, 'Open', 'true')
    assert await page.evaluate('window.is_the_same')


async def test_back_takes_back_a_search_whole_not_letter_by_letter(stays: OpenPage, visitor: Visitor,
                                                                   connection: asyncpg.Connection) -> None:
    await connection.execute(ADD, 'Valve_01_01', 'Oil leak', 'high')
    await connection.execute(ADD, 'Valve_01_01', 'Belt torn', 'low')
    page = await stays('/work-orders')
    search = page.get_by_label('Search all texts, including comments')
    for text in 'oil', 'oil le', 'oil leak':
        await search.fill(text)
        await expect(page).to_have_url(re.compile(f'q={text.replace(" ", "[+]")}$'))
    await expect(page.get_by_text('Belt torn')).to_be_hidden()

    await page.go_back()

    await expect(page).to_have_url(f'{visitor.program.url}/work-orders')
    await expect(search).to_have_value('')
    await expect(page.get_by_text('Belt torn')).to_be_visible()
    assert await page.evaluate('window.is_the_same')


async def test_back_still_works_after_the_page_was_loaded_again(visitor: Visitor,
                                                                connection: asyncpg.Connection) -> None:
    await connection.execute(ADD, 'Valve_01_01', 'Oil leak', 'high')
    page = await visitor.open('/work-orders')
    await chip(page, 'Overdue').click()
    await expect(page).to_have_url(re.compile('overdue=1'))
    await page.reload()
    await visitor.ready(page)
    await pressed(page, 'Overdue', 'true')

    await page.go_back()

    await pressed(page, 'Overdue', 'false')
    await expect(page.get_by_text('Oil leak')).to_be_visible()


async def test_a_form_that_back_closes_leaves_the_filter_alone(stays: OpenPage, visitor: Visitor,
                                                               connection: asyncpg.Connection) -> None:
    await connection.execute(ADD, 'Valve_01_01', 'Oil leak', 'high')
    page = await stays('/work-orders')
    await chip(page, 'Open').click()
    await expect(page).to_have_url(re.compile('status=open$'))
    await page.get_by_role('button', name='New work order').click()
    form = page.get_by_role('dialog', name='New work order')
    await expect(form).to_be_visible()
    await page.wait_for_function(
        "document.querySelector('.history-entry:target')?.getAnimations()[0]?.startTime != null")

    await page.evaluate('history.back()')

    await expect(form).to_be_hidden()
    await pressed(page, 'Open', 'true')
    await expect(page).to_have_url(re.compile('status=open$'))


async def test_links_of_such_a_page_and_of_its_dialogs_lead_where_they_point(visitor: Visitor,
                                                                             connection: asyncpg.Connection) -> None:
    order = await connection.fetchval(f'{ADD} RETURNING id', 'Valve_01_01', 'Oil leak', 'high')
    page = await visitor.open('/work-orders')
    await page.get_by_role('link', name=re.compile('Valve')).click()
    await expect(page).to_have_url(f'{visitor.program.url}/work-orders/{order}')
    await visitor.ready(page)

    await page.go_back()
    await visitor.ready(page)

    await expect(page.get_by_role('link', name=re.compile('Valve'))).to_be_visible()


async def test_an_address_with_a_misspelt_filter_says_so_and_can_be_cleared(visitor: Visitor,
                                                                            connection: asyncpg.Connection) -> None:
    await connection.execute(ADD, 'Valve_01_01', 'Oil leak', 'high')
    page = await visitor.open('/work-orders?stauts=open')
    alert = page.get_by_role('alert').filter(has_text='There is no parameter stauts. Did you mean status?')
    await expect(alert).to_be_visible()
    await expect(page.get_by_text('Oil leak')).to_be_hidden()

    await page.get_by_role('button', name='Clear filters').click()

    await expect(page.get_by_text('Oil leak')).to_be_visible()
    await expect(alert).to_be_hidden()
    await expect(page).to_have_url(f'{visitor.program.url}/work-orders')
    await page.go_back()
    await expect(alert).to_be_visible()
    await expect(page.get_by_text('Oil leak')).to_be_hidden()


async def test_back_takes_back_one_choice_of_the_reports_at_a_time(stays: OpenPage, visitor: Visitor,
                                                                   connection: asyncpg.Connection) -> None:
    url = f'{visitor.program.url}/reports'
    page = await stays('/reports')
    await choose_window(page, '7 days')
    await expect(page).to_have_url(f'{url}?window=7d')
    await page.get_by_role('button', name='Number', exact=True).click()
    await expect(page).to_have_url(f'{url}?window=7d&by=count')

    await page.go_back()
    await expect(page).to_have_url(f'{url}?window=7d')
    await expect(page.get_by_role('button', name='Time down', exact=True)).to_have_attribute('aria-pressed', 'true')
    await page.go_back()
    await expect(chosen_window(page)).to_have_value('Today')
    await page.go_forward()

    await expect(chosen_window(page)).to_have_value('7 days')
    assert await page.evaluate('window.is_the_same')


async def test_links_in_a_dialog_of_the_reports_lead_where_they_point(visitor: Visitor,
                                                                      connection: asyncpg.Connection) -> None:
    await connection.execute("UPDATE machine_feed_stream SET status = 'down', reason = 'Seat worn' "
                             "WHERE machine_name = 'Valve_01_01'")
    page = await visitor.open('/reports')
    await page.locator('.stops').get_by_role('button', name=re.compile('Valve')).first.click()
    await page.get_by_role('dialog').get_by_role('link', name='Floor at that time').click()

    await expect(page).to_have_url(re.compile('/past[?]at='))
    await visitor.ready(page)
    await expect(page.get_by_text('The past', exact=True).first).to_be_visible()


async def test_an_address_of_reports_that_is_not_understood_shows_no_figures(visitor: Visitor,
                                                                             connection: asyncpg.Connection) -> None:
    page = await visitor.open('/reports?window=8d')
    await expect(page.get_by_role('alert').filter(has_text='Cannot understand window=8d')).to_be_visible()
    await expect(page.get_by_role('button', name='Explain Uptime')).to_be_hidden()

    await page.get_by_role('button', name='Show today’s report').click()

    await expect(page.get_by_role('button', name='Explain Uptime')).to_be_visible()


async def test_back_shows_the_shift_that_was_chosen_before(visitor: Visitor) -> None:
    page = await visitor.open('/reports/shift')
    heading = page.locator('.handover-header h2')
    current = await heading.text_content()
    await page.get_by_role('button', name='Previous shift').click()
    await expect(heading).not_to_have_text(current or '')
    before = await heading.text_content()
    await page.get_by_label('Day on which it starts').fill('2026-11-02')
    await expect(heading).to_contain_text('Mon 2026-11-02')

    await page.go_back()
    await expect(heading).to_have_text(before or '')
    await page.go_back()
    await expect(heading).to_have_text(current or '')
