"""The plant's nouns. Imports nothing else of the project."""

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
"""The number of letters of a name that fit on a tile; a Chinese, Japanese or Korean one is twice as wide."""


class Status(StrEnum):
    """The status of a machine. Feeds report the first three; a machine that has not reported, or has stopped
    reporting, is unknown."""

    OPERATIONAL = 'operational'
    WARNING = 'warning'
    DOWN = 'down'
    UNKNOWN = 'unknown'

    @property
    def word(self) -> str:
        """The label for people."""
        return _WORDS[self]

    @property
    def severity(self) -> int:
        """0 to 3: the worst status of a group is the one with the largest severity."""
        return _SEVERITIES[self]


_WORDS = {Status.OPERATIONAL: 'Running', Status.WARNING: 'Warning', Status.DOWN: 'Down', Status.UNKNOWN: 'No data'}
_SEVERITIES = {Status.OPERATIONAL: 0, Status.UNKNOWN: 1, Status.WARNING: 2, Status.DOWN: 3}


@dataclass(frozen=True, slots=True)
class MachineRecord:
    """One machine in the database. Times are in ms since 1970 by the database's clock; reported_ms is None for a
    machine that has never reported."""

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
    """The change of one machine in a notification; times as in MachineRecord."""

    name: MachineName
    status: Status
    reason: str | None
    version: int
    reported_ms: int
    since_ms: int


@dataclass(frozen=True, slots=True)
class StatusEvent:
    """One row of the status history. old is None for the first report, new is None for a removed machine."""

    version: int
    name: MachineName
    old: Status | None
    new: Status | None
    reason: str | None
    changed_ms: int
    changed_by: str | None = None


class HistoryState(StrEnum):
    """Whether the data of reports is ready. creating: the history of a new floor is still being created; processing:
    its totals are still being computed, so reports are slow."""

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
    """Whether the floor is simulated."""
    history: HistoryState = HistoryState.READY


class Role(StrEnum):
    """What a person may do; each role includes the ones before it."""

    VIEWER = 'viewer'
    OPERATOR = 'operator'
    TECHNICIAN = 'technician'
    SUPERVISOR = 'supervisor'

    def may(self, needed: Role) -> bool:
        """Whether this role includes the needed one."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class Identity:
    """The identity of a request, from auth/. email is in lower case, None without one (anonymous, a local login, a
    program). role: the role that the setting ROLES gives to people and programs that are not employees; None:
    DEFAULT_ROLE."""

    name: str
    email: str | None
    role: Role | None = None

    def rate_limit_key(self, host: str | None) -> str:
        """The key of rate limits: the e-mail address. People without one may share a name, so theirs is the name and
        the network address."""
        return self.email or ' at '.join([self.name.lower(), *([host] if host else [])])


@dataclass(frozen=True, slots=True)
class Person:
    """An identity with its role."""

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
        """Whether this is their name or e-mail address, case-insensitive."""
        return name.lower() in {self.email.lower(), self.name.lower()}

    @property
    def can_be_assigned(self) -> bool:
        """Whether work orders may be assigned to them."""
        return self.active and self.role.may(Role.TECHNICIAN)


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

    kind: created, moved, changed, commented, checklist, attached or recovered. note: the text of a comment or a
    transition; what a status requires (hold reason, cause, action, cancel reason) has fields of its own.
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


@dataclass(frozen=True, slots=True)
class DisplayName:
    """A machine's name for display: title 'Injection Molder' and code '02·01'. The code differs between machines of a
    kind, so it is never cut. It is empty if the name has none or fits as a whole."""

    title: str
    code: str
    between: str = ' '

    @classmethod
    def of(cls, name: MachineName) -> DisplayName:
        """Injection_Molder_02_01 is Injection Molder 02·01, in any script. Other names are unchanged; the code of a
        long one that ends with a number is that number."""
        if match := _CODED_NAME.fullmatch(name):
            return cls(match[1].replace('_', ' '), f'{match[2]}·{match[3]}')
        if _FITS_A_TILE < _width(name) < _LONGEST and (match := _NUMBERED_NAME.fullmatch(name)):
            return cls(match[1], match[3], match[2])
        return cls(name, '')

    def __str__(self) -> str:
        return f'{self.title}{self.between}{self.code}' if self.code else self.title


def _width(text: str) -> int:
    """The width in Latin letters."""
    return sum(0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in 'WF' else 1
               for each in text)
