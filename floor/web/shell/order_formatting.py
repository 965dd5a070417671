"""Texts of work orders: due times, transitions, priorities."""

from __future__ import annotations

from datetime import datetime, tzinfo
from urllib.parse import quote

from nicegui.elements.mixins.text_element import TextElement

from ...core.formatting import HOUR, MINUTE, Detail, duration
from ...core.orders import HoldReason, OrderBrief, Priority, WorkOrder, WorkOrderStatus
from ...core.people import Role
from .times import moment

HOLD_LABELS = {HoldReason.PARTS: 'parts', HoldReason.ACCESS: 'access to the machine', HoldReason.VENDOR: 'the vendor',
               HoldReason.APPROVAL: 'an approval'}
TOMORROW_FROM = 12 * HOUR  # below that, hours are shown instead of 'tomorrow'


def due_text(order: OrderBrief | WorkOrder | int, now_ms: int, zone: tzinfo) -> str:
    """'due in 18 min', 'due tomorrow', 'due in 3 d', 'due now', 'overdue 2 h', 'done in 3 h', 'cancelled'.

    Minutes and hours are rounded down. Days are those of the plant's calendar. order: an order, or its due time in ms
    since 1970. now_ms: the database's time in ms since 1970.
    """
    if isinstance(order, int):
        return _due(order, now_ms, zone)
    if order.status is WorkOrderStatus.CANCELLED:
        return 'cancelled'
    if order.status is WorkOrderStatus.COMPLETED:
        if isinstance(order, WorkOrder) and order.completed_at is not None:
            return f'done in {duration((order.completed_at - order.reported_at).total_seconds(), Detail.LARGEST)}'
        return 'done'
    return _due(order.due_ms if isinstance(order, OrderBrief) else in_ms(order.due_at), now_ms, zone)


def _due(due_ms: int, now_ms: int, zone: tzinfo) -> str:
    seconds = (due_ms - now_ms) / 1000
    if seconds < 0:
        return f'overdue {duration(-seconds, Detail.LARGEST)}'
    days = (moment(due_ms, zone).date() - moment(now_ms, zone).date()).days
    if days > 1:
        return f'due in {days} d'
    if days == 1 and seconds >= TOMORROW_FROM:
        return 'due tomorrow'
    return f'due in {duration(seconds, Detail.LARGEST)}' if seconds >= MINUTE else 'due now'


def in_ms(at: datetime) -> int:
    """A time in ms since 1970."""
    return int(at.timestamp() * 1000)


def short_id(order_id: str) -> str:
    """The short id that people use: '3f2a91bc' for 'WO-20261123-3f2a91bc'."""
    return order_id.rsplit('-', 1)[-1]


def order_address(order_id: str) -> str:
    """The address of the page of one order."""
    return f'/work-orders/{quote(order_id, safe="")}'


def transition_label(from_status: WorkOrderStatus, to: WorkOrderStatus) -> str:
    """The label of the button for a transition."""
    if to is WorkOrderStatus.OPEN:
        return 'Give back' if from_status.is_active else 'Reopen'
    if to is WorkOrderStatus.IN_PROGRESS:
        return 'Resume' if from_status is WorkOrderStatus.ON_HOLD else 'Start'
    return {WorkOrderStatus.ON_HOLD: 'Put on hold', WorkOrderStatus.COMPLETED: 'Complete'}.get(to, 'Cancel order')


def role_needed(needed: Role, role: Role) -> str:
    """Why an action is not allowed; empty if it is."""
    return '' if role.may(needed) else f'Requires the role {needed}; your role is {role}.'


class PriorityPill(TextElement):
    """The priority of an order, with its colour."""

    def __init__(self, priority: Priority) -> None:
        super().__init__(tag='span', text=priority.value)
        self.classes('pill')
        self.show(priority)

    def show(self, priority: Priority) -> None:
        """Show another priority."""
        self.set_text(priority.value)
        self.props['data-priority'] = priority.value
