"""What was, in a real browser: the figures and where they come from, the floor of a moment, the sheet of a shift."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import asyncpg
import httpx
import pytest
from browser.harness import stopped_database, until
from browser.profiles import PHONE
from browser.program import Program
from browser.report_window import choose_window, chosen_window
from browser.visitor import Visitor, fits_window, tile
from playwright.async_api import Page, expect

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]

DOWN = "UPDATE machine_feed_stream SET status = 'down', reason = $2 WHERE machine_name = $1"
AWAY_S = 8.0
"""Longer than a person notices, and shorter than anybody gives up."""
HOSTILE = '<img src=x onerror="window.hit = 1">Seat worn'


async def from_now_on(machine: str) -> str:
    """The address of a report with no stop of another test: of the causes of a day, only the greatest have a bar. It
    begins with a whole second."""
    since = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
    await until(lambda: datetime.now(UTC) >= since)
    return '/reports?' + urlencode({'machine': machine, 'from': f'{since:%Y-%m-%dT%H:%M:%S}',
                                    'to': f'{since + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}'})


async def test_a_number_can_be_explained_down_to_its_intervals(visitor: Visitor,
                                                               connection: asyncpg.Connection) -> None:
    address = await from_now_on('Injection_Molder_04_01')
    await connection.execute(DOWN, 'Injection_Molder_04_01', HOSTILE)
    page = await visitor.open(address)

    await page.get_by_role('button', name='Explain Uptime').click()

    explanation = page.get_by_role('dialog')
    await expect(explanation).to_contain_text('down')
    await expect(explanation).to_contain_text(HOSTILE)
    assert await page.evaluate('window.hit') is None


async def test_the_settings_can_be_saved_without_scrolling(visitor: Visitor) -> None:
    page = await visitor.open('/reports', viewport={'width': 1366, 'height': 440})
    await page.get_by_role('button', name='Settings').click()

    dialog = page.get_by_role('dialog')
    await expect(dialog.get_by_role('heading', name='Latest changes')).to_be_visible()
    await expect(dialog.get_by_role('button', name='Save')).to_be_in_viewport(ratio=1)
    assert await page.locator('.settings-dialog').evaluate('each => each.scrollHeight > each.clientHeight')


@pytest.mark.parametrize('profile', [{}, PHONE])
async def test_a_heading_that_is_scrolled_to_is_not_behind_the_bar(visitor: Visitor, profile: dict[str, Any]) -> None:
    page = await visitor.open('/reports', **profile)
    behind = {}
    for width in 360, 700, 1000, 1366:
        await page.set_viewport_size({'width': width, 'height': 700})
        await page.wait_for_function('width => innerWidth === width', arg=width)
        behind[width] = await page.get_by_role('heading', name='Stops by cause').evaluate(
            "each => (each.scrollIntoView(), document.querySelector('.bar').getBoundingClientRect().bottom "
            "- each.getBoundingClientRect().top)")
    assert max(behind.values()) <= 0, behind


async def test_a_window_is_in_the_address(visitor: Visitor, connection: asyncpg.Connection) -> None:
    page = await visitor.open('/reports')
    await choose_window(page, '7 days')

    await expect(page).to_have_url(re.compile(r'window=7d'))
    other = await visitor.open(page.url.removeprefix(visitor.program.url))

    await expect(chosen_window(other)).to_have_value('7 days')


async def test_a_bar_filters_the_report_by_the_keyboard_and_back_removes_it(visitor: Visitor,
                                                                            connection: asyncpg.Connection) -> None:
    address = await from_now_on('Valve_01_01')
    await connection.execute(DOWN, 'Valve_01_01', 'Bearing hot')
    page = await visitor.open(address)
    bar = page.locator('.pareto-bar', has_text='Bearing hot')
    chip = page.get_by_role('button', name='Remove the filter Reason: Bearing hot')
    await bar.press('Enter')
    await expect(chip).to_be_visible()
    await expect(bar).to_have_attribute('aria-pressed', 'true')
    await expect(bar).to_be_focused()
    await page.keyboard.press('Enter')
    await expect(chip).to_be_hidden()
    await expect(bar).to_have_attribute('aria-pressed', 'false')
    await expect(bar).to_be_focused()
    await page.keyboard.press('Enter')

    await expect(page.get_by_role('heading', name='down because of Bearing hot')).to_be_visible()
    await expect(chip).to_be_visible()
    await expect(page).to_have_url(re.compile('reason='))
    await page.go_back()
    await expect(chip).to_be_hidden()
    await expect(page.get_by_role('heading', name='down because of Bearing hot')).to_be_hidden()


async def with_many_causes(connection: asyncpg.Connection) -> str:
    """The address of a report with three causes more than have a bar, the last of which lasts."""
    address = await from_now_on('Painter_02_01')
    for number in range(13):
        await connection.execute("UPDATE machine_feed_stream SET status = 'operational' "
                                 "WHERE machine_name = 'Painter_02_01'")
        await connection.execute(DOWN, 'Painter_02_01', f'Cause {number}')
    return address


async def test_the_bar_of_the_other_causes_shows_them_by_the_keyboard_and_back_hides_them(
        visitor: Visitor, connection: asyncpg.Connection) -> None:
    address = await with_many_causes(connection)
    page = await visitor.open(address)
    bars, others = page.locator('.pareto-bar'), page.get_by_role('button', name='Other (3 causes) show all')
    await others.press('Enter')

    await expect(bars).to_have_count(13)
    await expect(bars.nth(10)).to_be_focused()
    await expect(page).to_have_url(re.compile('causes=all'))
    await page.go_back()
    await expect(others).to_be_visible()
    await page.go_forward()
    await expect(bars).to_have_count(13)
    await page.get_by_role('button', name='Show the 10 greatest only').press('Enter')
    await expect(others).to_be_focused()


@pytest.mark.parametrize('name', ['Often', 'Long'])
async def test_a_bar_keeps_the_focus_when_back_changes_its_place(visitor: Visitor, connection: asyncpg.Connection,
                                                                 name: str) -> None:
    address = await from_now_on('Painter_02_01')
    for reason in 'Often', 'Often', 'Long':
        await connection.execute("UPDATE machine_feed_stream SET status = 'operational' "
                                 "WHERE machine_name = 'Painter_02_01'")
        await connection.execute(DOWN, 'Painter_02_01', reason)
    page = await visitor.open(address)
    first, bar = page.locator('.pareto-bar').first, page.locator('.pareto-bar', has_text=name)
    await expect(first).to_contain_text('Long')
    await page.get_by_role('button', name='Number', exact=True).click()
    await expect(first).to_contain_text('Often')
    await bar.focus()

    await page.go_back()

    await expect(first).to_contain_text('Long')
    await expect(bar).to_be_focused()


async def test_a_key_that_is_held_while_forward_draws_the_report_again_is_not_lost(
        visitor: Visitor, program: Program, connection: asyncpg.Connection) -> None:
    """Going forward shows all causes at once, and once more when the report is read."""
    page = await visitor.open(await with_many_causes(connection))
    bars, others = page.locator('.pareto-bar'), page.get_by_role('button', name='Other (3 causes) show all')
    await others.press('Enter')
    await expect(page).to_have_url(re.compile('causes=all'))
    await expect(bars.nth(10)).to_be_focused()
    await page.go_back()
    await expect(others).to_be_focused()

    with stopped_database(program):
        await page.go_forward()
        await expect(bars.nth(10)).to_be_focused()
        await page.get_by_role('button', name='Show the 10 greatest only').focus()
        await page.keyboard.down('Space')
    await is_read(page)
    await page.keyboard.up('Space')

    await expect(others).to_be_focused()
    await expect(bars).to_have_count(11)


@pytest.mark.parametrize(('choice', 'name', 'opens'), [
    ('Number', 'Remove the filter Machine', ''), ('Number', 'Details of', 'Close'),
    ('No micro-stops', 'Cause 12', 'Remove the filter Reason: Cause 12')])
async def test_a_key_that_is_held_while_back_draws_the_report_again_is_not_lost(
        visitor: Visitor, program: Program, connection: asyncpg.Connection, *, choice: str, name: str,
        opens: str) -> None:
    """choice: what Back takes back. name: of the button. opens: another one that the key shows; empty: this one goes.
    """
    page = await visitor.open(await with_many_causes(connection))
    await is_read(page)
    address = page.url
    await page.get_by_role('button', name=re.compile(f'^{choice}')).click()
    await expect(page).not_to_have_url(address)
    await is_read(page)
    button = page.get_by_role('button', name=re.compile(f'^{name}')).first

    with stopped_database(program):
        await button.focus()
        await page.keyboard.down('Space')
        await page.go_back()
        await expect(page.locator('.reports')).to_have_attribute('data-loading', 'true')
    await is_read(page)
    await page.keyboard.up('Space')

    if opens:
        await expect(page.get_by_role('button', name=opens).first).to_be_visible()
    else:
        await expect(button).to_be_hidden()


async def is_read(page: Page) -> None:
    """Wait until all of the report is read and drawn."""
    await expect(page.locator('.reports')).to_have_attribute('data-loading', 'false')


async def test_a_bar_that_is_pressed_without_a_connection_filters_when_it_is_back(
        visitor: Visitor, program: Program, connection: asyncpg.Connection) -> None:
    """A slow tablet or a busy machine: the page goes on where it was, it is not loaded again without the press."""
    address = await from_now_on('Valve_01_01')
    await connection.execute(DOWN, 'Valve_01_01', 'Bearing hot')
    page = await visitor.open(address)
    bar = page.get_by_role('button', name='Bearing hot')
    await expect(bar).to_be_visible()
    await page.evaluate('window.is_the_same = true')
    visitor.loses_connection = True

    await page.context.set_offline(True)
    await expect(page.locator('#popup')).to_have_attribute('aria-hidden', 'false')
    await bar.press('Enter')
    await until(lambda: connected_browsers(program) == 0)
    await asyncio.sleep(AWAY_S)
    await page.context.set_offline(False)

    await expect(page.get_by_role('button', name='Remove the filter Reason: Bearing hot')).to_be_visible()
    assert await page.evaluate('window.is_the_same')


def connected_browsers(program: Program) -> float:
    """How many sockets of pages the program has."""
    metrics = httpx.get(f'{program.url}/metrics', timeout=60).text
    return float(re.search(r'^floor_browsers_connected (\S+)$', metrics, re.MULTILINE)[1])


async def test_the_floor_of_a_moment_is_marked_as_the_past_and_does_not_move(visitor: Visitor,
                                                                             connection: asyncpg.Connection) -> None:
    await connection.execute("UPDATE machine_feed_stream SET status = 'operational' "
                             "WHERE machine_name = 'Sorter_04_01'")
    before = await connection.fetchval("SELECT date_trunc('second', clock_timestamp()) + interval '1 second'")
    await connection.execute('SELECT pg_sleep_until($1)', before)  # moments of the past are whole seconds
    await connection.execute(DOWN, 'Sorter_04_01', 'Seat worn')
    page = await visitor.open(f'/past?at={quote(before.isoformat())}')
    await expect(page.get_by_text('The past', exact=True).first).to_be_visible()

    await expect(tile(page, 'Sorter_04_01')).not_to_have_attribute('data-status', 'down')
    now = await visitor.open('/')
    await expect(tile(now, 'Sorter_04_01')).to_have_attribute('data-status', 'down')
    await expect(tile(page, 'Sorter_04_01')).not_to_have_attribute('data-status', 'down')


async def test_the_sheet_of_a_shift_names_its_stops(visitor: Visitor, connection: asyncpg.Connection) -> None:
    await connection.execute(DOWN, 'Valve_01_01', 'Seat worn')
    page = await visitor.open('/reports/shift')

    await expect(page.get_by_role('main')).to_contain_text('Seat worn')
    await expect(page.get_by_role('main')).to_contain_text('Valve 01·01')


async def test_a_phone_shows_the_whole_heat_map_and_the_last_date_of_the_timeline(
        visitor: Visitor, connection: asyncpg.Connection) -> None:
    await connection.execute(DOWN, 'Valve_01_01', 'Seat worn')
    page = await visitor.open('/reports', **PHONE)
    heat = page.locator('.heat')
    await expect(heat).to_be_visible()
    assert await heat.evaluate('each => each.offsetWidth <= each.parentElement.clientWidth')

    await visitor.go(page, '/reports?from=2026-01-01T00:00&to=2026-01-07T15:00')
    last = page.locator('.timeline-tick', has_text='Wed 7 Jan')
    await expect(last).to_be_visible()
    assert await last.evaluate("""each => {
        const text = document.createRange(); text.selectNodeContents(each)
        return text.getBoundingClientRect().right <= each.parentElement.getBoundingClientRect().right
    }""")


async def test_a_tablet_shows_the_list_of_stops_without_sideways_scrolling(visitor: Visitor,
                                                                           connection: asyncpg.Connection) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    await connection.execute("SELECT report_status('Injection_Molder_04_01', 'down', 'Seat worn', $1)", yesterday)
    await connection.execute("SELECT report_status('Injection_Molder_04_01', 'operational', NULL, $1)",
                             yesterday + timedelta(hours=2, minutes=3, seconds=4))
    window = urlencode({'from': f'{yesterday + timedelta(hours=1):%Y-%m-%dT%H:%M}',
                        'to': f'{yesterday + timedelta(hours=3):%Y-%m-%dT%H:%M}'})
    page = await visitor.open(f'/reports?{window}', viewport={'width': 820, 'height': 1180})
    await expect(page.locator('.stops-table tr', has_text='carried in')).to_be_visible()
    await fits_window(page)


async def test_a_window_as_narrow_as_a_small_phone_has_the_tools_of_every_panel_in_it(visitor: Visitor) -> None:
    """A phone would make the page smaller until it fits."""
    page = await visitor.open('/reports?window=30d', viewport={'width': 360, 'height': 800})
    await expect(page.get_by_role('button', name='By week')).to_be_visible()
    await fits_window(page)
