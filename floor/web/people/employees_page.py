"""The employees of the plant, with their roles and number of open orders. Supervisors can edit them."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request
from nicegui import ui

from ...core.people import Employee, Identity, Person, Role
from ...core.query_parameters import Query
from ...feed.difference import Difference
from ...feed.freshness import Freshness
from ..live.live_view import LiveView
from ..orders.due_times import DueTimes
from ..orders.form import FORM_RECONNECT_S
from ..setup.frame import people_frame
from ..shell.address_note import AddressNote
from ..shell.browser_history import BrowserHistory
from ..shell.confirmation import close_when_done
from ..shell.dialog import Dialog
from ..shell.heading import Heading
from ..shell.loading import RESPONSE_TIMEOUT_S
from ..shell.messages import Alert, TextNode, set_reason
from ..shell.order_formatting import role_needed
from ..shell.services import Services
from .form import EmployeeForm
from .table import EmployeeRows, EmployeeTable

ADDRESS = '/employees'
ACTIVE, ALL = 'active', 'all'


def register(services: Services) -> None:
    """Serve /employees; ?show=all includes deactivated employees."""
    rows = EmployeeRows(services.store)

    @ui.page(ADDRESS, reconnect_timeout=FORM_RECONNECT_S, response_timeout=RESPONSE_TIMEOUT_S)
    async def employees_page(request: Request) -> None:
        identity = services.visitor()
        person = services.person(identity)
        view = LiveView(ui.context.client, lambda: None)
        with people_frame('Employees', services, view, person):
            page = EmployeesPage(services, rows, identity, person, request.query_params)
        services.broadcast.join(view)
        await page.first_answer()


class EmployeesPage:
    """One browser's page."""

    def __init__(self, services: Services, rows: EmployeeRows, identity: Identity, person: Person,
                 query: Mapping[str, str]) -> None:
        """query: of the address."""
        self._services = services
        self._history = BrowserHistory(ADDRESS, self._follow)
        refusal = role_needed(Role.SUPERVISOR, person.role)
        self._form = EmployeeForm(services, identity)
        self._switch = ActivationDialog(services, identity)
        self._note = AddressNote('', 'Show the active employees', ADDRESS)
        with ui.element('div').classes('employees-page'):
            with ui.card().classes('panel').props('role=region aria-label=Employees'):
                with ui.element('header').classes('panel-header'):
                    Heading('Employees').classes('panel-title')
                    with ui.element('div').classes('chips').props('role=group aria-label="Filter employees"'):
                        self._chips = {include_inactive: self._chip(label, include_inactive=include_inactive)
                                       for include_inactive, label in ((False, 'Active'), (True, 'All'))}
                    add = ui.button('Add employee', on_click=self._form.open, color=None).props('no-caps')
                    set_reason(add.classes('primary'), refusal)
                TextNode('p', refusal and 'Only supervisors can change this list.') \
                    .classes('panel-note')
                self._table = EmployeeTable(services, rows, person, self._form.open, self._ask_to_switch)
            self._due_times = DueTimes(services, identity, person)
        ui.context.client.on_delete(services.store.subscribe(self._on_difference))
        self._follow(query)

    async def first_answer(self) -> None:
        """Wait briefly for data that is not in the store."""
        await self._due_times.loading.first_answer()

    def _chip(self, label: str, *, include_inactive: bool) -> TextNode:
        chip = TextNode('button', label).classes('chip')
        chip.props['type'] = 'button'
        chip.props['aria-pressed'] = str(not include_inactive).lower()
        chip.on('click', lambda: self._choose(include_inactive=include_inactive), args=[])
        return chip

    def _choose(self, *, include_inactive: bool) -> None:
        self._history.push(f'{ADDRESS}?show={ALL}' if include_inactive else ADDRESS)
        self._note.show('')
        self._show(include_inactive=include_inactive)

    def _follow(self, query: Mapping[str, str]) -> None:
        """Show what an address contains, when the page is opened or after Back."""
        parsed = Query(query, ['show'])
        self._show(include_inactive=parsed.one_of('show', (ACTIVE, ALL)) == ALL)
        self._note.show(' '.join(parsed.faults.values()))

    def _show(self, *, include_inactive: bool) -> None:
        self._table.show(include_inactive=include_inactive)
        for shows_all, chip in self._chips.items():
            chip.props['aria-pressed'] = str(shows_all is include_inactive).lower()

    def _ask_to_switch(self, employee: Employee) -> None:
        self._switch.open(employee, self._table.load_of(employee))

    def _on_difference(self, difference: Difference) -> None:
        if difference.people or (difference.connection and self._services.store.connection is Freshness.LIVE):
            self._due_times.loading.start()


class ActivationDialog:
    """Asks for confirmation before somebody is deactivated or reactivated, and shows the consequences."""

    def __init__(self, services: Services, identity: Identity) -> None:
        self._employees = services.employees
        self._identity = identity
        self._employee: Employee | None = None
        self._sending = False
        with Dialog() as self._dialog, ui.card().classes('sheet'):
            self._heading = Heading('')
            self._text = TextNode('p').classes('free-text')
            self._orders = ui.link('')
            self._problem = Alert()
            with ui.element('footer').classes('sheet-buttons'):
                ui.button('Back', on_click=self._dialog.close, color=None).props('flat no-caps autofocus')
                self._button = ui.button('', on_click=self._send, color=None).props('no-caps').classes('primary')

    def open(self, employee: Employee, load: int) -> None:
        """Open the dialog. load: the number of open orders of this person."""
        self._employee = employee
        action = 'Deactivate' if employee.active else 'Reactivate'
        self._heading.set_text(f'{action} {employee.name}?')
        self._dialog.props['aria-label'] = action
        self._button.set_text(action)
        self._text.set_text(deactivation_text(load) if employee.active
                            else 'Orders can be assigned to them again, and their role is restored.')
        self._orders.set_text('Show their orders')
        self._orders.props['href'] = f'/work-orders?assignee={employee.id}'
        self._orders.set_visibility(employee.active and load > 0)
        self._problem.show('')
        self._dialog.open()

    async def _send(self) -> None:
        if self._sending or self._employee is None or not self._dialog.value:
            return
        self._sending = True
        try:
            await close_when_done(self._dialog, self._problem, self._employees.set_active(
                self._identity, self._employee.id, not self._employee.active))
        finally:
            self._sending = False


def deactivation_text(load: int) -> str:
    """The consequences of a deactivation. load: the number of open orders."""
    consequences = 'Their history is kept. They can no longer be assigned orders and have read-only access.'
    if not load:
        return f'They have no open orders. {consequences}'
    if load == 1:
        return f'Their open order stays assigned to them until it is reassigned. {consequences}'
    return f'Their {load} open orders stay assigned to them until they are reassigned. {consequences}'
