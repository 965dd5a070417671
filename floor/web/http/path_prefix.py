"""The path below which a proxy serves us, as /monitor: asked for with it or without it, everything is found.

A proxy says the prefix in X-Forwarded-Prefix; where it can't, the setting ROOT_PATH does. What comes in carries the
prefix or not, as the proxy strips it or not. What is within only knows paths without it. What goes out needs it, and
finds it in the header, which NiceGUI reads too: so it is put there in both cases, and nowhere else, because NiceGUI
would add up two of them. NiceGUI stands around us and puts the header as it came before every redirect to a path. Where
that would be wrong, the redirect is relative to the address that was asked for, which NiceGUI leaves as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = 'x-forwarded-prefix'
PREFIX = re.compile(r'(/[A-Za-z0-9._~-]+)+')


class PathPrefix:
    """Takes the prefix off what comes in, and puts it before where we redirect to."""

    def __init__(self, app: ASGIApp, *, root_path: str = '') -> None:
        """root_path: the prefix where the proxy names none; empty: none."""
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or socket, as ASGI has it."""
        if scope['type'] not in {'http', 'websocket'}:
            await self._app(scope, receive, send)
            return
        header = Headers(scope=scope).get(HEADER, '')
        given = header.rstrip('/')
        prefix = given if PREFIX.fullmatch(given) else self._root_path
        inner = _without(scope, prefix)

        def outward(path: str) -> str:
            """A path of this app as the Location that NiceGUI completes."""
            if header == prefix:
                return path
            return _relative(inner, path) if header else prefix + path

        if prefix and scope['path'] == prefix and scope['type'] == 'http':
            location = f'./{prefix.rpartition("/")[2]}/' if header and header != prefix else outward('/')
            await send({'type': 'http.response.start', 'status': 307, 'headers': [
                (b'location', _location(location, scope['query_string']))]})
            await send({'type': 'http.response.body'})
            return

        async def send_on(message: Message) -> None:
            if message['type'] == 'http.response.start':
                headers = MutableHeaders(scope=message)
                if (location := headers.get('location')) is not None:
                    path = _within(location, Headers(scope=scope).get('host', ''))
                    headers['location'] = outward(path) if path.startswith('/') else path
            await send(message)

        await self._app(inner, receive, send_on)


def prefix_of(headers: Mapping[str, str]) -> str:
    """The prefix of our paths for this request, such as /monitor; usually empty."""
    return headers.get(HEADER, '')


def _without(scope: Scope, prefix: str) -> Scope:
    others = [(name, value) for name, value in scope['headers'] if name != HEADER.encode()]
    if not prefix:
        return {**scope, 'headers': others}
    headers = [*others, (HEADER.encode(), prefix.encode())]
    if not scope['path'].startswith(f'{prefix}/'):
        return {**scope, 'headers': headers}
    raw = scope.get('raw_path') or scope['path'].encode()
    return {**scope, 'headers': headers, 'path': scope['path'].removeprefix(prefix),
            'raw_path': raw.removeprefix(prefix.encode())}


def _relative(inner: Scope, path: str) -> str:
    """A path of this app, relative to the requested one."""
    asked: bytes = inner.get('raw_path') or inner['path'].encode()
    return ('../' * (asked.count(b'/') - 1) or './') + path.lstrip('/')


def _within(location: str, host: str) -> str:
    """Ours without scheme and host; that of others as it is."""
    parts = urlsplit(location)
    return urlunsplit(('', '', *parts[2:])) if parts.netloc and parts.netloc == host else location


def _location(path: str, query: bytes) -> bytes:
    return path.encode() + (b'?' + query if query else b'')
