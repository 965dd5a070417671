"""The address of the client and the scheme, where trusted proxies name them in X-Forwarded-For and X-Forwarded-Proto.

The address of the TCP connection is kept beside it: headers that name a person count by that one alone
(auth/trusted_proxy.py).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from auth.trusted_proxy import PEER

THIS_MACHINE = ('127.0.0.1', '::1')


class ForwardedAddress:
    """Replaces client and scheme of requests and sockets."""

    def __init__(self, app: ASGIApp, *, proxies: Collection[str], https: bool) -> None:
        """proxies: addresses and networks; none: this machine. https: whether people open the app by https only, so
        that cookies never leave TLS, whatever a proxy names."""
        self._app = app
        self._https = https
        self._forwarded = ProxyHeadersMiddleware(cast(Any, self._as_https), list(proxies or THIS_MACHINE))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or socket."""
        if scope['type'] in {'http', 'websocket'}:
            client = scope.get('client')
            scope.setdefault('state', {})[PEER] = client[0] if client else None
        await self._forwarded(cast(Any, scope), cast(Any, receive), cast(Any, send))

    async def _as_https(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._https and scope['type'] in {'http', 'websocket'}:
            scope['scheme'] = 'https' if scope['type'] == 'http' else 'wss'
        await self._app(scope, receive, send)
