"""Buttons that are on or off, and attributes that are sent only when they change."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement


class Chip(TextElement):
    """A button that is on or off."""

    def __init__(self, text: str, on_press: Callable[[], None], state: str = 'aria-pressed') -> None:
        """state: the attribute that says whether it is on; 'aria-expanded' for one that unfolds something."""
        super().__init__(tag='button', text=text)
        self.classes('chip')
        self.props['type'] = 'button'
        self._state = state
        self.props[state] = 'false'
        self.on('click', on_press, args=[])

    def show(self, text: str, is_on: bool) -> None:
        """Set text and state."""
        self.set_text(text)
        set_attribute(self, self._state, str(is_on).lower())


def set_attribute(element: ui.element, attribute: str, value: str) -> None:
    """Set an attribute if it differs: every assignment makes NiceGUI send the whole element, options included."""
    if element.props.get(attribute) != value:
        element.props[attribute] = value


def hide(element: ui.element, *, hidden: bool) -> None:
    """Hide or show an element, if that differs."""
    if element.props.get('hidden', False) != hidden:
        element.props['hidden'] = hidden
