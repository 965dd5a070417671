"""How forms speak: why something can't be done, what went wrong, that the server is out of reach."""

from __future__ import annotations

from nicegui import ui
from nicegui.elements.mixins.disableable_element import DisableableElement
from nicegui.elements.mixins.text_element import TextElement

from ...core.sentences import as_sentence

__all__ = ['Alert', 'Words', 'as_sentence', 'no_connection_note', 'set_reason']

OFFLINE = ('Connection lost. What you type stays here; what you send is sent when the connection is back.')


class Words(TextElement):
    """Text in a native element: dt, dd, li, legend, p."""

    def __init__(self, tag: str, text: str = '') -> None:
        super().__init__(tag=tag, text=text)


class Alert(ui.label):
    """What went wrong, read out by screen readers; not there while nothing is."""

    def __init__(self) -> None:
        super().__init__('')
        self.classes('problem')
        self.props['role'] = 'alert'
        self.show('')

    def show(self, text: str) -> None:
        """The sentence; empty hides it."""
        self.set_text(text)
        self.props['hidden'] = not text


def no_connection_note() -> None:
    """Shown by the stylesheet while the browser has no connection to the server, when no server could say so."""
    ui.label(OFFLINE).classes('offline-note')


def set_reason(control: DisableableElement, reason: str) -> None:
    """Disable a control and say why, or enable it if there is no reason."""
    control.set_enabled(not reason)
    control.props['title'] = reason
