"""The open work orders of one machine, in its drawer, and a button for a new one."""

from __future__ import annotations

from urllib.parse import quote

from nicegui import ui

from ...core.formatting import number
from ...core.machines import MachineName
from ...core.orders import OrderBrief, WorkOrderStatus
from ...core.people import Identity, Person, Role
from ...core.text import shortened
from ..orders.form import OrderForm
from ..shell.heading import Heading
from ..shell.messages import TextNode, set_reason
from ..shell.order_formatting import PriorityPill, due_text, order_address, role_needed, short_id
from ..shell.services import Services

MAX_ROWS = 20
"""Orders of one machine in the drawer; the work order list has all of them."""
ACTIVE = ','.join(status for status in WorkOrderStatus if status.is_active)


class MachineOrders:
    """Rows that are rebuilt only when one of them has changed, so that a link keeps its focus."""

    def __init__(self, services: Services, person: Person, identity: Identity, forms: ui.element) -> None:
        """forms: the parent of the form for a new order, which is built when it is opened for the first time."""
        self._services = services
        self._person = person
        self._identity = identity
        self._forms = forms
        self._form: OrderForm | None = None
        self._name: MachineName | None = None
        self._shown: tuple[list[tuple[OrderBrief, str]], int] | None = None
        with ui.element('header').classes('drawer-section'):
            Heading('Work orders', level=3)
            new = ui.button('New work order', on_click=self._new, color=None).props('no-caps').classes('primary')
            set_reason(new, role_needed(Role.OPERATOR, person.role))
        self._rows = ui.element('ul').classes('drawer-orders')
        self._all = ui.link('All work orders of this machine').classes('drawer-link')

    def show(self, name: MachineName) -> None:
        """Show the current active orders of this machine."""
        if name != self._name:
            self._name = name
            self._all.props['href'] = f'/work-orders?machine={quote(name, safe="")}'
        now_ms = self._services.store.now_ms
        active = self._services.store.orders_of(name)
        orders = [(order, due_text(order, now_ms, self._services.zone)) for order in active[:MAX_ROWS]]
        if (orders, len(active)) != self._shown:
            self._shown = orders, len(active)
            self._rows.clear()
            with self._rows:
                for order, due in orders:
                    order_row(order, due, overdue=order.is_overdue(now_ms))
                if not orders:
                    TextNode('li', 'No open work orders.')
                more_rows(len(active), f'/work-orders?status={ACTIVE}&machine={quote(name, safe="")}')

    def _new(self) -> None:
        if self._form is None:
            with self._forms:
                self._form = OrderForm(self._services, self._person, self._identity)
        self._form.open(self._name)


def more_rows(orders: int, address: str | None = None) -> None:
    """The number of orders without a row. address: the list with all of them."""
    if orders > MAX_ROWS:
        with TextNode('li').classes('drawer-more'):
            text = f'and {number(orders - MAX_ROWS)} more'
            ui.link(text, address) if address else ui.label(text)


def order_row(order: OrderBrief, due: str, *, overdue: bool) -> None:
    """Build a row with one order: id, priority, status, due time, assignee and description."""
    with ui.element('li').classes('drawer-order'):
        ui.link(f'WO-{short_id(order.id)}', order_address(order.id))
        PriorityPill(order.priority)
        TextNode('span', order.status.word)
        when = TextNode('span', due).classes('due')
        if overdue:
            when.props['data-overdue'] = 'true'
        TextNode('p', f'{shortened(order.assignee, 80) or "unassigned"} · {shortened(order.description)}')
