"""When in the week machines are down."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from .report_snapshot import ReportSnapshot
from .window import seconds, share

DAYS, HOURS = 7, 24


@dataclass(frozen=True, slots=True)
class HourlyPattern:
    """Seven days from Monday with 24 hours each, by the clock of the plant; the hours before the start
    of a day are in the row of the day before. down and covered in seconds, share down of
    what is covered, 0 to 1, None where nothing is. An hour that the clocks repeat counts twice, a skipped one never.
    """

    share: tuple[tuple[float | None, ...], ...]
    down: tuple[tuple[float, ...], ...]
    covered: tuple[tuple[float, ...], ...]


async def read_hourly_pattern(reading: ReportSnapshot) -> HourlyPattern:
    """The pattern of all machines that are asked about, in the hours of the shift; whatever the reason."""
    down = [[0] * HOURS for _ in range(DAYS)]
    known = [[0] * HOURS for _ in range(DAYS)]
    async for row in await _rows(reading):
        down[row['weekday'] - 1][row['hour']] = row['down']
        known[row['weekday'] - 1][row['hour']] = row['known']
    return HourlyPattern(
        tuple(tuple(map(share, *day)) for day in zip(down, known, strict=True)),
        tuple(tuple(map(seconds, day)) for day in down), tuple(tuple(map(seconds, day)) for day in known))


async def _rows(reading: ReportSnapshot) -> AsyncIterator[Any]:
    return reading.queries.hours_of_week(reading.connection, **reading.asked, **await reading.hours_since_known(),
                                         zone=reading.zone.key, whole_line=reading.scope.machine is None)
