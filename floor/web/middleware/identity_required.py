"""Resolves who asks, once for each request and socket, and refuses those without an identity with 401.

The first source that knows the request decides. Everything else reads the identity from the scope
(floor/web/http/caller.py). Everybody who is signed in may read the floor, including names and e-mail addresses. Probes,
which contain no personal data, are public, as are links, which prove who opens them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from auth.identity import Source

from ...core.errors import DatabaseUnavailableError, NotAllowedError, SignedOutError
from ...core.people import Identity
from ..api.problems import RETRY_AFTER_S, refusal
from ..http.caller import NOBODY, set_identity

PUBLIC = re.compile(r'/livez|/healthz|/metrics|/link/[^/]*|/leave|/assets/css/(tokens|plain)\.css')
"""Paths that need no identity: probes, links that prove one, and how these pages look."""


class IdentityRequired:
    """Accepts requests and sockets with an identity, and public paths."""

    def __init__(self, app: ASGIApp, *, sources: Sequence[Source]) -> None:
        """sources: in the order in which they are asked."""
        self._app = app
        self._sources = sources

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or socket."""
        if scope['type'] in {'http', 'websocket'} and not PUBLIC.fullmatch(scope['path']):
            try:
                set_identity(scope, await self._identify(HTTPConnection(scope)))
            except NotAllowedError as error:
                await refusal(401, str(error), {'WWW-Authenticate': 'Bearer'})(scope, receive, send)
                return
            except DatabaseUnavailableError as error:
                await refusal(503, str(error), {'Retry-After': str(RETRY_AFTER_S)})(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _identify(self, connection: HTTPConnection) -> Identity:
        for source in self._sources:
            if (identity := await source(connection)) is not None:
                return identity
        raise SignedOutError(NOBODY)
