"""Messages in forms: errors, reasons for disabled controls, and a lost connection."""

from __future__ import annotations

from nicegui import ui
from nicegui.elements.mixins.disableable_element import DisableableElement
from nicegui.elements.mixins.text_element import TextElement

from ...core.sentences import as_sentence
from .chips import hide

__all__ = ['Alert', 'TextNode', 'as_sentence', 'no_connection_note', 'set_reason']

OFFLINE = ('Connection lost. What you type stays here; what you send is sent when the connection is back.')


class TextNode(TextElement):
    """Text in a native element: dt, dd, li, legend, p."""

    def __init__(self, tag: str, text: str = '') -> None:
        super().__init__(tag=tag, text=text)


class Alert(ui.label):
    """An error message, announced by screen readers; hidden while empty."""

    def __init__(self) -> None:
        super().__init__('')
        self.classes('problem')
        self.props['role'] = 'alert'
        self.show('')

    def show(self, text: str) -> None:
        """Show a message; empty hides it."""
        self.set_text(text)
        hide(self, hidden=not text)


def no_connection_note() -> None:
    """A note that the stylesheet shows while the browser has no connection to the server."""
    ui.label(OFFLINE).classes('offline-note')


def set_reason(control: DisableableElement, reason: str) -> None:
    """Disable a control and say why, or enable it if there is no reason."""
    control.set_enabled(not reason)
    control.props['title'] = reason
