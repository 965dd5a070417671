"""The table of employees, shown as cards on a phone.

The rows are data that all browsers share; there is one element per column (see floor/web/orders/table.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from nicegui import ui

from ...core.names import in_order_of_names
from ...core.people import Employee, Person, Role
from ...feed.difference import Difference
from ...feed.store import Store
from ..shell.addresses import with_prefix
from ..shell.chips import hide
from ..shell.messages import TextNode, set_reason
from ..shell.order_formatting import role_needed
from ..shell.row_entry import RowEntry, on_row_click, one_for_each_row, show_entry
from ..shell.services import Services

COLUMNS = {'Name': 'name', 'E-mail': 'email', 'Department': 'department', 'Role': 'role', 'Active': 'active',
           'Open orders': 'load'}
"""Headings, with the entry of a row that the column shows."""
BUTTONS = 'buttons'

Row = dict[str, str | int]
Rows = tuple[Row, ...]
"""A tuple, because NiceGUI would make every list observable, for each browser."""


class EmployeeRows:
    """The rows of active and of all employees, computed once for all browsers."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rows: dict[bool, Rows] = {}
        store.subscribe(self._on_difference)

    def of(self, *, include_inactive: bool) -> Rows:
        """The rows. include_inactive: with deactivated employees."""
        if (rows := self._rows.get(include_inactive)) is None:
            loads = Counter(order.assignee_id for order in self._store.orders.values())
            people = in_order_of_names(each for each in self._store.people.values() if each.active or include_inactive)
            rows = self._rows[include_inactive] = tuple(row_of(employee, loads[employee.id]) for employee in people)
        return rows

    def _on_difference(self, difference: Difference) -> None:
        if difference.people or difference.orders:
            self._rows.clear()


def row_of(employee: Employee, load: int) -> Row:
    """The row of one employee. load: the number of open orders."""
    switch = 'Deactivate' if employee.active else 'Reactivate'
    return {
        'id': employee.id,
        'name': employee.name,
        'email': employee.email,
        'department': employee.department,
        'role': employee.role.value,
        'active': 'yes' if employee.active else 'no',
        'load': f'{load} open',
        'href': f'/work-orders?assignee={employee.id}',
        'edit': f'Edit {employee.name}',
        'switch': switch,
        'switch_name': f'{switch} {employee.name}',
    }


class EmployeeTable:
    """The table, updated with every change of an employee or order."""

    def __init__(self, services: Services, rows: EmployeeRows, person: Person, on_edit: Callable[[Employee], None],
                 on_switch: Callable[[Employee], None]) -> None:
        """on_edit: called with the employee to edit. on_switch: with the one to deactivate or reactivate."""
        self._store = services.store
        self._rows = rows
        self._refusal = role_needed(Role.SUPERVISOR, person.role)
        self._prefix = with_prefix('')
        self._all = False
        self._table = ui.element('q-table').props('flat hide-bottom row-key=id').classes('employees')
        self._table.props.update({
            'aria-label': 'Employees', 'rows': (), 'pagination': {'rowsPerPage': 0},
            'columns': [{'name': entry, 'field': entry, 'label': column} for column, entry in COLUMNS.items()]
                       + [{'name': BUTTONS, 'field': 'id', 'label': 'Actions'}]})
        self._build_head()
        self._build_cells()
        self._build_buttons(on_edit, on_switch)
        self._nobody = TextNode('p', 'No employees yet.').classes('panel-note')
        self.show()
        ui.context.client.on_delete(self._store.subscribe(self._on_difference))

    def show(self, *, include_inactive: bool | None = None) -> None:
        """Show the current employees. include_inactive: with deactivated ones; None: as before."""
        self._all = self._all if include_inactive is None else include_inactive
        rows = self._rows.of(include_inactive=self._all)
        if self._prefix:  # the shared rows have no prefix
            rows = tuple({**row, 'href': f'{self._prefix}{row["href"]}'} for row in rows)
        if self._table.props['rows'] != rows:
            self._table.props['rows'] = rows
        hide(self._nobody, hidden=bool(rows))

    def load_of(self, employee: Employee) -> int:
        """The number of active orders of this person."""
        return sum(order.assignee_id == employee.id for order in self._store.orders.values())

    def _build_head(self) -> None:
        self._table.add_slot('header')
        with self._table.slots['header'], ui.element('tr'):
            for column in COLUMNS:
                TextNode('th', column).props['scope'] = 'col'
            with ui.element('th'):
                TextNode('span', 'Actions').classes('visually-hidden')

    def _build_cells(self) -> None:
        for column, entry in COLUMNS.items():
            name = f'body-cell-{entry}'
            self._table.add_slot(name)
            with self._table.slots[name], RowEntry('td') as cell:
                cell.props['data-column'] = column
                cell.show('data-active', 'active')
                if entry == 'load':
                    RowEntry('a', href='href', textContent=entry)
                else:
                    RowEntry('span', textContent=entry).classes('free-text')

    def _build_buttons(self, on_edit: Callable[[Employee], None], on_switch: Callable[[Employee], None]) -> None:
        name = f'body-cell-{BUTTONS}'
        self._table.add_slot(name)
        with self._table.slots[name], RowEntry('td') as cell:
            cell.classes('row-buttons')
            self._button('Edit', 'edit', on_edit)
            show_entry(self._button('', 'switch_name', on_switch), 'label', 'switch')

    def _button(self, label: str, name_entry: str, action: Callable[[Employee], None]) -> ui.button:
        def on_click(employee_id: object) -> None:
            employee = self._store.people.get(employee_id) if type(employee_id) is int else None
            if employee is not None:
                action(employee)

        button = ui.button(label, color=None).props('flat no-caps')
        one_for_each_row(button)
        show_entry(button, 'aria-label', name_entry)
        on_row_click(button, on_click)
        set_reason(button, self._refusal)
        return button

    def _on_difference(self, difference: Difference) -> None:
        if not self._table.is_deleted and (difference.people or difference.orders):
            self.show()
