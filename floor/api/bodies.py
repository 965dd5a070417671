"""What may be sent to the REST interface: JSON that says so. How much of it, intake.py says.

A page of another site can make a browser send a form or plain text to us, with the rights of who sits before it; JSON
it cannot send without asking first, and nobody here says yes. So the media type is a lock, not a formality.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from email.message import Message
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute

from .entity_tags import with_tag


class JsonRoute(APIRoute):
    """A path that takes JSON, if it takes anything: 415 for other media types. What it gives has an ETag."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The same, looked at before anybody reads it."""
        answer = super().get_route_handler()

        async def checked(request: Request) -> Response:
            if self.body_field is not None:
                _check_media_type(request.headers.get('content-type', ''))
            return with_tag(request, await answer(request))

        return checked


def _check_media_type(said: str) -> None:
    header = Message()
    header['content-type'] = said
    kind, subtype = header.get_content_maintype(), header.get_content_subtype()
    if kind != 'application' or not (subtype == 'json' or subtype.endswith('+json')):
        raise HTTPException(415, 'send JSON, with the header Content-Type: application/json')
