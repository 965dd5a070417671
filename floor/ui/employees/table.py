"""The people of the plant in a table, cards on a phone: who they are, what they may do, how much they have open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from nicegui import ui

from ...model import Employee, Person, Role
from ...store import Difference
from ..orders.words import role_needed
from ..saying import Words, set_reason
from ..services import Services

COLUMNS = ('Name', 'E-mail', 'Department', 'Role', 'Active', 'Open orders')


class EmployeeTable:
    """Bound to the store: whoever changes a person or an order, it shows."""

    def __init__(self, services: Services, person: Person, on_edit: Callable[[Employee], None],
                 on_switch: Callable[[Employee], None]) -> None:
        """on_edit, on_switch: somebody wants to edit a person, or to deactivate or reactivate them."""
        self._store = services.store
        self._refusal = role_needed(Role.SUPERVISOR, person.role)
        self._on_edit = on_edit
        self._on_switch = on_switch
        self._all = False
        self._loads: dict[int, ui.link] = {}
        with ui.element('table').classes('employees'):
            with ui.element('thead'), ui.element('tr'):
                for column in COLUMNS:
                    Words('th', column).props['scope'] = 'col'
                with ui.element('th'):
                    Words('span', 'Actions').classes('visually-hidden')
            self._rows = ui.element('tbody')
        self._nobody = Words('p', 'Nobody here yet.').classes('panel-note')
        self.show()
        ui.context.client.on_delete(self._store.subscribe(self._on_difference))

    def show(self, *, all: bool | None = None) -> None:
        """Build the rows anew. all: also who is not active; None: as before."""
        self._all = self._all if all is None else all
        people = sorted((each for each in self._store.people.values() if each.active or self._all),
                        key=lambda each: (each.last_name.lower(), each.first_name.lower(), each.id))
        self._rows.clear()
        self._loads.clear()
        with self._rows:
            for employee in people:
                self._row(employee)
        self._nobody.props['hidden'] = bool(people)
        self._show_loads()

    def load_of(self, employee: Employee) -> int:
        """How many active orders this person has."""
        return sum(order.assignee_id == employee.id for order in self._store.orders.values())

    def _row(self, employee: Employee) -> None:
        with ui.element('tr') as row:
            row.props['data-active'] = str(employee.active).lower()
            row.props['data-employee'] = employee.id
            texts = (employee.name, employee.email, employee.department, employee.role.value,
                     'yes' if employee.active else 'no')
            for column, text in zip(COLUMNS, texts, strict=False):
                Words('td', text).classes('said').props['data-column'] = column
            with ui.element('td') as cell:
                cell.props['data-column'] = COLUMNS[-1]
                self._loads[employee.id] = ui.link('', f'/work-orders?assignee={employee.id}')
            with ui.element('td').classes('row-buttons'):
                self._button('Edit', employee, self._on_edit)
                self._button('Deactivate' if employee.active else 'Reactivate', employee, self._on_switch)

    def _button(self, word: str, employee: Employee, action: Callable[[Employee], None]) -> None:
        button = ui.button(word, on_click=lambda: action(employee), color=None).props('flat no-caps')
        button.props['aria-label'] = f'{word} {employee.name}'
        set_reason(button, self._refusal)

    def _show_loads(self) -> None:
        loads = Counter(order.assignee_id for order in self._store.orders.values())
        for employee_id, link in self._loads.items():
            link.set_text(f'{loads[employee_id]} open')

    def _on_difference(self, difference: Difference) -> None:
        if self._rows.is_deleted:
            return
        if difference.people:
            self.show()
        elif difference.orders:
            self._show_loads()
