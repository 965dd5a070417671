"""The shifts, days or weeks into which a trend cuts a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ...analytics import Window
from .report_windows import Comparison, ReportCalendar

TrendUnit = Literal['shift', 'day', 'week']
UNITS: tuple[TrendUnit, ...] = ('shift', 'day', 'week')
FEWEST, MOST = 2, 100
"""Buckets of a trend: one says nothing, and more cannot be distinguished."""
DAYS_OF_A_WEEK = 7
DAYS_BY_SHIFT, DAYS_BY_DAY = timedelta(days=3), timedelta(days=62)
"""Up to this length, windows are cut into shifts and days if nothing else is asked for."""


@dataclass(frozen=True, slots=True)
class TrendWindows:
    """What a trend shows: the buckets of a window, and those of the one before, as far as it has been."""

    unit: TrendUnit
    units: tuple[TrendUnit, ...]
    comparison: Comparison
    buckets: tuple[Window, ...]
    before: tuple[Window, ...]


def trend_windows(calendar: ReportCalendar, comparison: Comparison, widened: Comparison,
                  asked: TrendUnit | None) -> TrendWindows | None:
    """The buckets of a window, or of the widened one if it is too short; None: neither has enough of them. asked: the
    unit; None, or a unit of which there are too few or too many: the one that fits the length of the window."""
    for each in comparison, widened:
        units = tuple(unit for unit in UNITS if FEWEST <= len(cut(calendar, each.window, unit)) <= MOST)
        if units and (asked in units or asked is None or each is widened):
            unit = asked if asked is not None and asked in units else fitting(each.window, units)
            before = () if each.before is None else cut(calendar, each.before, unit)
            return TrendWindows(unit, units, each, cut(calendar, each.window, unit), before)
    return None


def fitting(window: Window, units: tuple[TrendUnit, ...]) -> TrendUnit:
    """The unit for a window of this length, or the nearest that there is."""
    length = window.end - window.start
    wanted: TrendUnit = 'shift' if length <= DAYS_BY_SHIFT else 'day' if length <= DAYS_BY_DAY else 'week'
    return wanted if wanted in units else units[-1]


def cut(calendar: ReportCalendar, window: Window, unit: TrendUnit) -> tuple[Window, ...]:
    """The parts of a window; more than MOST are not counted to the end. The first and the last may be cut short."""
    parts, start = list[Window](), window.start
    while start < window.end and len(parts) <= MOST:
        end = min(calendar.unit_at(unit, start).end, window.end)
        parts.append(Window(start, end))
        start = end
    return tuple(parts)


def labels_of(calendar: ReportCalendar, buckets: Sequence[Window], unit: TrendUnit) -> list[str]:
    """'Mon Late', 'Mon 23' or of many days '23 Nov', 'from 16 Nov'; 'part' is added where the window begins or ends."""
    is_short = len(buckets) <= DAYS_OF_A_WEEK
    return [_label(calendar, bucket.start, unit, is_short=is_short)
            + ('\npart' if _is_part(calendar, bucket, unit) else '') for bucket in buckets]


def _label(calendar: ReportCalendar, start: datetime, unit: TrendUnit, *, is_short: bool) -> str:
    day = calendar.plant.day_of(start)
    if unit == 'shift':
        return f'{day:%a} {calendar.plant.shifts.at(start).name}'
    if unit == 'day' and is_short:
        return f'{day:%a} {day.day}'
    return f'{"from " if unit == "week" else ""}{day.day} {day:%b}'


def _is_part(calendar: ReportCalendar, bucket: Window, unit: TrendUnit) -> bool:
    whole = calendar.unit_at(unit, bucket.start)
    return bucket.start > whole.start or (bucket.end < whole.end and bucket.end <= calendar.now)
