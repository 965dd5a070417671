"""An MQTT client that reads together what arrives at about the same time, and acknowledges it together.

Waking up takes more of a processor than a message does. aiomqtt wakes up three times for each: to read it, to ask when
it may write, and to write the acknowledgement.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Any, Self

import aiomqtt

PAUSE_S = 0.05
"""Messages that follow each other more closely are read together after such a pause."""
BACKLOG_S = 0.002
"""Except those that come so soon after an acknowledgement: the broker has waited for it, and waits for the next one."""
AT_ONCE = 100
"""Messages, before the event loop does anything else."""
FAILED_PAUSE_S = 1.0
"""Until an error is raised again: aiomqtt forgets one that comes while it connects."""

Take = Callable[[aiomqtt.Message], None]


class PacedClient(aiomqtt.Client):
    """Gives messages to a function before they are acknowledged."""

    def __init__(self, take: Take, *arguments: Any, **options: Any) -> None:
        """take: called in the event loop's thread. If it raises, the connection ends, and neither this message nor a
        later one is taken or acknowledged."""
        super().__init__(*arguments, queue_type=_queue_that_calls(self._take), **options)
        self._take_message = take
        self._taken = 0
        self._taken_at = 0.0
        self._is_reading = self._has_to_write = self._has_arrived = False
        self._pause: asyncio.TimerHandle | None = None
        """During which nobody looks at the socket."""
        self._error: Exception | None = None
        self.on_data: Callable[[], None] = lambda: None
        """Called after something arrived, an answer to a ping at least, and all messages that were there were taken."""

    async def __aenter__(self) -> Self:
        """Connect. A connection that is not answered in time is closed."""
        try:
            return await super().__aenter__()
        except BaseException:
            self._close()
            raise

    async def __aexit__(self, *error: Any) -> None:
        """Disconnect. After an error, aiomqtt leaves the connection open: the broker would go on sending, and take us
        for alive."""
        try:
            await super().__aexit__(*error)
        finally:
            self._close()

    def end_pause(self) -> None:
        """Take what has arrived in the meantime."""
        if self._pause is not None and self._error is None:
            self._pause.cancel()
            self._read()

    def stop_taking(self) -> None:
        """Neither take nor acknowledge later messages: they come again to the next client with this id. Call it before
        the last message to the broker: its answer proves that all acknowledgements have arrived. Those that are under
        way when the connection is closed may be lost."""
        self._client.manual_ack_set(True)
        self._take_message = lambda _message: None

    def _close(self) -> None:
        """Without a goodbye; nothing if it is closed. Ends the pause, the reading and the pings too."""
        self._client._sock_close()  # noqa: SLF001 - paho closes without a goodbye only itself

    def _on_socket_open(self, client: Any, userdata: Any, sock: Any) -> None:
        super()._on_socket_open(client, userdata, sock)
        number = sock.fileno()
        self._loop.call_soon_threadsafe(lambda: self._loop.add_reader(number, self._read))  # instead of aiomqtt's

    def _on_socket_close(self, client: Any, userdata: Any, sock: Any) -> None:
        if self._pause is not None:
            self._pause.cancel()
        super()._on_socket_close(client, userdata, sock)

    def _on_socket_register_write(self, client: Any, userdata: Any, sock: Any) -> None:
        if self._is_reading:
            self._has_to_write = True
        else:
            super()._on_socket_register_write(client, userdata, sock)

    def _take(self, message: aiomqtt.Message) -> None:
        if self._error is not None:
            raise self._error
        try:
            self._take_message(message)
        except Exception as error:
            self._error = error
            raise
        self._taken += 1

    def _read(self) -> None:
        """Called when the socket is readable, and after a pause."""
        is_paused, self._pause = self._pause is not None, None
        taken = self._taken
        pause = self._read_and_choose_pause(is_paused)
        self._has_arrived |= not is_paused or self._taken > taken  # a pause ends in any event
        sock = self._client.socket()
        if sock is None:
            return
        if self._has_arrived and pause != 0 and self._error is None:
            self._has_arrived = False
            self.on_data()
        if pause is not None:
            self._loop.remove_reader(sock.fileno())
            self._pause = self._loop.call_later(pause, self._read)
        elif is_paused:
            self._loop.add_reader(sock.fileno(), self._read)

    def _read_and_choose_pause(self, is_paused: bool) -> float | None:
        """Returns seconds, 0: not everything was read; None: as long as nothing arrives."""
        before, gap = self._taken, self._loop.time() - self._taken_at
        try:
            is_all = self._read_messages()
        except Exception as error:
            if not self._disconnected.done():
                self._disconnected.set_exception(error)
            return FAILED_PAUSE_S
        if self._taken > before:
            self._taken_at = self._loop.time()
        if not is_all:
            return 0
        return PAUSE_S if self._taken > before and BACKLOG_S < gap < PAUSE_S and not is_paused else None

    def _read_messages(self) -> bool:
        """Read and acknowledge what has arrived. Returns whether that was all."""
        self._is_reading = True
        try:
            for _ in range(AT_ONCE):
                taken = self._taken
                self._client.loop_read()
                if taken == self._taken and not _has_decrypted(self._client.socket()):
                    return True
            return False
        finally:
            self._is_reading = False
            if self._has_to_write:
                self._has_to_write = False
                self._write()

    def _write(self) -> None:
        """Write now what can be written, and the rest later."""
        self._client.loop_write()
        sock = self._client.socket()
        if sock is not None and self._client.want_write():
            super()._on_socket_register_write(self._client, None, sock)


def _has_decrypted(sock: object) -> bool:
    """Whether something was read from the network, and not yet from the socket: the event loop does not see it."""
    return isinstance(sock, ssl.SSLSocket) and sock.pending() > 0


def _queue_that_calls(take: Take) -> type[asyncio.Queue[aiomqtt.Message]]:
    """aiomqtt puts each message into its queue, and paho acknowledges it when that returns."""

    class CallingQueue(asyncio.Queue[aiomqtt.Message]):
        """Never has anything in it."""

        def put_nowait(self, item: aiomqtt.Message) -> None:
            """Take it."""
            take(item)

    return CallingQueue
