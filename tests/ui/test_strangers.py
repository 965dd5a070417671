"""Where somebody must be signed in and nobody is, there is no page, and a sentence says why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from nicegui import app
from nicegui.testing import User
from starlette.requests import HTTPConnection
from ui.harness import Floor

from floor.core.errors import NotAllowedError
from floor.core.people import Identity
from floor.web.api.problems import answer_problems
from floor.web.floor_view import floor_page
from floor.web.orders import work_order_page, work_orders_page
from floor.web.people import employees_page


def nobody(_request: HTTPConnection) -> Identity:
    raise NotAllowedError('nobody is signed in: open the address that Databricks Apps shows for this app')


@pytest.mark.parametrize('path', ['/', '/work-orders', '/work-orders/WO-20261123-3f2a91bc', '/employees'])
async def test_a_page_is_for_people_who_are_signed_in(shop_floor: Floor, user: User, path: str) -> None:
    answer_problems(app)
    for page in floor_page, work_orders_page, work_order_page, employees_page:
        page.register(replace(shop_floor.services, identify=nobody))

    answer = await user.http_client.get(path)

    assert answer.status_code == 401
    assert answer.text == 'Nobody is signed in: open the address that Databricks Apps shows for this app.'
