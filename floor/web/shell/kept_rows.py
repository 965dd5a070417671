"""Rows that keep their elements while others come, go and move, and with them the focus and a press that has begun."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TypeVar

from nicegui import ui

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


def counted_keys(keys: Iterable[Key]) -> list[tuple[Key, int]]:
    """Each key, and how many of the same are before it: for rows of which several may be called the same."""
    before: Counter[Key] = Counter()
    found = []
    for key in keys:
        found.append((key, before[key]))
        before[key] += 1
    return found
