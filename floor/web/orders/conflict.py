"""The dialog for an edit conflict: it compares both versions of a work order field by field."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nicegui import ui

from ...core.orders import Priority, WorkOrder, WorkOrderEvent
from ...orders.order_values import UNCHANGED, OrderEdit
from ..shell.dialog import Dialog
from ..shell.heading import Heading
from ..shell.messages import TextNode
from ..shell.order_formatting import in_ms
from ..shell.services import Services
from ..shell.times import date_and_time
from .order_facts import status_text

MINE, THEIRS = 'mine', 'theirs'


@dataclass(frozen=True, slots=True)
class Editable:
    """The fields of an order that people edit."""

    description: str
    priority: Priority
    assignee_id: int | None

    @classmethod
    def of(cls, order: WorkOrder) -> Editable:
        """The values of an order."""
        return cls(order.description, order.priority, order.assignee_id)

    def edit_from(self, base: Editable) -> OrderEdit:
        """Only the changed fields."""
        return OrderEdit(
            description=UNCHANGED if self.description.strip() == base.description.strip() else self.description,
            priority=UNCHANGED if self.priority is base.priority else self.priority,
            assignee_id=UNCHANGED if self.assignee_id == base.assignee_id else self.assignee_id)


class OrderConflict:
    """Built once per page. Escape returns to the fields and saves nothing."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._choices: dict[str, ui.radio] = {}
        with Dialog().props('aria-label="Someone else changed this order"') as self._dialog, \
                ui.card().classes('sheet conflict'):
            Heading('Someone else changed this order')
            TextNode('p', 'Your changes are not saved yet. Choose which values to keep.').classes('quiet')
            self._fields = ui.element('div').classes('conflict-fields')
            with ui.element('footer').classes('sheet-buttons'):
                ui.button('Back to editing', on_click=self._dialog.close, color=None).props('flat no-caps')
                for side, label in (THEIRS, 'Use all theirs'), (MINE, 'Keep all mine'):
                    ui.button(label, on_click=lambda side=side: self._choose_all(side), color=None) \
                        .props('flat no-caps')
                ui.button('Save choices', on_click=lambda: self._dialog.submit(True), color=None) \
                    .props('no-caps autofocus').classes('primary')

    async def resolve(self, base: Editable, mine: Editable, theirs: Editable, current: WorkOrder,
                     events: Iterable[WorkOrderEvent]) -> Editable | None:
        """The values that the person chooses; None if they return to the fields.

        base: the values before both changes. events: of the order, to name the other person and the time.
        """
        latest = {event.field: event for event in events}
        self._choices = {}
        self._fields.clear()
        with self._fields:
            if mine.description != theirs.description:
                self._row('description', mine.description, theirs.description,
                          mine.description != base.description, latest.get('description'))
            if mine.priority is not theirs.priority:
                self._row('priority', mine.priority.value, theirs.priority.value,
                          mine.priority is not base.priority, latest.get('priority'))
            if mine.assignee_id != theirs.assignee_id:
                self._row('assignee', self._name(mine.assignee_id), self._name(theirs.assignee_id),
                          mine.assignee_id != base.assignee_id, latest.get('assignee'))
            status = latest.get('status')
            TextNode('p', f'Current status: {status_text(current)}{self._by(status)}.').classes('quiet')
        if await self._dialog is not True:
            return None
        return self._chosen(mine, theirs)

    def _chosen(self, mine: Editable, theirs: Editable) -> Editable:
        def take(field: str) -> Editable:
            return mine if field in self._choices and self._choices[field].value == MINE else theirs

        return type(mine)(take('description').description, Priority(take('priority').priority),
                          take('assignee').assignee_id)

    def _row(self, field: str, mine: str, theirs: str, is_mine: bool, event: WorkOrderEvent | None) -> None:
        with ui.element('fieldset').classes('conflict-field'):
            TextNode('legend', field.capitalize())
            self._choices[field] = ui.radio({MINE: 'Yours', THEIRS: f'Theirs{self._by(event)}'},
                                            value=MINE if is_mine else THEIRS) \
                .props(f'aria-label="{field}"')
            with ui.element('div').classes('conflict-sides'):
                TextNode('p', mine).classes('free-text side').props['data-side'] = MINE
                TextNode('p', theirs).classes('free-text side').props['data-side'] = THEIRS

    def _choose_all(self, side: str) -> None:
        for choice in self._choices.values():
            choice.value = side

    def _by(self, event: WorkOrderEvent | None) -> str:
        if event is None:
            return ''
        return f' ({event.who}, {date_and_time(in_ms(event.at), self._services.zone)})'

    def _name(self, employee_id: int | None) -> str:
        person = None if employee_id is None else self._services.store.people.get(employee_id)
        return 'Unassigned' if person is None else person.name
