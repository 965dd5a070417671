"""Responses with CSV files. An error is raised, and answered as problem details (floor/web/api/problems.py)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from datetime import datetime, tzinfo

from fastapi import Request, Response

from ...core.people import Identity
from .downloads import Downloads

Identify = Callable[[Mapping[str, str]], Identity]
Read = Callable[[], Awaitable[AsyncGenerator[str, None]]]


class CsvResponses:
    """Serves all CSV files of the pages."""

    def __init__(self, downloads: Downloads, zone: tzinfo) -> None:
        """zone: the plant's time zone, for the time in file names."""
        self._downloads = downloads
        self._zone = zone

    async def response(self, request: Request, identify: Identify, name: str, read: Read) -> Response:
        """A response that streams the file.

        identify: returns the identity for headers. name: the file name without time and suffix. read: returns the
        parts of the file.
        :raises FloorError: the file is refused, or its first part cannot be read
        """
        who = identify(request.headers)
        now = datetime.now(self._zone)
        return await self._downloads.response(who, request.client, await read(), 'text/csv; charset=utf-8', {
            'Content-Disposition': f'attachment; filename="{name}-{now:%Y-%m-%d-%H%M}.csv"'})
