"""Responses with attachments of work orders, for pages and for the REST interface.

A file is sent with the media type that was detected when it was stored, never as a page and without scripts, and is
saved under its own name. Files never change, so browsers may cache them.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal
from urllib.parse import quote

from fastapi import HTTPException, Request, Response

from ...core.formatting import number
from ...core.orders import Attachment
from ...core.people import Identity
from ...core.resources import resource_folder
from ...orders.work_orders import WorkOrders
from ..http.downloads import Downloads
from ..http.entity_tags import knows

SUFFIXES = {'image/jpeg': ('.jpg', '.jpeg'), 'image/png': ('.png',), 'image/gif': ('.gif',), 'image/webp': ('.webp',),
            'application/pdf': ('.pdf',)}
SAFE = {'X-Content-Type-Options': 'nosniff', 'Cross-Origin-Resource-Policy': 'same-origin',
        'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
KEPT = {'Cache-Control': 'private, max-age=31536000, immutable'}
NO_PREVIEW = resource_folder('assets') / 'icons' / 'no_preview.svg'

Place = Literal['inline', 'attachment']


class AttachmentResponses:
    """Serves files and their thumbnails."""

    def __init__(self, orders: WorkOrders, downloads: Downloads) -> None:
        self._orders = orders
        self._downloads = downloads

    async def find(self, order_id: str, attachment_id: int) -> Attachment:
        """The metadata of a file.

        :raises NotFoundError: there is no such file
        """
        return await self._orders.attachment(order_id, attachment_id)

    async def file(self, request: Request, who: Identity, file: Attachment, *, place: Place) -> Response:
        """The file, or the requested range of it.

        :raises TooManyDownloadsError: this person has the maximum number of active downloads
        :raises HTTPException: 416, the range is outside of the file
        """
        tag = f'"{file.id}-{file.size}"'
        headers = {**SAFE, **KEPT, 'ETag': tag, 'Accept-Ranges': 'bytes',
                   'Content-Disposition': disposition(file, place)}
        if knows(request, tag):
            return Response(status_code=304, headers=headers)
        span, status = range(file.size), 200
        asked = request.headers.get('range')
        if asked and request.headers.get('if-range', tag) == tag and (part := byte_range(asked, file.size)) is not None:
            span, status = part, 206
            if not part:
                raise HTTPException(416, f'the range is outside of the file, which has {number(file.size)} bytes',
                                    {'Content-Range': f'bytes */{file.size}'})
            headers['Content-Range'] = f'bytes {part.start}-{part.stop - 1}/{file.size}'
        headers['Content-Length'] = str(len(span))
        return await self._downloads.response(who, request.client, self._orders.content(file, span), file.media_type,
                                              headers, status=status)

    async def thumbnail(self, request: Request, order_id: str, attachment_id: int) -> Response:
        """A small JPEG of a picture, or an icon if the picture cannot be decoded.

        :raises NotFoundError: there is no such picture
        """
        tag = f'"{attachment_id}-thumbnail"'
        content = await self._orders.thumbnail(order_id, attachment_id)
        if not content:
            return Response(NO_PREVIEW.read_bytes(), media_type='image/svg+xml',
                            headers={**SAFE, 'Cache-Control': 'private, no-cache'})
        headers = {**SAFE, **KEPT, 'ETag': tag, 'Content-Disposition': 'inline; filename="thumbnail.jpg"'}
        if knows(request, tag):
            return Response(status_code=304, headers=headers)
        return Response(content, media_type='image/jpeg', headers=headers)


def disposition(file: Attachment, place: Place) -> str:
    """The Content-Disposition of a file: its name without path separators, with a suffix for its media type."""
    name = ''.join('_' if letter in '\\/:*?"<>|' or unicodedata.category(letter)[0] == 'C' else letter
                   for letter in file.file_name).strip(' .') or 'attachment'
    suffixes = SUFFIXES.get(file.media_type, ())
    if not name.lower().endswith(suffixes):
        name += suffixes[0]
    plain = re.sub(r'[^ -~]|[%\']', '_', name)
    return f'{place}; filename="{plain}"; filename*=UTF-8\'\'{quote(name, safe="")}'


def byte_range(header: str, size: int) -> range | None:
    """The bytes of a Range header; empty: outside of the file; None: the header is ignored (RFC 9110, 14.2), as for
    several ranges."""
    found = re.fullmatch(r'bytes=\s*(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))\s*', header, re.ASCII)
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        return range(max(0, size - int(suffix)), size) if int(suffix) else range(0)
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1, size) if last else size)
