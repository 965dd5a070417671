"""The facts of a work order, and the current status of its machine."""

from __future__ import annotations

from datetime import datetime

from nicegui import ui

from ...core.formatting import Detail, duration
from ...core.machines import MachineName, Status
from ...core.orders import WorkOrder, WorkOrderStatus
from ...core.text import shortened
from ...feed.difference import Difference
from ..shell.addresses import query_of
from ..shell.heading import Heading
from ..shell.icons import show_icon
from ..shell.messages import TextNode
from ..shell.order_formatting import HOLD_LABELS, PriorityPill, due_text, in_ms
from ..shell.services import Services
from ..shell.times import date_and_time


class CurrentMachineStatus:
    """The machine's status with icon and label, its reason and duration; follows the store."""

    def __init__(self, services: Services, name: MachineName) -> None:
        self._services = services
        self._name = name
        self._element = TextNode('div').classes('machine-now')
        self.show()
        ui.context.client.on_delete(services.store.subscribe(self._on_difference))

    def _on_difference(self, difference: Difference) -> None:
        if (self._name in difference.machines or difference.layout) and not self._element.is_deleted:
            self.show()

    def show(self) -> None:
        """Update from the store."""
        store = self._services.store
        machine = store.machines.get(self._name)
        status = Status.UNKNOWN if machine is None else machine.status
        self._element.props['data-status'] = status.value
        if machine is None:
            self._element.set_text('No longer on the floor')
            self._element.props['data-reason'] = ''
            return
        since = f'since {date_and_time(machine.since_ms, self._services.zone)}'
        lasted = duration(store.seconds_in_status(machine), Detail.MINUTES)
        self._element.set_text(f'{machine.status_label} for {lasted}, {since}')
        self._element.props['data-reason'] = shortened(machine.reason) or 'No reason given'


class OrderFacts:
    """The facts as a list of labels and values."""

    def __init__(self, services: Services, name: MachineName) -> None:
        self._services = services
        with ui.card().classes('panel machine-panel').props('role=region aria-label="The machine now"'):
            Heading('The machine now').classes('panel-title')
            called = shortened(str(services.store.names.of(name)), 80)
            link = ui.link(called, '/' + query_of(name)).classes('machine-link')
            show_icon(link, services.store, name)
            self._machine = CurrentMachineStatus(services, name)
        with ui.card().classes('panel').props('role=region aria-label="Facts"'):
            Heading('Facts').classes('panel-title')
            self._facts = ui.element('dl').classes('facts')

    def show(self, order: WorkOrder) -> None:
        """Update to the current order."""
        self._machine.show()
        self._facts.clear()
        now_ms = self._services.store.now_ms
        with self._facts:
            with _fact('Priority'):
                PriorityPill(order.priority)
            self._text('Status', status_text(order))
            self._text('Assignee', order.assignee or 'Unassigned')
            late = order.status.is_active and in_ms(order.due_at) < now_ms
            with _fact('Due'):
                if order.status.is_active:  # for an ended order, due_text is about its end
                    due = TextNode('span', due_text(order, now_ms, self._services.zone)).classes('due')
                    due.props['data-overdue'] = str(late).lower()
                TextNode('span', f' {self._when(order.due_at)}').classes('quiet')
            self._text('Reported by', order.reporter_name)
            self._text('Reported', self._when(order.reported_at))
            self._text('Machine at report', machine_at_report(order))
            for label, moment in (('Stopped since', order.stop_since), ('Running again since', order.recovered_at),
                                  ('Acknowledged', order.acknowledged_at), ('Started', order.started_at),
                                  ('Completed', order.completed_at), ('Cancelled', order.cancelled_at)):
                if moment is not None and label == 'Completed' and order.status is WorkOrderStatus.COMPLETED:
                    self._text(label, f'{self._when(moment)}, {due_text(order, now_ms, self._services.zone)}')
                elif moment is not None:
                    self._text(label, self._when(moment))
            for label, text in (('Cause', order.cause), ('Action', order.action_taken),
                                ('Cancellation reason', order.cancel_reason)):
                if text:
                    self._text(label, text)
            self._text('Number', order.id)

    def _when(self, moment: datetime) -> str:
        return date_and_time(in_ms(moment), self._services.zone)

    @staticmethod
    def _text(label: str, text: str) -> None:
        with _fact(label):
            TextNode('span', text).classes('free-text')


def _fact(label: str) -> ui.element:
    with ui.element('div').classes('fact'):
        TextNode('dt', label)
        return ui.element('dd')


def status_text(order: WorkOrder) -> str:
    """'On hold: waiting for parts'."""
    if order.status is WorkOrderStatus.ON_HOLD and order.hold_reason is not None:
        return f'{order.status.word}: waiting for {HOLD_LABELS[order.hold_reason]}'
    return order.status.word


def machine_at_report(order: WorkOrder) -> str:
    """The status and reason of the machine when the order was reported."""
    if order.machine_status is None:
        return 'Unknown'
    return f'{order.machine_status.word}: {order.machine_reason}' if order.machine_reason else order.machine_status.word
