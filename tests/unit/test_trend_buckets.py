"""How a trend cuts windows into shifts, days and weeks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from floor.analytics import Window
from floor.core.plant_calendar import PlantSettings
from floor.web.reports.report_query import ReportQuery
from floor.web.reports.report_windows import ReportCalendar, Span
from floor.web.reports.trend_buckets import TrendUnit, TrendWindows, cut, labels_of, trend_windows

DETROIT = ZoneInfo('America/Detroit')
PLANT = PlantSettings(zone=DETROIT).calendar('Early 06:00,Late 14:00,Night 22:00')
NOW = datetime(2026, 11, 24, 15, tzinfo=DETROIT)  # a Tuesday, in the late shift
CALENDAR = ReportCalendar(NOW, PLANT)


def windows(span: Span, asked: TrendUnit | None = None) -> TrendWindows:
    query = ReportQuery(span)
    found = trend_windows(CALENDAR, query.at(NOW, PLANT), query.widened.at(NOW, PLANT), asked)
    assert found is not None
    return found


@pytest.mark.parametrize(('span', 'unit', 'number'), [
    (Span.TODAY, 'shift', 4), (Span.YESTERDAY, 'shift', 4), (Span.SEVEN_DAYS, 'day', 7), (Span.LAST_WEEK, 'day', 7),
    (Span.THIRTY_DAYS, 'day', 30), (Span.LAST_MONTH, 'day', 31), (Span.SHIFT, 'day', 30), (Span.LAST_SHIFT, 'day', 30)])
def test_the_unit_fits_the_length_of_the_window(span: Span, unit: str, number: int) -> None:
    found = windows(span)
    assert (found.unit, len(found.buckets)) == (unit, number)


def test_a_unit_that_is_asked_for_is_used_if_it_can_be_drawn() -> None:
    assert windows(Span.THIRTY_DAYS, 'week').unit == 'week'
    assert windows(Span.LAST_WEEK, 'shift').unit == 'shift'
    assert windows(Span.LAST_WEEK, 'week').unit == 'day', 'one week is no trend'
    year = ReportQuery(Span.RANGE, datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
    comparison = year.at(NOW, PLANT)
    found = trend_windows(CALENDAR, comparison, comparison, 'shift')
    assert found is not None and found.unit == 'week' and found.units == ('week',)


def test_buckets_fill_the_window_and_those_before_are_as_far() -> None:
    found = windows(Span.THIS_WEEK)
    assert found.buckets[0].start == found.comparison.window.start
    assert found.buckets[-1].end == found.comparison.window.end
    assert [early.end for early in found.buckets[:-1]] == [late.start for late in found.buckets[1:]]
    assert [bucket.start + timedelta(7) for bucket in found.before] == [bucket.start for bucket in found.buckets[:2]]
    assert found.before[-1].end + timedelta(7) == NOW


def test_a_day_on_which_the_clocks_change_is_one_bucket() -> None:
    window = Window(datetime(2026, 11, 1, tzinfo=DETROIT), datetime(2026, 11, 3, tzinfo=DETROIT))
    assert [bucket.micros / 3_600_000_000 for bucket in cut(CALENDAR, window, 'day')] == [25, 24]


def test_labels_are_short() -> None:
    buckets = windows(Span.LAST_WEEK).buckets
    assert labels_of(CALENDAR, buckets, 'day')[:2] == ['Mon 16', 'Tue 17']
    assert labels_of(CALENDAR, windows(Span.THIRTY_DAYS).buckets, 'day')[-1] == '24 Nov'
    assert labels_of(CALENDAR, windows(Span.YESTERDAY).buckets, 'shift') == [
        'Mon Night\npart', 'Mon Early', 'Mon Late', 'Mon Night\npart']
    assert labels_of(CALENDAR, windows(Span.THIRTY_DAYS, 'week').buckets, 'week')[:2] == ['from 26 Oct', 'from 2 Nov']
