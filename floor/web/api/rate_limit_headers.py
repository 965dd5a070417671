"""Headers with the remaining number of changes, in every response about work orders: RateLimit and RateLimit-Policy
(draft-ietf-httpapi-ratelimit-headers). Responses with status 429 also have Retry-After."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...core.errors import NotAllowedError
from ...core.people import Identity
from ...core.rate_limit import ChangeRateLimit

POLICY = '"changes"'


class RateLimitHeaders:
    """Adds the headers to responses below a path."""

    def __init__(self, app: ASGIApp, *, path: str, limit: ChangeRateLimit,
                 identify: Callable[[Mapping[str, str]], Identity]) -> None:
        """identify: returns the identity for the headers of a request."""
        self._app = app
        self._path = path
        self._limit = limit
        self._identify = identify

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        path = scope.get('path', '').removeprefix(scope.get('root_path', ''))
        if scope['type'] != 'http' or not (path == self._path or path.startswith(f'{self._path}/')):
            await self._app(scope, receive, send)
            return

        async def send_with_limit(message: Message) -> None:
            if message['type'] == 'http.response.start':
                MutableHeaders(scope=message).update(self._headers(Headers(scope=scope)))
            await send(message)

        await self._app(scope, receive, send_with_limit)

    def _headers(self, request_headers: Headers) -> dict[str, str]:
        try:
            left = self._limit.left(self._identify(request_headers))
        except NotAllowedError:
            return {}
        return {'RateLimit-Policy': f'{POLICY};q={self._limit.per_minute};w=60',
                'RateLimit': f'{POLICY};r={left.changes};t={math.ceil(left.full_in)}'}
