"""Events of feeds pass what protects the program, and nothing that serves pages."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from floor.core.errors import SignedOutError
from floor.core.people import Identity
from floor.core.settings import Settings
from floor.operations.refused_origins import RefusedOrigins
from floor.web.middleware.feed_stack import PASSED
from floor.web.middleware.stack import guard

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
    app = FastAPI()
    guard(app, Settings.load(_env_file=None, data_dir=tmp_path), 'secret', None, sources=[somebody],
          refused=RefusedOrigins())
    app.add_middleware(ForPages)
    app.add_api_route('/api/{path:path}', lambda: 'stored', methods=['POST'])
    return app


async def test_what_serves_pages_is_left_out_and_the_rest_is_passed(app: FastAPI) -> None:
    async def post(path: str, **headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url='http://127.0.0.1:8000') as client:
            return await client.post(path, content=b'{}', headers=headers)

    ForPages.passed.clear()
    for path in '/api/feed', '/api/feed/CNC-01', '/api/feeds', '/api/machines':
        assert (await post(path)).status_code == 401
        assert (await post(path, authorization='x')).status_code == 200
        assert (await post(path, authorization='x', origin='https://evil.example')).status_code == 403
        assert (await post(path, authorization='x', **{'content-length': '99999999999'})).status_code == 413
    assert set(ForPages.passed) == {'/api/feeds', '/api/machines'}


def test_each_middleware_is_for_pages_or_for_events_too(app: FastAPI) -> None:
    others = [each.cls for each in app.user_middleware if each.cls not in PASSED]
    assert {getattr(each, '__name__', '') for each in others} == OF_PAGES
