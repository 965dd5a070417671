"""What the database says on its channel, parsed into types.

The protocol stands in sql/migrations: that of machines in 0001_floor.sql, that of orders in 0003_work_orders.sql.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from .errors import NotificationError
from .model import MachineChange, MachineName, OrderBrief, OrderId, Priority, Status, WorkOrderState

FIELDS_OF_A_CHANGE = 6
FIELDS_OF_AN_ORDER = 11


@dataclass(frozen=True, slots=True)
class Changes:
    """Machines that say something new, in the order of their versions."""

    machines: tuple[MachineChange, ...]


@dataclass(frozen=True, slots=True)
class OrderChanges:
    """Work orders to which something happened, in the order of their events."""

    orders: tuple[OrderBrief, ...]


@dataclass(frozen=True, slots=True)
class Resync:
    """The table has to be read again; why is for the log."""

    why: str


def parse(payload: str) -> Changes | OrderChanges | Resync:
    """The meaning of one payload.

    :raises NotificationError: it isn't of our protocol: a person's NOTIFY by hand, or a newer schema
    """
    try:
        content = json.loads(payload)
        if isinstance(content, dict) and 'orders' in content:
            return OrderChanges(tuple(_order(item) for item in _items(content['orders'])))
        if isinstance(content, dict):
            return Resync(str(content['resync']))
        return Changes(tuple(_change(item) for item in _items(content)))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise NotificationError(f'not a payload of ours: {payload[:80]!r} ({error})') from error


def _items(content: object) -> list[list[object]]:
    if not isinstance(content, list):
        raise TypeError('no list of changes')
    return content


def _change(item: list[object]) -> MachineChange:
    if not isinstance(item, list) or len(item) != FIELDS_OF_A_CHANGE:
        raise ValueError('a change has six fields')
    name, status, reason, *numbers = item
    if not isinstance(name, str) or not (reason is None or isinstance(reason, str)):
        raise TypeError('name and reason are texts')
    if not all(type(number) is int for number in numbers):
        raise TypeError('version and times are whole numbers')
    version, reported_ms, since_ms = numbers
    return MachineChange(MachineName(name), Status(status), reason, version, reported_ms, since_ms)  # type: ignore[arg-type]


def _order(item: list[object]) -> OrderBrief:
    if not isinstance(item, list) or len(item) != FIELDS_OF_AN_ORDER:
        raise ValueError('an order has eleven fields')
    id_, event, version, machine, state, priority, assignee_id, assignee, due_ms, description, by = item
    if not all(isinstance(text, str) for text in (id_, machine, description)):
        raise TypeError('id, machine and description are texts')
    if not all(text is None or isinstance(text, str) for text in (assignee, by)):
        raise TypeError('assignee and who did it are texts or null')
    if not all(type(number) is int for number in (event, version, due_ms)):
        raise TypeError('event, version and the time when due are whole numbers')
    if assignee_id is not None and type(assignee_id) is not int:
        raise TypeError('the number of the assignee is a whole number or null')
    return OrderBrief(OrderId(id_), event, version, MachineName(machine), WorkOrderState(state),  # type: ignore[arg-type]
                      Priority(priority), assignee_id, assignee, due_ms, description, by)  # type: ignore[arg-type]
