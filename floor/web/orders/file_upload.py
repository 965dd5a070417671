"""An upload element whose response is the result for each file: stored, or refused with a status and the reason.

NiceGUI's upload responds with 200 before the file is processed, and with a traceback for incomplete or malformed files.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

from fastapi import Request, Response
from fastapi.responses import PlainTextResponse
from nicegui import app, ui
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from ...core.errors import (
    DatabaseError,
    FloorError,
    NotAllowedError,
    NotFoundError,
    TooManyChangesError,
    TooManyUploadsError,
    UploadsBusyError,
    UploadTooSlowError,
)
from ...orders.upload_queue import body_timeout
from ..shell.messages import as_sentence

log = logging.getLogger(__name__)

MAX_FILES = 20
"""Of one request; browsers send each file in its own request."""
NOT_A_FILE = 'No file received. Send it as multipart/form-data, with a file name.'
STORED = 200
STATUSES: tuple[tuple[type[FloorError], int], ...] = (
    (NotAllowedError, 403), (NotFoundError, 404), (TooManyChangesError, 429), (TooManyUploadsError, 429),
    (UploadsBusyError, 503), (UploadTooSlowError, 408), (DatabaseError, 503), (FloorError, 422))


class FileUpload(ui.upload):
    """Accepts several files at once; Quasar's uploader shows the progress of each."""

    def __init__(self, *, on_file: Callable[[str, bytes], Awaitable[None]], on_refused: Callable[[str, str], None],
                 upload_slot: Callable[[Request], AbstractAsyncContextManager[None]], max_bytes: int) -> None:
        """on_file: stores a file (name, content), or raises a FloorError. on_refused: called with the name of a file,
        empty if the request was not read, and the reason. upload_slot: the context in which a request is read and its
        files are stored, or raises a FloorError."""
        super().__init__(multiple=True, auto_upload=True, max_file_size=max_bytes)
        self._on_file = on_file
        self._on_refused = on_refused
        self._upload_slot = upload_slot
        app.remove_route(self._registered_url)
        app.post(self._registered_url, include_in_schema=False)(self._receive)

    async def _receive(self, request: Request) -> Response:
        if self.is_ignoring_events:
            return _refused(403, 'Files cannot be attached here.')
        try:
            async with self._upload_slot(request):
                return await self._read(request)
        except FloorError as error:
            return self._refuse('', error)

    async def _read(self, request: Request) -> Response:
        try:
            async with body_timeout():
                form = await request.form(max_files=MAX_FILES, max_fields=MAX_FILES)
            try:
                files = [part for _, part in form.multi_items() if isinstance(part, UploadFile)]
                if not files or len(files) < len(form.multi_items()):
                    return _refused(422, NOT_A_FILE)
                responses = [await self._store(file) for file in files]
            finally:
                await form.close()
        except ClientDisconnect:
            return _refused(400, 'The upload was interrupted. Send the file again.')
        except HTTPException as error:  # the body is no form
            return _refused(error.status_code, as_sentence(str(error.detail)))
        return next((response for response in responses if response.status_code != STORED), responses[0])

    async def _store(self, file: UploadFile) -> Response:
        name = (file.filename or '').replace('\\', '/').rpartition('/')[2]
        slot: Any = self.parent_slot or nullcontext()
        with slot:
            try:
                await self._on_file(name, await file.read())
            except FloorError as error:
                return self._refuse(name, error)
        return PlainTextResponse('stored', STORED)

    def _refuse(self, name: str, error: FloorError) -> Response:
        slot: Any = self.parent_slot or nullcontext()
        with slot:
            self._on_refused(name, as_sentence(error))
        return _refused(next(status for kind, status in STATUSES if isinstance(error, kind)), as_sentence(error))


def _refused(status: int, reason: str) -> Response:
    log.info('upload refused', extra={'status': status, 'reason': reason})
    return PlainTextResponse(reason, status)
