"""Time-outs for clients that send or read too slowly.

Headers that do not arrive, a body that arrives byte by byte, a response that is not read: each would keep a connection
and its resources indefinitely. uvicorn only has a time-out for idle connections between two requests.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ..http.downloads import CUT_OFF


class SlowPeerProtocol(HttpToolsProtocol):
    """Closes connections whose client sends headers too slowly, or sends a body or reads a response too slowly.
    WebSockets are not affected."""

    head_s = 10.0
    """Maximum time until all headers have arrived, from the start of the connection or request."""
    progress_s = 30.0
    slowest = 1_024
    """Minimum bytes per second of a body or of a response, averaged over progress_s."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._head: asyncio.TimerHandle | None = None
        self._body: asyncio.TimerHandle | None = None
        self._answer: asyncio.TimerHandle | None = None
        self._received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has disconnected."""
        self._cancel('_head', '_body', '_answer')
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of a request have arrived, which may be the next one on the same connection."""
        if self._head is None and (self.cycle is None or self.cycle.response_complete):
            self._await_head()
        super().data_received(data)

    def handle_websocket_upgrade(self) -> None:
        """The WebSocket protocol takes over the connection."""
        self._cancel('_head', '_body', '_answer')
        super().handle_websocket_upgrade()

    def on_message_begin(self) -> None:
        """The first byte of a request has arrived."""
        super().on_message_begin()
        self.scope['state'][CUT_OFF] = self.transport.abort

    def on_headers_complete(self) -> None:
        """All headers have arrived."""
        self._cancel('_head')
        super().on_headers_complete()
        if not self.parser.should_upgrade():
            self._await_body()

    def on_body(self, body: bytes) -> None:
        """A part of the body has arrived."""
        self._received += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The whole body has arrived."""
        self._cancel('_body')
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The write buffer is full: the client reads too slowly."""
        super().pause_writing()
        if self._answer is None:
            self._await_reader()

    def resume_writing(self) -> None:
        """The write buffer has space again."""
        self._cancel('_answer')
        super().resume_writing()

    def _await_head(self) -> None:
        self._head = self.loop.call_later(self.head_s, self.transport.abort)

    def _await_body(self) -> None:
        before = self._received

        def check() -> None:
            # while reading is paused, the app is slow and not the client
            if self._received - before < self.slowest * self.progress_s and not self.flow.read_paused:
                self.transport.abort()
            else:
                self._await_body()
        self._body = self.loop.call_later(self.progress_s, check)

    def _await_reader(self) -> None:
        before = self.transport.get_write_buffer_size()

        def check() -> None:
            if before - self.transport.get_write_buffer_size() < self.slowest * self.progress_s:
                self.transport.abort()
            else:
                self._await_reader()
        self._answer = self.loop.call_later(self.progress_s, check)

    def _cancel(self, *timers: str) -> None:
        for name in timers:
            if (timer := getattr(self, name)) is not None:
                timer.cancel()
                setattr(self, name, None)
