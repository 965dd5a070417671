"""Keeps the files of pages in memory, compressed: stylesheets, icons, and the scripts of NiceGUI.

A browser that opens a page for the first time requests about thirty of them. To read and to compress them each time
took more of the processor than to build the page.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..live.nicegui_bridge import FILE_PATH
from .compression import accepts_gzip

FILE = re.compile(rf'(/assets|{FILE_PATH})(/[\w-][\w.-]*)+')
"""The paths of files, of which there is a fixed number: each segment begins with a letter, a digit, _ or -."""
MAX_BYTES = 16_000_000
SPECIAL = frozenset({'range', 'if-none-match', 'if-modified-since', 'if-match', 'if-unmodified-since', 'if-range'})
"""Headers of requests for less than the whole file."""
OK = 200


def is_of_file(path: str) -> bool:
    """Whether a path of this app may be that of a file."""
    return FILE.fullmatch(path) is not None


@dataclass(slots=True)
class StoredFile:
    """A response with a file."""

    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b''
    is_complete: bool = False

    def add(self, message: Message) -> None:
        """Add a message of the response."""
        if message['type'] == 'http.response.start':
            self.headers = list(message['headers']) if message['status'] == OK else []
        elif message['type'] == 'http.response.body':
            self.body += message.get('body', b'')
            headers = Headers(raw=self.headers)
            self.is_complete = bool(self.headers) and not message.get('more_body', False) \
                and headers.get('content-length') in {None, str(len(self.body))} and 'set-cookie' not in headers

    async def send(self, send: Send) -> None:
        """Send it."""
        headers = MutableHeaders(raw=list(self.headers))
        headers['content-length'] = str(len(self.body))
        await send({'type': 'http.response.start', 'status': OK, 'headers': headers.raw})
        await send({'type': 'http.response.body', 'body': self.body})


class FileMemory:
    """Answers from memory from the second request for a file on, whatever its query is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._files: dict[str, StoredFile] = {}
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope['type'] != 'http' or not is_of_file(scope['path']) or not _is_for_whole_file(scope):
            await self._app(scope, receive, send)
        elif (file := self._files.get(scope['path'])) is not None:
            await file.send(send)
        else:
            await self._read(scope, send)

    async def _read(self, scope: Scope, send: Send) -> None:
        file, is_asked = StoredFile(), False

        async def receive_once() -> Message:
            """Only the request, which has no body: of a client that leaves, even before its request is looked at, the
            file is read to its end, as others ask for it too."""
            nonlocal is_asked
            if is_asked:
                await asyncio.Event().wait()
            is_asked = True
            return {'type': 'http.request', 'body': b'', 'more_body': False}

        async def send_and_store(message: Message) -> None:
            file.add(message)
            await send(message)

        await self._app(scope, receive_once, send_and_store)
        if file.is_complete and self._bytes + len(file.body) <= MAX_BYTES and scope['path'] not in self._files:
            self._files[scope['path']] = file
            self._bytes += len(file.body)


def _is_for_whole_file(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    return scope['method'] == 'GET' and SPECIAL.isdisjoint(headers.keys()) \
        and accepts_gzip(','.join(headers.getlist('accept-encoding')))
