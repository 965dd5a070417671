"""What a report is filtered by, as chips that each remove one filter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from nicegui import ui

from ...analytics.report_tables import NO_REASON
from ...core.machines import DisplayNames
from ...core.text import shortened
from ...feed.store import Store
from ..shell.messages import TextNode
from .report_query import ReportQuery

MAX_LENGTH = 60


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
    """A chip for each filter, and a button that removes all of them."""

    def __init__(self, store: Store, ask: Callable[[ReportQuery], None]) -> None:
        """ask: called with the query without the filter that was removed."""
        self._store = store
        self._ask = ask
        self._chips = ui.element('div').classes('chips filter-chips')
        self._chips.props('role=group aria-label="Active filters"')
        self._chips.set_visibility(False)

    def show(self, query: ReportQuery) -> None:
        """Show the filters of a query."""
        filters = filters_of(query, self._store.names)
        self._chips.set_visibility(bool(filters))
        self._chips.clear()
        with self._chips:
            for name, text, without in filters:
                self._chip(f'{name}: {shortened(text, MAX_LENGTH)}', without)
            if filters:
                button = TextNode('button', 'Clear all').classes('chip filters-clear').props('type=button')
                button.on('click', lambda: self._ask(unfiltered(query)), args=[])

    def _chip(self, text: str, without: ReportQuery) -> None:
        with ui.element('button').classes('chip filter-chip').props('type=button') as chip:
            TextNode('span', text)
            TextNode('span', '✕').props['aria-hidden'] = 'true'
        chip.props['aria-label'] = f'Remove the filter {text}'
        chip.on('click', lambda: self._ask(without), args=[])
