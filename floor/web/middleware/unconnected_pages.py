"""Bounds the pages that no browser has connected to.

The server builds a whole page for each request, also for a health check, a crawler or curl, and keeps it for a
minute in case a browser is on its way. A hundred of them took 545 MB. So only so many wait, and the oldest goes first.
A browser that comes too late for its page loads it again, as after a restart of the server.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...operations.memory import collect_and_give_back
from ..live.nicegui_bridge import unconnected_pages
from .security_headers import IS_A_PAGE

MAX_PAGES = 64
"""More than this many browsers are hardly ever between their page and its socket, which is a second."""
COLLECT_AFTER = 16
"""Pages that were dropped: what they leave only a collection frees, and the next regular one is a minute away."""


class UnconnectedPagesLimit:
    """Drops the oldest pages that wait when one more than allowed has been built."""

    def __init__(self, app: ASGIApp, *, most: int = MAX_PAGES) -> None:
        self._app = app
        self._most = most
        self._dropped = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, as ASGI has it."""
        if scope['type'] != 'http':
            await self._app(scope, receive, send)
            return

        async def send_on(message: Message) -> None:
            if message['type'] == 'http.response.start' and any(name.lower() == IS_A_PAGE.encode()
                                                                for name, _ in message['headers']):
                self._drop_the_oldest()
            await send(message)

        await self._app(scope, receive, send_on)

    def _drop_the_oldest(self) -> None:
        for client in unconnected_pages()[:-self._most]:
            client.delete()
            self._dropped += 1
            if self._dropped % COLLECT_AFTER == 0:
                collect_and_give_back()
