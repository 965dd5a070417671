"""A word at the edge of the page with a link, for what has just been done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from nicegui import ui

SECONDS_SHOWN = 15


class OrderToast:
    """Shown for a while, or until it is closed. Screen readers hear it."""

    def __init__(self) -> None:
        with ui.card().classes('toast-place').props('role=status'):
            self._place = ui.element('div').classes('toast')
        self._place.visible = False

    def show(self, text: str, link: str, address: str) -> None:
        """A sentence, and where to go from here."""
        with self._shown(text):
            ui.link(link, address)

    def offer(self, text: str, word: str, action: Callable[[], Awaitable[None]]) -> None:
        """A sentence, and a button for what can be done about it."""
        async def act() -> None:
            self._hide()
            await action()

        with self._shown(text):
            ui.button(word, on_click=act, color=None).props('flat no-caps dense').classes('toast-action')

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
