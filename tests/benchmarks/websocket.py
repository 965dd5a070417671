"""A WebSocket client of the least cost, so that hundreds of them fit beside the server they measure."""

from __future__ import annotations

import asyncio
import os
import struct
from base64 import b64encode
from collections.abc import Callable
from urllib.parse import urlsplit

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
SHORT, MEDIUM = 126, 127


class WebSocketClient(asyncio.Protocol):
    """Calls on_message with each text message. It speaks to our own servers only: no fragments, no compression."""

    def __init__(self, address: str, on_message: Callable[[bytes], None]) -> None:
        parts = urlsplit(address)
        self._target = f'{parts.path}?{parts.query}'
        self._host = parts.netloc
        self._on_message = on_message
        self._buffer = bytearray()
        self._upgraded = False
        self._transport: asyncio.Transport | None = None
        self.closed = asyncio.get_running_loop().create_future()
        """Done when the connection has ended."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        key = b64encode(os.urandom(16)).decode()
        transport.write(f'GET {self._target} HTTP/1.1\r\nHost: {self._host}\r\n'
                        f'Upgrade: websocket\r\nConnection: Upgrade\r\n'
                        f'Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n'.encode())

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended, from either side."""
        if not self.closed.done():
            self.closed.set_result(exc)

    def data_received(self, data: bytes) -> None:
        """Take the frames apart."""
        buffer = self._buffer
        buffer += data
        if not self._upgraded:
            end = buffer.find(b'\r\n\r\n')
            if end < 0:
                return
            if not buffer.startswith(b'HTTP/1.1 101'):
                raise ConnectionError(bytes(buffer[:end]).decode(errors='replace'))
            del buffer[:end + 4]
            self._upgraded = True
        position = 0
        while (frame := _frame(buffer, position)) is not None:
            code, start, position = frame
            if code == TEXT:
                self._on_message(bytes(buffer[start:position]))
            elif code == PING:
                self._send(PONG, bytes(buffer[start:position]))
            elif code == CLOSE:
                self.close()
        del buffer[:position]

    def send(self, text: str) -> None:
        """Send one text message."""
        self._send(TEXT, text.encode())

    def listen(self, listens: bool) -> None:
        """Take what comes in, or leave it where it is: in the network, and then with the server."""
        assert self._transport is not None
        if listens:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def close(self) -> None:
        """Leave as a browser does whose tab is closed."""
        if self._transport is not None:
            self._transport.close()

    def _send(self, code: int, content: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        size = len(content)
        length = bytes([0x80 | size]) if size < SHORT else bytes([0x80 | SHORT]) + struct.pack('>H', size)
        self._transport.write(bytes([0x80 | code]) + length + bytes(4) + content)   # a mask of zeros is a mask


def _frame(buffer: bytearray, position: int) -> tuple[int, int, int] | None:
    """Code, start and end of the content of the frame at this position; None while it is incomplete."""
    start = position + 2
    if len(buffer) < start:
        return None
    size = buffer[position + 1]
    if size == SHORT:
        start += 2
        size = int.from_bytes(buffer[start - 2:start], 'big')
    elif size == MEDIUM:
        start += 8
        size = int.from_bytes(buffer[start - 8:start], 'big')
    end = start + size
    return (buffer[position] & 0x0f, start, end) if len(buffer) >= end else None
