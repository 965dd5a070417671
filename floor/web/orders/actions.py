"""What can be done with a work order now: a button for each move, and Take it. What may not be done says why."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from ...core.errors import FloorError
from ...core.model import Identity, Move, Person, Role, WorkOrder, WorkOrderDetails
from ...orders.work_orders import OrderEdit
from ..shell.messages import Alert, Words, set_reason
from ..shell.order_formatting import PriorityPill, due_words, move_word, role_needed
from ..shell.services import Services
from .facts import state_words
from .moves import OrderMoves, refusal_words

NO_EMPLOYEE = 'Only employees take orders, and no active employee has your e-mail address.'
MINE_ALREADY = 'It is yours already.'

Reload = Callable[[], Awaitable[WorkOrderDetails | None]]


class OrderActions:
    """State, priority and due time in one line, the buttons under it."""

    def __init__(self, services: Services, identity: Identity, person: Person, *, moves: OrderMoves,
                 reload: Reload) -> None:
        """moves: loaded before anything is shown. reload: read the order and show it."""
        self._services = services
        self._identity = identity
        self._person = person
        self._reload = reload
        self._moves = moves
        self._busy = False
        self._order: WorkOrder | None = None
        self._offered: tuple[str, ...] = ()
        self._line = ui.element('div').classes('order-line')
        self._buttons = ui.element('div').classes('order-buttons')
        self._note = Words('p').classes('panel-note')
        self._problem = Alert()

    def show(self, order: WorkOrder) -> None:
        """The order as it is now."""
        now_ms, zone = self._services.store.now_ms, self._services.zone
        self._line.clear()
        with self._line:
            Words('span', state_words(order)).classes('order-state').props['data-state'] = order.state.value
            PriorityPill(order.priority)
            due = Words('span', due_words(order, now_ms, zone)).classes('due')
            due.props['data-overdue'] = str(order.state.is_active and order.due_at.timestamp() * 1000 < now_ms).lower()
            Words('span', order.assignee or 'nobody has it yet').classes('said')
        moves = self._moves.allowed(order)
        refusals = [self._take_refusal(order) if order.state.is_active else ''] + \
            [self._moves.refusal(order, move) for move in moves]
        words = ['Take it', *(move_word(order.state, move.to_state) for move in moves)]
        pairs = list(zip(words, refusals, strict=True))
        said = ' '.join(f'{", ".join(word for word, why in pairs if why == reason)}: {reason}'
                        for reason in dict.fromkeys(refusals) if reason not in {'', MINE_ALREADY})
        self._note.set_text(said)
        self._note.props['hidden'] = not said
        self._order = order
        if self._offered != (offered := (order.state, *refusals)):  # else a finger may be on its way to a button
            self._offered = offered
            self._buttons.clear()
            with self._buttons:
                self._build_buttons(order, moves, refusals)

    def _build_buttons(self, order: WorkOrder, moves: list[Move], refusals: list[str]) -> None:
        if order.state.is_active:
            take = ui.button('Take it', on_click=self._take, color=None).props('no-caps')
            set_reason(take, refusals[0])
        for move, refusal in zip(moves, refusals[1:], strict=True):
            button = ui.button(move_word(order.state, move.to_state), color=None,
                               on_click=lambda move=move: self._move(move)).props('no-caps')
            button.props['data-move'] = move.to_state.value
            set_reason(button, refusal)

    def _take_refusal(self, order: WorkOrder) -> str:
        if refusal := role_needed(Role.TECHNICIAN, self._person.role):
            return refusal
        if self._person.employee_id is None:
            return NO_EMPLOYEE
        return MINE_ALREADY if order.assignee_id == self._person.employee_id else ''

    async def _move(self, move: Move) -> None:
        order = self._order
        if self._busy or order is None or order.state is not move.from_state:  # the second of two clicks
            return
        self._busy = True
        try:
            await self._moves.move(order, move.to_state)
            await self._reload()
        finally:
            self._busy = False

    async def _take(self) -> None:
        order = self._order
        if self._busy or order is None or self._take_refusal(order):
            return
        self._busy = True
        try:
            edit = OrderEdit(assignee_id=self._person.employee_id)
            await self._services.orders.edit(self._identity, order.id, order.version, edit)
        except FloorError as error:
            self._say(refusal_words(order, error))
        else:
            self._say('')
        finally:
            self._busy = False
        await self._reload()

    def _say(self, problem: str) -> None:
        if not self._problem.is_deleted:
            self._problem.show(problem)
