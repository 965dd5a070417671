"""What the list of stops shows: the kinds of stops with their numbers, a search, and the order."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from nicegui import ui

from ...analytics import StopKind, StopList, StopSort
from ...core.formatting import number
from ..shell.chips import Chip, set_attribute
from ..shell.text_field import TextField
from .stop_query import StopQuery

SEARCH_PAUSE_MS = 300
MAX_SEARCH_LENGTH = 200
KINDS = {StopKind.ALL: 'All', StopKind.LONG: 'No micro-stops', StopKind.FAILURES: 'Failures',
         StopKind.MICRO_STOPS: 'Micro-stops', StopKind.CARRIED_IN: 'Carried in'}
ORDERS = {
    'length': 'Longest first', 'length reverse': 'Shortest first',
    'start': 'Newest first', 'start reverse': 'Oldest first',
    'machine': 'Machine A to Z', 'machine reverse': 'Machine Z to A', 'reason': 'Reason A to Z',
    'reason reverse': 'Reason Z to A'}


class StopControls:
    """The controls. They call `ask` with a changed query."""

    def __init__(self, query: StopQuery, ask: Callable[[StopQuery], None]) -> None:
        self._query = query
        self._ask = ask
        self._showing = False
        with ui.element('div').classes('stop-controls').props('role=search aria-label="Filter the stops"'):
            with ui.element('div').classes('chips'):
                self._kinds = {kind: Chip(text, partial(self._choose, kind)) for kind, text in KINDS.items()}
            with ui.element('div').classes('chips'):
                self._search = TextField(placeholder='Reason, machine or work order', on_change=self._searched)
                self._search.classes('chip-search').props(
                    f'dense borderless clearable type=search debounce={SEARCH_PAUSE_MS} maxlength={MAX_SEARCH_LENGTH} '
                    'aria-label="Search reason, machine or work order"')
                self._order = ui.select(dict(ORDERS), on_change=self._ordered).classes('chip-select stop-order')
                self._order.props('dense borderless options-dense aria-label="Order of the stops"')
        self.show(query)

    def show(self, query: StopQuery) -> None:
        """Show a query."""
        self._query, selection = query, query.selection
        self._showing = True
        for kind, chip in self._kinds.items():
            set_attribute(chip, 'aria-pressed', str(kind is selection.kind).lower())
        if (self._search.value or '').strip() != selection.words:
            self._search.value = selection.words
        order = f'{selection.sort.value} reverse' if selection.turned else selection.sort.value
        if self._order.value != order:
            self._order.value = order
        self._showing = False

    def show_counts(self, stops: StopList | None) -> None:
        """Show how many stops of each kind there are. None: unknown."""
        counts = {} if stops is None else {
            StopKind.ALL: stops.failures + stops.micro_stops + stops.carried_in, StopKind.LONG: stops.long,
            StopKind.FAILURES: stops.failures, StopKind.MICRO_STOPS: stops.micro_stops,
            StopKind.CARRIED_IN: stops.carried_in}
        for kind, chip in self._kinds.items():
            chip.set_text(f'{KINDS[kind]} {number(counts[kind])}' if kind in counts else KINDS[kind])

    def _choose(self, kind: StopKind) -> None:
        self._ask(self._query.of_kind(kind))

    def _searched(self) -> None:
        words = (self._search.value or '').replace('\0', '').strip()[:MAX_SEARCH_LENGTH]
        if not self._showing and words != self._query.selection.words:
            self._ask(self._query.with_words(words))

    def _ordered(self) -> None:
        if not self._showing and self._order.value:
            sort, _, turned = self._order.value.partition(' ')
            self._ask(self._query.sorted_by(StopSort(sort), turned=bool(turned)))
