"""Maps database rows to the model: one function per kind of row."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..core.machines import DisplayNames, MachineName, Status, StatusEvent
from ..core.orders import OrderBrief, Priority, WorkOrderStatus
from ..core.people import Employee, Role
from ..core.plant_calendar import UTC_ZONE, PlantSettings, Weekday

log = logging.getLogger(__name__)


def to_event(row: Any) -> StatusEvent:
    """A row of the status history."""
    return StatusEvent(row['version'], MachineName(row['machine_name']),
                       to_status(row['old_status']), to_status(row['new_status']),
                       row['reason'], row['changed_ms'], row['changed_by'])


def to_brief(row: Any) -> OrderBrief:
    """A row of the active orders, of now or of a moment."""
    return OrderBrief(**{**row, 'status': WorkOrderStatus(row['status']), 'priority': Priority(row['priority'])})


def to_status(text: str | None) -> Status | None:
    """A status of the table; an invalid one, from a table without the check constraint, is unknown."""
    try:
        return None if text is None else Status(text)
    except ValueError:
        return Status.UNKNOWN


def to_employee(row: Any) -> Employee:
    """A row of the table of employees."""
    return Employee(id=row['id'], first_name=row['first_name'], last_name=row['last_name'], email=row['email'],
                    department=row['department'], active=row['active'], created_at=row['created_at'],
                    role=Role(row['role']), version=row['version'])


def to_plant_settings(row: Any) -> PlantSettings:
    """The plant's own settings."""
    return PlantSettings(row['name'], to_zone(row['time_zone']), Weekday(row['first_weekday']), row['day_start'],
                         row['version'])


def to_display_names(rows: Iterable[Any]) -> DisplayNames:
    """The rows of the query display_names."""
    return DisplayNames({MachineName(row['machine_name']): row['display_name'] for row in rows})


def to_zone(name: str) -> ZoneInfo:
    """A time zone of the database; UTC for one that Python does not know, so that the floor still shows."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        log.error('the time zone of the plant, %s, is not known here: times are shown in UTC', name)
        return UTC_ZONE
