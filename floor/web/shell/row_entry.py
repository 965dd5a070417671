"""Cells of a table whose rows are data: one element for a whole column, so that a row costs what it shows."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments


class RowEntry(ui.element):
    """An element of each row, whose attributes are entries of the row: names of ours, never what people typed."""

    def __init__(self, tag: str, **entries: str) -> None:
        super().__init__(tag)
        one_for_each_row(self)
        for attribute, entry in entries.items():
            self.show(attribute, entry)

    def show(self, attribute: str, entry: str) -> None:
        """This attribute is that entry of the row."""
        show_entry(self, attribute, entry)


def one_for_each_row(element: Element) -> None:
    """NiceGUI would give the elements of all rows the same id."""
    element.props[':id'] = 'undefined'


def show_entry(element: Element, attribute: str, entry: str) -> None:
    """This attribute of the element is that entry of each row."""
    element.props[f':{attribute}'] = f'props.row.{entry}'


def on_row_click(element: Element, handler: Callable[[object], None]) -> None:
    """Call the handler with what a browser says is the id of the row: any JSON."""
    def on_click(event: GenericEventArguments) -> None:
        handler(event.args)
    element.on('click', on_click, js_handler='() => emit(props.row.id)')
