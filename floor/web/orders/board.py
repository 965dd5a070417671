"""Work orders as a board: a column for each status; cards change it by drag and drop, or by their menu.

A card moves after the status has changed in the database, so a refused transition leaves it where it is. The arrow keys
move the focus between cards, M opens the menu of a card. A card keeps the focus when it moves, also after a change by
another person.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import tzinfo
from functools import partial

from nicegui import ui

from ...core.orders import OrderId, WorkOrder, WorkOrderStatus
from ...feed.store import Store
from ...orders.order_filter import Done, OrderFilter, SortKey
from ...orders.order_pages import OrderPage
from ...orders.work_order_list import WorkOrderList
from ..shell.addresses import with_prefix
from ..shell.messages import TextNode
from ..shell.order_formatting import short_id, transition_label
from .card_focus import CardFocus
from .filters import address_of
from .order_card import BoardColumn, OrderCard
from .table import row_of
from .toast import OrderToast
from .transitions import OrderTransitions

COLUMNS = (WorkOrderStatus.OPEN, WorkOrderStatus.IN_PROGRESS, WorkOrderStatus.ON_HOLD, WorkOrderStatus.COMPLETED)
MAX_CARDS = 500
"""On the whole board; a column with more orders shows their number and links to the list."""
MIN_CARDS_PER_COLUMN = 50
INITIAL_CARDS = 12
"""Cards per column until a browser connects: about as many as a window shows, so that the page is built quickly."""
BUILD_BATCH = 25
"""Cards that are built before the event loop gets a turn."""
KEYS = 'Use the arrow keys to go to a card, and M to move it.'


@dataclass(frozen=True, slots=True)
class BoardContent:
    """A page of orders for each visible column."""

    pages: dict[WorkOrderStatus, OrderPage]


def column_filter(order_filter: OrderFilter, status: WorkOrderStatus, cards: int = MIN_CARDS_PER_COLUMN) -> OrderFilter:
    """The filter of one column. Completed orders: of the last 7 days, in which they can be reopened."""
    completed = status is WorkOrderStatus.COMPLETED
    return replace(order_filter.on_page(1), statuses=frozenset() if completed else frozenset({status}),
                   done=(order_filter.done or Done.WEEK) if completed else None,
                   sort=SortKey.PRESSING, descending=False, per_page=cards)


def columns_of(order_filter: OrderFilter) -> tuple[WorkOrderStatus, ...]:
    """The columns that match a filter."""
    if not order_filter.statuses and order_filter.done is None:
        return COLUMNS
    return tuple(status for status in COLUMNS
                 if status in order_filter.statuses
                 or (status is WorkOrderStatus.COMPLETED and order_filter.done is not None))


def card_limits(totals: dict[WorkOrderStatus, int]) -> dict[WorkOrderStatus, int]:
    """MAX_CARDS distributed over the columns: what a short column does not need goes to the others."""
    remaining, limits = MAX_CARDS, {}
    for number, (status, total) in enumerate(sorted(totals.items(), key=lambda item: item[1])):
        limits[status] = min(total, remaining // (len(totals) - number))
        remaining -= limits[status]
    return {status: max(MIN_CARDS_PER_COLUMN, limits[status]) for status in totals}


async def read_board(orders: WorkOrderList, order_filter: OrderFilter, revision: int) -> BoardContent:
    """Read all columns of a filter.

    :raises DatabaseUnavailableError: the database does not respond in time
    """
    statuses = columns_of(order_filter)
    counts = await orders.counts(order_filter, revision)
    limits = card_limits({status: counts.total(column_filter(order_filter, status)) for status in statuses})
    pages = await asyncio.gather(*(orders.page(column_filter(order_filter, status, limits[status]), revision)
                                   for status in statuses))
    return BoardContent(dict(zip(statuses, pages, strict=True)))


class OrderBoard:
    """The columns and their cards. A card is reused as long as its order is on the board."""

    def __init__(self, store: Store, zone: tzinfo, transitions: OrderTransitions) -> None:
        self._store = store
        self._zone = zone
        self._transitions = transitions
        self._prefix = with_prefix('')
        self._is_connected = False
        self._cards: dict[OrderId, OrderCard] = {}
        self._dragged: OrderCard | None = None
        self._focus = CardFocus()
        self._items: list[ui.element] = []
        self._toast = OrderToast()
        with ui.element('div').classes('board').props('role=group') as self._root:
            self._root.props['aria-label'] = KEYS
            self._columns = {status: BoardColumn(status, self._drop) for status in COLUMNS}
        self._root.on('focusout', self._focus.left, args=[])
        self._root.on('keydown.m', lambda: self.open_menu(card) if (card := self._focus.card) else None, args=[])
        for key, columns, cards in ('up', 0, -1), ('down', 0, 1), ('left', -1, 0), ('right', 1, 0):
            self._root.on(f'keydown.arrow-{key}.prevent', partial(self._move_focus, columns, cards), args=[])
        with ui.element('div'):
            self._menu = ui.menu().classes('card-menu') \
                .props('no-parent-event auto-close role=menu transition-duration=80')

    async def show(self, order_filter: OrderFilter, content: BoardContent) -> None:
        """Create, update, move and delete cards, so that the board shows this content."""
        self._is_connected = self._is_connected or self._root.client.has_socket_connection
        focused = self._focus.card
        next_focus = self._next_focus({order.id for page in content.pages.values() for order in page.orders})
        slot_before = next_focus and next_focus.parent_slot
        await self._build(content)
        if self._root.is_deleted:
            return
        if any(order.id not in self._cards for page in content.pages.values() for order in self._shown_of(page)):
            self.clear()  # the board was cleared while cards were built
            return
        has_moved = next_focus is not focused or (
            next_focus is not None and next_focus.parent_slot is not slot_before)
        for status, column in self._columns.items():
            page = content.pages.get(status)
            column.set_visibility(page is not None)
            if page is not None:
                cards = [self._cards[order.id] for order in self._shown_of(page)]
                has_moved |= column.arrange(cards) and next_focus in cards
                column.show(page.total, len(page.orders), address_of(column_filter(order_filter, status)))
        self._root.set_visibility(bool(content.pages))
        if self._dragged is not None and self._dragged.is_deleted:
            self.drag_end()  # the browser sends no dragend for a deleted element
        if next_focus is not None and has_moved and self._focus.is_still(focused) and not self._transitions.is_asking:
            self._focus.give(next_focus)

    def _shown_of(self, page: OrderPage) -> tuple[WorkOrder, ...]:
        return page.orders if self._is_connected else page.orders[:INITIAL_CARDS]

    def clear(self) -> None:
        """Show nothing."""
        for card in self._cards.values():
            card.delete()
        self._cards.clear()
        self._root.set_visibility(False)

    async def _build(self, content: BoardContent) -> None:
        """Create or update a card for each order, in its column."""
        now_ms = self._store.now_ms
        for id_ in self._cards.keys() - {order.id for page in content.pages.values() for order in page.orders}:
            self._cards.pop(id_).delete()
        for status, page in content.pages.items():
            parent = self._columns[status].cards
            for number, order in enumerate(self._shown_of(page), 1):
                if (card := self._cards.get(order.id)) is None:
                    with parent:
                        card = self._cards[order.id] = OrderCard(self, self._prefix)
                    if number % BUILD_BATCH == 0:
                        card.show(order, row_of(order, self._store, now_ms, self._zone))
                        await asyncio.sleep(0)
                        if self._root.is_deleted:
                            return
                elif card.parent_slot is not parent.default_slot:
                    card.move(parent)
                card.show(order, row_of(order, self._store, now_ms, self._zone))

    # drag and drop

    def drag_start(self, card: OrderCard) -> None:
        """Show at each column whether the card can be dropped there."""
        self._dragged = card
        allowed = {each.to_status: not self._transitions.refusal(card.order, each)
                   for each in self._transitions.allowed(card.order)}
        for status, column in self._columns.items():
            is_target = 'yes' if allowed.get(status) else 'no'
            column.props['data-drop'] = '' if status is card.order.status else is_target

    def drag_end(self) -> None:
        """Reset the columns."""
        for column in self._columns.values():
            if column.props.get('data-drop'):
                column.props['data-drop'] = ''

    async def _drop(self, to: WorkOrderStatus) -> None:
        card, self._dragged = self._dragged, None
        self.drag_end()
        if card is not None and card.order.status is not to:
            await self._transition(card, to)

    # transitions

    async def _transition_from_menu(self, card: OrderCard, to: WorkOrderStatus) -> None:
        self._focus.expect(card)  # the menu has returned the focus
        if not await self._transition(card, to):
            self._return_focus(card)

    async def _transition(self, card: OrderCard, to: WorkOrderStatus) -> bool:
        """Make a transition of this card; whether it was made."""
        before = card.order
        card.props['data-pending'] = 'true'
        try:
            is_made = await self._transitions.make(before, to, return_focus=lambda: self._return_focus(card))
            if is_made:
                self._offer_undo(before, to)
            return is_made
        finally:
            if not card.is_deleted:
                card.props['data-pending'] = 'false'

    def _offer_undo(self, before: WorkOrder, to: WorkOrderStatus) -> None:
        """Offer to undo a transition, if this person may make the reverse one."""
        if not self._root.is_deleted and self._transitions.can_undo(before, to):
            self._toast.offer(f'{short_id(before.id)}: {to.word.lower()}', 'Undo', lambda: self._undo(before))

    async def _undo(self, before: WorkOrder) -> None:
        if (card := self._cards.get(before.id)) is not None:
            self._focus.give(card)  # the button that was pressed is hidden
            await self._transitions.undo(card.order, before)

    def open_menu(self, card: OrderCard) -> None:
        """Open the menu of transitions of this card; disabled items show the reason."""
        self._menu.clear()
        self._items = []
        with self._menu:
            for transition in self._transitions.allowed(card.order):
                refusal = self._transitions.refusal(card.order, transition)
                item = self._item(transition_label(card.order.status, transition.to_status), refusal)
                if not refusal:
                    item.on('click', lambda to=transition.to_status: self._transition_from_menu(card, to), args=[])
            if not self._items:
                self._item('Cannot load the transitions', 'The database does not respond. Try again in a moment.')
        self._menu.props['target'] = f'#{card.menu_button.html_id}'
        self._menu.props['aria-label'] = card.menu_button.props.get('aria-label', '')
        self._menu.open()

    def _item(self, label: str, refusal: str) -> ui.element:
        number = len(self._items)
        with ui.element('button').classes('menu-transition').props('type=button role=menuitem') as item:
            item.props['data-autofocus'] = number == 0  # the menu gives it the focus when it opens
            TextNode('span', label)
            if refusal:
                item.props['aria-disabled'] = 'true'
                TextNode('span', refusal).classes('why-not')
        item.on('keydown.arrow-down.prevent', lambda: self._focus_item(number + 1), args=[])
        item.on('keydown.arrow-up.prevent', lambda: self._focus_item(number - 1), args=[])
        self._items.append(item)
        return item

    def _focus_item(self, number: int) -> None:
        if self._items:
            self._items[number % len(self._items)].run_method('focus')

    # keyboard focus

    def focus_in(self, card: OrderCard) -> None:
        """Remember which card has the focus."""
        self._focus.arrived(card)

    def _return_focus(self, card: OrderCard) -> None:
        """A dialog or menu of this card was closed; the person may have gone on to another card."""
        if not card.is_deleted and self._focus.card in (None, card):
            self._focus.give(card)

    def _next_focus(self, shown: set[OrderId]) -> OrderCard | None:
        """The card that will have the focus: the present one or, if it leaves the board, the nearest in its column."""
        if (card := self._focus.card) is None or card.order.id in shown:
            return card
        cards = next((column.shown for column in self._columns.values() if card in column.shown), [])
        index = cards.index(card)
        nearest = [*cards[index + 1:], *reversed(cards[:index])]
        return next((each for each in nearest if each.order.id in shown), None)

    def _move_focus(self, by_columns: int, by_cards: int) -> None:
        """Move the focus to a neighbouring card."""
        columns = [cards for column in self._columns.values() if column.visible and (cards := column.shown)]
        position = next(((number, cards.index(self._focus.card)) for number, cards in enumerate(columns)
                         if self._focus.card in cards), None)
        if position is None:
            return
        column = columns[min(max(position[0] + by_columns, 0), len(columns) - 1)]
        self._focus.give(column[min(max(position[1] + by_cards, 0), len(column) - 1)])
