"""Work orders as a table on a laptop and as cards on a phone: the same elements, the stylesheet says which.

One element per column, not per cell: the browser makes the rows from data, so that a page costs little to build and a
change is one message. The slot's expressions are fixed; what people typed comes as data and is only ever set as text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import tzinfo
from weakref import WeakKeyDictionary

from nicegui import ui

from ...core.formatting import Detail, duration, number
from ...core.machines import DisplayName
from ...core.orders import WorkOrder
from ...core.text import shortened
from ...feed.store import Store
from ...orders.order_cursor import OrderCursor
from ...orders.order_filter import OrderFilter, SortKey
from ...orders.order_pages import OrderPage
from ..shell.addresses import with_prefix
from ..shell.chips import set_attribute
from ..shell.messages import TextNode
from ..shell.order_formatting import due_text, in_ms, order_address, short_id
from ..shell.row_entry import RowEntry

RECENT_MS = 20_000
MAX_DESCRIPTION_LENGTH = 240

Row = dict[str, str]
Rows = tuple[Row, ...]
"""A tuple: NiceGUI would watch every entry of a list for changes, for each browser."""


@dataclass(frozen=True, slots=True)
class OrderColumn:
    """One column: its head, what it sorts by, and the entry of a row that it shows."""

    label: str
    sort: SortKey
    entry: str


COLUMNS = (OrderColumn('Machine', SortKey.MACHINE, 'machine'),
           OrderColumn('Description', SortKey.DESCRIPTION, 'description'),
           OrderColumn('Priority', SortKey.PRIORITY, 'priority'), OrderColumn('Status', SortKey.STATUS, 'status'),
           OrderColumn('Assignee', SortKey.ASSIGNEE, 'assignee'), OrderColumn('Due', SortKey.DUE, 'due'),
           OrderColumn('Age', SortKey.AGE, 'age'))


class OrderRows:
    """The rows of a page of orders, made once for all browsers that show it."""

    def __init__(self, store: Store, zone: tzinfo) -> None:
        self._store = store
        self._zone = zone
        self._made: WeakKeyDictionary[OrderPage, Rows] = WeakKeyDictionary()

    def of(self, page: OrderPage) -> Rows:
        """As text. due, overdue and mark are those of the moment at which the page was first shown."""
        if (rows := self._made.get(page)) is None:
            now_ms = self._store.now_ms
            rows = self._made[page] = tuple(row_of(order, now_ms, self._zone) for order in page.orders)
        return rows


def row_of(order: WorkOrder, now_ms: int, zone: tzinfo) -> Row:
    """One order as text. mark differs from one change of the order to the next, and is empty when that was long ago."""
    is_new = now_ms - in_ms(order.updated_at) < RECENT_MS
    return {
        'id': order.id,
        'href': order_address(order.id),
        'machine': shortened(str(DisplayName.of(order.machine)), 60),
        'short': short_id(order.id),
        'description': shortened(order.description, MAX_DESCRIPTION_LENGTH),
        'priority': order.priority.value,
        'stage': order.status.value,
        'status': order.status.word + (f': {order.hold_reason}' if order.hold_reason else ''),
        'assignee': order.assignee or 'Unassigned',
        'due': due_text(order, now_ms, zone),
        'overdue': str(order.status.is_active and in_ms(order.due_at) < now_ms).lower(),
        'age': duration((now_ms - in_ms(order.reported_at)) / 1000, Detail.LARGEST),
        'mark': ('odd' if order.version % 2 else 'even') if is_new else '',
    }


def showing(order_filter: OrderFilter, page: OrderPage) -> str:
    """'Showing 51 to 100 of 1,234'. Where orders were added or have gone meanwhile, only the ends of the list have
    numbers that are sure: in between it is about."""
    count, total = len(page.orders), page.total
    if page.previous is None:
        return f'Showing 1 to {number(count)} of {number(total)}'
    if page.next is None:
        return f'Showing {number(max(1, total - count + 1))} to {number(total)} of {number(total)}'
    first = min((order_filter.page - 1) * order_filter.per_page + 1, max(1, total - count))
    return f'Showing {number(first)} to {number(first + count - 1)} of {number(total)}'


class OrderTable:
    """The table with heads that sort it, and the way to its other pages."""

    def __init__(self, ask: Callable[[OrderFilter], None]) -> None:
        self._ask = ask
        self._prefix = with_prefix('')
        self._filter = OrderFilter()
        self._cursors: dict[int, OrderCursor | None] = {}
        self._heads: dict[SortKey, ui.element] = {}
        self._place = ui.element('q-card').classes('order-list')
        with self._place:
            self._table = ui.element('q-table').props('flat hide-bottom row-key=id')
            self._table.props.update({
                'aria-label': 'Work orders', 'rows': (), 'pagination': {'rowsPerPage': 0},
                'columns': [{'name': each.entry, 'field': each.entry, 'label': each.label} for each in COLUMNS]})
            self._build_head()
            self._build_cells()
        with ui.element('q-card').classes('order-pages') as self._pages:
            self._showing = ui.label().props('role=status')
            self._previous = self._turn('Previous', -1)
            self._next = self._turn('Next', 1)

    def show(self, order_filter: OrderFilter, rows: Rows, page: OrderPage) -> None:
        """This page of the filter."""
        self._filter, self._cursors = order_filter, {-1: page.previous, 1: page.next}
        for sort, head in self._heads.items():
            direction = 'descending' if order_filter.descending else 'ascending'
            set_attribute(head, 'aria-sort', direction if sort is order_filter.sort else 'none')
        if self._prefix:  # the rows are those of all browsers
            rows = tuple({**row, 'href': self._prefix + row['href']} for row in rows)
        if self._table.props['rows'] != rows:
            self._table.props['rows'] = rows
        self._place.set_visibility(bool(rows))
        self._pages.set_visibility(bool(rows))
        self._showing.set_text(showing(order_filter, page) if rows else '')
        _enable(self._previous, page.previous is not None)
        _enable(self._next, page.next is not None)
        for button in self._previous, self._next:
            button.set_visibility(page.previous is not None or page.next is not None)

    # within

    def _build_head(self) -> None:
        self._table.add_slot('header')
        with self._table.slots['header'], ui.element('tr'):
            for column in COLUMNS:
                with ui.element('th').props('scope=col aria-sort=none') as head:
                    head.props['data-column'] = column.entry
                    button = TextNode('button', column.label).classes('sort').props('type=button')
                    button.on('click', lambda sort=column.sort: self._sort_by(sort), args=[])
                self._heads[column.sort] = head

    def _build_cells(self) -> None:
        """A slot for each cell, not one for the row: only so an order keeps its row, and the focus in it, in Quasar."""
        for column in COLUMNS:
            name = f'body-cell-{column.entry}'
            self._table.add_slot(name)
            with self._table.slots[name], RowEntry('td') as cell:
                cell.props['data-column'] = column.entry
                if column.entry == 'machine':
                    cell.show('data-mark', 'mark')
                    with RowEntry('a', href='href'):
                        RowEntry('b', textContent='machine')
                        RowEntry('span', textContent='short')
                    continue
                text = RowEntry('span', textContent=column.entry)
                if column.entry == 'priority':
                    text.classes('pill').show('data-priority', 'priority')
                elif column.entry == 'status':
                    text.show('data-state', 'stage')
                elif column.entry == 'due':
                    text.show('data-overdue', 'overdue')

    def _turn(self, word: str, by: int) -> TextNode:
        button = TextNode('button', word).classes('chip').props('type=button')
        button.props['aria-label'] = f'{word} page'
        button.on('click', lambda: self._turn_to(by), args=[])
        return button

    def _turn_to(self, by: int) -> None:
        """By the cursor, so that what others write skips and repeats nothing; the first page is always read without a
        cursor."""
        number = self._filter.page + by
        self._ask(self._filter.on_page(1) if number <= 1 else self._filter.on_page(number, self._cursors.get(by)))

    def _sort_by(self, sort: SortKey) -> None:
        """Up, down, and back to what presses most."""
        if self._filter.sort is not sort:
            asked = replace(self._filter.on_page(1), sort=sort, descending=False)
        elif not self._filter.descending:
            asked = replace(self._filter.on_page(1), descending=True)
        else:
            asked = replace(self._filter.on_page(1), sort=SortKey.PRESSING, descending=False)
        self._ask(asked)


def _enable(button: TextNode, enabled: bool) -> None:
    if button.props.get('disabled', False) == enabled:
        button.props['disabled'] = not enabled
