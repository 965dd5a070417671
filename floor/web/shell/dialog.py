"""Dialogs that have the focus as soon as they show."""

from __future__ import annotations

from nicegui import ui


class Dialog(ui.dialog):
    """A dialog without an animation.

    Quasar gives the focus to the element with autofocus when the animation has ended, also if a person has gone on to
    another field by then: what is typed there would go on in the first.
    """

    def __init__(self) -> None:
        super().__init__()
        self.props['transition-duration'] = 0
