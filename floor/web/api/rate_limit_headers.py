"""Headers with the remaining number of changes, in every response about work orders: RateLimit and RateLimit-Policy
(draft-ietf-httpapi-ratelimit-headers). Responses with status 429 also have Retry-After."""

from __future__ import annotations

import math

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...core.errors import NotAllowedError
from ...core.rate_limit import ChangeRateLimit
from ..http.caller import identity_of

POLICY = '"changes"'


class RateLimitHeaders:
    """Adds the headers to responses below a path."""

    def __init__(self, app: ASGIApp, *, path: str, limit: ChangeRateLimit) -> None:
        self._app = app
        self._path = path
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        path = scope.get('path', '').removeprefix(scope.get('root_path', ''))
        if scope['type'] != 'http' or not (path == self._path or path.startswith(f'{self._path}/')):
            await self._app(scope, receive, send)
            return

        async def send_with_limit(message: Message) -> None:
            if message['type'] == 'http.response.start':
                MutableHeaders(scope=message).update(self._headers(HTTPConnection(scope)))
            await send(message)

        await self._app(scope, receive, send_with_limit)

    def _headers(self, connection: HTTPConnection) -> dict[str, str]:
        try:
            left = self._limit.left(identity_of(connection))
        except NotAllowedError:
            return {}
        return {'RateLimit-Policy': f'{POLICY};q={self._limit.per_minute};w=60',
                'RateLimit': f'{POLICY};r={left.changes};t={math.ceil(left.full_in)}'}
