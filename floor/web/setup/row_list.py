"""The rows of an editable table: each keeps its element, and what is typed in it, while others come, go and move."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic

from nicegui import ui

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
        wanted = {item.id for item in items}
        for id_ in [id_ for id_ in self.rows if id_ not in wanted]:
            self.rows.pop(id_).delete()
        for place, item in enumerate(items):
            row = self.rows.get(item.id)
            if row is None:
                with self._body:
                    row = self.rows[item.id] = self._make(item)
            else:
                row.show(item)
            if self._body.default_slot.children[place] is not row:
                row.move(self._body, place)
