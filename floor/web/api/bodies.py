"""Bodies of REST requests: JSON with the matching media type. request_limits.py limits their size.

A page of another site can make a browser send a form or plain text with the rights of its user, but JSON only after a
preflight request, which is never allowed. The check of the media type is therefore a security measure.

Ambiguous bodies are refused: duplicate names, of which parsers take the first or the last, and invalid UTF-8.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from email.message import Message
from functools import lru_cache
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute

from ..http.entity_tags import with_tag

TEXT = {'', 'utf-8', 'utf8', 'us-ascii'}
"""Accepted values of charset in the media type: JSON is in UTF-8 (RFC 8259)."""


class UnreadableBodyError(HTTPException):
    """The body is invalid or ambiguous. errors: the invalid field, if it is one."""

    def __init__(self, status: int, detail: str, field: str | None = None) -> None:
        """field: name of the invalid field; None: the whole body."""
        super().__init__(status, detail)
        self.errors = None if field is None else [{'where': f'body.{field}', 'what': detail}]


class JsonRequest(Request):
    """A request with a strict JSON parser."""

    async def json(self) -> Any:
        """:raises UnreadableBodyError: the body is not JSON, or has a duplicate name"""
        return read_json(await self.body())


class JsonRoute(APIRoute):
    """A route that only accepts JSON bodies (415 for others) and adds an ETag to its response."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with checks of media type and encoding before the body is read."""
        answer = super().get_route_handler()

        async def checked(request: Request) -> Response:
            if self.body_field is not None:
                _check_media_type(request.headers.get('content-type', ''))
                _check_coding(request.headers.get('content-encoding', ''))
                request = JsonRequest(request.scope, request.receive)
            return with_tag(request, await answer(request))

        return checked


@lru_cache(100)
def media_type_of(content_type: str) -> Message:
    """The parsed header Content-Type. Programs send the same one with each event."""
    header = Message()
    header['content-type'] = content_type
    return header


def is_json(media_type: str) -> bool:
    """Whether a media type, in lower case, is one of JSON."""
    return media_type == 'application/json' or (media_type.startswith('application/') and media_type.endswith('+json'))


def _check_media_type(content_type: str) -> None:
    header = media_type_of(content_type)
    if not is_json(header.get_content_type()):
        raise HTTPException(415, 'send JSON, with the header Content-Type: application/json')
    charset = str(header.get_param('charset', ''))
    if charset.lower() not in TEXT:
        raise HTTPException(415, f'send JSON in UTF-8: the charset {charset[:40]} is not supported')


def _check_coding(coding: str) -> None:
    if coding.strip().lower() not in {'', 'identity'}:
        raise HTTPException(415, f'send the body uncompressed, without Content-Encoding: {coding[:40]}',
                            {'Accept-Encoding': 'identity'})


def read_json(body: bytes) -> Any:
    """Parse a body.

    :raises UnreadableBodyError: 400 if it is not JSON, 422 for a duplicate name
    """
    try:
        return json.loads(body.decode('utf-8-sig'), object_pairs_hook=_each_once, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise UnreadableBodyError(400, f'the body is not in UTF-8 (byte {error.start + 1}): send JSON in UTF-8'
                                  ) from error
    except json.JSONDecodeError as error:
        raise UnreadableBodyError(400, f'the body is not JSON (line {error.lineno}, column {error.colno}): {error.msg}'
                                  ) from error
    except RecursionError as error:
        raise UnreadableBodyError(400, 'the body is nested too deeply') from error
    except ValueError as error:  # Python does not parse numbers with more than 4,300 digits
        raise UnreadableBodyError(400, 'the body contains a number that is too long') from error


def _each_once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for name, value in members:
        if name in read:
            field = name[:100].encode(errors='replace').decode()
            raise UnreadableBodyError(422, f'duplicate field {field} in the body: send it once', field)
        read[name] = value
    return read


def _no_number(name: str) -> Any:
    raise UnreadableBodyError(400, f'the body is not JSON: {name} is not a number in JSON')
