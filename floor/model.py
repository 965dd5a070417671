"""The plant's nouns. Imports nothing of ours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

MachineName = NewType('MachineName', str)

_CODED_NAME = re.compile(r'([A-Za-z]+(?:_[A-Za-z]+)*)_(\d\d)_(\d+)')


class Status(StrEnum):
    """What a machine does. The feed knows the first three; unknown is ours, for a machine that has gone silent."""

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
    """One machine as the database has it. Times are in ms since 1970 by the database's clock."""

    machine_id: int
    name: MachineName
    type: str
    line: str | None
    status: Status
    reason: str | None
    version: int
    reported_ms: int
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
    """One row of the status history. old is None for a new machine, new is None for one that was removed."""

    version: int
    name: MachineName
    old: Status | None
    new: Status | None
    reason: str | None
    changed_ms: int
    changed_by: str | None = None


@dataclass(frozen=True, slots=True)
class FloorSnapshot:
    """The whole floor at one moment, machines in flow order, with the latest events, newest first."""

    machines: tuple[MachineRecord, ...]
    events: tuple[StatusEvent, ...]
    now_ms: int


@dataclass(frozen=True, slots=True)
class Employee:
    """Somebody who works in the plant."""

    id: int
    first_name: str
    last_name: str
    email: str
    department: str
    active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DisplayName:
    """A machine's name as people read it: 'Injection Molder' and '02·01'; code is empty for a name of another form."""

    title: str
    code: str

    @classmethod
    def of(cls, name: MachineName) -> DisplayName:
        """Injection_Molder_02_01 is Injection Molder 02·01; any other name stays as it is."""
        if match := _CODED_NAME.fullmatch(name):
            return cls(match[1].replace('_', ' '), f'{match[2]}·{match[3]}')
        return cls(name, '')

    def __str__(self) -> str:
        return f'{self.title} {self.code}'.rstrip()
