"""How many files may be sent to us at once, and how much of them is in memory: for one person and in all.

A place is taken before the body of an upload is read. Until there is memory for it, the body stays unread, and TCP
holds its sender back.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from starlette.requests import HTTPConnection

from ..core.errors import TooManyUploadsError, UploadsBusyError, UploadTooSlowError
from ..core.people import Identity
from .work_order_files import MOST_BYTES

AROUND_A_FILE = 64 * 1024
"""What a form may add to the one file in it."""
LARGEST_BODY = MOST_BYTES + AROUND_A_FILE
MOST_OF_ONE, MOST_IN_ALL = 50, 200
"""Uploads under way or waiting. As many files as an order holds may be chosen at once."""
BYTES_OF_ONE, BYTES_IN_ALL = 24 * 1024 * 1024, 64 * 1024 * 1024
PATIENCE_S = 60.0
ARRIVES_WITHIN_S = 300.0
ASK_AGAIN_S = 5.0
LONGEST_NUMBER = 12


class UploadQueue:
    """Gives each upload a place, or refuses it."""

    def __init__(self, *, most_of_one: int = MOST_OF_ONE, most_in_all: int = MOST_IN_ALL,
                 bytes_of_one: int = BYTES_OF_ONE, bytes_in_all: int = BYTES_IN_ALL, patience: float = PATIENCE_S
                 ) -> None:
        """patience: seconds that an upload waits for memory, unread."""
        self._most_of_one, self._most_in_all = most_of_one, most_in_all
        self._bytes_of_one, self._bytes_in_all = bytes_of_one, bytes_in_all
        self._patience = patience
        self._uploads: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()
        self._one_ended = asyncio.Condition()

    @property
    def uploads(self) -> int:
        """Under way or waiting."""
        return self._uploads.total()

    @property
    def bytes_in_memory(self) -> int:
        """What the uploads that are read may have in memory."""
        return self._bytes.total()

    @asynccontextmanager
    async def place(self, who: Identity, host: str | None, size: int | None) -> AsyncIterator[None]:
        """Within it the body may be read and its file be kept.

        host: where the request comes from. size: of the body in bytes; None: it does not say.
        :raises TooManyUploadsError: this person has as many under way as they may
        :raises UploadsBusyError: all others together have, or there was no memory in time
        """
        name, most = who.rate_limit_key(host), LARGEST_BODY if size is None else min(size, LARGEST_BODY)
        if self._uploads[name] >= self._most_of_one:
            raise TooManyUploadsError(f'you are sending {self._most_of_one} files already, which is as many as one '
                                      'person may at once: wait until one of them is stored, then send this one again',
                                      ASK_AGAIN_S)
        if self._uploads.total() >= self._most_in_all:
            raise self._busy()
        self._uploads[name] += 1
        try:
            await self._take_memory(name, most)
            try:
                yield
            finally:
                self._bytes[name] -= most
        finally:
            self._uploads[name] -= 1
            self._uploads, self._bytes = +self._uploads, +self._bytes  # names without any are forgotten
            async with self._one_ended:
                self._one_ended.notify_all()

    async def _take_memory(self, name: str, most: int) -> None:
        try:
            async with asyncio.timeout(self._patience), self._one_ended:
                await self._one_ended.wait_for(lambda: self._has_memory(name, most))
                self._bytes[name] += most
        except TimeoutError:
            raise self._busy() from None

    def _has_memory(self, name: str, most: int) -> bool:
        return (self._bytes[name] + most <= self._bytes_of_one
                and self._bytes.total() + most <= self._bytes_in_all)

    def _busy(self) -> UploadsBusyError:
        return UploadsBusyError('too many files are being sent at this moment: nothing of this one is stored. Send it '
                                'again in a minute', self._patience)


@asynccontextmanager
async def arriving(within: float = ARRIVES_WITHIN_S) -> AsyncIterator[None]:
    """For reading the body: a sender that has gone without a word keeps its place no longer than that.

    :raises UploadTooSlowError: it has not arrived by then
    """
    try:
        async with asyncio.timeout(within):
            yield
    except TimeoutError:
        raise UploadTooSlowError(f'the file did not arrive within {within:g} s: nothing of it is stored. Send it again '
                                 'where the connection is better, or a smaller one') from None


def place_for(uploads: UploadQueue, who: Identity, request: HTTPConnection) -> AbstractAsyncContextManager[None]:
    """The same for a request. A server takes no more of a body than its Content-Length says."""
    size = request.headers.get('content-length', '')
    return uploads.place(who, request.client.host if request.client else None,
                         int(size) if size.isascii() and size.isdigit() and len(size) <= LONGEST_NUMBER else None)
