"""Closes open pages whose session, token or pairing has ended.

An open page gets every change over its socket and asks for nothing, so nobody would notice. The browser is sent to a
page that says so; the page on the server is deleted, whatever the browser does.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from urllib.parse import quote

from nicegui import Client

from ...access.stations import TURN
from ...core.errors import DatabaseError
from ...core.people import Credential
from ...core.tasks import happens_within
from ..http.caller import known_identity
from ..http.public_paths import SIGNED_OUT
from ..live.nicegui_bridge import complete_pages

log = logging.getLogger(__name__)

CHECK_EVERY_S = 10.0
LEAVES_ANYWAY_S = 1.0
"""Seconds in which the tab that signs out leaves without being sent: it may be on its way to the provider."""
LEAVES_WITHIN_S = 2.0
"""Seconds after which the page is deleted even if the browser is still there."""

Ended = Callable[[Collection[Credential]], Awaitable[set[Credential]]]


class EndedPages:
    """Finds and closes such pages."""

    def __init__(self, ended: Ended, forget: Callable[[Collection[Credential]], None]) -> None:
        """ended: returns which of these credentials are no longer valid; raises DatabaseUnavailableError. forget: these
        are looked up again at their next request, so that the page does not open once more."""
        self._ended = ended
        self._forget = forget

    async def check(self) -> None:
        """Close the pages of credentials that have ended. Without the database none is closed: no command is possible
        then."""
        pages = [(page, credential) for page in complete_pages()
                 if (credential := _credential_of(page)) is not None]
        try:
            ended = await self._ended({credential for _, credential in pages})
        except DatabaseError:
            return
        self._forget(ended)
        closing = [page for page, credential in pages if credential in ended]
        if closing:
            log.info('closed pages whose sign-in has ended', extra={'pages': len(closing)})
            await asyncio.gather(*map(_close, closing))


async def _close(page: Client) -> None:
    if page.has_socket_connection:
        left = asyncio.Event()
        page.on_disconnect(left.set)
        if not await happens_within(left, LEAVES_ANYWAY_S):
            page.open(_next_address(page))
            await happens_within(left, LEAVES_WITHIN_S)
    if complete_pages(page.id):
        page.delete()


def _credential_of(page: Client) -> Credential | None:
    identity = known_identity(page.request.scope) if page.request is not None else None
    return identity.credential if identity is not None else None


def _next_address(page: Client) -> str:
    """Where the browser goes: to the page that says so; at a station to the same page, where nobody acts now."""
    url = page.request.url
    address = url.path + (f'?{url.query}' if url.query else '')
    credential = _credential_of(page)
    is_turn = credential is not None and credential.kind == TURN
    return address if is_turn else f'{SIGNED_OUT}?next={quote(address, safe="/")}'
