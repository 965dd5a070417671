"""Limits of requests: the size of a body, counted as it arrives, and the rate of messages from a socket.

A socket that sends more than a person can is not closed but read slowly: TCP then holds its sender back, nothing that
was sent is lost, and everybody else is served meanwhile.
"""

from __future__ import annotations

import asyncio
import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...core.formatting import number
from ...core.rate_limit import TokenBucket, TokenBuckets
from ...orders.upload_queue import MAX_UPLOAD_BYTES
from ..api.problems import refusal
from ..live.nicegui_bridge import SOCKET_PATH, UPLOAD_PATH

MAX_BODY_BYTES = 1_000_000
"""Of a body; and of one message over the socket, which is what engine.io takes."""
UPLOAD = re.compile(UPLOAD_PATH + r'|/api/work-orders/[^/]+/attachments')
MESSAGES_PER_S, MESSAGES_AT_ONCE = 50, 100
MESSAGES_IN_A_POST = 4
"""A browser without WebSockets sends up to 16 messages with one POST; few are full."""
MAX_SESSIONS = 1_000


class RequestLimits:
    """Answers a body that is too long with 413, and slows down who sends too often."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._posting = TokenBuckets(MESSAGES_PER_S, MESSAGES_AT_ONCE, most=MAX_SESSIONS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or socket, as ASGI has it."""
        if scope['type'] == 'websocket':
            await self._app(scope, _slowed(receive), send)
        elif scope['type'] == 'http':
            await self._request(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        most = MAX_UPLOAD_BYTES if UPLOAD.fullmatch(scope['path']) else MAX_BODY_BYTES
        if _is_longer(Headers(scope=scope).get('content-length', ''), most):
            await refusal(413, _too_long(most))(scope, receive, send)
            return
        if scope['method'] == 'POST' and scope['path'].startswith(SOCKET_PATH):
            await asyncio.sleep(self._posting.of(_session(scope['query_string'])).take(MESSAGES_IN_A_POST))
        await _Bounded(receive, send, most).serve(self._app, scope)


def _slowed(receive: Receive) -> Receive:
    bucket = TokenBucket(MESSAGES_PER_S, MESSAGES_AT_ONCE)

    async def receive_in_time() -> Message:
        message = await receive()
        if message['type'] == 'websocket.receive' and (wait := bucket.take()):
            await asyncio.sleep(wait)
        return message
    return receive_in_time


def _session(query: bytes) -> str:
    """Of engine.io, as far as the query names one."""
    found = re.search(rb'(?:^|&)sid=([^&]{1,100})', query)
    return found[1].decode('latin-1') if found else ''


class _Bounded:
    """A request whose body may have so many bytes. One that goes on ends, to the app, as if its sender had left."""

    def __init__(self, receive: Receive, send: Send, most: int) -> None:
        self._receive = receive
        self._send = send
        self._most = most
        self._arrived = 0
        self._is_answered = False

    async def serve(self, app: ASGIApp, scope: Scope) -> None:
        """Have the app answer it, or answer that it is too long."""
        try:
            await app(scope, self._receive_counted, self._send_unless_too_long)
        except Exception:
            if not self._is_too_long:
                raise
        if self._is_too_long and not self._is_answered:
            # closed after it: there may be no end of what would have to be read first
            answer = refusal(413, _too_long(self._most), {'Connection': 'close'})
            await answer(scope, self._receive, self._send)

    @property
    def _is_too_long(self) -> bool:
        return self._arrived > self._most

    async def _receive_counted(self) -> Message:
        if self._is_too_long:
            return {'type': 'http.disconnect'}
        message = await self._receive()
        self._arrived += len(message.get('body', b''))
        return {'type': 'http.disconnect'} if self._is_too_long else message

    async def _send_unless_too_long(self, message: Message) -> None:
        if self._is_answered or not self._is_too_long:
            self._is_answered = True
            await self._send(message)


def _is_longer(length: str, most: int) -> bool:
    return length.isascii() and length.isdigit() and (len(length) > len(str(most)) or int(length) > most)


def _too_long(most: int) -> str:
    return f'the body may have at most {number(most)} bytes'
