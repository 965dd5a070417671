"""The board in a browser: columns that scroll, drags that land, and moves by keyboard and by touch."""

from __future__ import annotations

from contextlib import suppress

import asyncpg
import pytest
from browser.profiles import PHONE
from browser.visitor import Visitor, fits_window
from playwright.async_api import Locator, Page, WebSocketRoute, expect

pytestmark = [pytest.mark.asyncio(loop_scope='session'), pytest.mark.long]

BOARD = '/work-orders?view=board'


async def add(sql: asyncpg.Connection, count: int, status: str = 'open', text: str = 'Leak') -> None:
    """Orders of one machine, the first due first."""
    await sql.execute(
        'INSERT INTO work_orders (machine_id, issue_description, status, due_at, assignee, hold_reason) '
        "SELECT 'Valve_01_01', $3 || ' ' || number, $2::text, now() + number * interval '1 minute', 'Lisa Garcia', "
        "CASE WHEN $2::text = 'on_hold' THEN 'parts' END FROM generate_series(1, $1::int) AS number",
        count, status, text)


def column(page: Page, state: str) -> Locator:
    return page.locator(f'.board-column[data-order-status="{state}"]')


def card(page: Page, text: str) -> Locator:
    return page.locator('.order-card').filter(has=page.get_by_text(text, exact=True))


async def test_five_hundred_cards_scroll_in_their_columns_below_their_headings(visitor: Visitor,
                                                                               connection: asyncpg.Connection) -> None:
    for status in 'open', 'in_progress', 'on_hold':
        await add(connection, 150, status)
    page = await visitor.open(BOARD)
    await expect(page.locator('.order-card')).to_have_count(450)

    last = column(page, 'open').locator('.order-card').last
    await last.scroll_into_view_if_needed()

    await expect(last).to_be_in_viewport()
    await expect(column(page, 'open').get_by_role('heading')).to_be_in_viewport()
    assert await page.evaluate('document.scrollingElement.scrollTop') == 0
    assert await column(page, 'on_hold').locator('.cards').evaluate('cards => cards.scrollTop') == 0
    await fits_window(page)


@pytest.mark.parametrize('waiting', [0, 40])
async def test_a_card_far_down_lands_anywhere_in_an_empty_or_a_full_column(lisa: Visitor,
                                                                           connection: asyncpg.Connection,
                                                                           waiting: int) -> None:
    await add(connection, 40)
    await add(connection, waiting, 'in_progress', 'Begun')
    page = await lisa.open(BOARD)
    dragged, target = card(page, 'Leak 40'), column(page, 'in_progress')
    await dragged.scroll_into_view_if_needed()
    box = await target.bounding_box()
    assert box['height'] == (await column(page, 'open').bounding_box())['height']

    await dragged.hover()
    await page.mouse.down()
    await page.mouse.move(box['x'] + 60, box['y'] + box['height'] - 60, steps=5)
    await page.mouse.move(box['x'] + 62, box['y'] + box['height'] - 30)
    await expect(target).to_have_attribute('data-drop', 'yes')
    await page.mouse.move(box['x'] + 61, box['y'] + box['height'] - 31)  # a hand moves until it lets go
    await page.mouse.up()

    await expect(target.locator('.column-count')).to_have_text(str(waiting + 1))
    await expect(target).to_have_attribute('data-drop', '')
    assert 'in_progress' == await connection.fetchval(
        "SELECT status FROM work_orders WHERE issue_description = 'Leak 40'")


