"""What one machine was, interval after interval."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..core.machines import MachineName, Status
from .report_snapshot import ReportSnapshot
from .window import MICROSECOND, Page, seconds


@dataclass(frozen=True, slots=True)
class Interval:
    """One status and reason, cut at the ends of the window. waits: it was starved or blocked."""

    since: datetime
    until: datetime
    status: Status
    reason: str | None
    waits: bool

    @property
    def seconds(self) -> float:
        """Its length."""
        return seconds((self.until - self.since) // MICROSECOND)


async def read_intervals(reading: ReportSnapshot, machine: MachineName, page: Page) -> tuple[Interval, ...]:
    """A page of the intervals of a window, in order of time and without a gap: unknown is an interval too."""
    rows = reading.queries.status_intervals(
        reading.connection, name=machine, start=reading.window.start, until=reading.window.end, now=reading.now,
        skip=page.skip, most=page.size)
    return tuple([Interval(row['since'], row['until'], Status(row['status']), row['reason'], row['waits'])
                  async for row in rows])


async def count_intervals(reading: ReportSnapshot, machine: MachineName) -> int:
    """How many there are."""
    return int(await reading.queries.count_intervals(
        reading.connection, name=machine, start=reading.window.start, until=reading.window.end, now=reading.now))
