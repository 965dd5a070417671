"""Work orders: what is to be done at a machine, who does it and when it is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from .machines import MachineName, Status
from .people import Role

OrderId = NewType('OrderId', str)


class Priority(StrEnum):
    """The priority of a work order, the highest first."""

    CRITICAL = 'critical'
    HIGH = 'high'
    MEDIUM = 'medium'
    LOW = 'low'

    @property
    def rank(self) -> int:
        """0 is the highest priority."""
        return list(Priority).index(self)


class WorkOrderStatus(StrEnum):
    """The status of a work order. The allowed transitions: sql/migrations/0002_work_orders.sql."""

    OPEN = 'open'
    IN_PROGRESS = 'in_progress'
    ON_HOLD = 'on_hold'
    COMPLETED = 'completed'
    CANCELLED = 'cancelled'

    @property
    def word(self) -> str:
        """The label for people."""
        return self.value.replace('_', ' ').capitalize()

    @property
    def is_active(self) -> bool:
        """Whether somebody still has to do something."""
        return self not in {WorkOrderStatus.COMPLETED, WorkOrderStatus.CANCELLED}


class HoldReason(StrEnum):
    """What a work order waits for."""

    PARTS = 'parts'
    ACCESS = 'access'
    VENDOR = 'vendor'
    APPROVAL = 'approval'


@dataclass(frozen=True, slots=True)
class OrderBrief:
    """What the floor shows of a work order, from a notification. event grows with each event of the order, version with
    each change of its row. by is the e-mail address of the person who acted last."""

    id: OrderId
    event: int
    version: int
    machine: MachineName
    status: WorkOrderStatus
    priority: Priority
    assignee_id: int | None
    assignee: str | None
    due_ms: int
    description: str
    by: str | None = None

    def is_overdue(self, now_ms: int) -> bool:
        """Whether it should have been done by now (ms since 1970, the database's clock)."""
        return self.status.is_active and self.due_ms < now_ms


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """One work order in the database; an edit names the version that it is based on."""

    id: OrderId
    machine: MachineName
    description: str
    priority: Priority
    status: WorkOrderStatus
    reporter_name: str
    reporter_email: str | None
    assignee_id: int | None
    assignee: str | None
    source: str
    machine_status: Status | None
    machine_reason: str | None
    stop_since: datetime | None
    recovered_at: datetime | None
    reported_at: datetime
    created_at: datetime
    due_at: datetime
    acknowledged_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    cancelled_at: datetime | None
    hold_reason: HoldReason | None
    cause: str | None
    action_taken: str | None
    cancel_reason: str | None
    updated_at: datetime
    version: int

    def is_overdue(self, now: datetime) -> bool:
        """Whether it should have been done by now."""
        return self.status.is_active and self.due_at < now


@dataclass(frozen=True, slots=True)
class WorkOrderEvent:
    """One event of a work order.

    kind: created, status_changed, changed, commented, checklist, attached or recovered. note: the text of a comment or
    a transition; the values that a status requires (hold reason, cause, action, cancel reason) have their own fields.
    """

    id: int
    at: datetime
    who: str
    who_email: str | None
    kind: str
    field: str | None
    old: str | None
    new: str | None
    note: str | None
    hold_reason: HoldReason | None = None
    cause: str | None = None
    action_taken: str | None = None
    cancel_reason: str | None = None


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One step of a work order's checklist."""

    id: int
    text: str
    done_at: datetime | None
    done_by: str | None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file attached to a work order, without its content; size in bytes."""

    id: int
    file_name: str
    media_type: str
    size: int
    added_at: datetime
    added_by: str


@dataclass(frozen=True, slots=True)
class WorkOrderDetails:
    """One work order with its events (oldest first), checklist and attachments."""

    order: WorkOrder
    events: tuple[WorkOrderEvent, ...]
    checklist: tuple[ChecklistItem, ...]
    attachments: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True)
class AllowedTransition:
    """One allowed transition: where it leads, the least role that may make it, and for how long after the end."""

    from_status: WorkOrderStatus
    to_status: WorkOrderStatus
    role: Role
    within: timedelta | None


@dataclass(frozen=True, slots=True)
class DueTime:
    """The time within which an order of this priority is due."""

    priority: Priority
    due_within: timedelta
