"""Work orders as a board: a column for each status, cards to drag between them, a menu on each card that does it too.

A card moves when the database says that the order did, so what was refused is where it was. The arrow keys go from card
to card, M opens the menu of a card; a card that has the focus keeps it, whoever moves it.
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
from .filters import address_of
from .order_card import BoardColumn, OrderCard
from .table import row_of
from .toast import OrderToast
from .transitions import OrderTransitions

COLUMNS = (WorkOrderStatus.OPEN, WorkOrderStatus.IN_PROGRESS, WorkOrderStatus.ON_HOLD, WorkOrderStatus.COMPLETED)
MAX_CARDS = 500
"""On the whole board; a column that has more orders says how many and leads to the list."""
MIN_CARDS_PER_COLUMN = 50
INITIAL_CARDS = 12
"""Of each column, as long as no browser has come for the page: what a window shows, and all that a page costs then."""
BUILD_BATCH = 25
"""Cards that are built between two turns of the event loop."""
KEYS = 'Use the arrow keys to go to a card, and M to move it.'


@dataclass(frozen=True, slots=True)
class BoardContent:
    """A page of orders for each column that is shown."""

    pages: dict[WorkOrderStatus, OrderPage]


def column_filter(order_filter: OrderFilter, status: WorkOrderStatus, cards: int = MIN_CARDS_PER_COLUMN) -> OrderFilter:
    """What one column shows of a filter. Completed: the last 7 days, within which an order can be reopened."""
    completed = status is WorkOrderStatus.COMPLETED
    return replace(order_filter.on_page(1), statuses=frozenset() if completed else frozenset({status}),
                   done=(order_filter.done or Done.WEEK) if completed else None,
                   sort=SortKey.PRESSING, descending=False, per_page=cards)


def columns_of(order_filter: OrderFilter) -> tuple[WorkOrderStatus, ...]:
    """The columns that a filter leaves."""
    if not order_filter.statuses and order_filter.done is None:
        return COLUMNS
    return tuple(status for status in COLUMNS
                 if status in order_filter.statuses
                 or (status is WorkOrderStatus.COMPLETED and order_filter.done is not None))


def shares(totals: dict[WorkOrderStatus, int]) -> dict[WorkOrderStatus, int]:
    """How many cards each column may have of MAX_CARDS: what a short one leaves goes to the others."""
    left, given = MAX_CARDS, {}
    for number, (status, total) in enumerate(sorted(totals.items(), key=lambda item: item[1])):
        given[status] = min(total, left // (len(totals) - number))
        left -= given[status]
    return {status: max(MIN_CARDS_PER_COLUMN, given[status]) for status in totals}


async def read_board(orders: WorkOrderList, order_filter: OrderFilter, revision: int) -> BoardContent:
    """All columns of a filter.

    :raises DatabaseUnavailableError: nobody answers, or not in time
    """
    statuses = columns_of(order_filter)
    counts = await orders.counts(order_filter, revision)
    cards = shares({status: counts.total(column_filter(order_filter, status)) for status in statuses})
    pages = await asyncio.gather(*(orders.page(column_filter(order_filter, status, cards[status]), revision)
                                   for status in statuses))
    return BoardContent(dict(zip(statuses, pages, strict=True)))


class OrderBoard:
    """The columns and their cards; a card lives as long as its order is on the board."""

    def __init__(self, store: Store, zone: tzinfo, transitions: OrderTransitions) -> None:
        self._store = store
        self._zone = zone
        self._transitions = transitions
        self._prefix = with_prefix('')
        self._is_seen = False
        self._cards: dict[OrderId, OrderCard] = {}
        self._dragged: OrderCard | None = None
        self._focused: OrderCard | None = None
        self._items: list[ui.element] = []
        self._toast = OrderToast()
        with ui.element('div').classes('board').props('role=group') as self._place:
            self._place.props['aria-label'] = KEYS
            self._columns = {status: BoardColumn(status, self._drop) for status in COLUMNS}
        self._place.on('focusout', self._blurred, args=[])
        self._place.on('keydown.m', lambda: self.open_menu(self._focused) if self._focused else None, args=[])
        for key, across, down in ('up', 0, -1), ('down', 0, 1), ('left', -1, 0), ('right', 1, 0):
            self._place.on(f'keydown.arrow-{key}.prevent', partial(self._go, across, down), args=[])
        with ui.element('div'):
            self._menu = ui.menu().classes('card-menu') \
                .props('no-parent-event auto-close role=menu transition-duration=80')
            self._menu.on('show', lambda: self._choose(0), args=[])

    async def show(self, order_filter: OrderFilter, content: BoardContent) -> None:
        """Put every card where its order stands now; the first time in parts, so that others have their turns."""
        self._is_seen = self._is_seen or self._place.client.has_socket_connection
        heir = self._heir({order.id for page in content.pages.values() for order in page.orders})
        stood_in = heir and heir.parent_slot
        await self._build(content)
        if self._place.is_deleted:
            return
        if any(order.id not in self._cards for page in content.pages.values() for order in self._built(page)):
            self.clear()  # again: it was cleared while cards were built
            return
        has_moved = heir is not self._focused or (heir is not None and heir.parent_slot is not stood_in)
        for status, column in self._columns.items():
            page = content.pages.get(status)
            column.set_visibility(page is not None)
            if page is not None:
                cards = [self._cards[order.id] for order in self._built(page)]
                has_moved |= column.arrange(cards) and heir in cards
                column.show(page.total, len(page.orders), address_of(column_filter(order_filter, status)))
        self._place.set_visibility(bool(content.pages))
        if self._dragged is not None and self._dragged.is_deleted:
            self.put_down()  # the browser no longer reports the end of the drag
        if heir is not None and has_moved:
            self._focused = heir
            heir.take_focus()

    def _built(self, page: OrderPage) -> tuple[WorkOrder, ...]:
        return page.orders if self._is_seen else page.orders[:INITIAL_CARDS]

    def clear(self) -> None:
        """Show nothing."""
        for card in self._cards.values():
            card.delete()
        self._cards.clear()
        self._place.set_visibility(False)

    async def _build(self, content: BoardContent) -> None:
        """A card for each order, in its column."""
        now_ms = self._store.now_ms
        for id_ in self._cards.keys() - {order.id for page in content.pages.values() for order in page.orders}:
            self._cards.pop(id_).delete()
        for status, page in content.pages.items():
            place = self._columns[status].cards
            for number, order in enumerate(self._built(page), 1):
                if (card := self._cards.get(order.id)) is None:
                    with place:
                        card = self._cards[order.id] = OrderCard(self, self._prefix)
                    if number % BUILD_BATCH == 0:
                        card.show(order, row_of(order, now_ms, self._zone))
                        await asyncio.sleep(0)
                        if self._place.is_deleted:
                            return
                elif card.parent_slot is not place.default_slot:
                    card.move(place)
                card.show(order, row_of(order, now_ms, self._zone))

    # dragging

    def lift(self, card: OrderCard) -> None:
        """The columns say whether they take this card."""
        self._dragged = card
        allowed = {each.to_status: not self._transitions.refusal(card.order, each)
                   for each in self._transitions.allowed(card.order)}
        for status, column in self._columns.items():
            takes_it = 'yes' if allowed.get(status) else 'no'
            column.props['data-drop'] = '' if status is card.order.status else takes_it

    def put_down(self) -> None:
        """Nothing is being dragged."""
        for column in self._columns.values():
            if column.props.get('data-drop'):
                column.props['data-drop'] = ''

    async def _drop(self, to: WorkOrderStatus) -> None:
        card, self._dragged = self._dragged, None
        self.put_down()
        if card is not None and card.order.status is not to:
            await self._move(card, to)

    # moving

    async def _move_focused(self, card: OrderCard, to: WorkOrderStatus) -> None:
        self._focused = card  # as the menu has given it back
        await self._move(card, to)

    async def _move(self, card: OrderCard, to: WorkOrderStatus) -> None:
        before = card.order
        card.props['data-moving'] = 'true'
        try:
            if await self._transitions.make(before, to, opener=card.link):
                self._offer_undo(before, to)
        finally:
            if not card.is_deleted:
                card.props['data-moving'] = 'false'

    def _offer_undo(self, before: WorkOrder, to: WorkOrderStatus) -> None:
        """Where the way back is a transition that this person may make."""
        if not self._place.is_deleted and self._transitions.can_undo(before, to):
            self._toast.offer(f'{short_id(before.id)}: {to.word.lower()}', 'Undo', lambda: self._undo(before))

    async def _undo(self, before: WorkOrder) -> None:
        if (card := self._cards.get(before.id)) is not None:
            await self._transitions.undo(card.order, before)

    def open_menu(self, card: OrderCard) -> None:
        """The transitions of this card; what may not be done says why."""
        self._menu.clear()
        self._items = []
        with self._menu:
            for transition in self._transitions.allowed(card.order):
                refusal = self._transitions.refusal(card.order, transition)
                item = self._item(transition_label(card.order.status, transition.to_status), refusal)
                if not refusal:
                    item.on('click', lambda to=transition.to_status: self._move_focused(card, to), args=[])
            if not self._items:
                self._item('No moves: the database does not answer', ' ')
        self._menu.props['target'] = f'#{card.menu_button.html_id}'
        self._menu.props['aria-label'] = card.menu_button.props.get('aria-label', '')
        self._menu.open()

    def _item(self, word: str, refusal: str) -> ui.element:
        number = len(self._items)
        with ui.element('button').classes('menu-move').props('type=button role=menuitem') as item:
            TextNode('span', word)
            if refusal:
                item.props['aria-disabled'] = 'true'
                TextNode('span', refusal).classes('why-not')
        item.on('keydown.arrow-down.prevent', lambda: self._choose(number + 1), args=[])
        item.on('keydown.arrow-up.prevent', lambda: self._choose(number - 1), args=[])
        self._items.append(item)
        return item

    def _choose(self, number: int) -> None:
        if self._items:
            self._items[number % len(self._items)].run_method('focus')

    # the focus

    def focused(self, card: OrderCard) -> None:
        """It, or something in it, has the focus."""
        self._focused = card

    def _blurred(self) -> None:
        self._focused = None

    def _heir(self, shown: set[OrderId]) -> OrderCard | None:
        """The card that has the focus; where it goes from the board, the nearest one that stays in its column."""
        if (card := self._focused) is None or card.is_deleted or card.order.id in shown:
            return None if card is None or card.is_deleted else card
        cards = next((column.shown for column in self._columns.values() if card in column.shown), [])
        place = cards.index(card)
        near = [*cards[place + 1:], *reversed(cards[:place])]
        return next((each for each in near if each.order.id in shown), None)

    def _go(self, across: int, down: int) -> None:
        """From the card that has the focus to the one beside it."""
        columns = [cards for column in self._columns.values() if column.visible and (cards := column.shown)]
        here = next(((number, cards.index(self._focused)) for number, cards in enumerate(columns)
                     if self._focused in cards), None)
        if here is None:
            return
        column = columns[min(max(here[0] + across, 0), len(columns) - 1)]
        column[min(max(here[1] + down, 0), len(column) - 1)].take_focus()
