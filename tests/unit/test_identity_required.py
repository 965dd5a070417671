"""On Databricks Apps nobody reads anything without the headers of its proxy; probes answer everybody."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from auth.identity import identity_sources
from floor.core.settings import Settings
from floor.web.middleware.identity_required import IdentityRequired

LISA = {'x-forwarded-email': 'lisa.garcia@example.com'}
ON_APPS = identity_sources(Settings.load(_env_file=None), {'DATABRICKS_APP_NAME': 'floor'})
PROGRAM = {'x-forwarded-user': '5f6e1c9a'}


async def answer(path: str, headers: dict[str, str], kind: str = 'http', **middleware: Any) -> list[Any]:
    """What is sent back; [] if the request gets as far as the app. middleware: its arguments, else as on Apps."""
    sent: list[Message] = []

    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        sent.clear()

    async def receive() -> Message:
        raise AssertionError('nobody may read what is refused')

    async def send(message: Message) -> None:
        sent.append(message)

    sent.append({'type': 'nothing'})
    await IdentityRequired(app, **middleware or {'sources': ON_APPS})({
        'type': kind, 'method': 'GET', 'path': path, 'query_string': b'status=open&q=%26',
        'headers': [(name.encode(), value.encode()) for name, value in headers.items()]}, receive, send)
    return sent[1:]


@pytest.mark.parametrize('path', ['/', '/api/employees', '/api/machines', '/work-orders.csv', '/openapi.json', '/docs',
                                  '/assets/css/floor.css', '/session', '/healthz/../api/employees', '/livez2', ''])
async def test_nobody_is_answered_with_401(path: str) -> None:
    start, body = await answer(path, {'x-real-ip': '10.0.0.1'})
    assert start['status'] == 401
    assert b'obody is signed in' in body['body']
    if path.startswith('/api'):
        assert json.loads(body['body'])['status'] == 401


@pytest.mark.parametrize('headers', [LISA, PROGRAM])
async def test_people_and_programs_are_passed_on(headers: dict[str, str]) -> None:
    assert await answer('/api/employees', headers) == []
    assert await answer('/_nicegui_ws/socket.io/', headers, kind='websocket') == []


async def test_a_socket_of_nobody_is_not_opened() -> None:
    [closed] = await answer('/_nicegui_ws/socket.io/', {}, kind='websocket')
    assert closed['type'] == 'websocket.close'


@pytest.mark.parametrize('path', ['/livez', '/healthz', '/metrics'])
async def test_probes_are_answered_to_everybody(path: str) -> None:
    assert await answer(path, {}) == []


async def test_two_people_in_one_request_are_nobody() -> None:
    start, _ = await answer('/api/employees', {**LISA, 'X-Forwarded-Email': 'mike.johnson@example.com'})
    assert start['status'] == 401


# where people sign in

WITH_SIGN_IN: dict[str, Any] = {'sources': (), 'has_sign_in': True}
PAGE = {'accept': 'text/html,*/*', 'sec-fetch-dest': 'document'}


@pytest.mark.parametrize('headers', [PAGE, {'accept': 'text/html'}])
async def test_a_browser_that_opens_a_page_is_sent_to_the_sign_in_and_back(headers: dict[str, str]) -> None:
    start, _ = await answer('/work-orders', headers, **WITH_SIGN_IN)
    assert start['status'] == 303
    assert dict(start['headers'])[b'location'] == b'/sign-in?next=/work-orders%3Fstatus%3Dopen%26q%3D%2526'


@pytest.mark.parametrize(('path', 'headers'), [
    ('/session', {**PAGE, 'sec-fetch-dest': 'iframe'}), ('/assets/css/floor.css', {**PAGE, 'sec-fetch-dest': 'style'}),
    ('/api/machines', PAGE), ('/work-orders.csv', PAGE), ('/work-orders', {}), ('/', {'accept': '*/*'})])
async def test_frames_programs_and_parts_of_pages_sign_nobody_in(path: str, headers: dict[str, str]) -> None:
    start, body = await answer(path, headers, **WITH_SIGN_IN)
    assert start['status'] == 401
    assert dict(start['headers'])[b'www-authenticate'] == b'Bearer'
    assert b'open /sign-in in a browser' in body['body']


@pytest.mark.parametrize('path', ['/sign-in', '/sign-in/callback', '/signed-out', '/sign-out'])
async def test_the_way_in_is_open_where_there_is_one(path: str) -> None:
    assert await answer(path, PAGE, **WITH_SIGN_IN) == []
    if path.startswith('/sign-in'):
        start, _ = await answer(path, PAGE)
        assert start['status'] == 401
