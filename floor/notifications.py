"""What the database says on its channel, parsed into types. The protocol stands in sql/migrations/0001_floor.sql."""

from __future__ import annotations

import json
from dataclasses import dataclass

from .errors import NotificationError
from .model import MachineChange, MachineName, Status

FIELDS_OF_A_CHANGE = 6


@dataclass(frozen=True, slots=True)
class Changes:
    """Machines that say something new, in the order of their versions."""

    machines: tuple[MachineChange, ...]


@dataclass(frozen=True, slots=True)
class Resync:
    """The table has to be read again; why is for the log."""

    why: str


def parse(payload: str) -> Changes | Resync:
    """The meaning of one payload.

    :raises NotificationError: it isn't of our protocol: a person's NOTIFY by hand, or a newer schema
    """
    try:
        content = json.loads(payload)
        if isinstance(content, dict):
            return Resync(str(content['resync']))
        if not isinstance(content, list):
            raise TypeError('neither a list of changes nor a resync')
        return Changes(tuple(_change(item) for item in content))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise NotificationError(f'not a payload of ours: {payload[:80]!r} ({error})') from error


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
