"""Ensures that a page is only used by the person who opened it.

All commands of a page are executed as the person who opened it. Its browser may reconnect as another person: on a
shared computer, after another sign-in in another tab. Sockets, uploads and polling requests of a page must therefore
come from the same person. A socket of another person is refused with an error that makes the browser reload the page.

NiceGUI finds a page by the id in each message; the message must also come from a socket of that page.
"""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from ...core.errors import NotAllowedError
from ..api.problems import refusal
from ..http.caller import identity_of
from ..live.nicegui_bridge import (
    MESSAGES_OF_PAGES,
    PAGE_PATH,
    SOCKET_PATH,
    SocketHandler,
    connection_of_session,
    connection_of_socket,
    is_socket_of_page,
    page_of,
    refused_socket,
    replace_socket_handler,
    socket_handlers,
)

log = logging.getLogger(__name__)

REFUSED = 'this page was opened by another person: reload it'


class PageOwner:
    """Refuses requests for the page or socket of another person with 403."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope['type'] == 'http' and (opened := _opening_request(scope)) is not None \
                and not same_person(opened, HTTPConnection(scope)):
            await refusal(403, REFUSED)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def check_page_owners() -> None:
    """Check every socket against the page that it connects to, and every message against its socket."""
    handlers = socket_handlers()
    connect, handshake = handlers['connect'], handlers['handshake']

    def may_connect(sid: str, client_id: object) -> bool:
        client = page_of(str(client_id))
        if client is None or client.request is None:
            return True  # NiceGUI refuses unknown pages
        connection = connection_of_socket(sid)
        if connection is not None and same_person(client.request, connection):
            return True
        log.info('a socket connected to a page that another person opened: the page is reloaded')
        return False

    async def on_connect(sid: str, environ: dict[str, Any], auth: object = None) -> None:
        client_id = parse_qs(environ.get('QUERY_STRING', '')).get('client_id', [''])[0]
        if not may_connect(sid, client_id):
            raise refused_socket()
        await connect(sid, environ, auth)

    async def on_handshake(sid: str, data: dict[str, Any]) -> bool:
        return may_connect(sid, data.get('client_id')) and await handshake(sid, data)

    def from_its_own_socket(handle: SocketHandler) -> SocketHandler:
        def on_message(sid: str, message: dict[str, Any]) -> None:
            if is_socket_of_page(sid, str(message['client_id'])):
                handle(sid, message)
        return on_message

    replace_socket_handler('connect', on_connect)
    replace_socket_handler('handshake', on_handshake)
    for name in MESSAGES_OF_PAGES:
        replace_socket_handler(name, from_its_own_socket(handlers[name]))


def same_person(one: HTTPConnection, other: HTTPConnection) -> bool:
    """Whether two requests come from the same person; False if either is not signed in."""
    try:
        return identity_of(one).is_same_person(identity_of(other))
    except NotAllowedError:
        return False


def _opening_request(scope: Scope) -> HTTPConnection | None:
    """The request with which the page or socket of this request was opened."""
    if match := PAGE_PATH.search(scope['path']):
        client = page_of(match[1])
        return client.request if client is not None else None
    if SOCKET_PATH in scope['path']:
        session = parse_qs(scope['query_string'].decode('latin-1')).get('sid', [''])[0]
        return connection_of_session(session)
    return None
