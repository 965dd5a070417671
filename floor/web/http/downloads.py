"""Files that people take away: each in pieces, a few at a time for one person, and none without end.

A piece is read when the one before it has been sent, so a slow reader costs neither memory nor a connection to the
database. A reader that stops reading is cut off by the server itself: middleware/slow_peers.py.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
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
PATIENCE_S = 5.0
MAX_DURATION_S = 600.0
CUT_OFF = 'cut_off'
"""Name of a function in the state of a request, where the server gives one: ends its connection at once."""


class Downloads:
    """How many downloads each person has under way."""

    def __init__(self, at_once: int = AT_ONCE, patience: float = PATIENCE_S, longest: float = MAX_DURATION_S) -> None:
        """patience: seconds that one more waits for its turn, as the photos of a page do. longest: seconds that one may
        take."""
        self._at_once = at_once
        self._patience = patience
        self._longest = longest
        self._under_way: Counter[str] = Counter()
        self._one_ended = asyncio.Condition()

    async def response(self, who: Identity, peer: Address | None, pieces: AsyncGenerator[Any, None], media_type: str,
                       headers: Mapping[str, str], *, status: int = 200) -> StreamingResponse:
        """The answer that sends the pieces, text or bytes. The first is read here: what it raises is raised.

        peer: where the request comes from. People without an e-mail address may share a name, and are
        distinguished by this.
        :raises TooManyDownloadsError: this person has as many under way as they may
        """
        name = who.rate_limit_key(peer.host if peer else None)
        try:
            async with asyncio.timeout(self._patience), self._one_ended:
                await self._one_ended.wait_for(lambda: self._under_way[name] < self._at_once)
                self._under_way[name] += 1
        except TimeoutError:
            await pieces.aclose()
            raise TooManyDownloadsError(f'You have {self._at_once} downloads in progress: wait until one of them is '
                                        f'complete',
                                        self._patience) from None

        async def ended() -> None:
            async with self._one_ended:
                self._under_way[name] -= 1
                self._under_way += Counter()  # names without any are forgotten
                self._one_ended.notify_all()
        try:
            first = await anext(pieces, b'')
        except BaseException:
            await ended()
            raise
        return _Download(_from_first(first, pieces), ended, self._longest, name, status_code=status,
                         media_type=media_type, headers={'Cache-Control': 'no-store', **headers})



def too_many(error: TooManyDownloadsError) -> Response:
    """The answer to a person's browser."""
    return PlainTextResponse(full_stop(error), 429, {'Retry-After': str(math.ceil(error.retry_after)),
                                                     'Cache-Control': 'no-store'})


class _Download(StreamingResponse):
    """Sends pieces for at most so long."""

    def __init__(self, pieces: AsyncIterator[Any], ended: Callable[[], Any], longest: float, who: str,
                 **options: Any) -> None:
        super().__init__(pieces, **options)
        self._ended = ended
        self._longest = longest
        self._who = who

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(self._longest):
                await super().__call__(scope, receive, send)
        except TimeoutError:
            log.warning('a download was ended after %g s', self._longest,
                        extra={'who': self._who, 'path': scope['path']})
            cut_off = scope.get('state', {}).get(CUT_OFF)
            if cut_off is None:
                raise
            cut_off()  # an answer that only ended would look whole
        finally:
            await self._ended()


async def _from_first(first: Any, rest: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
    async with aclosing(rest):
        yield first
        async for piece in rest:
            yield piece
