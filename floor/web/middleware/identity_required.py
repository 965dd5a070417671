"""Refuses requests of nobody: 401 on Databricks Apps for whatever comes without the headers of its proxy.

Everybody who is signed in to the workspace may read the floor, with the names and e-mail addresses of the people on it;
nobody else may. Only probes are answered to everybody: they carry no names of people.
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
    """Passes on requests and sockets of somebody, and probes."""

    def __init__(self, app: ASGIApp, *, identify: Callable[[Mapping[str, str]], Identity]) -> None:
        """identify: who asks, by the headers of a request; raises NotAllowedError where nobody is signed in."""
        self._app = app
        self._identify = identify

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or socket, as ASGI has it."""
        if scope['type'] in {'http', 'websocket'} and scope['path'] not in PROBES:
            try:
                self._identify(Headers(scope=scope))
            except NotAllowedError as error:
                await refusal(401, str(error), {'WWW-Authenticate': 'Bearer'})(scope, receive, send)
                return
        await self._app(scope, receive, send)
