"""Text fields that keep text typed while the server sets their value: see FilledAtOnce."""

from __future__ import annotations

from nicegui import ui

from ..live.nicegui_bridge import FilledAtOnce


class TextField(FilledAtOnce, ui.input):
    """One line."""


class TextArea(FilledAtOnce, ui.textarea):
    """Several lines."""
