"""A page acts for the person who opened it, and for nobody else.

What a page sends is done in the name of whoever opened it. Its browser may come back as somebody else: on a shared
computer, after another sign-in in another tab. So whoever connects a socket to a page, uploads to it or goes on with a
socket by polling has to be the same person. A socket of another person is refused in a way that makes the browser load
the page again, as a page of its own.

NiceGUI looks up a page by the id in each message; here the message also has to come from a socket of that page.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from ...core.errors import NotAllowedError
from ...core.people import Identity
from ..api.problems import refusal
from ..live.nicegui_bridge import (
    MESSAGES_OF_PAGES,
    PAGE_PATH,
    SOCKET_PATH,
    SocketHandler,
    headers_of_session,
    headers_of_socket,
    is_socket_of_page,
    page_of,
    refused_socket,
    replace_socket_handler,
    socket_handlers,
)

log = logging.getLogger(__name__)

Identify = Callable[[Mapping[str, str]], Identity]

REFUSED = 'this page was opened by somebody else: load it again'


class PageOwner:
    """Answers 403 to requests that belong to the page, or to the socket, of another person."""

    def __init__(self, app: ASGIApp, *, identify: Identify) -> None:
        """identify: who asks, by the headers of a request; raises NotAllowedError where nobody is signed in."""
        self._app = app
        self._identify = identify

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, as ASGI has it."""
        if scope['type'] == 'http' and (opened := _opened_with(scope)) is not None \
                and not same_person(self._identify, opened, Headers(scope=scope)):
            await refusal(403, REFUSED)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def check_page_owners(identify: Identify) -> None:
    """Have every socket checked against the page it connects to, and every message against its socket."""
    handlers = socket_handlers()
    connect, handshake = handlers['connect'], handlers['handshake']

    def may_connect(sid: str, client_id: object) -> bool:
        client = page_of(str(client_id))
        if client is None or client.request is None:
            return True  # NiceGUI refuses what it does not know
        if same_person(identify, client.request.headers, headers_of_socket(sid)):
            return True
        log.info('a socket came back to a page that somebody else had opened: the page is loaded again')
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


def same_person(identify: Identify, one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether two requests, by their headers, come from the same person; False if either is not signed in."""
    try:
        first, second = identify(one), identify(other)
    except NotAllowedError:
        return False
    return (first.email or first.name) == (second.email or second.name)


def _opened_with(scope: Scope) -> Mapping[str, str] | None:
    """The headers that the page or the socket was opened with to which this request belongs."""
    if match := PAGE_PATH.search(scope['path']):
        client = page_of(match[1])
        return client.request.headers if client is not None and client.request is not None else None
    if SOCKET_PATH in scope['path']:
        session = parse_qs(scope['query_string'].decode('latin-1')).get('sid', [''])[0]
        return headers_of_session(session)
    return None
