"""Responses with files. An error is raised, and answered as problem details (floor/web/api/problems.py)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import quote

from fastapi import Request, Response

from .caller import Identify
from .downloads import Downloads

MEDIA_TYPES = {'csv': 'text/csv; charset=utf-8',
               'xlsx': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'}


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file that is being made. name: with its suffix, csv or xlsx. pieces: texts or bytes."""

    name: str
    pieces: AsyncGenerator[str, None] | AsyncGenerator[bytes, None]


Read = Callable[[], Awaitable[NamedFile]]


class FileResponses:
    """Serves all files that the pages offer, but attachments."""

    def __init__(self, downloads: Downloads) -> None:
        self._downloads = downloads

    async def response(self, request: Request, identify: Identify, read: Read) -> Response:
        """A response that streams the file.

        identify: returns the identity of a request. read: returns the file.
        :raises FloorError: the file is refused, or its first part cannot be read
        """
        who = identify(request)
        file = await read()
        media_type = MEDIA_TYPES[file.name.rpartition('.')[2]]
        return await self._downloads.response(who, request.client, file.pieces, media_type,
                                              {'Content-Disposition': disposition(file.name)})


def disposition(name: str) -> str:
    """The header for a download with this name (RFC 6266)."""
    plain = name.encode('ascii', 'replace').decode().replace('?', '_').replace('"', '_').replace('\\', '_')
    encoded = '' if plain == name else f"; filename*=UTF-8''{quote(name)}"
    return f'attachment; filename="{plain}"{encoded}'
