"""The panel in which supervisors set the due time of each priority."""

from __future__ import annotations

from datetime import timedelta

from nicegui import ui

from ...core.errors import FloorError
from ...core.orders import DueTime, Priority
from ...core.people import Identity, Person, Role
from ..shell.heading import Heading
from ..shell.loading import Loading
from ..shell.messages import Alert, TextNode, as_sentence, set_reason
from ..shell.order_formatting import PriorityPill, role_needed
from ..shell.services import Services

UNITS = {'minutes': 60, 'hours': 3600, 'days': 86400}
MAX_NUMBER = 1_000_000  # of any unit, against overflow; the command has the actual limit


class DueTimes:
    """A number and a unit for each priority."""

    def __init__(self, services: Services, identity: Identity, person: Person) -> None:
        self._orders = services.orders
        self._identity = identity
        self._refusal = role_needed(Role.SUPERVISOR, person.role)
        self._numbers: dict[Priority, ui.number] = {}
        self._units: dict[Priority, ui.select] = {}
        with ui.card().classes('panel').props('role=region aria-label="Due times"'):
            Heading('Due times').classes('panel-title')
            TextNode('p', 'Time from report to due date. Changes apply to new orders.') \
                .classes('panel-note')
            self.loading = Loading(services.store, 'the due times', self._read)
            for priority in Priority:
                self._row(priority)
            self._problem = Alert()
            self._done = TextNode('p').classes('panel-note')
            self._done.props['role'] = 'status'

    async def _read(self) -> None:
        due_times = await self._orders.due_times()
        if not self._problem.is_deleted:
            self._problem.show('')
            for due_time in due_times:
                self._show(due_time)

    def _row(self, priority: Priority) -> None:
        with ui.element('div').classes('due-time'):
            PriorityPill(priority)
            number = self._numbers[priority] = ui.number(min=1, precision=0).classes('due-number')
            number.props('outlined dense')
            number.props['aria-label'] = f'Due time of {priority} orders'
            unit = self._units[priority] = ui.select(list(UNITS), value='hours').classes('due-unit') \
                .props('outlined dense')
            unit.props['aria-label'] = f'Unit of the due time of {priority} orders'
            button = ui.button('Save', on_click=lambda: self._save(priority), color=None).props('no-caps')
            button.props['aria-label'] = f'Save the due time of {priority} orders'
            number.on('keydown.enter', lambda: self._save(priority), args=[])
            for control in number, unit, button:
                set_reason(control, self._refusal)

    def _show(self, due_time: DueTime) -> None:
        seconds = int(due_time.due_within.total_seconds())
        unit = next((name for name, length in reversed(UNITS.items()) if seconds % length == 0), 'minutes')
        self._units[due_time.priority].value = unit
        self._numbers[due_time.priority].value = seconds // UNITS[unit]

    async def _save(self, priority: Priority) -> None:
        number, unit = self._numbers[priority].value, str(self._units[priority].value)
        self._done.set_text('')
        if not number or not 1 <= number <= MAX_NUMBER:
            self._problem.show(f'Enter a whole number of {unit}.')
            return
        try:
            await self._orders.set_due_time(self._identity, priority, timedelta(seconds=int(number) * UNITS[unit]))
        except FloorError as error:
            if not self._problem.is_deleted:
                self._problem.show(as_sentence(error))
        else:
            if not self._problem.is_deleted:
                self._problem.show('')
                self._done.set_text(
                    f'Saved. New {priority} orders are due {int(number)} {unit} after they are reported.')
