"""The filter bar of the work orders page, with links to both views and a button for a new order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, cast
from urllib.parse import urlencode

from nicegui import ui

from ...core.formatting import number
from ...core.machines import MachineName
from ...core.orders import Priority, WorkOrderStatus
from ...core.people import Employee
from ...core.text import shortened
from ...orders.order_filter import MAX_SEARCH_LENGTH, UNASSIGNED, Done, OrderFilter, SortKey
from ...orders.order_pages import OrderCounts
from ..shell.chips import Chip, hide, set_attribute
from ..shell.text_field import TextField

ADDRESS = '/work-orders'
CSV_ADDRESS = '/work-orders.csv'
BOARD, TABLE = 'board', 'table'
SEARCH_PAUSE_MS = 300
OPEN_STATUSES = (WorkOrderStatus.OPEN, WorkOrderStatus.IN_PROGRESS, WorkOrderStatus.ON_HOLD)
ENDED_STATUSES = (WorkOrderStatus.COMPLETED, WorkOrderStatus.CANCELLED)


def address_of(order_filter: OrderFilter, view: str = TABLE) -> str:
    """The address of the page with this filter."""
    query = order_filter.to_query() | ({'view': view} if view != TABLE else {})
    return f'{ADDRESS}?{urlencode(query)}' if query else ADDRESS


def csv_address(order_filter: OrderFilter) -> str:
    """The address of the CSV file with this filter and sort order."""
    query = order_filter.on_page(1).to_query()
    return f'{CSV_ADDRESS}?{urlencode(query)}' if query else CSV_ADDRESS


class OrderFilters:
    """The bar. It shows the filter of the page, and calls `on_filter` with the one that a person chooses."""

    def __init__(self, order_filter: OrderFilter, view: str, on_filter: Callable[[OrderFilter], None],
                 on_new_order: Callable[[], None]) -> None:
        self._filter = order_filter
        self._view = view
        self._on_filter = on_filter
        self._showing = self._unfolded = False
        self._chips: dict[WorkOrderStatus, Chip] = {}
        with ui.element('q-card').classes('order-filters').props('role=search aria-label="Filter work orders"'):
            with ui.element('div').classes('chips'):
                for status in (*OPEN_STATUSES, *ENDED_STATUSES):
                    if status is WorkOrderStatus.COMPLETED:
                        self._overdue = Chip('Overdue', lambda: self._change(overdue=not self._filter.overdue))
                        self._done = Chip('Completed today', self._toggle_done)
                    self._chips[status] = Chip(status.word, partial(self._toggle, status))
                self._overdue.classes('chip-overdue')
            self._fold = Chip('Filters', self._unfold, 'aria-expanded').classes('chips-fold')
            with ui.element('div').classes('chips chips-choices') as self._choices:
                self._priority = self._select('Priority', {p.value: p.value for p in Priority}, multiple=True)
                self._machine = self._select('Machine', {})
                self._assignee = self._select('Assignee', {})
                self._search = TextField(placeholder='Search…', on_change=self._searched).classes('chip-search') \
                    .props(f'dense borderless clearable type=search debounce={SEARCH_PAUSE_MS} maxlength=200 '
                           'aria-label="Search all texts, including comments"')
            self._fold.props['aria-controls'] = self._choices.html_id
            with ui.element('div').classes('chips chips-right'):
                self._board = ui.link('Board').classes('chip')
                self._table = ui.link('Table').classes('chip')
                (self._board if view == BOARD else self._table).props['aria-current'] = 'page'
                self._csv = ui.link('CSV').classes('chip').props('download')
                self._csv.props['aria-label'] = 'Download these orders as CSV'
                ui.button('New work order', on_click=on_new_order, color=None).classes('primary') \
                    .props('no-caps unelevated')
        self.show(order_filter, None)

    def show(self, order_filter: OrderFilter, counts: OrderCounts | None) -> None:
        """Update to this filter. counts: of orders per status; None: not known yet."""
        self._filter = order_filter
        self._showing = True
        for status, chip in self._chips.items():
            chip.show(_counted(status.word, None if counts is None else counts.of(status)),
                      status in order_filter.statuses)
        overdue = None if counts is None else counts.overdue
        self._overdue.show(_counted('Overdue', overdue), order_filter.overdue)
        set_attribute(self._overdue, 'data-count', str(overdue or 0))
        if order_filter.done is Done.WEEK:
            done_label, done = 'Completed in the last 7 days', None if counts is None else counts.completed_this_week
        else:
            done_label, done = 'Completed today', None if counts is None else counts.completed_today
        self._done.show(_counted(done_label, done), order_filter.done is not None)
        chosen = [priority.value for priority in Priority if priority in order_filter.priorities]
        if self._priority.value != chosen:
            self._priority.value = chosen
        _choose(self._machine, order_filter.machine)
        _choose(self._assignee,
                order_filter.person or None if order_filter.assignee is None else str(order_filter.assignee))
        if self._search.value != order_filter.text:
            self._search.value = order_filter.text
        for select in self._priority, self._machine, self._assignee:
            set_attribute(select, 'data-set', str(bool(select.value)).lower())
        set_attribute(self._priority, 'display-value', ', '.join(chosen) or 'Priority')
        self._show_fold()
        set_attribute(self._board, 'href', address_of(_on_board(order_filter), BOARD))
        set_attribute(self._table, 'href', address_of(order_filter))
        set_attribute(self._csv, 'href', csv_address(order_filter))
        hide(self._csv, hidden=False)
        self._showing = False

    def refuse(self, order_filter: OrderFilter) -> None:
        """The address is not valid: show the valid part of its filter, without a link to a CSV file."""
        self.show(order_filter, None)
        hide(self._csv, hidden=True)

    def offer(self, machines: Mapping[MachineName, str], people: Iterable[Employee]) -> None:
        """Set the machines, with what they are called, and people to choose from."""
        self._showing = True
        _set_options(self._machine, {name: shortened(called, 60) for name, called in machines.items()})
        _set_options(self._assignee, {UNASSIGNED: 'Unassigned'} | {
            str(person.id): person.name + ('' if person.active else ' (inactive)') for person in people})
        self._showing = False

    # elements and their events

    def _select(self, label: str, options: dict[str, str], *, multiple: bool = False) -> ui.select:
        select = ui.select(options, multiple=multiple, with_input=not multiple, clearable=True, on_change=self._chosen)
        select.classes('chip-select').props('dense borderless options-dense hide-bottom-space')
        select.props['aria-label'] = label
        if not multiple:
            select.props['placeholder'] = label
        return select

    def _unfold(self) -> None:
        """On a phone the choices are folded, so that orders are on the screen at once."""
        self._unfolded = not self._unfolded
        self._choices.classes(toggle='unfolded')
        self._show_fold()

    def _show_fold(self) -> None:
        chosen = self._filter
        active = sum(map(bool, (chosen.priorities, chosen.machine, chosen.assignee or chosen.person, chosen.text)))
        self._fold.show(_counted('Filters', active or None), self._unfolded)

    def _change(self, **changes: Any) -> None:
        self._on_filter(replace(self._filter.on_page(1), **changes))

    def _toggle(self, status: WorkOrderStatus) -> None:
        self._change(statuses=self._filter.statuses ^ {status})

    def _toggle_done(self) -> None:
        self._change(done=None if self._filter.done else Done.TODAY)

    def _chosen(self) -> None:
        if self._showing:
            return
        assignee = self._assignee.value
        self._change(priorities=frozenset(Priority(value) for value in self._priority.value or ()),
                     machine=self._machine.value or None,
                     assignee=UNASSIGNED if assignee == UNASSIGNED else int(assignee) if assignee else None)

    def _searched(self) -> None:
        text = (self._search.value or '').replace('\0', '').strip()  # PostgreSQL has no texts with a null character
        text = text[:MAX_SEARCH_LENGTH].strip()
        if not self._showing and text != self._filter.text:
            self._change(text=text)


def _on_board(order_filter: OrderFilter) -> OrderFilter:
    """The board has its own sort order and no pages."""
    return replace(order_filter.on_page(1), sort=SortKey.PRESSING, descending=False)


def _counted(label: str, count: int | None) -> str:
    return label if count is None else f'{label} {number(count)}'


def _choose(select: ui.select, value: str | None) -> None:
    if value is not None and value not in _options(select):  # from a link: no longer there, or not loaded yet
        select.set_options({**_options(select), value: value})
    if select.value != value:
        select.value = value


def _options(select: ui.select) -> dict[str, str]:
    return cast(dict[str, str], select.options)


def _set_options(select: ui.select, options: dict[str, str]) -> None:
    if select.value and select.value not in options:
        options = {**options, select.value: str(select.value)}
    if select.options != options:
        select.set_options(options, value=select.value)
