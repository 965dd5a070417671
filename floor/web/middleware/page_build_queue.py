"""Builds pages of the floor one at a time, so that open pages get updates in between.

At the start of a shift, or after a restart of the server, everybody opens the floor within a second. Building a page
blocks the event loop; two hundred in a row would block it for seconds, without updates and without answers of /healthz.
"""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

FLOOR = '/'
REST = 1.0
MAX_REST_S = 0.1
"""Pause between two pages: as a multiple of the time that the last one took, and its maximum."""


class PageBuildQueue:
    """Queues requests for the page of the floor, first in, first out. Other requests are not queued."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._lock = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope['type'] != 'http' or scope['path'] != FLOOR:
            await self._app(scope, receive, send)
            return
        loop = asyncio.get_running_loop()
        await self._lock.acquire()
        began: float | None = loop.time()

        def start_next() -> None:
            nonlocal began
            if began is not None:
                loop.call_later(min((loop.time() - began) * REST, MAX_REST_S), self._lock.release)
                began = None

        async def send_built(message: Message) -> None:
            start_next()  # the page is built; a slow client must not delay the next one
            await send(message)
        try:
            await self._app(scope, receive, send_built)
        finally:
            start_next()
