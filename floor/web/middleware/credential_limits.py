"""Refuses what an API token or the link of a wall screen does not open, before anything is read of the request's body.

A token opens the operations that its scopes include: no page, no file of a page, no socket. A wall screen opens the
floor, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from ...access.wall_links import WALL
from ..api.operation_scopes import operation_of, refusal_of
from ..api.problems import refusal
from ..http.caller import identity_of
from ..live.nicegui_bridge import INTERNAL_PATH
from ..shell.session import ADDRESS as SESSION
from .identity_required import PROBES

OPEN_TO_WALLS = re.compile(rf'/|{SESSION}|/favicon\.ico|/assets/.*|{INTERNAL_PATH}.*')
"""The floor with its wall screen; the files and sockets of pages, which serve the browser that opened the page."""
WALL_REFUSAL = 'this browser is a wall screen, which only shows the floor: open /leave to use it for something else'


class CredentialLimits:
    """Lets tokens and wall screens do what they are for."""

    def __init__(self, app: ASGIApp, *, routes: Sequence[BaseRoute]) -> None:
        """routes: of the app; more may be added later."""
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or socket."""
        if scope['type'] in {'http', 'websocket'} and scope['path'] not in PROBES and (reason := self._refusal(scope)):
            await refusal(403, reason)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> str:
        identity = identity_of(HTTPConnection(scope))
        if identity.scopes is not None:
            is_question = scope['type'] == 'http' and scope['method'] == 'OPTIONS'
            operation = operation_of(self._routes, scope) if scope['type'] == 'http' else None
            return '' if is_question else refusal_of(identity.scopes, operation)
        is_wall = identity.credential is not None and identity.credential.kind == WALL
        return WALL_REFUSAL if is_wall and not OPEN_TO_WALLS.fullmatch(scope['path']) else ''
