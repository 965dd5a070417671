"""A word at the edge of the page with a link, for what has just been done."""

from __future__ import annotations

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
        self._place.clear()
        with self._place:
            ui.label(text)
            ui.link(link, address)
            ui.button('Close', on_click=self._hide, color=None).props('flat no-caps dense')
            ui.timer(SECONDS_SHOWN, self._hide, once=True)
        self._place.visible = True

    def _hide(self) -> None:
        self._place.visible = False
