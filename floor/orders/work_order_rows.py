"""Maps rows of the work order tables to objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.machines import MachineName
from ..core.orders import (
    AllowedTransition,
    Attachment,
    ChecklistItem,
    DueTime,
    HoldReason,
    OrderId,
    Priority,
    WorkOrder,
    WorkOrderEvent,
    WorkOrderStatus,
)
from ..core.people import Role
from ..core.text import shortened
from ..db.row_mapping import to_status

MAX_VALUE_LENGTH = 100


def to_order(row: Any) -> WorkOrder:
    """A row of work_orders."""
    return WorkOrder(
        id=OrderId(row['id']), machine=MachineName(row['machine_id']), description=row['issue_description'],
        priority=Priority(row['priority']), status=WorkOrderStatus(row['status']), reporter_name=row['reporter_name'],
        reporter_email=row['reporter_email'], assignee_id=row['assignee_id'], assignee=row['assignee'],
        source=row['source'], machine_status=to_status(row['machine_status']), machine_reason=row['machine_reason'],
        stop_since=row['stop_since'], recovered_at=row['recovered_at'], reported_at=row['timestamp'],
        created_at=row['created_at'], due_at=row['due_at'], acknowledged_at=row['acknowledged_at'],
        started_at=row['started_at'], completed_at=row['completed_at'], cancelled_at=row['cancelled_at'],
        hold_reason=to_hold_reason(row['hold_reason']), cause=row['cause'],
        action_taken=row['action_taken'], cancel_reason=row['cancel_reason'], updated_at=row['updated_at'],
        version=row['version'])


def to_hold_reason(value: str | None) -> HoldReason | None:
    """A column hold_reason."""
    return None if value is None else HoldReason(value)


def to_order_event(row: Any) -> WorkOrderEvent:
    """A row of work_order_events."""
    return WorkOrderEvent(id=row['event_id'], at=row['at'], who=row['who'], who_email=row['who_email'],
                          kind=row['kind'], field=row['field'], old=row['old_value'], new=row['new_value'],
                          note=row['note'], hold_reason=to_hold_reason(row['hold_reason']), cause=row['cause'],
                          action_taken=row['action_taken'], cancel_reason=row['cancel_reason'])


def to_item(row: Any) -> ChecklistItem:
    """A row of work_order_checklist."""
    return ChecklistItem(id=row['item_id'], text=row['text'], done_at=row['done_at'], done_by=row['done_by'])


def to_attachment(row: Any) -> Attachment:
    """A row of work_order_attachments."""
    return Attachment(id=row['attachment_id'], file_name=row['file_name'], media_type=row['media_type'],
                      size=row['size'], added_at=row['added_at'], added_by=row['added_by'])


def to_transition(row: Any) -> AllowedTransition:
    """A row of work_order_transitions."""
    return AllowedTransition(
        from_status=WorkOrderStatus(row['from_status']), to_status=WorkOrderStatus(row['to_status']),
        role=Role(row['role']), within=row['within'])


def to_due_time(row: Any) -> DueTime:
    """A row of work_order_priorities."""
    return DueTime(priority=Priority(row['priority']), due_within=row['due_within'])


def what_changed(rows: Sequence[Any]) -> str:
    """Describe the events of a transaction to another person who edits the same order."""
    if not rows:
        return 'someone else changed this order: compare both versions'
    changes = ', '.join(_change(row) for row in rows)
    return f'{rows[0]["who"]} changed this order ({changes}): compare both versions'


def _change(row: Any) -> str:
    if row['kind'] == 'status_changed':
        return f'it is {row["new_value"].replace("_", " ")} now'
    old, new = (shortened(row[name] or 'nothing', MAX_VALUE_LENGTH) for name in ('old_value', 'new_value'))
    return f'{row["field"]}: {old} became {new}'
