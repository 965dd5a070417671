"""Refuses what an API token or the link of a wall screen does not open, before anything is read of the request's body.

A token opens the operations that its scopes include: no page, no file of a page, no socket. A wall screen opens the
floor, and nothing else.
"""

from __future__ import annotations

import re

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from ...access.wall_links import WALL
from ..api.docs import describe_api
from ..api.operation_scopes import Operations, refusal_of
from ..api.problems import refusal
from ..http.caller import known_identity
from ..live.nicegui_bridge import INTERNAL_PATH
from ..shell.icons import OWN_ICONS
from ..shell.session import ADDRESS as SESSION

OPEN_TO_WALLS = re.compile(rf'/|{SESSION}|/favicon\.ico|/assets/.*|{OWN_ICONS}/[^/]+/picture|{INTERNAL_PATH}.*')
"""The floor with its wall screen, and uploaded icons; the files and sockets of pages, which serve the browser that
opened the page."""
WALL_REFUSAL = 'this browser is a wall screen, which only shows the floor: open /leave to use it for something else'


class CredentialLimits:
    """Lets tokens and wall screens do what they are for."""

    def __init__(self, app: ASGIApp, *, described: FastAPI) -> None:
        """described: the app whose routes are the operations; more may be added later."""
        self._app = app
        self._operations = Operations(lambda: describe_api(described)['paths'])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or socket."""
        if scope['type'] in {'http', 'websocket'} and (reason := await self._refusal(scope)):
            await refusal(403, reason)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _refusal(self, scope: Scope) -> str:
        identity = known_identity(scope)
        if identity is None:  # a public path
            return ''
        if identity.scopes is not None:
            is_question = scope['type'] == 'http' and scope['method'] == 'OPTIONS'
            path = scope['path'].removeprefix(scope.get('root_path', ''))
            operation = await self._operations.id_of(scope['method'], path) if scope['type'] == 'http' else None
            return '' if is_question else refusal_of(identity.scopes, operation)
        is_wall = identity.credential is not None and identity.credential.kind == WALL
        return WALL_REFUSAL if is_wall and not OPEN_TO_WALLS.fullmatch(scope['path']) else ''
