"""A button that opens the browser's file chooser and sends what is chosen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui
from nicegui.events import UploadEventArguments

from ..saying import set_reason


class UploadButton:
    """A real button; Quasar's uploader stays hidden behind it and only carries the file.

    Its previews are off: they are blob: images, which our content security policy refuses.
    """

    def __init__(self, label: str, *, refusal: str, accept: str, max_bytes: int,
                 on_file: Callable[[UploadEventArguments], Awaitable[None]], on_rejected: Callable[[], None]) -> None:
        """refusal: why this person may not attach files; nothing if they may. accept: as of the file input."""
        self._on_file = on_file
        self._on_rejected = on_rejected
        self._uploader = ui.upload(auto_upload=True, max_file_size=max_bytes, on_begin_upload=self._began,
                                   on_upload=self._arrived, on_rejected=self._rejected)
        self._uploader.classes('uploader').props('no-thumbnails aria-hidden=true')
        self._uploader.props['accept'] = accept
        self._uploader.set_enabled(not refusal)
        self._uploader.on('failed', self._ended, args=[])
        self.button = ui.button(label, on_click=self._choose, color=None).props('no-caps')
        set_reason(self.button, refusal)

    def use_camera(self) -> UploadButton:
        """Have a phone open its camera instead of its photo library."""
        self._uploader.props['capture'] = 'environment'
        return self

    def _choose(self) -> None:
        self._uploader.run_method('pickFiles')

    def _began(self) -> None:
        self.button.props['loading'] = True

    async def _arrived(self, event: UploadEventArguments) -> None:
        try:
            await self._on_file(event)
        finally:
            self._ended()

    def _rejected(self) -> None:
        self._ended()
        self._on_rejected()

    def _ended(self) -> None:
        if not self.button.is_deleted:
            self.button.props['loading'] = False
            self._uploader.reset()