async def test_a_card_is_moved_with_the_keyboard_alone_and_keeps_the_focus(lisa: Visitor,
                                                                           connection: asyncpg.Connection) -> None:
    await add(connection, 3)
    page = await lisa.open(BOARD)
    await card(page, 'Leak 1').get_by_role('link').focus()

    await page.keyboard.press('ArrowDown')
    await expect(card(page, 'Leak 2').get_by_role('link')).to_be_focused()
    await open_menu(page, card(page, 'Leak 2'))
    await page.keyboard.press('ArrowDown')
    await expect(page.get_by_role('menuitem', name='Put on hold')).to_be_focused()
    await page.keyboard.press('ArrowUp')
    await expect(page.get_by_role('menuitem', name='Start')).to_be_focused()
    await page.keyboard.press('Enter')

    await expect(column(page, 'in_progress').locator('.order-card')).to_contain_text('Leak 2')
    await expect(card(page, 'Leak 2').get_by_role('link')).to_be_focused()
    await page.keyboard.press('ArrowLeft')
    await expect(card(page, 'Leak 1').get_by_role('link')).to_be_focused()

    # somebody else moves it, and the ones around it
    await connection.execute("UPDATE work_orders SET priority = 'critical' WHERE issue_description = 'Leak 3'")
    await expect(column(page, 'open').locator('.order-card').first).to_contain_text('Leak 3')
    await expect(card(page, 'Leak 1').get_by_role('link')).to_be_focused()
    await connection.execute("UPDATE work_orders SET status = 'in_progress' WHERE issue_description = 'Leak 1'")
    await expect(column(page, 'in_progress').locator('.column-count')).to_have_text('2')
    await expect(card(page, 'Leak 1').get_by_role('link')).to_be_focused()


async def test_a_move_that_asks_gives_the_focus_back_and_can_be_undone(lisa: Visitor,
                                                                       connection: asyncpg.Connection) -> None:
    await add(connection, 2)
    page = await lisa.open(BOARD)
    await card(page, 'Leak 1').get_by_role('link').focus()
    await put_on_hold(page)

    await expect(column(page, 'on_hold').locator('.order-card')).to_contain_text('Leak 1')
    await expect(card(page, 'Leak 1').get_by_role('link')).to_be_focused()
    await page.get_by_role('button', name='Undo').click()
    await expect(column(page, 'open').locator('.column-count')).to_have_text('2')
    await expect(card(page, 'Leak 1').get_by_role('link')).to_be_focused()
    assert await connection.fetchval("SELECT count(*) FROM work_orders WHERE status = 'open'") == 2


async def test_a_card_that_moves_before_its_focus_is_reported_keeps_it(lisa: Visitor,
                                                                       connection: asyncpg.Connection) -> None:
    """The board moves the card before the server learns that it has the focus."""
    await add(connection, 2)
    page = await lisa.blank(used=False)
    reports = HeldReports()
    await page.route_web_socket('**/socket.io/**', reports.follow)
    await lisa.go(page, BOARD)
    moved = card(page, 'Leak 2')
    link = moved.get_by_role('link')
    await card(page, 'Leak 1').get_by_role('link').focus()
    await reports.hold_from(moved)
    await page.keyboard.press('ArrowDown')
    await expect(link).to_be_focused()
    assert reports.held

    await connection.execute("UPDATE work_orders SET status = 'in_progress' WHERE issue_description = 'Leak 2'")
    await expect(column(page, 'in_progress').locator('.order-card')).to_contain_text('Leak 2')

    await expect(link).to_be_focused()
    reports.release()
    await connection.execute("UPDATE work_orders SET status = 'open' WHERE issue_description = 'Leak 2'")
    await expect(column(page, 'open').locator('.column-count')).to_have_text('2')
    await expect(link).to_be_focused()


async def test_a_menu_has_the_focus_before_the_server_hears_that_it_is_open(lisa: Visitor,
                                                                            connection: asyncpg.Connection) -> None:
    """What a slow browser reports may be lost with its connection. Where it is too slow to focus what it shows, a
    person opens the page again."""
    await add(connection, 1)
    for _ in range(4):
        page = await lisa.blank(used=False)
        reports = HeldReports()
        await page.route_web_socket('**/socket.io/**', reports.follow)
        await lisa.go(page, BOARD)
        more = card(page, 'Leak 1').get_by_role('button', name='Move')
        await more.focus()
        await reports.hold_from(more, after=True)

        await more.press('Enter')

        start = page.get_by_role('menuitem', name='Start')
        with suppress(AssertionError):
            await expect(start).to_be_focused(timeout=15_000)
            break
    await expect(start).to_be_focused()
    assert reports.held


async def open_menu(page: Page, of: Locator) -> None:
    """By keyboard; again where a slow browser has not given the focus to what it shows."""
    start = page.get_by_role('menuitem', name='Start')
    for _ in range(3):
        await page.keyboard.press('m')
        with suppress(AssertionError):
            await expect(start).to_be_focused(timeout=10_000)
            return
        await page.keyboard.press('Escape')
        await of.get_by_role('link').focus()
    await page.keyboard.press('m')
    await expect(start).to_be_focused()


