"""What a command on a work order takes, and the checks that need no database."""

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
from ..db.transactions import LARGEST_ID

LONGEST_NAME = 200
LONGEST_ITEM = 500
MOST_ITEMS = 100
EARLIEST_REPORT = datetime(2000, 1, 1, tzinfo=UTC)
NO_TIME_OF_A_REPORT = 'the time of the report is not between the year 2000 and now'
CLOCKS_DIFFER = timedelta(hours=1)


class Unchanged(Enum):
    """The value of what an edit leaves as it is."""

    UNCHANGED = 'unchanged'


UNCHANGED: Final = Unchanged.UNCHANGED


@dataclass(frozen=True, slots=True)
class NewOrder:
    """The values of a new work order.

    priority None: high for a machine that is down, else medium. reporter_name None: who asks.
    client_reference: the same of one person twice is one order. reported_at None: now. checklist: the texts of its
    items. even_if_open: also where an order is open for the machine's present stop."""

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
    """New values; assignee_id None: nobody."""

    description: str | Unchanged = UNCHANGED
    priority: Priority | Unchanged = UNCHANGED
    assignee_id: int | Unchanged | None = UNCHANGED


@dataclass(frozen=True, slots=True)
class Transition:
    """The status that an order gets, and what the new status needs; a note goes with any."""

    to: WorkOrderStatus
    hold_reason: HoldReason | None = None
    cause: str = ''
    action_taken: str = ''
    cancel_reason: str = ''
    note: str = ''


def checked_order(new: NewOrder) -> dict[str, Any]:
    """The columns of a new order, as far as they can be checked without the database."""
    if new.reported_at is not None:
        if new.reported_at.tzinfo is None:
            raise InvalidInputError('the time of the report needs a time zone', 'timestamp')
        try:
            new.reported_at.astimezone(UTC)
        except OverflowError as error:
            raise InvalidInputError(NO_TIME_OF_A_REPORT, 'timestamp') from error
    if new.assignee_id is not None:
        check_assignee_id(new.assignee_id)
    reporter = new.reporter_name
    values = {
        'machine_id': exact_name(new.machine, 'machine_id', LONGEST_NAME), 'priority': new.priority,
        'issue_description': clean_text(new.description, 'issue_description', LONG_TEXT),
        'assignee_id': new.assignee_id, 'reported_at': new.reported_at,
        'reporter_name': None if reporter is None else exact_name(reporter, 'reporter_name', LONGEST_NAME),
        'client_reference': clean_reference(new.client_reference)}
    asked = {**values, 'client_reference': None, 'checklist': checked_items(new.checklist)}
    return {**values, 'request_digest': sha256(json.dumps(asked, default=_moment, sort_keys=True).encode()).hexdigest()}


def _moment(value: object) -> str:
    """A time in a digest: the same moment is the same text, whatever its offset."""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


def check_report_time(reported_at: datetime, now: datetime) -> None:
    """Refuse a report from before the year 2000 or from the future. now: by the database's clock."""
    if not EARLIEST_REPORT <= reported_at <= now + CLOCKS_DIFFER:
        raise InvalidInputError(NO_TIME_OF_A_REPORT, 'timestamp')


def with_reporter(person: Person, values: dict[str, Any]) -> dict[str, Any]:
    """The same with who reported it: the caller, unless another name is given."""
    name = values['reporter_name'] or person.name
    return {**values, 'reporter_name': name, 'reporter_email': person.email if name == person.name else None}


def checked_items(texts: list[str] | tuple[str, ...]) -> list[str]:
    """The items of a checklist, each in one line."""
    if len(texts) > MOST_ITEMS:
        raise InvalidInputError(f'the checklist has {len(texts)} items; at most {MOST_ITEMS} fit', 'checklist')
    return [one_line(text, 'checklist', LONGEST_ITEM) for text in texts]


def check_assignee_id(employee_id: int) -> None:
    """Refuse a number that no employee can have."""
    if not 0 < employee_id <= LARGEST_ID:
        raise InvalidInputError(f'there is no employee {employee_id}', 'assignee')
