"""Cells of a table whose rows are data: one element per column instead of one per cell."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments


class RowEntry(ui.element):
    """An element that is repeated in each row, with entries of the row as attributes. Names of entries are constants,
    never input."""

    def __init__(self, tag: str, **entries: str) -> None:
        super().__init__(tag)
        one_for_each_row(self)
        for attribute, entry in entries.items():
            self.show(attribute, entry)

    def show(self, attribute: str, entry: str) -> None:
        """Use an entry of the row as the value of this attribute."""
        show_entry(self, attribute, entry)


def one_for_each_row(element: Element) -> None:
    """Remove the id of an element, which NiceGUI would repeat in each row."""
    element.props[':id'] = 'undefined'


def show_entry(element: Element, attribute: str, entry: str) -> None:
    """Use an entry of each row as the value of this attribute."""
    element.props[f':{attribute}'] = f'props.row.{entry}'


def on_row_click(element: Element, handler: Callable[[object], None]) -> None:
    """Call the handler with the id of the row as sent by the browser, which may be any JSON value."""
    def on_click(event: GenericEventArguments) -> None:
        handler(event.args)
    element.on('click', on_click, js_handler='() => emit(props.row.id)')
