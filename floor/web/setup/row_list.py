"""The rows of an editable table: each keeps its element, and what is typed in it, while others come, go and move."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic

from nicegui import ui

from ..shell.kept_rows import keep_rows
from .editable_row import EditableRow, Item


class RowList(Generic[Item]):
    """The rows in one <tbody>."""

    def __init__(self, body: ui.element, make: Callable[[Item], EditableRow[Item]]) -> None:
        """make: builds the row of a new item."""
        self._body = body
        self._make = make
        self.rows: dict[int, EditableRow[Item]] = {}

    def show(self, items: Sequence[Item]) -> None:
        """Show these items in this order."""
        keep_rows(self._body, self.rows, {item.id: item for item in items}, self._make)
        for item in items:
            self.rows[item.id].show(item)
