"""With which day a week begins, and in which zone: windows and trends by the plant's calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from floor.core.plant_calendar import PlantSettings, Weekday
from floor.web.reports.report_query import ReportQuery
from floor.web.reports.report_windows import Calendar, Span
from floor.web.reports.trend_buckets import cut, labels_of

SHIFTS = 'Early 06:00,Late 14:00,Night 22:00'
DETROIT, KATHMANDU = ZoneInfo('America/Detroit'), ZoneInfo('Asia/Kathmandu')
NOW = datetime(2026, 11, 24, 20, tzinfo=UTC)  # a Tuesday in both zones' halves of the world, if only just


@pytest.mark.parametrize(('first', 'begins'), [
    (Weekday.MONDAY, date(2026, 11, 23)), (Weekday.SUNDAY, date(2026, 11, 22)), (Weekday.SATURDAY, date(2026, 11, 21)),
    (Weekday.TUESDAY, date(2026, 11, 24)), (Weekday.WEDNESDAY, date(2026, 11, 18))])
def test_a_week_begins_with_its_first_day(first: Weekday, begins: date) -> None:
    plant = PlantSettings(first_weekday=first).calendar(SHIFTS)
    assert {plant.week_of(begins + timedelta(days)) for days in range(7)} == {begins}
    assert plant.week_of(begins - timedelta(1)) == begins - timedelta(7)
    assert plant.week_of(date(2026, 11, 24)) == begins


def test_the_last_week_of_a_plant_whose_week_begins_on_sunday_has_the_hour_that_its_clocks_repeat() -> None:
    plant = PlantSettings(zone=DETROIT, first_weekday=Weekday.SUNDAY).calendar(SHIFTS)
    now = datetime(2026, 11, 10, 15, tzinfo=UTC)  # the clocks went back on Sunday 1 November at 02:00
    comparison = ReportQuery(Span.LAST_WEEK).at(now, plant)
    assert comparison.dates == 'Sun 2026-11-01 to Sat 2026-11-07'
    assert comparison.window.end - comparison.window.start == timedelta(days=7, hours=1)
    assert comparison.before_dates == 'Sun 2026-10-25 to Sat 2026-10-31'
    before = ReportQuery(Span.LAST_WEEK).neighbour(-1, now, plant)
    assert before is not None and before.at(now, plant).dates == 'Sun 2026-10-25 to Sat 2026-10-31'
    following = before.neighbour(1, now, plant)
    assert following == ReportQuery(Span.LAST_WEEK)


def test_a_day_of_an_odd_offset_begins_at_its_own_midnight() -> None:
    plant = PlantSettings(zone=KATHMANDU, first_weekday=Weekday.SUNDAY).calendar(SHIFTS)
    today = ReportQuery(Span.TODAY).at(NOW, plant)  # 01:45 on the 25th there
    assert today.window.start == datetime(2026, 11, 24, 18, 15, tzinfo=UTC)
    assert today.dates == 'Wed 2026-11-25 00:00 to now'
    assert plant.shifts.at(NOW).name == 'Night' and plant.shifts.at(NOW).date == date(2026, 11, 24)


def test_a_trend_by_week_is_cut_at_the_first_day() -> None:
    plant = PlantSettings(zone=DETROIT, first_weekday=Weekday.SATURDAY).calendar(SHIFTS)
    calendar = Calendar(NOW, plant)
    weeks = cut(calendar, calendar.named(Span.LAST_MONTH), 'week')
    assert [week.start.astimezone(DETROIT).strftime('%a %d') for week in weeks] == [
        'Thu 01', 'Sat 03', 'Sat 10', 'Sat 17', 'Sat 24', 'Sat 31']
    assert labels_of(calendar, weeks, 'week')[:2] == ['from 1 Oct\npart', 'from 3 Oct']
