"""The rows of an editable table: each keeps its element, and what is typed in it, while others come, go and move."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

from nicegui import ui

from .editable_row import EditableRow, Item

Key = TypeVar('Key', bound=Hashable)
Row = TypeVar('Row', bound=ui.element)
Value = TypeVar('Value')


def keep_rows(body: ui.element, rows: dict[Key, Row], items: Mapping[Key, Value], make: Callable[[Value], Row]) -> None:
    """Give each item one row of body, in their order. Rows that stay keep their elements, and so the focus.

    rows: those of body by key, in their order; becomes those of items. make: builds the row of a new item.
    """
    for key in rows.keys() - items.keys():
        rows.pop(key).delete()
    for place, (key, item) in enumerate(items.items()):
        if (row := rows.pop(key, None)) is None:
            with body:
                row = make(item)
        rows[key] = row
        if body.default_slot.children[place] is not row:
            row.move(body, place)


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
