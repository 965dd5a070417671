"""Limits the size of request bodies, counted as they arrive, and the rate of messages from sockets.

A socket that exceeds the rate is not closed but read slowly: TCP then slows down the sender, and no message is lost.
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
"""Maximum size of a body; and of one message of a socket, which is the limit of engine.io."""
UPLOAD = re.compile(UPLOAD_PATH + r'|/api/work-orders/[^/]+/attachments|/api/plant/import')
MESSAGES_PER_S, MESSAGES_AT_ONCE = 50, 100
MESSAGES_IN_A_POST = 4
"""A browser without WebSockets sends up to 16 messages with one POST; few are full."""
MAX_SESSIONS = 1_000


class RequestLimits:
    """Refuses bodies that are too long with 413, and slows down sockets that exceed the rate."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._posting = TokenBuckets(MESSAGES_PER_S, MESSAGES_AT_ONCE, most=MAX_SESSIONS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or socket."""
        if scope['type'] == 'websocket':
            await self._app(scope, _slowed(receive), send)
        elif scope['type'] == 'http':
            await self._request(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = MAX_UPLOAD_BYTES if UPLOAD.fullmatch(scope['path']) else MAX_BODY_BYTES
        if _is_longer(Headers(scope=scope).get('content-length', ''), limit):
            await refusal(413, _too_long(limit))(scope, receive, send)
            return
        if scope['method'] == 'POST' and scope['path'].startswith(SOCKET_PATH):
            await asyncio.sleep(self._posting.of(_session(scope['query_string'])).take(MESSAGES_IN_A_POST))
        await _LimitedRequest(receive, send, limit).serve(self._app, scope)


def _slowed(receive: Receive) -> Receive:
    bucket = TokenBucket(MESSAGES_PER_S, MESSAGES_AT_ONCE)

    async def receive_in_time() -> Message:
        message = await receive()
        if message['type'] == 'websocket.receive' and (wait := bucket.take()):
            await asyncio.sleep(wait)
        return message
    return receive_in_time


def _session(query: bytes) -> str:
    """The engine.io session in the query; empty: none."""
    found = re.search(rb'(?:^|&)sid=([^&]{1,100})', query)
    return found[1].decode('latin-1') if found else ''


class _LimitedRequest:
    """A request with a limited body. A longer body ends for the app as if the client had disconnected."""

    def __init__(self, receive: Receive, send: Send, limit: int) -> None:
        self._receive = receive
        self._send = send
        self._limit = limit
        self._received = 0
        self._is_answered = False

    async def serve(self, app: ASGIApp, scope: Scope) -> None:
        """Let the app respond, or respond that the body is too long."""
        try:
            await app(scope, self._receive_counted, self._send_unless_too_long)
        except Exception:
            if not self._is_too_long:
                raise
        if self._is_too_long and not self._is_answered:
            # the connection is closed: the rest of the body, which may be endless, is not read
            answer = refusal(413, _too_long(self._limit), {'Connection': 'close'})
            await answer(scope, self._receive, self._send)

    @property
    def _is_too_long(self) -> bool:
        return self._received > self._limit

    async def _receive_counted(self) -> Message:
        if self._is_too_long:
            return {'type': 'http.disconnect'}
        message = await self._receive()
        self._received += len(message.get('body', b''))
        return {'type': 'http.disconnect'} if self._is_too_long else message

    async def _send_unless_too_long(self, message: Message) -> None:
        if self._is_answered or not self._is_too_long:
            self._is_answered = True
            await self._send(message)


def _is_longer(length: str, limit: int) -> bool:
    return length.isascii() and length.isdigit() and (len(length) > len(str(limit)) or int(length) > limit)


def _too_long(limit: int) -> str:
    return f'the body may have at most {number(limit)} bytes'
