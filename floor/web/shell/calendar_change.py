"""Loads a page again when the plant's calendar has changed, because its times and windows are of the former one."""

from __future__ import annotations

from nicegui import ui

from ...feed.difference import Difference
from .messages import TextNode
from .services import Services

CHANGED = "The plant's time zone, week or day has changed. Times on this page are as before until it is loaded again."


class CalendarChange(ui.element):
    """At once, unless a dialog is open, in which somebody may be typing: then a note offers it, and the page is loaded
    again when the dialog is closed."""

    def __init__(self, services: Services) -> None:
        super().__init__('div')
        self._services = services
        self._calendar = services.calendar
        self._page = ui.context.client
        self._dialogs: set[ui.dialog] = set()
        self.classes('note calendar-change').props['role'] = 'status'
        self.set_visibility(False)
        with self:
            TextNode('span', CHANGED)
            ui.button('Load again', on_click=ui.navigate.reload, color=None).props('flat no-caps dense')
        self._page.on_delete(services.store.subscribe(self._on_difference))

    def _on_difference(self, difference: Difference) -> None:
        if not difference.plant or self._page.is_deleted or self._services.calendar == self._calendar:
            return
        with self._page:
            for dialog in self._open_dialogs() - self._dialogs:
                self._dialogs.add(dialog)
                dialog.on_value_change(self._load_if_free)
            self.set_visibility(True)
            self._load_if_free()

    def _open_dialogs(self) -> set[ui.dialog]:
        return {each for each in self._page.elements.values() if isinstance(each, ui.dialog) and each.value}

    def _load_if_free(self) -> None:
        if not self._open_dialogs() and self._services.calendar != self._calendar:
            ui.navigate.reload()
