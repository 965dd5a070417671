"""Headings."""

from __future__ import annotations

from nicegui.elements.mixins.text_element import TextElement


class Heading(TextElement):
    """A native heading, h1 to h6."""

    def __init__(self, text: str, level: int = 2) -> None:
        super().__init__(tag=f'h{level}', text=text)
