"""What is taken off a path and put before a redirect, as ASGI brings and sends them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from nicegui.middlewares import RedirectWithPrefixMiddleware
from starlette.responses import RedirectResponse
from starlette.types import Message, Receive, Scope, Send

from floor.web.http.path_prefix import PathPrefix, prefix_of


async def passed(path: str, prefix: str = '', *, root_path: str = '', location: str = '') -> tuple[str, str, str]:
    """The path and the prefix that the app gets, and where its redirect leads."""
    inner: dict[str, Any] = {}
    sent: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        inner.update(scope)
        await send({'type': 'http.response.start', 'status': 307, 'headers': [(b'location', location.encode())]})

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError('nobody reads')

    headers = [(b'host', b'floor.example')] + ([(b'x-forwarded-prefix', prefix.encode())] if prefix else [])
    await PathPrefix(app, root_path=root_path)({'type': 'http', 'path': path, 'raw_path': path.encode(),
                                                'headers': headers, 'query_string': b'a=1'}, receive, send)
    target = dict(sent[0]['headers'])[b'location'].decode()
    return (inner['path'], prefix_of({name.decode(): value.decode() for name, value in inner['headers']}), target) \
        if inner else ('', '', target)


@pytest.mark.parametrize(('asked', 'expected'), [
    ({'path': '/reports'}, ('/reports', '')),
    ({'path': '/reports', 'prefix': '/monitor'}, ('/reports', '/monitor')),
    ({'path': '/monitor/reports', 'prefix': '/monitor'}, ('/reports', '/monitor')),
    ({'path': '/monitor/reports', 'prefix': '/monitor/'}, ('/reports', '/monitor')),
    ({'path': '/monitor/reports', 'root_path': '/monitor'}, ('/reports', '/monitor')),
    ({'path': '/reports', 'root_path': '/monitor'}, ('/reports', '/monitor')),
    ({'path': '/monitors', 'root_path': '/monitor'}, ('/monitors', '/monitor')),
    ({'path': '/plant/7/reports', 'prefix': '/plant/7', 'root_path': '/monitor'}, ('/reports', '/plant/7')),
    ({'path': '/reports', 'prefix': '//evil.example'}, ('/reports', '')),
    ({'path': '/reports', 'prefix': '/"><script>'}, ('/reports', '')),
])
async def test_within_a_path_has_no_prefix(asked: dict[str, str], expected: tuple[str, str]) -> None:
    assert (await passed(**asked))[:2] == expected


@pytest.mark.parametrize(('asked', 'expected'), [
    ({'root_path': '/monitor', 'location': '/reports'}, '/monitor/reports'),
    ({'root_path': '/monitor', 'location': 'http://floor.example/reports?a=1'}, '/monitor/reports?a=1'),
    ({'prefix': '/monitor', 'location': '/reports'}, '/reports'),  # NiceGUI puts it there
    ({'prefix': '/monitor', 'location': 'http://floor.example/reports'}, '/reports'),
    ({'root_path': '/monitor', 'location': 'https://elsewhere.example/x'}, 'https://elsewhere.example/x'),
])
async def test_redirects_of_the_program_stay_below_the_path(asked: dict[str, str], expected: str) -> None:
    assert (await passed('/x', **asked))[2] == expected


async def test_the_path_itself_gets_its_slash() -> None:
    assert await passed('/monitor', root_path='/monitor') == ('', '', '/monitor/?a=1')


@pytest.mark.parametrize('setting', [
    {'header': '/monitor'}, {'header': '/monitor/'}, {'header': '/monitor//'}, {'root_path': '/monitor'},
    {'header': '//evil.example', 'root_path': '/monitor'}, {'header': '/', 'root_path': '/monitor'},
    {'header': '/monitor', 'root_path': '/other'}], ids=str)
@pytest.mark.parametrize('is_stripped', [False, True])
@pytest.mark.parametrize(('asked', 'expected'), [
    ('/monitor', '/monitor/?a=1'), ('/monitor/old', '/monitor/reports?b=2'),
    ('/monitor/old/1/', '/monitor/reports?b=2')])
async def test_with_nicegui_around_a_redirect_has_the_prefix_once(
        setting: dict[str, str], is_stripped: bool, asked: str, expected: str) -> None:
    app = RedirectWithPrefixMiddleware(PathPrefix(RedirectResponse('/reports?b=2'),
                                                  root_path=setting.get('root_path', '')))
    path = asked.removeprefix('/monitor') if is_stripped and asked != '/monitor' else asked
    headers = {'X-Forwarded-Prefix': setting['header']} if 'header' in setting else {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url='http://floor.example') as client:
        answer = await client.get(path + '?a=1', headers=headers)
    assert urljoin(f'http://floor.example{asked}', answer.headers['location']) == f'http://floor.example{expected}'


async def test_without_a_prefix_a_header_that_is_none_leads_nowhere_else() -> None:
    app = RedirectWithPrefixMiddleware(PathPrefix(RedirectResponse('/reports')))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url='http://floor.example') as client:
        answer = await client.get('/old', headers={'X-Forwarded-Prefix': '//evil.example'})
    assert urljoin('http://floor.example/old', answer.headers['location']) == 'http://floor.example/reports'
