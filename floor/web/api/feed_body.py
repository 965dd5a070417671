"""Bodies that feeds send: one event, an array, or one in each line (NDJSON); also compressed with gzip, or a form."""

from __future__ import annotations

import zlib
from typing import Any
from urllib.parse import parse_qsl

from fastapi import HTTPException, Request
from starlette.requests import ClientDisconnect

from ...core.formatting import number
from ...feed.ingest import MAX_EVENTS, EventResult, FeedEvent, Result
from .bodies import UnreadableBodyError, is_json, media_type_of, read_json
from .feed_forms import read_event

MAX_BYTES = 4_000_000
"""Of a body after decompression."""
LINES = {'application/x-ndjson', 'application/ndjson', 'application/jsonl'}
FORM = 'application/x-www-form-urlencoded'

Events = list[FeedEvent | EventResult]


async def read_events(request: Request) -> tuple[Events, bool]:
    """The events of a body, and whether it is a single one.

    :raises HTTPException: 400 or 413 to 422, for a body that cannot be read as a whole
    """
    body, kind = await _body(request), _kind(request)
    if kind in LINES:
        lines = [line for line in body.split(b'\n') if line.strip()]
        return [_line(line) for line in _at_most(lines)], False
    if not is_json(kind):
        raise HTTPException(415, 'send JSON (Content-Type: application/json) or a JSON value in each line '
                                 '(Content-Type: application/x-ndjson)')
    value = read_json(body)
    if isinstance(value, list):
        return [read_event(each) for each in _at_most(value)], False
    return [read_event(value)], True


async def read_event_of(request: Request, machine: str) -> FeedEvent | EventResult:
    """The event of a body that does not name its machine: a JSON object or a form.

    :raises HTTPException: as read_events
    """
    body, kind = await _body(request), _kind(request)
    if kind == FORM:
        try:
            fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=10, errors='strict')
        except ValueError as error:
            raise UnreadableBodyError(400, 'the body is not a form in UTF-8: send status=down') from error
        if len(dict(fields)) < len(fields):
            raise UnreadableBodyError(422, 'a field is in the body twice: send each once')
        return read_event({name: value or None for name, value in fields}, machine)
    if not is_json(kind):
        raise HTTPException(415, f'send JSON (Content-Type: application/json) or a form (Content-Type: {FORM})')
    return read_event(read_json(body), machine)


def _line(line: bytes) -> FeedEvent | EventResult:
    try:
        return read_event(read_json(line))
    except UnreadableBodyError as error:
        return EventResult(Result.REFUSED, str(error.detail).replace('the body', 'this line'))


def _at_most(events: list[Any]) -> list[Any]:
    if len(events) > MAX_EVENTS:
        raise UnreadableBodyError(422, f'{number(len(events))} events in the body: send at most {number(MAX_EVENTS)} '
                                       'in a request')
    return events


def _kind(request: Request) -> str:
    return media_type_of(request.headers.get('content-type', '')).get_content_type()


async def _body(request: Request) -> bytes:
    try:
        body = await request.body()
    except ClientDisconnect:  # as when a gateway is killed, or its network is lost
        raise HTTPException(400, 'the request was interrupted: send it again') from None
    coding = request.headers.get('content-encoding', '').strip().lower()
    if coding in {'', 'identity'}:
        return body
    if coding != 'gzip':
        raise HTTPException(415, f'send the body uncompressed or with gzip, not with Content-Encoding: {coding[:40]}',
                            {'Accept-Encoding': 'gzip, identity'})
    stream = zlib.decompressobj(wbits=31)
    try:
        whole = stream.decompress(body, MAX_BYTES)
    except zlib.error as error:
        raise UnreadableBodyError(400, 'the body is not compressed with gzip, as its Content-Encoding says') from error
    if stream.unconsumed_tail:
        raise HTTPException(413, f'the body may have at most {number(MAX_BYTES)} bytes when it is decompressed')
    if not stream.eof or stream.unused_data:
        raise UnreadableBodyError(400, 'the compressed body is not complete')
    return whole
