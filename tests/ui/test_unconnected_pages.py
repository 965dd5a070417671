"""Of pages that no browser connects to only so many wait, whatever they show, and the oldest goes first."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from nicegui import Client, core
from nicegui.testing import User
from ui.harness import Floor
from ui.services import person_at

from floor.web.live.nicegui_bridge import unconnected_pages
from floor.web.middleware.unconnected_pages import UnconnectedPagesLimit
from floor.web.people import employees_page

LIMIT = 3


@pytest.fixture
async def crawler(shop_floor: Floor, user: User) -> AsyncIterator[httpx.AsyncClient]:
    """Asks for pages and never connects a socket."""
    person_at(user, shop_floor.hire('Mike', 'Johnson', 'supervisor'))
    shop_floor.publish()
    shop_floor.orders.answers['due_times'] = []
    employees_page.register(shop_floor.services)
    app = UnconnectedPagesLimit(core.app, limit=LIMIT)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url='http://floor',
                                 headers=user.http_client.headers) as client:
        yield client


@pytest.mark.parametrize('path', ['/employees', '/no/such/page'])
async def test_the_newest_wait_and_a_connected_page_stays(crawler: httpx.AsyncClient, user: User, path: str) -> None:
    connected = await user.open('/employees')
    built = []
    for _ in range(3 * LIMIT):
        await crawler.get(path)
        built.append(unconnected_pages()[-1])
        assert len(unconnected_pages()) <= LIMIT

    assert unconnected_pages() == built[-LIMIT:]
    assert all(page.is_deleted for page in built[:-LIMIT])
    assert connected.id in Client.instances
