"""The buttons of a work order: one for each transition, and Take it. A disabled button shows the reason."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from ...core.errors import FloorError
from ...core.orders import AllowedTransition, WorkOrder, WorkOrderDetails, WorkOrderStatus
from ...core.people import Identity, Person, Role
from ...orders.order_values import OrderEdit
from ..shell.chips import hide
from ..shell.messages import Alert, TextNode, set_reason
from ..shell.order_formatting import PriorityPill, due_text, role_needed, transition_label
from ..shell.services import Services
from .order_facts import status_text
from .transitions import OrderTransitions, refusal_text

NO_EMPLOYEE = 'Only active employees can take orders, and none of them has your e-mail address.'
ALREADY_YOURS = 'It is already assigned to you.'

Reload = Callable[[], Awaitable[WorkOrderDetails | None]]


class OrderActions:
    """A line with status, priority, due time and assignee, and the buttons below it."""

    def __init__(self, services: Services, identity: Identity, person: Person, *, transitions: OrderTransitions,
                 reload: Reload) -> None:
        """transitions: already loaded. reload: reads the order and shows it."""
        self._services = services
        self._identity = identity
        self._person = person
        self._reload = reload
        self._transitions = transitions
        self._order: WorkOrder | None = None
        self._changing: WorkOrder | None = None  # the order as it was shown when a command on it was sent
        self._line = ui.element('div').classes('order-line')
        self._buttons: dict[tuple[WorkOrderStatus, WorkOrderStatus], ui.button] = {}
        with ui.element('div').classes('order-buttons') as self._row:
            self._take_button = ui.button('Take it', on_click=self._take, color=None).props('no-caps')
        self._note = TextNode('p').classes('panel-note')
        self._problem = Alert()

    def show(self, order: WorkOrder) -> None:
        """Update to the current order."""
        now_ms, zone = self._services.store.now_ms, self._services.zone
        self._line.clear()
        with self._line:
            TextNode('span', status_text(order)).classes('order-status').props['data-order-status'] = order.status.value
            PriorityPill(order.priority)
            due = TextNode('span', due_text(order, now_ms, zone)).classes('due')
            due.props['data-overdue'] = str(order.status.is_active and order.due_at.timestamp() * 1000 < now_ms).lower()
            TextNode('span', order.assignee or 'Unassigned').classes('free-text')
        transitions = self._transitions.allowed(order)
        refusals = [self._take_refusal(order) if order.status.is_active else ''] + \
            [self._transitions.refusal(order, transition) for transition in transitions]
        labels = ['Take it', *(transition_label(order.status, transition.to_status) for transition in transitions)]
        pairs = list(zip(labels, refusals, strict=True))
        note = ' '.join(f'{", ".join(label for label, refusal in pairs if refusal == reason)}: {reason}'
                        for reason in dict.fromkeys(refusals) if reason not in {'', ALREADY_YOURS})
        self._note.set_text(note)
        hide(self._note, hidden=not note)
        self._order = order
        self._update_buttons(order, transitions, refusals)

    def _update_buttons(self, order: WorkOrder, transitions: list[AllowedTransition], refusals: list[str]) -> None:
        """Show the buttons of this status. Each is built once: one that is built again loses a press."""
        self._take_button.visible = order.status.is_active
        set_reason(self._take_button, refusals[0])
        for button in self._buttons.values():
            button.visible = False
        for transition, refusal in zip(transitions, refusals[1:], strict=True):
            button = self._button_of(transition)
            button.visible = True
            set_reason(button, refusal)

    def _button_of(self, transition: AllowedTransition) -> ui.button:
        key = transition.from_status, transition.to_status
        if key not in self._buttons:
            with self._row:
                self._buttons[key] = ui.button(transition_label(*key), color=None,
                                               on_click=lambda: self._make_transition(transition)).props('no-caps')
            self._buttons[key].props['data-transition'] = transition.to_status.value
        return self._buttons[key]

    def _take_refusal(self, order: WorkOrder) -> str:
        if refusal := role_needed(Role.TECHNICIAN, self._person.role):
            return refusal
        if self._person.employee_id is None:
            return NO_EMPLOYEE
        return ALREADY_YOURS if order.assignee_id == self._person.employee_id else ''

    async def _make_transition(self, transition: AllowedTransition) -> None:
        order = self._order
        if order is None or order.status is not transition.from_status or self._is_changing(order):  # a double click
            return
        self._changing = order
        try:
            await self._transitions.make(order, transition.to_status)
            await self._reload()
        finally:
            self._changed(order)

    def _is_changing(self, order: WorkOrder) -> bool:
        """Whether a command on this version is under way; one on what the page shows after it is no double click."""
        return self._changing is not None and self._changing.version == order.version

    def _changed(self, order: WorkOrder) -> None:
        if self._changing is order:
            self._changing = None

    async def _take(self) -> None:
        order = self._order
        if order is None or self._take_refusal(order) or self._is_changing(order):
            return
        self._changing = order
        try:
            self._show_problem(await self._assign_to_self(order))
            await self._reload()
        finally:
            self._changed(order)

    async def _assign_to_self(self, order: WorkOrder) -> str:
        """Returns why it was refused; empty if it was not."""
        try:
            edit = OrderEdit(assignee_id=self._person.employee_id)
            await self._services.orders.edit(self._identity, order.id, order.version, edit)
        except FloorError as error:
            return refusal_text(order, error)
        return ''

    def _show_problem(self, problem: str) -> None:
        if not self._problem.is_deleted:
            self._problem.show(problem)
