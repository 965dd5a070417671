"""The arguments of commands on work orders, and the checks that need no database."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from hashlib import sha256
from typing import Any, Final

from ..core.errors import InvalidInputError
from ..core.machines import MachineName
from ..core.orders import HoldReason, Priority, WorkOrderStatus
from ..core.people import Person
from ..core.text import LONG_TEXT, clean_reference, clean_text, exact_name, one_line
from ..db.transactions import MAX_ID

MAX_NAME_LENGTH = 200
MAX_ITEM_LENGTH = 500
MAX_ITEMS = 100
EARLIEST_REPORT = datetime(2000, 1, 1, tzinfo=UTC)
INVALID_REPORT_TIME = 'the time of the report is not between the year 2000 and now'
MAX_CLOCK_SKEW = timedelta(hours=1)


class Unchanged(Enum):
    """The type of UNCHANGED, the value of a field that an edit does not change."""

    UNCHANGED = 'unchanged'


UNCHANGED: Final = Unchanged.UNCHANGED


@dataclass(frozen=True, slots=True)
class NewOrder:
    """The values of a new work order.

    priority None: high for a machine that is down, else medium. reporter_name None: the caller.
    client_reference: an idempotency key, unique per person. reported_at None: now. checklist: the text of each step.
    even_if_open: create it even if an order is open for the present stop of the machine.
    """

    machine: MachineName
    description: str
    priority: Priority | None = None
    assignee_id: int | None = None
    reporter_name: str | None = None
    client_reference: str | None = None
    reported_at: datetime | None = None
    checklist: tuple[str, ...] = ()
    even_if_open: bool = True


@dataclass(frozen=True, slots=True)
class OrderEdit:
    """New values; assignee_id None: unassigned."""

    description: str | Unchanged = UNCHANGED
    priority: Priority | Unchanged = UNCHANGED
    assignee_id: int | Unchanged | None = UNCHANGED


@dataclass(frozen=True, slots=True)
class Transition:
    """A new status, the values that it requires, and an optional note."""

    to: WorkOrderStatus
    hold_reason: HoldReason | None = None
    cause: str = ''
    action_taken: str = ''
    cancel_reason: str = ''
    note: str = ''


def checked_order(new: NewOrder) -> dict[str, Any]:
    """The columns of a new order, validated."""
    if new.reported_at is not None:
        if new.reported_at.tzinfo is None:
            raise InvalidInputError('the time of the report needs a time zone', 'timestamp')
        try:
            new.reported_at.astimezone(UTC)
        except OverflowError as error:
            raise InvalidInputError(INVALID_REPORT_TIME, 'timestamp') from error
    if new.assignee_id is not None:
        check_assignee_id(new.assignee_id)
    reporter = new.reporter_name
    values = {
        'machine_id': exact_name(new.machine, 'machine_id', MAX_NAME_LENGTH), 'priority': new.priority,
        'issue_description': clean_text(new.description, 'issue_description', LONG_TEXT),
        'assignee_id': new.assignee_id, 'reported_at': new.reported_at,
        'reporter_name': None if reporter is None else exact_name(reporter, 'reporter_name', MAX_NAME_LENGTH),
        'client_reference': clean_reference(new.client_reference)}
    request = {**values, 'client_reference': None, 'checklist': checked_items(new.checklist)}
    digest = sha256(json.dumps(request, default=_in_utc, sort_keys=True).encode()).hexdigest()
    return {**values, 'request_digest': digest}


def _in_utc(value: object) -> str:
    """A time as text, so that the digest does not depend on its offset."""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


def check_report_time(reported_at: datetime, now: datetime) -> None:
    """Refuse a report time before the year 2000 or in the future. now: by the database's clock."""
    if not EARLIEST_REPORT <= reported_at <= now + MAX_CLOCK_SKEW:
        raise InvalidInputError(INVALID_REPORT_TIME, 'timestamp')


def with_reporter(person: Person, values: dict[str, Any]) -> dict[str, Any]:
    """Add the reporter: the caller, unless another name is given."""
    name = values['reporter_name'] or person.name
    return {**values, 'reporter_name': name, 'reporter_email': person.email if name == person.name else None}


def checked_items(texts: list[str] | tuple[str, ...]) -> list[str]:
    """The steps of a checklist, one line each."""
    if len(texts) > MAX_ITEMS:
        raise InvalidInputError(f'the checklist has {len(texts)} steps; at most {MAX_ITEMS} fit', 'checklist')
    return [one_line(text, 'checklist', MAX_ITEM_LENGTH) for text in texts]


def check_assignee_id(employee_id: int) -> None:
    """Refuse an id that no employee can have."""
    if not 0 < employee_id <= MAX_ID:
        raise InvalidInputError(f'there is no employee {employee_id}', 'assignee')
