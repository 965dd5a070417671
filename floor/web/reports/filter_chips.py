"""What a report is filtered by, as chips that each remove one filter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from nicegui import ui

from ...analytics.report_tables import NO_REASON
from ...core.machines import DisplayNames
from ...core.text import shortened
from ...feed.store import Store
from ..shell.kept_rows import keep_rows
from ..shell.messages import TextNode
from .report_query import ReportQuery

MAX_LENGTH = 60
CLEAR_ALL = 'Clear all'


def filters_of(query: ReportQuery, names: DisplayNames) -> list[tuple[str, str, ReportQuery]]:
    """Name and value of each filter, and the query without it."""
    found = []
    if query.line is not None:
        found.append(('Line', query.line, replace(query, line=None)))
    if query.machine is not None:
        found.append(('Machine', str(names.of(query.machine)), replace(query, machine=None)))
    if query.reason is not None:
        found.append(('Reason', query.reason or NO_REASON, replace(query, reason=None)))
    if query.shift is not None:
        found.append(('Shift', query.shift, replace(query, shift=None)))
    return found


def unfiltered(query: ReportQuery) -> ReportQuery:
    """The same window without a filter."""
    return replace(query, line=None, machine=None, reason=None, shift=None)


class FilterChips:
    """A chip for each filter, and a button that removes all of them. Each stays the same element while there is its
    filter, so that it keeps the focus, and a press that has begun, when something else of the query changes."""

    def __init__(self, store: Store, ask: Callable[[ReportQuery], None], before: ui.element) -> None:
        """ask: called with the query without the filter that was removed. before: has the focus when the last is
        removed."""
        self._store = store
        self._ask = ask
        self._before = before
        self._chips = ui.element('div').classes('chips filter-chips')
        self._chips.props('role=group aria-label="Active filters"')
        self._chips.set_visibility(False)
        self._buttons: dict[str, ui.element] = {}
        self._without: dict[str, ReportQuery] = {}

    def show(self, query: ReportQuery) -> None:
        """Show the filters of a query."""
        self._without = {f'{name}: {shortened(text, MAX_LENGTH)}': without
                         for name, text, without in filters_of(query, self._store.names)}
        self._chips.set_visibility(bool(self._without))
        if self._without:
            self._without[CLEAR_ALL] = unfiltered(query)
        keep_rows(self._chips, self._buttons, {text: text for text in self._without}, self._button)

    def _button(self, text: str) -> ui.element:
        if text == CLEAR_ALL:
            button: ui.element = TextNode('button', CLEAR_ALL).classes('filters-clear')
        else:
            with ui.element('button').classes('filter-chip') as button:
                TextNode('span', text)
                TextNode('span', '✕').props['aria-hidden'] = 'true'
            button.props['aria-label'] = f'Remove the filter {text}'
        return button.classes('chip').props('type=button').on('click', lambda: self._remove(text), args=[])

    def _remove(self, text: str) -> None:
        """Ask without this filter, and give the focus, which goes with its chip, to the next one or the one before."""
        shown = list(self._buttons)
        place = shown.index(text)
        self._ask(self._without[text])
        near = (each for each in (*shown[place + 1:], *reversed(shown[:place])) if each != CLEAR_ALL)
        stays = next((each for each in near if each in self._buttons), None)
        (self._before if stays is None else self._buttons[stays]).run_method('focus', {'preventScroll': True})
