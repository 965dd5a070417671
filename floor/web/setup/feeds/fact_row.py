"""A row of a list of the feeds: a name, and what is known about it."""

from __future__ import annotations

from nicegui import ui

from ...shell.messages import TextNode


class FactRow(ui.element):
    """The name stays; facts change. Subclasses add buttons."""

    def __init__(self, name: str) -> None:
        super().__init__('li')
        self.classes('access-entry')
        self._nodes: list[TextNode] = []
        with self, ui.element('div') as self._facts:
            TextNode('strong', name).classes('free-text')

    def show(self, *facts: str) -> None:
        """Show these facts, always as many. An empty one takes no room."""
        if not self._nodes:
            with self._facts:
                self._nodes = [TextNode('span').classes('free-text') for _ in facts]
        for node, fact in zip(self._nodes, facts, strict=True):
            node.set_text(fact)
