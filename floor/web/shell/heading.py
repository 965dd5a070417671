"""Text with a meaning of its own in the page's structure."""

from __future__ import annotations

from nicegui.elements.mixins.text_element import TextElement


class Heading(TextElement):
    """A heading; screen readers jump between them."""

    def __init__(self, text: str, level: int = 2) -> None:
        super().__init__(tag=f'h{level}', text=text)
