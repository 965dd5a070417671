"""Work orders as a table, which the stylesheet shows as cards on a phone.

There is one element per column, not per cell: the browser renders the rows from data, so that a page is cheap to build
and a change is one message. The expressions of the slots are constants; data is only ever set as text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import tzinfo
from weakref import WeakKeyDictionary

from nicegui import ui

from ...core.formatting import Detail, duration, number
from ...core.orders import WorkOrder
from ...core.text import shortened
from ...feed.store import Store
from ...orders.order_cursor import OrderCursor
from ...orders.order_filter import OrderFilter, SortKey
from ...orders.order_pages import OrderPage
from ..shell.addresses import with_prefix
from ..shell.chips import set_attribute
from ..shell.icons import type_number
from ..shell.messages import TextNode
from ..shell.order_formatting import due_text, in_ms, order_address, short_id
from ..shell.row_entry import RowEntry

RECENT_MS = 20_000
MAX_DESCRIPTION_LENGTH = 240

Row = dict[str, str]
Rows = tuple[Row, ...]
"""A tuple, because NiceGUI makes each entry of a list observable, for each browser."""


@dataclass(frozen=True, slots=True)
class OrderColumn:
    """One column: its label, its sort key, and the key of a row whose value it shows."""

    label: str
    sort: SortKey
    entry: str


COLUMNS = (OrderColumn('Machine', SortKey.MACHINE, 'machine'),
           OrderColumn('Description', SortKey.DESCRIPTION, 'description'),
           OrderColumn('Priority', SortKey.PRIORITY, 'priority'), OrderColumn('Status', SortKey.STATUS, 'status'),
           OrderColumn('Assignee', SortKey.ASSIGNEE, 'assignee'), OrderColumn('Due', SortKey.DUE, 'due'),
           OrderColumn('Age', SortKey.AGE, 'age'))


class OrderRows:
    """The rows of a page of orders, computed once for all browsers that show it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._cache: WeakKeyDictionary[OrderPage, Rows] = WeakKeyDictionary()

    def of(self, page: OrderPage) -> Rows:
        """The rows as text; due, overdue and changed refer to the time when the page was first shown."""
        if (rows := self._cache.get(page)) is None:
            now_ms, zone = self._store.now_ms, self._store.plant.zone
            rows = self._cache[page] = tuple(row_of(order, self._store, now_ms, zone) for order in page.orders)
        return rows


def row_of(order: WorkOrder, store: Store, now_ms: int, zone: tzinfo) -> Row:
    """One order as text. changed: alternates with each change of the order; empty if the last one is not recent."""
    is_recent = now_ms - in_ms(order.updated_at) < RECENT_MS
    return {
        'id': order.id,
        'href': order_address(order.id),
        'icon': type_number(store, order.machine),
        'machine': shortened(str(store.names.of(order.machine)), 60),
        'short': short_id(order.id),
        'description': shortened(order.description, MAX_DESCRIPTION_LENGTH),
        'priority': order.priority.value,
        'order_status': order.status.value,
        'status': order.status.word + (f': {order.hold_reason}' if order.hold_reason else ''),
        'assignee': order.assignee or 'Unassigned',
        'due': due_text(order, now_ms, zone),
        'overdue': str(order.status.is_active and in_ms(order.due_at) < now_ms).lower(),
        'age': duration((now_ms - in_ms(order.reported_at)) / 1000, Detail.LARGEST),
        'changed': ('odd' if order.version % 2 else 'even') if is_recent else '',
    }


def range_text(order_filter: OrderFilter, page: OrderPage) -> str:
    """'Showing 51 to 100 of 1,234'. After concurrent changes the numbers are exact on the first and last page only."""
    count, total = len(page.orders), page.total
    if page.previous is None:
        return f'Showing 1 to {number(count)} of {number(total)}'
    if page.next is None:
        return f'Showing {number(max(1, total - count + 1))} to {number(total)} of {number(total)}'
    first = min((order_filter.page - 1) * order_filter.per_page + 1, max(1, total - count))
    return f'Showing {number(first)} to {number(first + count - 1)} of {number(total)}'


