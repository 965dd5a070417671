"""The tile of one machine: a single native button. Its status is in data attributes, its appearance in CSS."""

from __future__ import annotations

from datetime import tzinfo

from ...core.formatting import Detail, duration
from ...core.machines import MachineName, Status
from ...core.orders import OrderBrief
from ...core.text import shortened
from ...feed.machine import Machine
from ...feed.store import Store
from ..live.live_element import Content, LiveElement, PressHandler, machine_topic
from ..shell.times import time_of_day


class MachineTile(LiveElement, default_classes='tile'):
    """Icon, name, reason, status, time in status, and whether there is a work order. A single element, because the
    cost of a page depends on the number of elements."""

    def __init__(self, store: Store, machine: Machine, on_press: PressHandler) -> None:
        super().__init__('button', machine_topic(machine.record.machine_id))
        self._id = machine.record.machine_id
        self._last_name = machine.name
        self._store = store
        self.on_press(on_press)

    @property
    def name(self) -> MachineName:
        """The present name of its machine, or the last one."""
        if (machine := self._store.machine_with(self._id)) is not None:
            self._last_name = machine.name
        return self._last_name

    def content_of_a_fault(self) -> Content:
        display = self._store.names.of(self.name)
        return {'data-machine': self.name, 'data-status': Status.UNKNOWN.value,
                'aria-label': f'{display}, cannot be shown'}, shortened(display.title)

    def content(self) -> Content:
        machine = self._store.machine_with(self._id)
        if machine is None:
            return {'data-machine': self.name, 'data-status': Status.UNKNOWN.value,
                    'aria-label': f'{self._store.names.of(self.name)}, removed'}, None
        since = duration(self._store.seconds_in_status(machine), Detail.NARROW)
        orders = self._store.orders_of(machine.name)
        overdue = bool(orders) and orders[0].is_overdue(self._store.now_ms)
        label = accessible_name(machine, self._store.plant.zone)
        return {
            'type': 'button',
            'title': str(machine.display),
            'data-machine': machine.name,
            'data-icon': str(machine.record.type_id),
            'data-status': machine.status.value,
            'data-status-label': machine.status_label,
            'data-reason': shortened(machine.reason),
            'aria-label': f'{label}, {orders_label(orders, overdue)}' if orders else label,
            **({'data-orders': str(len(orders))} if orders else {}),
            **({'data-overdue': '1'} if overdue else {}),
        }, f'{shortened(machine.display.title)}\n{" · ".join(filter(None, (machine.display.code, since)))}'


def accessible_name(machine: Machine, zone: tzinfo) -> str:
    """The label for screen readers: name, status, reason and start time."""
    reason = f'{shortened(machine.reason)}, ' if machine.reason else ''
    return f'{machine.display}, {machine.status_label}, {reason}since {time_of_day(machine.since_ms, zone)}'


def orders_label(orders: list[OrderBrief], overdue: bool) -> str:
    """'one open work order, high, overdue': the number, and priority and due state of the most urgent one."""
    count = 'one open work order' if len(orders) == 1 else f'{len(orders)} open work orders'
    return f'{count}, {orders[0].priority}{", overdue" if overdue else ""}'
