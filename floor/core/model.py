"""The plant's nouns. Imports nothing of ours."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

MachineName = NewType('MachineName', str)
OrderId = NewType('OrderId', str)

_CODED_NAME = re.compile(r'(.*[^\s_])_([0-9]{2})_([0-9]+)')
_NUMBERED_NAME = re.compile(r'(.*[^\s0-9_-])([\s_-]*)([0-9][0-9.\-/]*)')
_FITS_A_TILE, _LONGEST = 14, 300
"""So many letters of a name are read on a tile; one of Chinese, Japanese or Korean takes the room of two."""


class Status(StrEnum):
    """What a machine does. The feed knows the first three; unknown is ours, for a machine that was never
    reported or has gone silent."""

    OPERATIONAL = 'operational'
    WARNING = 'warning'
    DOWN = 'down'
    UNKNOWN = 'unknown'

    @property
    def word(self) -> str:
        """How people read it."""
        return _WORDS[self]

    @property
    def severity(self) -> int:
        """0 to 3: the worst status of a group is the one with the largest severity."""
        return _SEVERITIES[self]


_WORDS = {Status.OPERATIONAL: 'Running', Status.WARNING: 'Warning', Status.DOWN: 'Down', Status.UNKNOWN: 'No data'}
_SEVERITIES = {Status.OPERATIONAL: 0, Status.UNKNOWN: 1, Status.WARNING: 2, Status.DOWN: 3}


@dataclass(frozen=True, slots=True)
class MachineRecord:
    """One machine as the database has it. Times are in ms since 1970 by the database's clock; reported_ms is None for a
    machine that was never reported."""

    machine_id: int
    name: MachineName
    type: str
    line: str | None
    status: Status
    reason: str | None
    version: int
    reported_ms: int | None
    since_ms: int


@dataclass(frozen=True, slots=True)
class MachineChange:
    """What a notification says of one machine; times as in MachineRecord."""

    name: MachineName
    status: Status
    reason: str | None
    version: int
    reported_ms: int
    since_ms: int


@dataclass(frozen=True, slots=True)
class StatusEvent:
    """One row of the status history. old is None for a first report, new is None for one that was removed."""

    version: int
    name: MachineName
    old: Status | None
    new: Status | None
    reason: str | None
    changed_ms: int
    changed_by: str | None = None


class HistoryState(StrEnum):
    """Whether what reports ask is there. creating: the history of a new floor is not there yet; processing: it is not
    summed up, so that reports are slow."""

    READY = 'ready'
    PROCESSING = 'processing'
    CREATING = 'creating'


@dataclass(frozen=True, slots=True)
class FloorSnapshot:
    """The whole floor at one moment, machines in flow order, with the latest events, newest first."""

    machines: tuple[MachineRecord, ...]
    events: tuple[StatusEvent, ...]
    now_ms: int
    orders: tuple[OrderBrief, ...] = ()
    people: tuple[Employee, ...] = ()
    is_demo: bool = False
    """Whether it is simulated."""
    history: HistoryState = HistoryState.READY


class Role(StrEnum):
    """What a person may do; each role may all that the ones before it may."""

    VIEWER = 'viewer'
    OPERATOR = 'operator'
    TECHNICIAN = 'technician'
    SUPERVISOR = 'supervisor'

    def may(self, needed: Role) -> bool:
        """Whether this role is enough where another is needed."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is, as auth/ found out. email is in lower case, None for who has none (anonymous, a local login, a
    program). role: what a setting gives to people and programs that are not among the employees; None: DEFAULT_ROLE."""

    name: str
    email: str | None
    role: Role | None = None

    def told_apart_at(self, host: str | None) -> str:
        """Whose limits count: people without an e-mail address may all have the same name, and are told apart by the
        address that they come from."""
        return self.email or ' at '.join([self.name.lower(), *([host] if host else [])])


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts, and what they may do."""

    name: str
    email: str | None
    role: Role
    employee_id: int | None = None


@dataclass(frozen=True, slots=True)
class Employee:
    """Somebody who works in the plant. version grows with every edit."""

    id: int
    first_name: str
    last_name: str
    email: str
    department: str
    active: bool
    created_at: datetime
    role: Role = Role.OPERATOR
    version: int = 1

    @property
    def name(self) -> str:
        """First and last name."""
        return f'{self.first_name} {self.last_name}'

    def is_called(self, name: str) -> bool:
        """Whether this is their name or e-mail address, in any case."""
        return name.lower() in {self.email.lower(), self.name.lower()}

    @property
    def can_be_assigned(self) -> bool:
        """Whether they may work on orders."""
        return self.active and self.role.may(Role.TECHNICIAN)


class Priority(StrEnum):
    """How pressing a work order is, the most pressing first."""

    CRITICAL = 'critical'
    HIGH = 'high'
    MEDIUM = 'medium'
    LOW = 'low'

    @property
    def rank(self) -> int:
        """0 is the most pressing."""
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
        """How people read it."""
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
    """What the floor knows of a work order: what an announcement says. event grows with all that happens to the order,
    version with every change of its row. by is the e-mail address of who acted last."""

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
    """One work order as the database has it; an edit names the version it was made from."""

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
    """One thing that happened to a work order.

    kind: created, moved, changed, commented, checklist, attached or recovered. note: what somebody wrote with it; what
    the new status needs (why it waits, what was wrong and done, why it was cancelled) has fields of its own.
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
    """One thing to do for a work order."""

    id: int
    text: str
    done_at: datetime | None
    done_by: str | None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file at a work order, without its content; size in bytes."""

    id: int
    file_name: str
    media_type: str
    size: int
    added_at: datetime
    added_by: str


@dataclass(frozen=True, slots=True)
class WorkOrderDetails:
    """One work order with all that belongs to it; events oldest first."""

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
    """How soon an order of this priority is due."""

    priority: Priority
    due_within: timedelta


@dataclass(frozen=True, slots=True)
class DisplayName:
    """A machine's name as people read it: 'Injection Molder' and '02·01'. What tells machines of a kind apart is the
    code, so it stands where a long title is cut. It is empty where a name has none, or is short enough to be read."""

    title: str
    code: str
    between: str = ' '

    @classmethod
    def of(cls, name: MachineName) -> DisplayName:
        """Injection_Molder_02_01 is Injection Molder 02·01, in any script. Any other name stays as it is; of a long
        one that ends with a number, the number is the code."""
        if match := _CODED_NAME.fullmatch(name):
            return cls(match[1].replace('_', ' '), f'{match[2]}·{match[3]}')
        if _FITS_A_TILE < _room(name) < _LONGEST and (match := _NUMBERED_NAME.fullmatch(name)):
            return cls(match[1], match[3], match[2])
        return cls(name, '')

    def __str__(self) -> str:
        return f'{self.title}{self.between}{self.code}' if self.code else self.title


def _room(text: str) -> int:
    """How many letters wide it is."""
    return sum(0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in 'WF' else 1
               for each in text)