class OrderTable:
    """The table with sortable headers, and its pagination."""

    def __init__(self, on_filter: Callable[[OrderFilter], None]) -> None:
        self._on_filter = on_filter
        self._prefix = with_prefix('')
        self._filter = OrderFilter()
        self._cursors: dict[int, OrderCursor | None] = {}
        self._headers: dict[SortKey, ui.element] = {}
        self._card = ui.element('q-card').classes('order-list')
        with self._card:
            self._table = ui.element('q-table').props('flat hide-bottom row-key=id')
            self._table.props.update({
                'aria-label': 'Work orders', 'rows': (), 'pagination': {'rowsPerPage': 0},
                'columns': [{'name': each.entry, 'field': each.entry, 'label': each.label} for each in COLUMNS]})
            self._build_headers()
            self._build_cells()
        with ui.element('q-card').classes('order-pages') as self._pages:
            self._range = ui.label().props('role=status')
            self._previous = self._page_button('Previous', -1)
            self._next = self._page_button('Next', 1)

    def show(self, order_filter: OrderFilter, rows: Rows, page: OrderPage) -> None:
        """Show a page of a filter."""
        self._filter, self._cursors = order_filter, {-1: page.previous, 1: page.next}
        for sort, header in self._headers.items():
            direction = 'descending' if order_filter.descending else 'ascending'
            set_attribute(header, 'aria-sort', direction if sort is order_filter.sort else 'none')
        if self._prefix:  # rows are shared by all browsers, prefixes are not
            rows = tuple({**row, 'href': self._prefix + row['href']} for row in rows)
        if self._table.props['rows'] != rows:
            self._table.props['rows'] = rows
        self._card.set_visibility(bool(rows))
        self._pages.set_visibility(bool(rows))
        self._range.set_text(range_text(order_filter, page) if rows else '')
        _enable(self._previous, page.previous is not None)
        _enable(self._next, page.next is not None)
        for button in self._previous, self._next:
            button.set_visibility(page.previous is not None or page.next is not None)

    # elements and their events

    def _build_headers(self) -> None:
        self._table.add_slot('header')
        with self._table.slots['header'], ui.element('tr'):
            for column in COLUMNS:
                with ui.element('th').props('scope=col aria-sort=none') as header:
                    header.props['data-column'] = column.entry
                    button = TextNode('button', column.label).classes('sort').props('type=button')
                    button.on('click', lambda sort=column.sort: self._sort_by(sort), args=[])
                self._headers[column.sort] = header

    def _build_cells(self) -> None:
        """One slot per column. With a slot for the whole row, Quasar would recreate rows, and lose the focus."""
        for column in COLUMNS:
            name = f'body-cell-{column.entry}'
            self._table.add_slot(name)
            with self._table.slots[name], RowEntry('td') as cell:
                cell.props['data-column'] = column.entry
                if column.entry == 'machine':
                    cell.show('data-changed', 'changed')
                    with RowEntry('a', href='href'):
                        RowEntry('b', textContent='machine').show('data-icon', 'icon')
                        RowEntry('span', textContent='short')
                    continue
                text = RowEntry('span', textContent=column.entry)
                if column.entry == 'priority':
                    text.classes('pill').show('data-priority', 'priority')
                elif column.entry == 'status':
                    text.show('data-order-status', 'order_status')
                elif column.entry == 'due':
                    text.show('data-overdue', 'overdue')

    def _page_button(self, label: str, by: int) -> TextNode:
        button = TextNode('button', label).classes('chip').props('type=button')
        button.props['aria-label'] = f'{label} page'
        button.on('click', lambda: self._turn_page(by), args=[])
        return button

    def _turn_page(self, by: int) -> None:
        """Use the cursor, so that concurrent changes neither skip nor repeat orders, except for the first page."""
        number = self._filter.page + by
        self._on_filter(self._filter.on_page(1) if number <= 1 else self._filter.on_page(number, self._cursors.get(by)))

    def _sort_by(self, sort: SortKey) -> None:
        """Sort ascending, then descending, then by the default key."""
        if self._filter.sort is not sort:
            sorted_filter = replace(self._filter.on_page(1), sort=sort, descending=False)
        elif not self._filter.descending:
            sorted_filter = replace(self._filter.on_page(1), descending=True)
        else:
            sorted_filter = replace(self._filter.on_page(1), sort=SortKey.PRESSING, descending=False)
        self._on_filter(sorted_filter)


def _enable(button: TextNode, enabled: bool) -> None:
    if button.props.get('disabled', False) == enabled:
        button.props['disabled'] = not enabled
