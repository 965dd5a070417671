"""The columns and cards of the board."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from nicegui import ui

from ...core.formatting import number
from ...core.orders import WorkOrder, WorkOrderStatus
from ..shell.chips import set_attribute
from ..shell.heading import Heading
from ..shell.messages import TextNode
from .table import Row

DRAGOVER_THROTTLE_S = 60.0


class Board(Protocol):
    """The events of a card."""

    def drag_start(self, card: OrderCard) -> None:
        """A drag of this card starts."""

    def drag_end(self) -> None:
        """A drag ends, with or without a drop."""

    def open_menu(self, card: OrderCard) -> None:
        """Open the menu of transitions of this card."""

    def focus_in(self, card: OrderCard) -> None:
        """The card, or an element in it, has received the focus."""


class BoardColumn(ui.element):
    """One status: its label, the number of orders, and cards for the first of them, which scroll below the label."""

    def __init__(self, status: WorkOrderStatus, drop: Callable[[WorkOrderStatus], object]) -> None:
        super().__init__('q-card')
        self.classes('board-column').props('role=region')
        self.props['data-order-status'] = status.value
        self.props['aria-label'] = status.word
        title = 'Completed in the last 7 days' if status is WorkOrderStatus.COMPLETED else status.word
        with self:
            with ui.element('header'):
                Heading(title)
                self._count = TextNode('span').classes('column-count')
            self.cards = ui.element('div').classes('cards')
            self._more = ui.link('').classes('column-more')
        # a drop needs the default action of dragover prevented; the event itself has no use
        self.on('dragover.prevent', lambda: None, args=[], throttle=DRAGOVER_THROTTLE_S, trailing_events=False)
        self.on('drop.prevent', lambda: drop(status), args=[])

    @property
    def shown(self) -> list[OrderCard]:
        """The cards, from the top."""
        return [child for child in self.cards.default_slot.children if isinstance(child, OrderCard)]

    def arrange(self, cards: list[OrderCard]) -> bool:
        """Sort the cards of this column; whether that changes their order."""
        children = self.cards.default_slot.children
        if children == cards:
            return False
        children[:] = cards
        self.cards.update()
        return True

    def show(self, total: int, shown: int, address: str) -> None:
        """Show the number of orders, and a link to the list of those without a card."""
        self._count.set_text(number(total))
        self._more.set_text(f'Show {number(total - shown)} more in the table')
        set_attribute(self._more, 'href', address)
        self._more.set_visibility(total > shown)


class OrderCard(ui.element):
    """One order on the board."""

    def __init__(self, board: Board, prefix: str) -> None:
        """prefix: the path prefix of this page's addresses."""
        super().__init__('article')
        self._prefix = prefix
        self.order: WorkOrder
        self._row: Row = {}
        self.classes('order-card').props('draggable=true')
        with self:
            self.link = TextNode('a').classes('card-machine')  # a native element, so that it can be focused
            self._description = TextNode('p')
            self._pill = TextNode('span').classes('pill')
            self._assignee = TextNode('span').classes('card-assignee')
            self._due = TextNode('span').classes('card-due')
            self.menu_button = TextNode('button', '⋯').classes('card-more').props('type=button aria-haspopup=menu')
            self.menu_button.on('click', lambda: board.open_menu(self), args=[])
        self.on('dragstart', lambda: board.drag_start(self), args=[])
        self.on('dragend', board.drag_end, args=[])
        self.on('focusin', lambda: board.focus_in(self), args=[])

    def show(self, order: WorkOrder, row: Row) -> None:
        """Update to the current order; only differences are sent."""
        self.order = order
        before, self._row = self._row, row
        if row == before:
            return
        set_attribute(self, 'data-changed', row['changed'])
        self.link.set_text(row['machine'])
        set_attribute(self.link, 'data-icon', row['icon'])
        set_attribute(self.link, 'href', self._prefix + row['href'])
        set_attribute(self.link, 'title', row['id'])
        self._description.set_text(row['description'])
        self._pill.set_text(row['priority'])
        set_attribute(self._pill, 'data-priority', row['priority'])
        self._assignee.set_text(row['assignee'])
        self._due.set_text(row['due'])
        set_attribute(self._due, 'data-overdue', row['overdue'])
        set_attribute(self.menu_button, 'aria-label', f'Move {row["machine"]} {row["short"]}')
