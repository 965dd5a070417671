"""How availability, time down and failures went from one shift, day or week to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..core.shifts import Shifts
from .report_snapshot import ReportSnapshot, parts_of
from .window import Window, seconds, share


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One bucket, as far as it has been.

    window        the part of it that has been
    is_over       whether that is all of it
    availability  0 to 1; None: nothing is known, or the report is about one reason
    down          seconds, of all machines together; None: nothing is known
    failures      that began in it; None: nothing is known
    """

    window: Window
    is_over: bool
    availability: float | None
    down: float | None
    failures: int | None


async def read_trend(reading: ReportSnapshot, buckets: Sequence[Window],
                     shifts: Shifts | None) -> tuple[TrendPoint, ...]:
    """A point for each bucket that has begun; buckets are in order and apart from each other."""
    begun = [bucket for bucket in buckets if bucket.start < reading.now]
    parts = [(place, part) for place, bucket in enumerate(begun)
             for part in parts_of(bucket.until(reading.now), reading.scope, shifts) if part.micros]
    hours: dict[str, Any] = {'starts': [part.start for _, part in parts], 'untils': [part.end for _, part in parts],
                             'places': [place for place, _ in parts]}
    times = {row['place']: row async for row in reading.queries.trend_times(
        reading.connection, **reading.asked, **hours)}
    stops = await _stops(reading, hours)
    points = []
    for place, bucket in enumerate(begun):
        row, of_stops = times.get(place), stops.get(place, {'failures': 0, 'lost': 0})
        point = TrendPoint(bucket.until(reading.now), bucket.end <= reading.now, None, None, None)
        known = sum(row[name] or 0 for name in ('operational', 'warning', 'waiting', 'down')) if row else 0
        if row and known:
            of_reason = reading.scope.reason is not None
            point = replace(point, failures=of_stops['failures'],
                            availability=None if of_reason else share(row['operational'] + row['warning'], known),
                            down=seconds(of_stops['lost'] if of_reason else row['down']))
        points.append(point)
    return tuple(points)


async def _stops(reading: ReportSnapshot, hours: dict[str, Any]) -> dict[int, Any]:
    queries, connection = reading.queries, reading.connection
    if not hours['starts']:
        return {}
    if reading.scope.reason is not None:
        rows = queries.trend_of_reason(connection, **reading.asked, reason=reading.scope.reason, **hours)
    else:
        rows = queries.trend_failures(connection, **reading.stop_period, **hours)
    return {row['place']: row async for row in rows}
