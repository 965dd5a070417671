"""Work orders as a board: a column for each state, cards to drag between them, a menu on each card that does the same.

A card moves when the database says that the order did, so what was refused is where it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import tzinfo

from nicegui import ui

from ...model import OrderId, WorkOrder, WorkOrderState
from ...orders.work_order_list import Done, OrderFilter, OrderPage, SortKey, WorkOrderList
from ...store import Store
from ..heading import Heading
from ..saying import Words
from .filters import address_of, set_attribute
from .moves import OrderMoves
from .table import Row, row_of
from .words import move_word

COLUMNS = (WorkOrderState.OPEN, WorkOrderState.IN_PROGRESS, WorkOrderState.ON_HOLD, WorkOrderState.COMPLETED)
CARDS = 50
ONCE_A_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class BoardContent:
    """A page of orders for each column that is shown."""

    pages: dict[WorkOrderState, OrderPage]


def column_filter(filter: OrderFilter, state: WorkOrderState) -> OrderFilter:
    """What one column shows of a filter. Completed: lately, as long as an order can be dragged back."""
    completed = state is WorkOrderState.COMPLETED
    return replace(filter, states=frozenset() if completed else frozenset({state}),
                   done=(filter.done or Done.WEEK) if completed else None,
                   sort=SortKey.PRESSING, descending=False, page=1, per_page=CARDS)


def columns_of(filter: OrderFilter) -> tuple[WorkOrderState, ...]:
    """The columns that a filter leaves."""
    if not filter.states and filter.done is None:
        return COLUMNS
    return tuple(state for state in COLUMNS
                 if state in filter.states or (state is WorkOrderState.COMPLETED and filter.done is not None))


async def read_board(orders: WorkOrderList, filter: OrderFilter, revision: int) -> BoardContent:
    """All columns of a filter.

    :raises DatabaseUnavailable: nobody answers, or not in time
    """
    states = columns_of(filter)
    pages = await asyncio.gather(*(orders.page(column_filter(filter, state), revision) for state in states))
    return BoardContent(dict(zip(states, pages, strict=True)))


class OrderBoard:
    """The columns and their cards; a card lives as long as its order is on the board."""

    def __init__(self, store: Store, zone: tzinfo, moves: OrderMoves) -> None:
        self._store = store
        self._zone = zone
        self._moves = moves
        self._cards: dict[OrderId, OrderCard] = {}
        self._dragged: OrderCard | None = None
        with ui.element('div').classes('board') as self._place:
            self._columns = {state: BoardColumn(state, self._drop) for state in COLUMNS}
        with ui.element('div'):
            self._menu = ui.menu().props('no-parent-event auto-close').classes('card-menu')

    def show(self, filter: OrderFilter, content: BoardContent) -> None:
        """Put every card where its order stands now."""
        now_ms = self._store.now_ms
        shown = {order.id for page in content.pages.values() for order in page.orders}
        for id_ in self._cards.keys() - shown:
            self._cards.pop(id_).delete()
        for state, column in self._columns.items():
            page = content.pages.get(state)
            column.set_visibility(page is not None)
            if page is None:
                continue
            for index, order in enumerate(page.orders):
                if (card := self._cards.get(order.id)) is None:
                    with column.cards:
                        card = self._cards[order.id] = OrderCard(self._lift, self._put_down, self._open_menu)
                if column.place_of(card) != index:
                    card.move(column.cards, target_index=index)
                card.show(order, row_of(order, now_ms, self._zone))
            column.show(page.total, len(page.orders), address_of(column_filter(filter, state)))
        self._place.set_visibility(bool(content.pages))

    # within

    def _lift(self, card: OrderCard) -> None:
        self._dragged = card
        allowed = {move.to_state: not self._moves.refusal(card.order, move) for move in self._moves.allowed(card.order)}
        for state, column in self._columns.items():
            takes_it = 'yes' if allowed.get(state) else 'no'
            set_attribute(column, 'data-drop', '' if state is card.order.state else takes_it)

    def _put_down(self) -> None:
        for column in self._columns.values():
            set_attribute(column, 'data-drop', '')

    async def _drop(self, to: WorkOrderState) -> None:
        card, self._dragged = self._dragged, None
        self._put_down()
        if card is not None and card.order.state is not to:
            await self._move(card, to)

    async def _move(self, card: OrderCard, to: WorkOrderState) -> None:
        card.props['data-moving'] = 'true'
        try:
            await self._moves.move(card.order, to)
        finally:
            card.props['data-moving'] = 'false'

    def _open_menu(self, card: OrderCard) -> None:
        self._menu.clear()
        with self._menu:
            for move in self._moves.allowed(card.order):
                refusal = self._moves.refusal(card.order, move)
                item = ui.menu_item(move_word(card.order.state, move.to_state),
                                    on_click=lambda to=move.to_state: self._move(card, to))
                item.enabled = not refusal
                if refusal:
                    with item:
                        ui.label(refusal).classes('why-not')
            if not self._moves.allowed(card.order):
                ui.menu_item('No moves: the database does not answer').disable()
        self._menu.props['target'] = f'#{card.menu_button.html_id}'
        self._menu.open()


class BoardColumn(ui.element):
    """One state: its name, how many orders are in it, the first of them as cards."""

    def __init__(self, state: WorkOrderState, drop: Callable[[WorkOrderState], object]) -> None:
        super().__init__('q-card')
        self.classes('board-column').props('role=region')
        self.props['data-state'] = state.value
        self.props['aria-label'] = state.word
        title = 'Completed lately' if state is WorkOrderState.COMPLETED else state.word
        with self:
            with ui.element('header'):
                Heading(title)
                self._count = Words('span').classes('column-count')
            self.cards = ui.element('div').classes('cards')
            self._more = ui.link('').classes('column-more')
        # without the prevented default nothing can be dropped; that it is being dragged over is nothing to tell
        self.on('dragover.prevent', lambda: None, args=[], throttle=ONCE_A_MINUTE, trailing_events=False)
        self.on('drop.prevent', lambda: drop(state), args=[])

    def place_of(self, card: OrderCard) -> int | None:
        """Which of its cards it is; None: it is in another column."""
        if card.parent_slot is not self.cards.default_slot:
            return None
        return self.cards.default_slot.children.index(card)

    def show(self, total: int, shown: int, address: str) -> None:
        """How many there are, and where to find those that have no card."""
        self._count.set_text(f'{total:,}')
        self._more.set_text(f'and {total - shown:,} more')
        set_attribute(self._more, 'href', address)
        self._more.set_visibility(total > shown)


class OrderCard(ui.element):
    """One order on the board."""

    def __init__(self, lift: Callable[[OrderCard], None], put_down: Callable[[], None],
                 open_menu: Callable[[OrderCard], None]) -> None:
        super().__init__('article')
        self.order: WorkOrder
        self._row: Row = {}
        self.classes('order-card').props('draggable=true')
        with self:
            self._link = ui.link('', '').classes('card-machine')
            self._what = Words('p')
            self._pill = Words('span').classes('pill')
            self._assignee = Words('span').classes('card-assignee')
            self._due = Words('span').classes('card-due')
            self.menu_button = Words('button', '⋯').classes('card-more').props('type=button aria-haspopup=menu')
            self.menu_button.on('click', lambda: open_menu(self), args=[])
        self.on('dragstart', lambda: lift(self), args=[])
        self.on('dragend', put_down, args=[])

    def show(self, order: WorkOrder, row: Row) -> None:
        """The order as it is now; only what has changed is sent."""
        self.order = order
        before, self._row = self._row, row
        if row == before:
            return
        set_attribute(self, 'data-mark', row['mark'])
        self._link.set_text(row['machine'])
        set_attribute(self._link, 'href', row['href'])
        set_attribute(self._link, 'title', row['id'])
        self._what.set_text(row['what'])
        self._pill.set_text(row['priority'])
        set_attribute(self._pill, 'data-priority', row['priority'])
        self._assignee.set_text(row['assignee'])
        self._due.set_text(row['due'])
        set_attribute(self._due, 'data-overdue', row['overdue'])
        set_attribute(self.menu_button, 'aria-label', f'Move {row["machine"]} {row["short"]}')

