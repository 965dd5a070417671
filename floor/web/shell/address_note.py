"""A message above a page about invalid parts of its address, with a link to the page without them."""

from __future__ import annotations

from nicegui import ui

from .chips import hide
from .messages import TextNode


class AddressNote(ui.element):
    """Hidden without a message."""

    def __init__(self, message: str, link_text: str, address: str) -> None:
        """link_text, address: the link to the page without the invalid parts."""
        super().__init__('div')
        self.classes('address-note')
        with self:
            self._message = TextNode('p')
            self._message.props['role'] = 'alert'
            ui.link(link_text, address)
        self.show(message)

    def show(self, message: str) -> None:
        """Show a message; empty hides it."""
        self._message.set_text(message)
        hide(self, hidden=not message)
