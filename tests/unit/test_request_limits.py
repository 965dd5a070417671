"""How much anybody may send, as ASGI brings it."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from floor.core.rate_limit import TokenBucket
from floor.orders.upload_queue import FORM_OVERHEAD_BYTES
from floor.orders.work_order_files import MAX_FILE_BYTES as LARGEST_FILE
from floor.web.middleware import request_limits
from floor.web.middleware.request_limits import MAX_BODY_BYTES, MESSAGES_AT_ONCE, MESSAGES_PER_S, RequestLimits

UPLOAD = '/_nicegui/client/0f24bec3-3050-4180-ab1c-b5972c3237d2/upload/41'
PIECE = 100_000


async def send_body(path: str, size: int, *, says_length: bool) -> tuple[int, int]:
    """Send so many bytes; how many the app had read when it ended, and how it was answered: 200 if it wasn't."""
    read, sent, left = 0, [], [size]

    async def receive() -> Message:
        body = min(PIECE, left[0])
        left[0] -= body
        return {'type': 'http.request', 'body': b' ' * body, 'more_body': left[0] > 0}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal read
        while True:
            message = await receive()
            if message['type'] == 'http.disconnect':
                raise ClientDisconnect
            read += len(message['body'])
            if not message['more_body']:
                return

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b'content-length', str(size).encode())] if says_length else []
    await RequestLimits(app)({'type': 'http', 'method': 'POST', 'path': path, 'query_string': b'', 'headers': headers},
                             receive, send)
    return read, sent[0]['status'] if sent else 200


@pytest.mark.parametrize('path', ['/api/work-orders', '/', '/_nicegui_ws/socket.io/', '/_nicegui/client/x/upload'])
async def test_a_body_ends_where_no_body_needs_to_go_on(path: str) -> None:
    for says_length in (True, False):
        assert await send_body(path, MAX_BODY_BYTES, says_length=says_length) == (MAX_BODY_BYTES, 200)
    assert await send_body(path, MAX_BODY_BYTES + 1, says_length=True) == (0, 413)
    read, status = await send_body(path, 50 * MAX_BODY_BYTES, says_length=False)
    assert (status, read <= MAX_BODY_BYTES) == (413, True)


async def test_a_file_may_be_as_large_as_an_attachment() -> None:
    for says_length in (True, False):
        size = LARGEST_FILE + 500
        assert await send_body(UPLOAD, size, says_length=says_length) == (size, 200)
    assert await send_body(UPLOAD, LARGEST_FILE + FORM_OVERHEAD_BYTES + 1, says_length=True) == (0, 413)
    read, status = await send_body(UPLOAD, 10 * LARGEST_FILE, says_length=False)
    assert (status, read <= LARGEST_FILE + FORM_OVERHEAD_BYTES) == (413, True)


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the intake has had senders wait, in seconds; the waiting itself is left out, and no time passes."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(request_limits, 'asyncio', type('Asyncio', (), {'sleep': staticmethod(sleep)}))
    monkeypatch.setattr(request_limits, 'TokenBucket', partial(TokenBucket, monotonic=lambda: 0.0))
    return waits


async def test_a_socket_that_sends_more_than_a_person_can_is_read_slowly(slept: list[float]) -> None:
    async def receive() -> Message:
        return {'type': 'websocket.receive', 'text': '42[...]'}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for _ in range(MESSAGES_AT_ONCE):
            await receive()
        assert slept == []
        for _ in range(MESSAGES_PER_S):
            await receive()

    await RequestLimits(app)({'type': 'websocket'}, receive, no_send)
    assert slept == [pytest.approx(number / MESSAGES_PER_S) for number in range(1, MESSAGES_PER_S + 1)]


async def test_while_a_socket_waits_the_others_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting: list[float] = []

    async def sleep(seconds: float) -> None:
        waiting.append(seconds)
        await asyncio.Event().wait()

    async def receive() -> Message:
        return {'type': 'websocket.receive', 'text': '42[...]'}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for _ in range(scope['messages']):
            await receive()

    monkeypatch.setattr(request_limits, 'asyncio', type('Asyncio', (), {'sleep': staticmethod(sleep)}))
    limits = RequestLimits(app)
    flood = asyncio.create_task(limits({'type': 'websocket', 'messages': 10 * MESSAGES_AT_ONCE}, receive, no_send))
    await asyncio.sleep(0)
    assert len(waiting) == 1

    other = asyncio.create_task(limits({'type': 'websocket', 'messages': MESSAGES_AT_ONCE}, receive, no_send))
    await asyncio.sleep(0)
    assert other.done() and not flood.done()
    flood.cancel()


async def test_a_browser_without_websockets_is_held_to_the_same(slept: list[float]) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        pass

    guarded = RequestLimits(app)

    async def post(session: str) -> None:
        await guarded({'type': 'http', 'method': 'POST', 'path': '/_nicegui_ws/socket.io/', 'headers': [],
                       'query_string': f'EIO=4&transport=polling&sid={session}'.encode()}, never, no_send)

    for _ in range(40):
        await post('a')
    assert max(slept) > 0.5
    slept.clear()
    await post('b')
    assert slept == [0]


async def never() -> Message:
    return await asyncio.get_running_loop().create_future()


async def no_send(_: Any) -> None:
    raise AssertionError('nothing is to be logged')