async def put_on_hold(page: Page) -> None:
    """Put the card with the focus on hold, by its menu and the dialog."""
    await page.keyboard.press('m')
    await expect(page.get_by_role('menuitem', name='Start')).to_be_visible()
    await page.get_by_role('menuitem', name='Put on hold').press('Enter')
    dialog = page.get_by_role('dialog', name='Put on hold')
    await dialog.get_by_role('radio', name='parts').click()
    await dialog.get_by_role('button', name='Put on hold').click()


class HeldReports:
    """The messages of a page to the server, held from the first event of one element on."""

    def __init__(self) -> None:
        self.held: list[str | bytes] = []
        self._first = ''
        self._passes = False

    def follow(self, socket: WebSocketRoute) -> None:
        self._server = socket.connect_to_server()
        socket.on_message(self._sent)

    async def hold_from(self, element: Locator, *, after: bool = False) -> None:
        """after: whether the first event of the element still arrives."""
        id_ = await element.get_attribute('id') or ''
        self._first, self._passes = f'"id":{id_.removeprefix("c")},', after

    def release(self) -> None:
        self._first, held = '', self.held
        self.held = []
        for message in held:
            self._server.send(message)

    def _sent(self, message: str | bytes) -> None:
        begins = bool(self._first) and self._first in str(message)
        if self._passes and begins:
            self._passes, self._first = False, '42['
            self._server.send(message)
        elif self.held or begins:
            self.held.append(message)
        else:
            self._server.send(message)


async def test_a_refused_move_leaves_the_card_and_says_why(lisa: Visitor, connection: asyncpg.Connection) -> None:
    await add(connection, 1, 'in_progress')
    await connection.execute("UPDATE work_orders SET status = 'completed', cause = 'a', action_taken = 'b'")
    page = await lisa.open(BOARD)

    await card(page, 'Leak 1').drag_to(column(page, 'on_hold'))

    await expect(page.locator('.q-notification')).to_be_visible()
    await expect(column(page, 'completed').locator('.order-card')).to_contain_text('Leak 1')
    await expect(column(page, 'completed').locator('.order-card')).to_have_attribute('data-pending', 'false')


async def test_a_phone_swipes_through_the_columns_and_moves_a_card_by_touch(
        lisa: Visitor, connection: asyncpg.Connection) -> None:
    await add(connection, 60)
    page = await lisa.open(BOARD, **PHONE)
    await fits_window(page)
    first = card(page, 'Leak 1')
    more = first.get_by_role('button', name='Move')
    box = await more.bounding_box()
    assert min(box['width'], box['height']) >= 44

    await more.tap()
    start = page.get_by_role('menuitem', name='Start')
    await expect(start).to_be_visible()
    assert (await start.bounding_box())['height'] >= 44
    await start.tap()

    await expect(column(page, 'in_progress').locator('.order-card')).to_contain_text('Leak 1')
    await column(page, 'completed').scroll_into_view_if_needed()
    await expect(column(page, 'completed').get_by_role('heading')).to_be_in_viewport()
    await fits_window(page)


async def test_the_menu_of_a_card_is_as_high_as_its_moves_and_why_one_is_refused(
        visitor: Visitor, connection: asyncpg.Connection) -> None:
    await add(connection, 3)
    await connection.execute('UPDATE work_orders SET assignee = NULL')
    page = await visitor.open(BOARD, **PHONE)

    await card(page, 'Leak 3').get_by_role('button', name='Move').tap()

    menu = page.locator('.card-menu')
    await expect(menu).to_contain_text('assign it to someone before you start it')
    await expect(page.get_by_role('menuitem', name='Start')).to_be_focused()
    assert await menu.evaluate('menu => menu.scrollHeight <= menu.clientHeight')


async def test_on_paper_no_column_cuts_its_cards(visitor: Visitor, connection: asyncpg.Connection) -> None:
    await add(connection, 30)
    page = await visitor.open(BOARD)
    cards = column(page, 'open').locator('.cards')
    await expect(card(page, 'Leak 1')).to_be_attached()
    await expect(card(page, 'Leak 30')).to_be_attached()
    assert await cards.evaluate('cards => cards.scrollHeight > cards.clientHeight')

    await page.emulate_media(media='print')

    assert await cards.evaluate('cards => cards.scrollHeight <= cards.clientHeight')
