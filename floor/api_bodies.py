"""What may be sent to the REST interface: JSON that says so, and not more of it than a work order has.

A page of another site can make a browser send a form or plain text to us, with the rights of who sits before it; JSON
it can not send without asking first, and nobody here says yes. So the media type is a lock, not a formality.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from email.message import Message
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute
from starlette.types import Message as Received

MOST_BYTES = 1_000_000


class JsonRoute(APIRoute):
    """A path that takes JSON, if it takes anything: 415 for other media types, 413 for more than MOST_BYTES."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The same, looked at before anybody reads it."""
        answer = super().get_route_handler()
        if self.body_field is None:
            return answer

        async def checked(request: Request) -> Response:
            _check_media_type(request.headers.get('content-type', ''))
            _check_length(request.headers.get('content-length', ''))
            return await answer(Request(request.scope, _Bounded(request).receive))

        return checked


class _Bounded:
    """A body that ends with an error when it turns out to be longer than its sender said."""

    def __init__(self, request: Request) -> None:
        self._receive = request.receive
        self._bytes = 0

    async def receive(self) -> Received:
        received = await self._receive()
        self._bytes += len(received.get('body', b''))
        _check_length(str(self._bytes))
        return received


def _check_media_type(said: str) -> None:
    header = Message()
    header['content-type'] = said
    kind, subtype = header.get_content_maintype(), header.get_content_subtype()
    if kind != 'application' or not (subtype == 'json' or subtype.endswith('+json')):
        raise HTTPException(415, 'send JSON, with the header Content-Type: application/json')


def _check_length(said: str) -> None:
    if said.isascii() and said.isdigit() and (len(said) > len(str(MOST_BYTES)) or int(said) > MOST_BYTES):
        raise HTTPException(413, f'the body may have at most {MOST_BYTES:,} bytes')
