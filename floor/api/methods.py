"""HEAD and OPTIONS on every path of the REST interface, without a route for each.

HEAD is answered as GET is, without the body: reading a file ends before its first byte. OPTIONS says what a path takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from fastapi import Response
from starlette.routing import BaseRoute, Match, Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = ('GET', 'POST', 'PUT', 'PATCH', 'DELETE')
SERVED = ('/api', '/openapi.json', '/docs', '/livez', '/healthz', '/metrics')


def methods_of(routes: Sequence[BaseRoute], scope: Scope) -> list[str]:
    """What a path takes, HEAD and OPTIONS included; empty: there is no such path."""
    methods = {method for method in METHODS for route in routes
               if not isinstance(route, Mount) and route.matches({**scope, 'method': method})[0] is Match.FULL}
    if not methods:
        return []
    return sorted(methods | {'OPTIONS'} | ({'HEAD'} if 'GET' in methods else set()))


class HeadAndOptions:
    """Answers OPTIONS, and turns HEAD into GET."""

    def __init__(self, app: ASGIApp, *, routes: Sequence[BaseRoute]) -> None:
        """routes: those of the app, to which others may still be added."""
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, as ASGI has it."""
        if scope['type'] != 'http' or not _is_served(scope['path'].removeprefix(scope.get('root_path', ''))):
            await self._app(scope, receive, send)
        elif scope['method'] == 'OPTIONS' and (methods := methods_of(self._routes, scope)):
            headers = {'Allow': ', '.join(methods), 'Cache-Control': 'no-store'}
            await Response(status_code=204, headers=headers)(scope, receive, send)
        elif scope['method'] == 'HEAD' and 'GET' in methods_of(self._routes, scope):
            answer = _WithoutBody(send)
            await self._app({**scope, 'method': 'GET'}, answer.receive, answer.send)
        else:
            await self._app(scope, receive, send)


class _WithoutBody:
    """A request without a body whose sender leaves, to the app, once the head of the answer is sent."""

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


def _is_served(path: str) -> bool:
    return any(path == served or path.startswith(f'{served}/') for served in SERVED)
