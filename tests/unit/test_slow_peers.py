"""The server's side of a connection whose peer is too slow, over real sockets; the times are a fraction of the real."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
import uvicorn
from database.postgres import until
from uvicorn.server import ServerState

from floor.web.middleware.slow_peers import SlowPeerProtocol

LARGE = b'x' * 8_000_000
HALF_A_HEAD = b'GET / HTTP/1.1\r\nHost: floor\r\nX-Slow: '
HALF_A_BODY = b'POST / HTTP/1.1\r\nHost: floor\r\nContent-Length: 9\r\n\r\nhalf'
WHOLE = b'GET / HTTP/1.1\r\nHost: floor\r\n\r\n'
READ_SLOWLY = b'GET /large HTTP/1.1\r\nHost: floor\r\n\r\n'
LIMIT = 16_384


class Quick(SlowPeerProtocol):
    head_s = 0.2
    progress_s = 0.2


class Peer:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def cut_off(self) -> bytes:
        """What still came until the connection ended."""
        came = b''
        async with asyncio.timeout(30):
            with suppress(ConnectionResetError):
                while piece := await self.reader.read(LIMIT):
                    came += piece
        return came


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Reads the request's body and answers with it, or with much; a socket answers what it is sent."""
    if scope['type'] == 'websocket':
        await receive()
        await send({'type': 'websocket.accept'})
        while (message := await receive())['type'] == 'websocket.receive':
            await send({'type': 'websocket.send', 'text': message['text']})
        return
    body, more = b'', True
    while more:
        message = await receive()
        if message['type'] == 'http.disconnect':
            return
        body, more = body + message['body'], message['more_body']
    await send({'type': 'http.response.start', 'status': 200, 'headers': []})
    await send({'type': 'http.response.body', 'body': LARGE if scope['path'] == '/large' else b'got ' + body})


@pytest.fixture
def state() -> ServerState:
    """What all connections share."""
    return ServerState()


@pytest.fixture
async def connect(state: ServerState) -> AsyncIterator[Callable[[], Awaitable[Peer]]]:
    """Call it for a new connection. uvicorn's own server would look only ten times a second whether it shall end."""
    config = uvicorn.Config(app, http=Quick, ws='websockets-sansio', lifespan='off', log_config=None,
                            timeout_keep_alive=3600)
    server = await asyncio.get_running_loop().create_server(
        lambda: Quick(config=config, server_state=state, app_state={}), '127.0.0.1')
    peers: list[Peer] = []

    async def connect() -> Peer:
        address = server.sockets[0].getsockname()
        peers.append(Peer(*await asyncio.open_connection(*address, limit=LIMIT)))
        return peers[-1]

    yield connect
    for peer in peers:
        peer.writer.transport.abort()
    server.close()
    await until(lambda: not state.connections and not state.tasks)


@pytest.mark.parametrize('sent', [b'', b'GE', HALF_A_HEAD, HALF_A_BODY, b'\r\n'])
async def test_a_request_that_is_never_whole_is_cut_off(connect: Callable[[], Awaitable[Peer]], sent: bytes) -> None:
    peer = await connect()
    peer.writer.write(sent)
    assert await peer.cut_off() == b''


@pytest.mark.parametrize('sent', [HALF_A_HEAD, HALF_A_BODY, b'\r\n'])
async def test_so_is_the_next_one_on_the_same_connection(connect: Callable[[], Awaitable[Peer]], sent: bytes) -> None:
    peer = await connect()
    peer.writer.write(WHOLE)
    await peer.reader.readuntil(b'got ')
    await peer.reader.read(LIMIT)
    peer.writer.write(sent)
    assert b'HTTP' not in await peer.cut_off()


async def test_an_answer_that_nobody_reads_is_cut_off(
        state: ServerState, connect: Callable[[], Awaitable[Peer]]) -> None:
    peer = await connect()
    peer.writer.write(READ_SLOWLY)
    await until(lambda: state.total_requests == 1)
    await until(lambda: not state.connections)


async def test_an_answer_that_is_read_comes_whole(connect: Callable[[], Awaitable[Peer]]) -> None:
    peer = await connect()
    peer.writer.write(READ_SLOWLY.replace(b'\r\n\r\n', b'\r\nConnection: close\r\n\r\n'))
    assert (await peer.cut_off()).count(b'x') == len(LARGE)


async def test_a_websocket_may_be_silent_for_as_long_as_it_wants(connect: Callable[[], Awaitable[Peer]]) -> None:
    socket = await connect()
    key = base64.b64encode(os.urandom(16))
    socket.writer.write(b'GET / HTTP/1.1\r\nHost: floor\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
                        b'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ' + key + b'\r\n\r\n')
    assert b' 101 ' in await socket.reader.readuntil(b'\r\n\r\n')
    for sent in b'', HALF_A_BODY:  # each takes longer than a head or a body may
        later = await connect()
        later.writer.write(sent)
        await later.cut_off()
    socket.writer.write(b'\x81\x85\0\0\0\0hello')  # masked with zeros
    assert await socket.reader.readexactly(7) == b'\x81\x05hello'
