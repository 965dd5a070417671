"""The path below which a proxy serves us, as /monitor: asked for with it or without it, everything is found.

A proxy says the prefix in X-Forwarded-Prefix; where it can't, the setting ROOT_PATH does. What comes in carries the
prefix or not, as the proxy strips it or not. What is within only knows paths without it. What goes out needs it, and
finds it in the header, which NiceGUI reads too: so it is put there in both cases, and nowhere else, because NiceGUI
would add up two of them.
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
        given = Headers(scope=scope).get(HEADER, '').rstrip('/')
        prefix = given if PREFIX.fullmatch(given) else self._root_path
        if prefix and scope['path'] == prefix and scope['type'] == 'http':
            await send({'type': 'http.response.start', 'status': 307, 'headers': [
                (b'location', _location(f'{scope["path"]}/', scope['query_string']))]})
            await send({'type': 'http.response.body'})
            return

        async def send_on(message: Message) -> None:
            if message['type'] == 'http.response.start':
                headers = MutableHeaders(scope=message)
                if (location := headers.get('location')) is not None:
                    path = _within(location, Headers(scope=scope).get('host', ''))
                    # NiceGUI adds what the proxy said, and stands around us
                    headers['location'] = path if given or not path.startswith('/') else prefix + path
            await send(message)

        await self._app(_without(scope, prefix), receive, send_on)


def prefix_of(headers: Mapping[str, str]) -> str:
    """What stands before our own paths for whoever sent this request, as /monitor; mostly nothing."""
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


def _within(location: str, host: str) -> str:
    """Ours without scheme and host; that of others as it is."""
    parts = urlsplit(location)
    return urlunsplit(('', '', *parts[2:])) if parts.netloc and parts.netloc == host else location


def _location(path: str, query: bytes) -> bytes:
    return path.encode() + (b'?' + query if query else b'')
