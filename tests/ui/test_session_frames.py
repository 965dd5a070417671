"""What the hidden frames ask costs next to nothing: no page is built for it."""

from __future__ import annotations

from nicegui import Client
from nicegui.testing import User
from ui.harness import Floor

from floor.web.shell import session


async def test_no_page_is_built_for_an_answer_that_nobody_sees(user: User, shop_floor: Floor) -> None:
    session.serve_session()
    await user.open('/')
    pages = len(Client.instances)

    for _ in range(20):
        answer = await user.http_client.get(session.ADDRESS)
        assert answer.status_code == 200
        assert len(answer.content) < 100
        assert answer.headers['cache-control'] == 'no-store'
    assert len(Client.instances) == pages
