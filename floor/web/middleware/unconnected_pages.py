"""Limits the number of pages to which no browser has connected.

The server builds a whole page for each request, including those of health checks, crawlers and curl, and keeps it for a
minute until a browser connects. A hundred such pages took 545 MB. The oldest pages above the limit are deleted; a
browser that connects too late reloads its page, as after a restart of the server.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...operations.memory import collect_and_give_back
from ..live.nicegui_bridge import unconnected_pages
from .security_headers import PAGE_HEADER

MAX_PAGES = 64
"""A browser connects about a second after it gets its page; more than this number hardly ever do so at the same
time."""
COLLECT_AFTER = 16
"""Deleted pages after which the garbage collector runs; its next regular run may be a minute later."""


class UnconnectedPagesLimit:
    """Deletes the oldest unconnected pages when a page above the limit was built."""

    def __init__(self, app: ASGIApp, *, limit: int = MAX_PAGES) -> None:
        self._app = app
        self._limit = limit
        self._deleted = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope['type'] != 'http':
            await self._app(scope, receive, send)
            return

        async def send_limited(message: Message) -> None:
            if message['type'] == 'http.response.start' and any(name.lower() == PAGE_HEADER.encode()
                                                                for name, _ in message['headers']):
                self._delete_oldest()
            await send(message)

        await self._app(scope, receive, send_limited)

    def _delete_oldest(self) -> None:
        for client in unconnected_pages()[:-self._limit]:
            client.delete()
            self._deleted += 1
            if self._deleted % COLLECT_AFTER == 0:
                collect_and_give_back()
