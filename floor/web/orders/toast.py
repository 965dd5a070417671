"""A short message at the edge of the page, with a link or an action."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from nicegui import ui

SECONDS_SHOWN = 15


class OrderToast:
    """Shown for SECONDS_SHOWN or until it is closed; announced by screen readers."""

    def __init__(self) -> None:
        with ui.card().classes('toast-place').props('role=status'):
            self._place = ui.element('div').classes('toast')
        self._place.visible = False

    def show(self, text: str, link: str, address: str) -> None:
        """Show a text with a link."""
        with self._shown(text):
            ui.link(link, address)

    def offer(self, text: str, label: str, action: Callable[[], Awaitable[None]]) -> None:
        """Show a text with a button that runs the action."""
        async def run() -> None:
            self._hide()
            await action()

        with self._shown(text):
            ui.button(label, on_click=run, color=None).props('flat no-caps dense').classes('toast-action')

    @contextmanager
    def _shown(self, text: str) -> Iterator[None]:
        self._place.clear()
        with self._place:
            ui.label(text)
            yield
            ui.button('Close', on_click=self._hide, color=None).props('flat no-caps dense')
            ui.timer(SECONDS_SHOWN, self._hide, once=True)
        self._place.visible = True

    def _hide(self) -> None:
        self._place.visible = False
