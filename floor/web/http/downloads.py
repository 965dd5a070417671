"""Streamed downloads, with limits per person and for their duration.

Each part is read when the one before was sent, so that a slow client needs neither memory nor a database connection.
middleware/slow_peers.py closes the connections of clients that stop reading.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any

from fastapi import Response
from fastapi.responses import PlainTextResponse, StreamingResponse
from starlette.datastructures import Address
from starlette.types import Receive, Scope, Send

from ...core.errors import TooManyDownloadsError
from ...core.people import Identity
from ...core.sentences import full_stop

log = logging.getLogger(__name__)

AT_ONCE = 8
QUEUE_TIMEOUT_S = 5.0
MAX_DURATION_S = 600.0
CUT_OFF = 'cut_off'
"""Name of a function in the state of a request, which the server provides: closes its connection immediately."""


class Downloads:
    """Counts the active downloads of each person."""

    def __init__(self, at_once: int = AT_ONCE, queue_timeout: float = QUEUE_TIMEOUT_S,
                 max_duration: float = MAX_DURATION_S) -> None:
        """at_once: the maximum per person. queue_timeout: seconds that further downloads wait, such as the photos of a
        page. max_duration: seconds of one download."""
        self._at_once = at_once
        self._queue_timeout = queue_timeout
        self._max_duration = max_duration
        self._active: Counter[str] = Counter()
        self._one_ended = asyncio.Condition()

    @asynccontextmanager
    async def slot(self, who: Identity, peer: Address | None) -> AsyncIterator[None]:
        """Count the block as a download.

        :raises TooManyDownloadsError: this person has the maximum number of active downloads
        """
        name = who.rate_limit_key(peer.host if peer else None)
        await self._begin(name)
        try:
            yield
        finally:
            await self._end(name)

    async def response(self, who: Identity, peer: Address | None, pieces: AsyncGenerator[Any, None], media_type: str,
                       headers: Mapping[str, str], *, status: int = 200) -> StreamingResponse:
        """A response that streams the parts, text or bytes. The first part is read here, so that its errors are raised.

        peer: the address of the client, which distinguishes people without an e-mail address, who may share a name.
        :raises TooManyDownloadsError: this person has the maximum number of active downloads
        """
        name = who.rate_limit_key(peer.host if peer else None)
        try:
            await self._begin(name)
        except TooManyDownloadsError:
            await pieces.aclose()
            raise
        try:
            first = await anext(pieces, b'')
        except BaseException:
            await self._end(name)
            raise
        return _Download(_from_first(first, pieces), lambda: self._end(name), self._max_duration, name,
                         status_code=status, media_type=media_type, headers={'Cache-Control': 'no-store', **headers})

    async def _begin(self, name: str) -> None:
        try:
            async with asyncio.timeout(self._queue_timeout), self._one_ended:
                await self._one_ended.wait_for(lambda: self._active[name] < self._at_once)
                self._active[name] += 1
        except TimeoutError:
            raise TooManyDownloadsError(f'You have {self._at_once} downloads in progress: wait until one of them is '
                                        f'complete', self._queue_timeout) from None

    async def _end(self, name: str) -> None:
        async with self._one_ended:
            self._active[name] -= 1
            self._active += Counter()  # removes names without downloads
            self._one_ended.notify_all()


def too_many(error: TooManyDownloadsError) -> Response:
    """The response with status 429 for a browser."""
    return PlainTextResponse(full_stop(error), 429, {'Retry-After': str(math.ceil(error.retry_after)),
                                                     'Cache-Control': 'no-store'})


class _Download(StreamingResponse):
    """Streams for a limited time."""

    def __init__(self, pieces: AsyncIterator[Any], ended: Callable[[], Any], max_duration: float, who: str,
                 **options: Any) -> None:
        super().__init__(pieces, **options)
        self._ended = ended
        self._max_duration = max_duration
        self._who = who

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(self._max_duration):
                await super().__call__(scope, receive, send)
        except TimeoutError:
            log.warning('a download was aborted after %g s', self._max_duration,
                        extra={'who': self._who, 'path': scope['path']})
            cut_off = scope.get('state', {}).get(CUT_OFF)
            if cut_off is None:
                raise
            cut_off()  # otherwise the client would take the truncated file for a complete one
        finally:
            await self._ended()


async def _from_first(first: Any, rest: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
    async with aclosing(rest):
        yield first
        async for piece in rest:
            yield piece
