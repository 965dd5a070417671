"""Fields for text. What is typed while the program fills them is kept: see FilledAtOnce."""

from __future__ import annotations

from nicegui import ui

from ..live.nicegui_bridge import FilledAtOnce


class TextField(FilledAtOnce, ui.input):
    """One line."""


class TextArea(FilledAtOnce, ui.textarea):
    """Several lines."""
