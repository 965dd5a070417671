"""What one machine made, minute after minute."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..core.machines import MachineName
from .report_snapshot import ReportSnapshot
from .window import Page


@dataclass(frozen=True, slots=True)
class MinuteCounts:
    """What its feeds counted in the minute that began then: good and rejected parts, and cycles."""

    minute: datetime
    good: int
    reject: int
    cycles: int


async def read_counts(reading: ReportSnapshot, machine: MachineName, page: Page
                      ) -> tuple[int, tuple[MinuteCounts, ...]]:
    """The number of minutes that began in a window and in which anything was counted, and a page of them, in order."""
    window: dict[str, Any] = {'name': machine, 'start': reading.window.start, 'until': reading.window.end}
    rows = reading.queries.machine_counts(reading.connection, **window, skip=page.skip, most=page.size)
    counts = tuple([MinuteCounts(**row) async for row in rows])
    return int(await reading.queries.count_machine_counts(reading.connection, **window)), counts
