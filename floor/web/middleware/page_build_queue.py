"""The door to the floor: when many come at once, their pages are built one by one, and between two of them those who
look already get what has changed.

A shift that begins, or a server that comes back, brings everybody within a second. Building a page keeps the event
loop; two hundred in a row would keep it for seconds, in which nobody sees a change and /healthz does not answer.
"""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

FLOOR = '/'
REST = 1.0
MAX_REST_S = 0.1
"""Pause between two pages: as a multiple of what the last one took, and at most."""


class PageBuildQueue:
    """Lets one request for the floor's page in at a time, in the order they came. All others pass."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._one_by_one = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope['type'] != 'http' or scope['path'] != FLOOR:
            await self._app(scope, receive, send)
            return
        loop = asyncio.get_running_loop()
        await self._one_by_one.acquire()
        began: float | None = loop.time()

        def next_one() -> None:
            nonlocal began
            if began is not None:
                loop.call_later(min((loop.time() - began) * REST, MAX_REST_S), self._one_by_one.release)
                began = None

        async def send_on(message: Message) -> None:
            next_one()  # it is built; whoever takes long to fetch it keeps nobody waiting
            await send(message)
        try:
            await self._app(scope, receive, send_on)
        finally:
            next_one()
