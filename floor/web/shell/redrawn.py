"""An element whose content is built again only if it differs from what is there."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui


class Redrawn:
    """The content of an element that shows a value."""

    def __init__(self, element: ui.element) -> None:
        self._element = element
        self._shown: object = None

    def show(self, value: object, build: Callable[[], None]) -> None:
        """Show a value. build: builds the content, if another value was shown before."""
        if value == self._shown:
            return
        self._shown = value
        self._element.clear()
        with self._element:
            build()
