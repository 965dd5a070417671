"""Two tabs of one browser: each keeps what is typed in it, through reloads, a conflict and a restart of the program."""

from __future__ import annotations

import asyncpg
import pytest
from browser.visitor import Visitor
from playwright.async_api import Locator, Page, expect

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]


async def report(sql: asyncpg.Connection) -> str:
    return await sql.fetchval("INSERT INTO work_orders (machine_id, issue_description) "
                              "VALUES ('Valve_01_01', 'Oil leak') RETURNING id")


async def another_tab(visitor: Visitor, page: Page, path: str) -> Page:
    tab = await page.context.new_page()
    await visitor.go(tab, path)
    return tab


def description(page: Page) -> Locator:
    return page.get_by_role('region', name='Description')


async def test_what_one_tab_discards_or_saves_the_other_has_still(visitor: Visitor,
                                                                  connection: asyncpg.Connection) -> None:
    path = f'/work-orders/{await report(connection)}'
    first = await visitor.open(path)
    await first.get_by_role('button', name='Edit').click()
    await first.get_by_label('Description').last.fill('Oil leak at the clamp')
    await first.get_by_label('Comment', exact=True).fill('Hose ordered')
    second = await another_tab(visitor, first, path)
    await expect(second.get_by_text('“Oil leak at the clamp”')).to_be_visible()
    await expect(second.get_by_label('Comment', exact=True)).to_have_value('')
    await second.get_by_role('button', name='Edit').click()
    await second.get_by_label('Description').last.fill('Oil leak, two litres')
    await second.get_by_role('button', name='Save').click()
    await expect(description(second).locator('.description')).to_have_text('Oil leak, two litres')

    # the first tab saves too, is shown the conflict, and goes back to its text
    await first.get_by_role('button', name='Save').click()
    await expect(first.get_by_role('dialog', name='Someone else changed this order')).to_be_visible()
    await first.keyboard.press('Escape')
    await expect(first.get_by_text('What you typed is kept.')).to_be_visible()
    await first.reload()
    await visitor.ready(first)

    await expect(first.get_by_label('Description').last).to_have_value('Oil leak at the clamp')
    await expect(first.get_by_label('Comment', exact=True)).to_have_value('Hose ordered')


async def test_a_fresh_tab_is_offered_what_a_closed_one_left_also_after_a_restart(
        visitor: Visitor, connection: asyncpg.Connection) -> None:
    path = f'/work-orders/{await report(connection)}'
    closed = await visitor.open(path)
    stays = await another_tab(visitor, closed, path)
    await closed.get_by_label('Comment', exact=True).fill('Hose ordered')
    await stays.get_by_label('Comment', exact=True).fill('Bearing noisy')
    await expect(stays.get_by_label('Comment', exact=True)).to_have_value('Bearing noisy')
    await closed.close()
    await stays.goto('about:blank')  # the tab stays, the page would load itself again

    visitor.program.stop()
    visitor.program.start()
    await visitor.go(stays, path)
    await expect(stays.get_by_label('Comment', exact=True)).to_have_value('Bearing noisy')

    fresh = await another_tab(visitor, stays, path)
    await expect(fresh.get_by_label('Comment', exact=True)).to_have_value('')
    offer = fresh.locator('.draft-offer', has_text='“Hose ordered”')
    await offer.get_by_role('button', name='Use draft').click()
    await expect(fresh.get_by_label('Comment', exact=True)).to_have_value('Hose ordered')
    await fresh.get_by_role('button', name='Add comment').click()
    await expect(fresh.get_by_role('listitem').filter(has_text='Hose ordered')).to_be_visible()
    await expect(stays.get_by_label('Comment', exact=True)).to_have_value('Bearing noisy')


async def test_a_tab_that_was_killed_comes_back_with_its_drafts_and_a_copy_of_a_tab_is_offered_them(
        visitor: Visitor, connection: asyncpg.Connection) -> None:
    path = f'/work-orders/{await report(connection)}'
    page = await visitor.open(path)
    await page.get_by_label('Comment', exact=True).fill('Hose ordered')
    await page.evaluate('window.onbeforeunload = null')  # as when a phone drops a page to save memory
    await page.reload()
    await visitor.ready(page)
    await expect(page.get_by_label('Comment', exact=True)).to_have_value('Hose ordered')

    kept = await page.evaluate('JSON.stringify(sessionStorage)')
    copy = await page.context.new_page()  # a copied tab has the session storage of the one it was copied from
    await copy.add_init_script(f'if (!sessionStorage.length) Object.assign(sessionStorage, {kept})')
    await visitor.go(copy, path)
    await expect(copy.get_by_label('Comment', exact=True)).to_have_value('')
    await expect(copy.locator('.draft-offer', has_text='“Hose ordered”')).to_be_visible()
