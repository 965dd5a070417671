"""Events of feeds pass what protects the program, and nothing that serves pages; files do from their second time on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from floor.core.errors import SignedOutError
from floor.core.people import Identity
from floor.core.settings import Settings
from floor.operations.refused_origins import RefusedOrigins
from floor.web.middleware.file_memory import FileMemory, is_of_file
from floor.web.middleware.short_stacks import PASSED
from floor.web.middleware.stack import guard

FROM_ELSEWHERE = {'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors'}
OF_PAGES = {'PageOwner', 'SessionMiddleware', 'SocketFrames', 'PageBuildQueue', 'UnconnectedPagesLimit', 'ForPages'}


class ForPages:
    """A middleware that is added later, as those of NiceGUI; it knows what passed it."""

    passed: list[str] = []  # noqa: RUF012 - the app makes the instance

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.passed.append(scope.get('path', ''))
        await self._app(scope, receive, send)


async def somebody(connection: HTTPConnection) -> Identity:
    if 'authorization' not in connection.headers:
        raise SignedOutError('nobody is signed in')
    return Identity('somebody', None)


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    return app_of(Settings.load(_env_file=None, data_dir=tmp_path))


def app_of(settings: Settings) -> FastAPI:
    app = FastAPI()
    guard(app, settings, 'secret', None, sources=[somebody], refused=RefusedOrigins())
    app.add_middleware(ForPages)
    app.add_route('/{path:path}', lambda _: Response('stored'), methods=['POST'])
    return app


async def post(app: FastAPI, path: str, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url='http://127.0.0.1:8000') as client:
        return await client.post(path, content=b'{}', headers=headers)


async def test_what_serves_pages_is_left_out_and_the_rest_is_passed(app: FastAPI) -> None:
    ForPages.passed.clear()
    for path in '/api/feed', '/api/feed/CNC-01', '/api/feeds', '/api/machines':
        assert (await post(app, path)).status_code == 401
        assert (await post(app, path, authorization='x')).status_code == 200
        assert (await post(app, path, authorization='x', origin='https://evil.example')).status_code == 403
        assert (await post(app, path, authorization='x', **{'content-length': '99999999999'})).status_code == 413
    assert set(ForPages.passed) == {'/api/feeds', '/api/machines'}


async def test_only_what_is_at_the_path_behind_a_prefix_takes_the_short_way(tmp_path: Path) -> None:
    at_root = app_of(Settings.load(_env_file=None, data_dir=tmp_path))
    below = app_of(Settings.load(_env_file=None, data_dir=tmp_path, root_path='/monitor'))
    ForPages.passed.clear()
    for app, path, prefix in ((at_root, '/plant/7/api/feed/CNC-01', '/plant/7'), (at_root, '/api/feed', '/plant/7'),
                              (below, '/monitor/api/feed', ''), (below, '/api/feed', ''),
                              (below, '/plant/7/api/feed', '/plant/7')):
        headers = {'authorization': 'x', **({'x-forwarded-prefix': prefix} if prefix else {})}
        assert (await post(app, path, **headers)).status_code == 200
    assert ForPages.passed == []
    long = (at_root, '/x/api/feed'), (at_root, '/monitor/api/feed'), (below, '/x/api/feed/CNC-01')
    for app, path in long:
        await post(app, path, authorization='x')
    assert ForPages.passed == [path for _, path in long]


async def test_a_file_is_read_once_and_refused_as_before(app: FastAPI, tmp_path: Path) -> None:
    (tmp_path / 'floor.css').write_text('.tile { color: red }\n' * 100)
    app.mount('/assets', StaticFiles(directory=tmp_path))
    app.add_middleware(GZipMiddleware)
    ForPages.passed.clear()
    same = {'authorization': 'x', 'accept-encoding': 'gzip'}

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url='http://127.0.0.1:8000') as client:
        async def get(path: str, **headers: str) -> httpx.Response:
            return await client.get(path, headers=headers)

        first = await get('/assets/floor.css?v=1', **same)
        (tmp_path / 'floor.css').write_text('never read')
        again = await get('/assets/floor.css?v=2', **same)
        assert again.text == first.text and again.headers['content-encoding'] == 'gzip'
        assert {*first.headers.items()} - {('transfer-encoding', 'chunked')} <= {*again.headers.items()}
        assert ForPages.passed == ['/assets/floor.css']

        assert (await get('/assets/floor.css', **{'accept-encoding': 'gzip'})).status_code == 401
        assert (await get('/assets/floor.css', **same, **FROM_ELSEWHERE)).status_code == 403
        assert ForPages.passed == ['/assets/floor.css']
        for headers in {'range': 'bytes=0-4'}, {'if-none-match': '"1"'}, {'accept-encoding': 'identity'}:
            assert (await get('/assets/floor.css', **{**same, **headers})).text in {'never', 'never read'}
        for _ in range(2):
            assert (await get('/assets/none.css', **same)).status_code == 404
    assert ForPages.passed.count('/assets/none.css') == 2
    assert not any(map(is_of_file, ('/assets', '/assets/', '/assets/./floor.css', '/assets//floor.css', '/assets/..')))


REQUEST: Message = {'type': 'http.request', 'body': b'', 'more_body': False}
GONE: Message = {'type': 'http.disconnect'}


@pytest.mark.parametrize('of_the_first', [(REQUEST, GONE), (GONE,)], ids=['meanwhile', 'at once'])
async def test_a_file_that_its_first_client_gives_up_is_whole_for_the_next(
        tmp_path: Path, of_the_first: tuple[Message, ...]) -> None:
    """As with uvicorn, whose version of ASGI lets FileResponse notice it, behind a middleware that ends each answer. On
    a busy machine a client may have left before its request is looked at: the answer was empty, and stayed so."""
    async def pass_on(request: Request, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(request)

    content = bytes(1_000_000)
    (tmp_path / 'script.js').write_bytes(content)
    files = Starlette(routes=[Mount('/assets', StaticFiles(directory=tmp_path))])
    memory = FileMemory(BaseHTTPMiddleware(files, dispatch=pass_on))
    scope = {'type': 'http', 'asgi': {'version': '3.0', 'spec_version': '2.3'}, 'http_version': '1.1', 'method': 'GET',
             'scheme': 'http', 'path': '/assets/script.js', 'root_path': '', 'query_string': b'',
             'headers': [(b'accept-encoding', b'gzip')], 'client': ('127.0.0.1', 1), 'server': ('127.0.0.1', 2)}

    async def get(*messages: Message) -> bytes:
        coming, sent = list(messages), bytearray()

        async def receive() -> Message:
            if not coming:
                await asyncio.Event().wait()
            return coming.pop(0)

        async def send(message: Message) -> None:
            sent.extend(message.get('body', b''))

        await memory({**scope}, receive, send)
        return bytes(sent)

    await get(*of_the_first)
    assert await get(REQUEST) == content


async def test_an_answer_that_is_shorter_than_it_says_is_not_kept() -> None:
    parts = [b'', b'whole']

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({'type': 'http.response.start', 'status': 200, 'headers': [(b'content-length', b'5')]})
        await send({'type': 'http.response.body', 'body': parts.pop(0)})

    memory = FileMemory(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(memory), base_url='http://127.0.0.1:8000') as client:
        assert [(await client.get('/assets/floor.css')).text for _ in range(3)] == ['', 'whole', 'whole']


def test_each_middleware_is_for_pages_or_for_events_too(app: FastAPI) -> None:
    others = [each.cls for each in app.user_middleware if each.cls not in PASSED]
    assert {getattr(each, '__name__', '') for each in others} == OF_PAGES
