"""A slow network: the browser shows fields already, and what the server sent right after them is still on its way."""

from __future__ import annotations

import re

import asyncpg
import pytest
from browser.visitor import Visitor
from playwright.async_api import Page, WebSocketRoute, expect

pytestmark = pytest.mark.asyncio(loop_scope='session')

LATE = '42["run_javascript",'
LAST = '42["run_javascript",{"code":"window.all_has_arrived = true"}]'
TYPED = 'Pin sticks since Monday'


class LateMessages:
    """A page's socket: elements come at once, and what is to be done with them when a test lets it through."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._held: list[str | bytes] = []
        self._socket: WebSocketRoute | None = None
        self.is_slow = False

    async def begin(self) -> None:
        """For each socket that the page opens from now on."""
        await self._page.route_web_socket(re.compile('/_nicegui_ws/'), self._route)

    async def arrive(self) -> None:
        """Let through what was held, and wait until the page has done it."""
        assert self._socket is not None
        assert self._held, 'nothing was late, so this shows nothing'
        self.is_slow = False
        for message in [*self._held, LAST]:
            self._socket.send(message)
        await self._page.wait_for_function('window.all_has_arrived')

    def _route(self, socket: WebSocketRoute) -> None:
        self._socket = socket
        server = socket.connect_to_server()
        server.on_message(self._from_server)

    def _from_server(self, message: str | bytes) -> None:
        assert self._socket is not None
        if self.is_slow and str(message).startswith(LATE):
            self._held.append(message)
        else:
            self._socket.send(message)


async def test_what_is_typed_before_all_has_arrived_stays_and_is_saved(
        visitor: Visitor, connection: asyncpg.Connection) -> None:
    order = await connection.fetchval("INSERT INTO work_orders (machine_id, issue_description) "
                                      "VALUES ('Valve_01_01', 'Pin sticks') RETURNING id")
    page = await visitor.open('/work-orders', used=False)
    late = LateMessages(page)
    await late.begin()
    await visitor.go(page, f'/work-orders/{order}')

    late.is_slow = True
    await page.get_by_role('button', name='Edit').click()
    field = page.get_by_role('textbox', name='Description')
    await expect(field).to_have_value('Pin sticks')
    await field.fill(TYPED)
    await late.arrive()

    await expect(field).to_have_value(TYPED)
    await page.get_by_role('button', name='Save').click()
    await expect(page.locator('.description')).to_have_text(TYPED)
    assert await connection.fetchval('SELECT issue_description FROM work_orders WHERE id = $1', order) == TYPED
