"""The path prefix under which a proxy serves the app, such as /monitor.

The prefix is in X-Forwarded-Prefix or, if the proxy does not send it, in the setting ROOT_PATH. Requests may contain
the prefix or not, depending on the proxy; the app only sees paths without it. Responses need the prefix: it is passed
on in the header, which NiceGUI reads too, and nowhere else, because NiceGUI would add two prefixes. NiceGUI's
middleware is outside of this one and adds the original header to every redirect to a path. If that would be wrong, the
redirect is relative to the requested address, which NiceGUI does not change.
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
    """Removes the prefix from requests, and adds it to redirects."""

    def __init__(self, app: ASGIApp, *, root_path: str = '') -> None:
        """root_path: the prefix for requests without X-Forwarded-Prefix; empty: none."""
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or socket."""
        if scope['type'] not in {'http', 'websocket'}:
            await self._app(scope, receive, send)
            return
        header = Headers(scope=scope).get(HEADER, '')
        prefix = _prefix(header, self._root_path)
        inner = _without(scope, prefix)

        def outward(path: str) -> str:
            """The Location for a path of this app, before NiceGUI's middleware."""
            if header == prefix:
                return path
            return _relative(inner, path) if header else prefix + path

        if prefix and scope['path'] == prefix and scope['type'] == 'http':
            location = f'./{prefix.rpartition("/")[2]}/' if header and header != prefix else outward('/')
            await send({'type': 'http.response.start', 'status': 307, 'headers': [
                (b'location', _location(location, scope['query_string']))]})
            await send({'type': 'http.response.body'})
            return

        async def send_redirected(message: Message) -> None:
            if message['type'] == 'http.response.start':
                headers = MutableHeaders(scope=message)
                if (location := headers.get('location')) is not None:
                    path = _own_path(location, Headers(scope=scope).get('host', ''))
                    headers['location'] = outward(path) if path.startswith('/') else path
            await send(message)

        await self._app(inner, receive, send_redirected)


def prefix_of(headers: Mapping[str, str]) -> str:
    """The path prefix of a request, such as /monitor; usually empty."""
    return headers.get(HEADER, '')


def path_without_prefix(scope: Scope, root_path: str) -> str:
    """The path that the app sees of a request when PathPrefix has removed the prefix. root_path: as of PathPrefix."""
    path: str = scope['path']
    prefix = _prefix(Headers(scope=scope).get(HEADER, ''), root_path)
    return path.removeprefix(prefix) if path.startswith(f'{prefix}/') else path


def _prefix(header: str, root_path: str) -> str:
    given = header.rstrip('/')
    return given if PREFIX.fullmatch(given) else root_path


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


def _own_path(location: str, host: str) -> str:
    """Without scheme and host if it is an address of this app; otherwise unchanged."""
    parts = urlsplit(location)
    return urlunsplit(('', '', *parts[2:])) if parts.netloc and parts.netloc == host else location


def _location(path: str, query: bytes) -> bytes:
    return path.encode() + (b'?' + query if query else b'')
