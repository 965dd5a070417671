"""HEAD and OPTIONS on every path, without a route for each, and Allow on 405.

HEAD is handled as GET without the body: reading a file stops before its first byte. For pages, which are expensive to
build, HEAD only returns 200. OPTIONS returns the methods of a path.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

from fastapi import Response
from starlette.datastructures import MutableHeaders
from starlette.routing import BaseRoute, Match, Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..live.nicegui_bridge import INTERNAL_PATH

METHODS = ('GET', 'POST', 'PUT', 'PATCH', 'DELETE')
NOT_PAGES = re.compile(r'/(api|assets|docs)(/.*)?|/(openapi\.json|livez|healthz|metrics)|.*\.(csv|xlsx)|'
                       r'.*/attachments/.*')
METHOD_NOT_ALLOWED = 405


def methods_of(routes: Sequence[BaseRoute], scope: Scope) -> list[str]:
    """The methods of a path, including HEAD and OPTIONS; empty: there is no such path."""
    methods = {method for method in METHODS if _is_supported(routes, scope, method)}
    if not methods:
        return []
    return sorted(methods | {'OPTIONS'} | ({'HEAD'} if 'GET' in methods else set()))


def _is_supported(routes: Sequence[BaseRoute], scope: Scope, method: str) -> bool:
    return any(not isinstance(route, Mount) and route.matches({**scope, 'method': method})[0] is Match.FULL
               for route in routes)


class HeadAndOptions:
    """Answers OPTIONS, and handles HEAD as GET."""

    def __init__(self, app: ASGIApp, *, routes: Sequence[BaseRoute]) -> None:
        """routes: the routes of the app; more may be added later."""
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope['type'] != 'http' or (path := scope['path'].removeprefix(scope.get('root_path', ''))
                                       ).startswith(INTERNAL_PATH):
            await self._app(scope, receive, send)
        elif scope['method'] == 'OPTIONS' and (methods := methods_of(self._routes, scope)):
            headers = {'Allow': ', '.join(methods), 'Cache-Control': 'no-store'}
            await Response(status_code=204, headers=headers)(scope, receive, send)
        elif scope['method'] == 'HEAD' and not _is_supported(self._routes, scope, 'HEAD') and _is_supported(
                self._routes, scope, 'GET'):
            if NOT_PAGES.fullmatch(path):
                answer = _WithoutBody(send)
                await self._app({**scope, 'method': 'GET'}, answer.receive, answer.send)
            else:
                page = Response(media_type='text/html', headers={'Cache-Control': 'no-store'})
                del page.headers['content-length']
                await page(scope, receive, send)
        else:
            await self._app(scope, receive, self._allowing(scope, send))

    def _allowing(self, scope: Scope, send: Send) -> Send:
        async def send_with_allow(message: Message) -> None:
            if message['type'] == 'http.response.start' and message['status'] == METHOD_NOT_ALLOWED and (
                    methods := methods_of(self._routes, scope)):
                MutableHeaders(scope=message)['Allow'] = ', '.join(methods)
            await send(message)
        return send_with_allow


class _WithoutBody:
    """A request without a body that ends for the app as soon as the headers of the response are sent, as if the client
    had disconnected."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._is_read = False
        self._has_head = asyncio.Event()

    async def receive(self) -> Message:
        if not self._is_read:
            self._is_read = True
            return {'type': 'http.request', 'body': b'', 'more_body': False}
        await self._has_head.wait()
        return {'type': 'http.disconnect'}

    async def send(self, message: Message) -> None:
        if message['type'] == 'http.response.start':
            await self._send(message)
            await self._send({'type': 'http.response.body', 'body': b'', 'more_body': False})
            self._has_head.set()
