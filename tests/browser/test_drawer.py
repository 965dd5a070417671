"""One machine in full: opened by hand, by keyboard and by address, and true for as long as it is open."""

from __future__ import annotations

import re

import asyncpg
import pytest
from browser.visitor import Visitor, drawer, tile
from playwright.async_api import Page, expect

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]


async def test_a_click_opens_it_and_the_button_closes_it(visitor: Visitor) -> None:
    page = await visitor.open()

    await tile(page, 'Valve_01_01').click()

    await expect(drawer(page).get_by_role('heading', level=2)).to_have_text('Valve 01·01')
    await expect(page).to_have_url(re.compile(r'/\?machine=Valve_01_01#\w+$'))
    await drawer(page).get_by_role('button', name='Close').click()
    await expect(drawer(page)).to_be_hidden()
    await expect(page).to_have_url(f'{visitor.program.url}/')


async def test_a_machine_is_found_from_the_first_letter_typed(visitor: Visitor) -> None:
    page = await visitor.open()
    await page.keyboard.press('/')
    field = page.get_by_label('Find a machine')
    await expect(field).to_be_focused()
    await field.press_sequentially('v')
    found = page.get_by_role('search').get_by_role('button', name='Valve 01·01 · Transmission Line')
    await expect(found).to_be_visible()
    await field.press_sequentially('alve 03')
    await field.press('Enter')
    await expect(drawer(page).get_by_role('heading', level=2)).to_have_text('Valve 03·01')
    await expect(field).to_have_value('')


async def back(page: Page) -> None:
    """The browser's Back, after the browser has drawn what is open."""
    await page.wait_for_function(
        "document.querySelector('.history-entry:target')?.getAnimations()[0]?.startTime != null")
    await page.evaluate('new Promise(requestAnimationFrame)')
    await page.evaluate('history.back()')


async def test_back_closes_it_and_stays_on_the_floor(visitor: Visitor) -> None:
    page = await visitor.open('/employees')
    await page.get_by_role('link', name='Floor').click()
    await visitor.ready(page)
    for machine in 'Valve_01_01', 'Painter_03_01':  # and again after it was closed
        await tile(page, machine).click()
        await expect(drawer(page)).to_be_visible()
        await expect(page).to_have_url(re.compile(machine))

        await back(page)

        await expect(drawer(page)).to_be_hidden()
        await expect(page).to_have_url(f'{visitor.program.url}/')
    await tile(page, 'Valve_01_01').click()
    await expect(page).to_have_url(re.compile('Valve_01_01'))
    await page.keyboard.press('Escape')  # takes its entry back, so that Back leads to where one came from
    await expect(drawer(page)).to_be_hidden()
    await expect(page).to_have_url(f'{visitor.program.url}/')
    await page.go_back()
    await expect(page).to_have_url(f'{visitor.program.url}/employees')


async def test_back_closes_a_form_before_the_drawer_under_it(visitor: Visitor) -> None:
    page = await visitor.open()
    await tile(page, 'Valve_01_01').click()
    await drawer(page).get_by_role('button', name='New work order').click()
    form = page.get_by_role('dialog', name='New work order')
    await form.get_by_label('What is wrong').fill('Pin sticks')

    await back(page)
    await expect(form).to_be_hidden()
    await expect(drawer(page)).to_be_visible()
    await back(page)

    await expect(drawer(page)).to_be_hidden()
    await expect(page).to_have_url(f'{visitor.program.url}/')


async def test_back_from_a_followed_link_leads_to_where_it_was_followed(visitor: Visitor) -> None:
    page = await visitor.open('/employees')
    await visitor.go(page, '/?machine=Painter_03_01')
    await expect(drawer(page)).to_be_visible()

    await page.go_back()

    await expect(page).to_have_url(f'{visitor.program.url}/employees')


async def test_it_follows_the_machine(visitor: Visitor, connection: asyncpg.Connection) -> None:
    page = await visitor.open()
    await tile(page, 'Valve_01_01').click()
    status = drawer(page).locator('.drawer-status')
    await expect(status).to_have_text('Running')

    await connection.execute("UPDATE machine_feed_stream SET status = 'down', reason = 'Seat worn' "
                             "WHERE machine_name = 'Valve_01_01'")

    await expect(status).to_have_text('Down')
    await expect(status).to_have_attribute('data-status', 'down')
    await expect(drawer(page).locator('.facts')).to_contain_text('Seat worn')
    await expect(drawer(page).locator('.drawer-events li').first).to_contain_text('Down: Seat worn')
    await connection.execute("UPDATE machine_feed_stream SET status = 'warning' WHERE machine_name = 'Valve_01_02'")
    await connection.execute("UPDATE machine_feed_stream SET status = 'operational' WHERE machine_name = 'Valve_01_01'")
    await expect(status).to_have_text('Running')
    await expect(drawer(page).locator('.drawer-events li').first).to_contain_text('Running')
    await connection.execute("DELETE FROM machine_feed_stream WHERE machine_name = 'Valve_01_01'")
    await expect(status).to_have_text('Removed from the floor')


