"""Refuses requests without an identity: 401 on Databricks Apps for requests without the headers of its proxy.

Everybody who is signed in to the workspace may read the floor, including names and e-mail addresses. Probes, which
contain no personal data, are public.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from ...core.errors import NotAllowedError
from ...core.people import Identity
from ..api.problems import refusal

PROBES = frozenset({'/livez', '/healthz', '/metrics'})


class IdentityRequired:
    """Accepts requests and sockets with an identity, and probes."""

    def __init__(self, app: ASGIApp, *, identify: Callable[[Mapping[str, str]], Identity]) -> None:
        """identify: returns the identity for the headers of a request; raises NotAllowedError if nobody is signed
        in."""
        self._app = app
        self._identify = identify

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or socket."""
        if scope['type'] in {'http', 'websocket'} and scope['path'] not in PROBES:
            try:
                self._identify(Headers(scope=scope))
            except NotAllowedError as error:
                await refusal(401, str(error), {'WWW-Authenticate': 'Bearer'})(scope, receive, send)
                return
        await self._app(scope, receive, send)
