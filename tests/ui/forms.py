"""Filling in forms as a browser would: fields by their labels, buttons by their words, and what the page then says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from nicegui import Client, ui
from nicegui.testing import User
from ui.harness import PATIENCE_S

from floor.core.machines import MachineName, Status
from floor.core.orders import AllowedTransition, OrderId, Priority, WorkOrder, WorkOrderDetails, WorkOrderStatus
from floor.core.people import Role

OpenForm = Callable[..., Awaitable['Form']]

NOW = datetime(2026, 11, 23, 10, 42, 7, tzinfo=UTC)  # of the floor of these tests
HOSTILE = '<img src=x onerror="alert(1)"> {{ 7*7 }} ${x} \' :onclick=alert(1)'

OPEN, STARTED, HELD, DONE = (WorkOrderStatus.OPEN, WorkOrderStatus.IN_PROGRESS, WorkOrderStatus.ON_HOLD,
                             WorkOrderStatus.COMPLETED)
MOVES = {
    OPEN: (AllowedTransition(OPEN, STARTED, Role.TECHNICIAN, None),
           AllowedTransition(OPEN, HELD, Role.TECHNICIAN, None), AllowedTransition(OPEN, DONE, Role.TECHNICIAN, None),
           AllowedTransition(OPEN, WorkOrderStatus.CANCELLED, Role.SUPERVISOR, None)),
    STARTED: (AllowedTransition(STARTED, HELD, Role.TECHNICIAN, None),),
    DONE: (AllowedTransition(DONE, OPEN, Role.TECHNICIAN, timedelta(days=7)),),
}


def work_order(**fields: Any) -> WorkOrder:
    """An order that was reported two hours ago and is due in one."""
    known: dict[str, Any] = {
        'id': OrderId('WO-20261123-3f2a91bc'), 'machine': MachineName('Valve_01_01'), 'description': 'Oil leak',
        'priority': Priority.HIGH, 'status': OPEN, 'reporter_name': 'Grace Kim', 'reporter_email': 'grace@example.com',
        'assignee_id': None, 'assignee': None, 'source': 'person', 'machine_status': Status.DOWN,
        'machine_reason': 'Pin position error', 'reported_at': NOW - timedelta(hours=2),
        'created_at': NOW - timedelta(hours=2), 'due_at': NOW + timedelta(hours=1), 'updated_at': NOW, 'version': 1}
    known |= dict.fromkeys(('stop_since', 'recovered_at', 'acknowledged_at', 'started_at', 'completed_at',
                            'cancelled_at', 'hold_reason', 'cause', 'action_taken', 'cancel_reason'))
    return WorkOrder(**(known | fields))


def details(order: WorkOrder, **parts: Any) -> WorkOrderDetails:
    """The order with nothing else, or with these parts."""
    known: dict[str, Any] = {'order': order, 'events': (), 'checklist': (), 'attachments': ()}
    return WorkOrderDetails(**known | parts)


class Form:
    """One browser's page."""

    def __init__(self, user: User, client: Client) -> None:
        self.user = user
        self.client = client

    def _all(self, kind: type[Any] = ui.element) -> list[Any]:
        return [element for element in self.client.elements.values() if isinstance(element, kind) and _shown(element)]

    def field(self, label: str) -> Any:
        """The field that is shown with this label."""
        found, = (element for element in self._all() if element.props.get('label') == label
                  and hasattr(element, 'value'))
        return found

    def fill(self, label: str, value: Any) -> None:
        """Type or choose."""
        self.field(label).set_value(value)

    def radio(self, name: str) -> Any:
        """The choice that is shown with this name."""
        found, = (element for element in self._all(ui.radio) if element.props.get('aria-label') == name)
        return found

    def button(self, word: str) -> Any:
        """The button that is shown with this word: of the dialog, while one is open."""
        buttons = self._all(ui.button)
        if self._all(ui.dialog):
            buttons = [button for button in buttons if any(isinstance(each, ui.dialog) for each in button.ancestors())]
        found, = (button for button in buttons if button.text == word)
        return found

    def press(self, word: str, *, times: int = 1) -> None:
        """Click it; a browser sends nothing for a button that is disabled when it is pressed."""
        self.click(self.button(word), times=times)

    def click(self, button: ui.button, *, times: int = 1) -> None:
        """Click a button that may have been shown earlier."""
        if button.enabled:
            for _ in range(times):
                for listener in list(button._event_listeners.values()):
                    if listener.type == 'click':
                        self.client.handle_event({'id': button.id, 'listener_id': listener.id, 'args': []})

    @property
    def texts(self) -> list[str]:
        """Everything that the page says."""
        return [text for element in self._all()
                for text in (getattr(element, 'text', None), element.props.get('error-message')) if text]

    def says(self, words: str) -> bool:
        """Whether these words are somewhere on the page."""
        return any(words in text for text in self.texts)

    async def until(self, condition: Callable[..., Any]) -> None:
        """Wait until it is so."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():  # noqa: ASYNC110 (a page has no event to wait for)
                await asyncio.sleep(0.01)


def _shown(element: Any) -> bool:
    if not element.visible or element.props.get('hidden') or (isinstance(element, ui.dialog) and not element.value):
        return False
    return element.parent_slot is None or _shown(element.parent_slot.parent)


def people(form: Form) -> dict[str, Any]:
    """The rows of the table of employees in the browser, by name."""
    table, = (element for element in form.client.elements.values() if 'employees' in element.classes)
    return {row['name']: row for row in table.props['rows']}


def button_of(form: Form, entry: str) -> Any:
    """The button of a row that is called by this entry of it."""
    button, = (element for element in form.client.elements.values()
               if element.props.get(':aria-label') == f'props.row.{entry}')
    return button


def press_in_row(form: Form, name: str) -> None:
    """Click the button of an employee's row that is called so."""
    (row, entry), = ((row, entry) for row in people(form).values() for entry in ('edit', 'switch_name')
                     if row[entry] == name)
    click(form, button_of(form, entry), row['id'])


def click(form: Form, button: Any, *args: Any) -> None:
    """As a browser that sends these arguments."""
    listener, = (each for each in button._event_listeners.values() if each.type == 'click')
    form.client.handle_event({'id': button.id, 'listener_id': listener.id, 'args': [json.dumps(arg) for arg in args]})
