"""What really happened: every write and its acknowledgement, what the database kept, and every look at every view.

All times are seconds of one monotonic clock, that of the process which writes and looks.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import asyncpg

MARK = re.compile(r'write (\d+)')
NOT_OURS = 0
"""The number of what no write of the test put there: the floor as delivered."""

NOT_LATE = timedelta(hours=1)
"""What happened longer before it was recorded was reported late: no view shows it."""

Shown = tuple[str, int]
"""The status of a machine and the number of the write that set it."""


def number_in(reason: str | None) -> int:
    """The number of the write that gave this reason."""
    mark = MARK.match(reason or '')
    return int(mark[1]) if mark else NOT_OURS


@dataclass(frozen=True, slots=True)
class Write:
    """One UPDATE of one machine. Its number is in the reason, so it is known again wherever it shows."""

    number: int
    machine: str
    status: str
    sent: float
    acked: float | None
    """When the commit was acknowledged; None: nobody knows whether it was done."""
    version: int | None
    """As the database returned it with the acknowledgement."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of machine_status_history."""

    number: int
    machine: str
    status: str
    version: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at a view: what it showed of each machine, and whether it called that the present."""

    at: float
    view: str
    live: bool
    shown: Mapping[str, Shown]


@dataclass(slots=True)
class History:
    """A whole run."""

    writes: list[Write] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    """What the database recorded, in the order of the versions; read at the end."""
    table: dict[str, Shown] = field(default_factory=dict)
    """What each machine says at the end."""
    healed: list[float] = field(default_factory=list)
    """When faults ended: from then on the views have D seconds to be right again."""
    slack: float = 0.0
    """Seconds that what is never announced may take beyond D: the audit's interval."""
    restored: float | None = None
    """When an older state of the table was put back: what had been written before counts no more, and views go back."""
    broken: list[str] = field(default_factory=list)
    """Promises that only this fault is about, and that were not kept."""
    figures: dict[str, str] = field(default_factory=dict)
    """What else was measured, for people."""

    @property
    def acknowledged(self) -> list[Write]:
        """The writes that must never be lost."""
        return [write for write in self.writes if write.acked is not None]

    def heal(self) -> None:
        """The fault ends now."""
        self.healed.append(time.monotonic())

    async def read(self, connection: asyncpg.Connection, after_version: int) -> None:
        """Take down what the database kept since a version, and what it says now."""
        self.rows = [Row(number_in(row['reason']), row['machine_name'], row['new_status'], row['version'])
                     for row in await connection.fetch(
                         'SELECT version, machine_name, new_status, reason FROM machine_status_history '
                         'JOIN machines USING (machine_id) '
                         'WHERE version > $1 AND happened_at > recorded_at - $2::interval ORDER BY version',
                         after_version, NOT_LATE)]
        self.table = {row['machine_name']: (row['status'], number_in(row['reason'])) for row in
                      await connection.fetch('SELECT machine_name, status, reason FROM machine_feed_stream')}