async def test_an_address_opens_it(visitor: Visitor) -> None:
    page = await visitor.open('/?machine=Painter_03_01')

    await expect(drawer(page).get_by_role('heading', level=2)).to_have_text('Painter 03·01')
    await page.keyboard.press('Escape')
    await expect(drawer(page)).to_be_hidden()
    await expect(page).to_have_url(f'{visitor.program.url}/')
    await visitor.go(page)
    await expect(drawer(page)).to_be_hidden()


async def test_an_address_of_no_machine_says_so(visitor: Visitor) -> None:
    page = await visitor.open('/?machine=%3Cb%3ENobody%3C%2Fb%3E')

    note = page.get_by_role('alert').filter(has_text='There is no machine <b>Nobody</b>.')
    await expect(note).to_be_visible()
    await expect(drawer(page)).to_be_hidden()

    await page.get_by_role('link', name='Show the floor').click()

    await expect(page).to_have_url(f'{visitor.program.url}/')
    await expect(note).to_be_hidden()


async def test_by_keyboard_alone(visitor: Visitor) -> None:
    page = await visitor.open()

    await page.keyboard.press('Tab')
    skip = page.get_by_role('link', name='Skip to content')
    await expect(skip).to_be_focused()
    await expect(skip).to_be_in_viewport()
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    await expect(page.get_by_label('Find a machine')).to_be_focused()
    await page.keyboard.press('Tab')
    await expect(page.get_by_role('link', name='Wall screen')).to_be_focused()
    await page.keyboard.press('Tab')
    first = tile(page, 'Source_Sorter_01_01')
    await expect(first).to_be_focused()
    await expect(first).to_have_css('outline-style', 'solid')
    await expect(first).to_have_css('outline-width', '3px')
    await page.keyboard.press('Enter')
    await expect(drawer(page).get_by_role('heading', level=2)).to_have_text('Source Sorter 01·01')
    await expect(page.locator('.q-dialog :focus, .q-dialog:focus, .q-dialog__inner:focus')).to_have_count(1)
    await expect(page).to_have_url(re.compile('machine=Source_Sorter_01_01'))
    await page.keyboard.press('Escape')
    await expect(drawer(page)).to_be_hidden()
    await expect(first).to_be_focused()
    await page.keyboard.press('Tab')
    await expect(tile(page, 'Robotic_Arm_01_01')).to_be_focused()
    await page.keyboard.press('Space')
    await expect(drawer(page).get_by_role('heading', level=2)).to_have_text('Robotic Arm 01·01')


async def test_the_keyboard_stays_where_it_is_while_the_floor_changes(visitor: Visitor,
                                                                      connection: asyncpg.Connection) -> None:
    page = await visitor.open()
    await tile(page, 'Valve_01_01').focus()

    await connection.execute("UPDATE machine_feed_stream SET status = 'down', reason = 'storm'")

    await expect(tile(page, 'Valve_01_01')).to_have_attribute('data-status', 'down')
    await expect(page.locator('.panel-note', has_text='30 machines in total')).to_be_visible()
    await expect(tile(page, 'Valve_01_01')).to_be_focused()


async def test_what_a_screen_reader_meets(visitor: Visitor, connection: asyncpg.Connection) -> None:
    await connection.execute("UPDATE machine_feed_stream SET status = 'down', reason = 'Seat worn' "
                             "WHERE machine_name = 'Valve_01_01'")
    page = await visitor.open()
    await expect(tile(page, 'Valve_01_01')).to_have_attribute('data-status', 'down')

    assert await page.locator('html').get_attribute('lang') == 'en-US'
    assert await page.title() == 'Floor · Line Monitor'
    await expect(page.get_by_role('heading', level=1)).to_have_text('Line Monitor')
    await expect(page.get_by_role('main')).to_have_count(1)
    await expect(page.get_by_role('banner').get_by_role('navigation', name='Pages')).to_be_visible()
    await expect(page.get_by_role('img', name=re.compile(r'^Data: live · \d+ s$'))).to_have_count(1)
    await expect(page.get_by_role('status').filter(has_text='Valve 01·01 is down. Seat worn')).to_have_count(1)
    line = page.get_by_role('main').get_by_role('region', name='Transmission Line')
    await expect(line).to_match_aria_snapshot("""
        - region "Transmission Line":
          - heading "Transmission Line" [level=2]
          - img "8 Running": "8"
          - img "1 Down": "1"
          - button /Source Sorter 01·01, Running, since \\d\\d:\\d\\d:\\d\\d/
          - button /Valve 01·01, Down, Seat worn, since \\d\\d:\\d\\d:\\d\\d/
    """)
    await expect(page.get_by_role('region', name='Needs attention').get_by_role('button')).to_have_count(1)
    await expect(page.get_by_role('region', name='Event stream')).to_be_visible()
    await expect(page.get_by_role('button')).to_have_count(30 + 1 + 1 + 1 + 1)  # tiles, list, sound, theme, set-up
