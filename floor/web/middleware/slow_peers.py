"""The server's side of a connection, for peers that are slower than any real one.

A request whose head does not come, a body that trickles, an answer that nobody reads: each would keep a connection, and
what it is for, until its peer felt like it. uvicorn has a time-out only for a connection between two requests.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ..http.downloads import CUT_OFF


class SlowPeerProtocol(HttpToolsProtocol):
    """Cuts off who takes too long with the head of a request, or sends or reads too little. A WebSocket leaves it."""

    head_s = 10.0
    """Until all headers of a request have come, from the connection's or the request's beginning."""
    progress_s = 30.0
    slowest = 1_024
    """Bytes per second, over so many seconds, that a body has to come with and an answer has to be read with."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._head: asyncio.TimerHandle | None = None
        self._body: asyncio.TimerHandle | None = None
        self._answer: asyncio.TimerHandle | None = None
        self._received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A peer has come."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone."""
        self._cancel('_head', '_body', '_answer')
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of a request: the first ones too, and those of the next on the same connection."""
        if self._head is None and (self.cycle is None or self.cycle.response_complete):
            self._await_head()
        super().data_received(data)

    def handle_websocket_upgrade(self) -> None:
        """From now on another protocol has the connection."""
        self._cancel('_head', '_body', '_answer')
        super().handle_websocket_upgrade()

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self.scope['state'][CUT_OFF] = self.transport.abort

    def on_headers_complete(self) -> None:
        """The last byte of its headers."""
        self._cancel('_head')
        super().on_headers_complete()
        if not self.parser.should_upgrade():
            self._await_body()

    def on_body(self, body: bytes) -> None:
        """Some of its body."""
        self._received += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The last byte of it."""
        self._cancel('_body')
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The peer reads slower than we write."""
        super().pause_writing()
        if self._answer is None:
            self._await_reader()

    def resume_writing(self) -> None:
        """It has read enough."""
        self._cancel('_answer')
        super().resume_writing()

    def _await_head(self) -> None:
        self._head = self.loop.call_later(self.head_s, self.transport.abort)

    def _await_body(self) -> None:
        before = self._received

        def look() -> None:
            # while we do not read, as long as nobody takes what has come, it is not the peer who is slow
            if self._received - before < self.slowest * self.progress_s and not self.flow.read_paused:
                self.transport.abort()
            else:
                self._await_body()
        self._body = self.loop.call_later(self.progress_s, look)

    def _await_reader(self) -> None:
        before = self.transport.get_write_buffer_size()

        def look() -> None:
            if before - self.transport.get_write_buffer_size() < self.slowest * self.progress_s:
                self.transport.abort()
            else:
                self._await_reader()
        self._answer = self.loop.call_later(self.progress_s, look)

    def _cancel(self, *timers: str) -> None:
        for name in timers:
            if (timer := getattr(self, name)) is not None:
                timer.cancel()
                setattr(self, name, None)
