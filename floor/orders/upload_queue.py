"""Limits concurrent uploads and their memory, per person and in total.

An upload takes a slot before its body is read. Until there is memory for it, the body stays unread, and TCP flow
control stops the sender.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from starlette.requests import HTTPConnection

from ..core.errors import TooManyUploadsError, UploadsBusyError, UploadTooSlowError
from ..core.people import Identity
from .work_order_files import MAX_FILE_BYTES

FORM_OVERHEAD_BYTES = 64 * 1024
"""What multipart encoding may add to a file."""
MAX_UPLOAD_BYTES = MAX_FILE_BYTES + FORM_OVERHEAD_BYTES
MAX_PER_PERSON, MAX_TOTAL = 50, 200
"""Uploads that are running or waiting. People can choose as many files at once as an order can have."""
MAX_BYTES_PER_PERSON, MAX_BYTES_TOTAL = 24 * 1024 * 1024, 64 * 1024 * 1024
MEMORY_TIMEOUT_S = 60.0
BODY_TIMEOUT_S = 300.0
RETRY_AFTER_S = 5.0
MAX_DIGITS = 12


class UploadQueue:
    """Gives each upload a slot, or refuses it."""

    def __init__(self, *, max_per_person: int = MAX_PER_PERSON, max_total: int = MAX_TOTAL,
                 max_bytes_per_person: int = MAX_BYTES_PER_PERSON, max_bytes_total: int = MAX_BYTES_TOTAL,
                 memory_timeout: float = MEMORY_TIMEOUT_S) -> None:
        """memory_timeout: seconds that an upload waits for memory, unread."""
        self._max_per_person, self._max_total = max_per_person, max_total
        self._max_bytes_per_person, self._max_bytes_total = max_bytes_per_person, max_bytes_total
        self._memory_timeout = memory_timeout
        self._uploads: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()
        self._released = asyncio.Condition()

    @property
    def uploads(self) -> int:
        """The number of uploads that are running or waiting."""
        return self._uploads.total()

    @property
    def bytes_in_memory(self) -> int:
        """The memory reserved for running uploads."""
        return self._bytes.total()

    @asynccontextmanager
    async def slot(self, who: Identity, host: str | None, size: int | None) -> AsyncIterator[None]:
        """A context in which the body may be read and its file be stored.

        host: the client's address. size: of the body in bytes, or None if the request does not announce it.
        :raises TooManyUploadsError: this person has max_per_person uploads
        :raises UploadsBusyError: there are max_total uploads, or no memory within memory_timeout
        """
        key, size = who.rate_limit_key(host), MAX_UPLOAD_BYTES if size is None else min(size, MAX_UPLOAD_BYTES)
        if self._uploads[key] >= self._max_per_person:
            raise TooManyUploadsError(f'you are already sending {self._max_per_person} files, the maximum for one '
                                      'person: wait until one of them is stored, then send this one again',
                                      RETRY_AFTER_S)
        if self._uploads.total() >= self._max_total:
            raise self._busy()
        self._uploads[key] += 1
        try:
            await self._reserve_memory(key, size)
            try:
                yield
            finally:
                self._bytes[key] -= size
        finally:
            self._uploads[key] -= 1
            self._uploads, self._bytes = +self._uploads, +self._bytes  # removes keys whose value is 0
            async with self._released:
                self._released.notify_all()

    async def _reserve_memory(self, key: str, size: int) -> None:
        try:
            async with asyncio.timeout(self._memory_timeout), self._released:
                await self._released.wait_for(lambda: self._has_memory(key, size))
                self._bytes[key] += size
        except TimeoutError:
            raise self._busy() from None

    def _has_memory(self, key: str, size: int) -> bool:
        return (self._bytes[key] + size <= self._max_bytes_per_person
                and self._bytes.total() + size <= self._max_bytes_total)

    def _busy(self) -> UploadsBusyError:
        return UploadsBusyError('too many files are being sent: this file was not stored. Send it again in a minute',
                                self._memory_timeout)


@asynccontextmanager
async def body_timeout(within: float = BODY_TIMEOUT_S) -> AsyncIterator[None]:
    """A time-out for reading a body, so that a sender that has disappeared does not keep its slot.

    :raises UploadTooSlowError: the body has not arrived after `within` seconds
    """
    try:
        async with asyncio.timeout(within):
            yield
    except TimeoutError:
        raise UploadTooSlowError(f'the file did not arrive within {within:g} s and was not stored. Send it again over '
                                 'a better connection, or send a smaller file') from None


def slot_for(uploads: UploadQueue, who: Identity, request: HTTPConnection) -> AbstractAsyncContextManager[None]:
    """The slot of a request. The server reads no more of a body than its Content-Length."""
    size = request.headers.get('content-length', '')
    return uploads.slot(who, request.client.host if request.client else None,
                        int(size) if size.isascii() and size.isdigit() and len(size) <= MAX_DIGITS else None)
