"""A button that opens the browser's file chooser and sends what is chosen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from fastapi import Request
from nicegui import ui

from ..shell.messages import set_reason
from .file_upload import FileUpload

NOT_SENT = 'The upload failed. Choose the file again.'
CANCELLED = 'Upload cancelled. Files that were already uploaded are kept.'


class UploadButton:
    """A button; Quasar's uploader is shown below it while files are uploaded, with the progress of each.

    Previews are off, as they are blob: images, which the content security policy refuses.
    """

    def __init__(self, label: str, *, refusal: str, accept: str, max_bytes: int,
                 on_file: Callable[[str, bytes], Awaitable[None]], on_begin: Callable[[], None],
                 on_problem: Callable[[str], None], on_rejected: Callable[[], None],
                 upload_slot: Callable[[Request], AbstractAsyncContextManager[None]]) -> None:
        """refusal: why this person may not attach files; empty if they may. accept: as of <input type=file>.

        on_file: stores a file, or raises a FloorError. on_begin: called when files are about to be chosen: they may
        arrive before the browser's message that it sends them. on_problem: called with a sentence for each file that
        was not stored. on_rejected: the browser has not sent a file, as it is too large or of another type.
        upload_slot: as of FileUpload.
        """
        self._on_begin = on_begin
        self._on_problem = on_problem
        self._refusals = 0
        self._cancelled = False
        self._uploader = FileUpload(on_file=on_file, on_refused=self._refused, upload_slot=upload_slot,
                                    max_bytes=max_bytes)
        self._uploader.classes('uploader').props('no-thumbnails aria-hidden=true')
        self._uploader.props['accept'] = accept
        self._uploader.set_enabled(not refusal)
        self._uploader.on('start', self._started, args=[])
        self._uploader.on('finish', self._finished, args=[])
        self._uploader.on('failed', self._failed, args=[])
        self._uploader.on('rejected', on_rejected, args=[])
        self.button = ui.button(label, on_click=self._choose, color=None).props('no-caps')
        self._cancel = ui.button('Cancel upload', on_click=self._abort, color=None).props('no-caps flat')
        self._cancel.visible = False
        set_reason(self.button, refusal)

    def use_camera(self) -> UploadButton:
        """Have a phone open its camera instead of its photo library."""
        self._uploader.props['capture'] = 'environment'
        return self

    def _choose(self) -> None:
        self._on_begin()
        self._uploader.run_method('pickFiles')

    def _abort(self) -> None:
        self._cancelled = True
        self._uploader.run_method('abort')
        self._on_problem(CANCELLED)

    def _started(self) -> None:
        self._cancelled = False
        self._show(sending=True)

    def _finished(self) -> None:
        if not self.button.is_deleted:
            self._show(sending=False)
            self._uploader.reset()

    def _show(self, *, sending: bool) -> None:
        self.button.props['loading'] = sending
        self._cancel.visible = sending
        self._uploader.classes(add='sending' if sending else '', remove='' if sending else 'sending')
        self._uploader.props['aria-hidden'] = 'false' if sending else 'true'

    def _refused(self, name: str, reason: str) -> None:
        self._refusals += 1
        self._on_problem(f'{name}: {reason}' if name else reason)

    def _failed(self) -> None:
        """Report a network failure. The browser also reports refused files, which `_refused` has handled."""
        if self._refusals:
            self._refusals -= 1
        elif not self._cancelled:
            self._on_problem(NOT_SENT)
