"""Parses the database's notifications into types.

The protocol is defined in sql/functions: 10_announcements.sql, and 24_work_order_announcements.sql for orders.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from ..core.errors import NotificationError
from ..core.machines import MachineChange, MachineName, Status
from ..core.orders import OrderBrief, OrderId, Priority, WorkOrderStatus

FIELDS_OF_A_CHANGE = 7
FIELDS_OF_AN_ORDER = 11
TIMES_MS = range(0, 253_370_764_800_000)
"""From 1970 to the year 9999, as work_orders_times_check and epoch_ms allow."""
Word = TypeVar('Word', bound=StrEnum)

MAX_REASON_LENGTH = 2_000
COUNTS = range(-2**63, 2**63)
IDS = range(-2**31, 2**31)


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes of machines, in the order of their versions."""

    machines: tuple[MachineChange, ...]


@dataclass(frozen=True, slots=True)
class OrderChanges:
    """Changes of work orders, in the order of their events."""

    orders: tuple[OrderBrief, ...]


@dataclass(frozen=True, slots=True)
class Resync:
    """The table must be read again; why is for the log."""

    why: str


def parse(payload: str) -> Changes | OrderChanges | Resync:
    """Parse one payload.

    :raises NotificationError: it does not follow the protocol, such as a manual NOTIFY or one of a newer schema
    """
    try:
        content = json.loads(payload)
        if isinstance(content, dict) and 'orders' in content:
            return OrderChanges(tuple(_order(item) for item in _items(content['orders'])))
        if isinstance(content, dict):
            return Resync(str(content['resync']))
        return Changes(tuple(_change(item) for item in _items(content)))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        reason = _reason_of(error)
        raise NotificationError(f'not a payload of this protocol: {payload[:80]!r} ({reason})', reason) from error


def _items(content: object) -> list[list[object]]:
    if not isinstance(content, list):
        raise TypeError('not a list of changes')
    return content


def _change(item: list[object]) -> MachineChange:
    if not isinstance(item, list) or len(item) != FIELDS_OF_A_CHANGE:
        raise ValueError('a change has seven fields')
    name, status, reason, *numbers = item
    if not isinstance(name, str) or not (reason is None or isinstance(reason, str)):
        raise TypeError('name and reason are texts')
    _check_texts(name, reason)
    version, reported_ms, since_ms, written_ms = numbers
    _check_numbers('version', COUNTS, version)
    _check_numbers('a time', TIMES_MS, reported_ms, since_ms, written_ms)
    return MachineChange(MachineName(name), _one_of(Status, status), reason and reason[:MAX_REASON_LENGTH],
                         version, reported_ms, since_ms, written_ms)  # type: ignore[arg-type]


def _order(item: list[object]) -> OrderBrief:
    if not isinstance(item, list) or len(item) != FIELDS_OF_AN_ORDER:
        raise ValueError('an order has eleven fields')
    id_, event, version, machine, status, priority, assignee_id, assignee, due_ms, description, by = item
    if not all(isinstance(text, str) for text in (id_, machine, description)):
        raise TypeError('id, machine and description are texts')
    if not all(text is None or isinstance(text, str) for text in (assignee, by)):
        raise TypeError('assignee and who did it are texts or null')
    _check_texts(id_, machine, description, assignee, by)
    _check_numbers('event or version', COUNTS, event, version)
    _check_numbers('the due time', TIMES_MS, due_ms)
    if assignee_id is not None:
        _check_numbers('the id of the assignee', IDS, assignee_id)
    return OrderBrief(OrderId(id_), event, version, MachineName(machine),  # type: ignore[arg-type]
                      _one_of(WorkOrderStatus, status), _one_of(Priority, priority), assignee_id,  # type: ignore[arg-type]
                      assignee, due_ms, description, by)  # type: ignore[arg-type]


def _reason_of(error: Exception) -> str:
    """One of a few reasons, independent of the payload."""
    match error:
        case UnicodeError():
            return 'it has half a character (a lone surrogate)'
        case json.JSONDecodeError() | RecursionError():
            return 'it is not JSON'
        case KeyError():
            return 'it names neither orders nor resync'
    return str(error)


def _one_of(known: Iterable[Word], text: object) -> Word:
    for value in known:
        if value == text:
            return value
    raise ValueError('a status or priority is not known')


def _check_texts(*texts: object) -> None:
    """:raises UnicodeEncodeError: half a character (a lone surrogate), which cannot be sent to browsers"""
    for text in texts:
        if isinstance(text, str):
            text.encode()


def _check_numbers(what: str, within: range, *numbers: object) -> None:
    for number in numbers:
        if type(number) is not int or number not in within:
            raise ValueError(f'{what} is not a whole number from {within.start} to {within.stop - 1}')
