"""A sentence above a page about what of its address is not understood, and a link to the page without it."""

from __future__ import annotations

from nicegui import ui

from .messages import TextNode


class AddressNote(ui.element):
    """Hidden while everything is understood."""

    def __init__(self, sentence: str, clear: str, address: str) -> None:
        """clear: what the link says. address: where it leads."""
        super().__init__('div')
        self.classes('address-note')
        with self:
            self._sentence = TextNode('p')
            self._sentence.props['role'] = 'alert'
            ui.link(clear, address)
        self.show(sentence)

    def show(self, sentence: str) -> None:
        """Another sentence; empty: there is none."""
        self._sentence.set_text(sentence)
        self.props['hidden'] = not sentence
