"""With which day a week begins, at which time a day, and in which zone: windows and trends by the plant's calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from floor.analytics import Window
from floor.core.plant_calendar import PlantSettings, Weekday
from floor.web.reports.report_query import ReportQuery
from floor.web.reports.report_windows import ReportCalendar, Span
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
    calendar = ReportCalendar(NOW, plant)
    weeks = cut(calendar, calendar.named(Span.LAST_MONTH), 'week')
    assert [week.start.astimezone(DETROIT).strftime('%a %d') for week in weeks] == [
        'Thu 01', 'Sat 03', 'Sat 10', 'Sat 17', 'Sat 24', 'Sat 31']
    assert labels_of(calendar, weeks, 'week')[:2] == ['from 1 Oct\npart', 'from 3 Oct']


@pytest.mark.parametrize(('span', 'dates'), [
    (Span.TODAY, 'Tue 2026-11-24 06:00 to now'),
    (Span.YESTERDAY, 'Mon 2026-11-23 06:00 to Tue 2026-11-24 06:00'),
    (Span.LAST_WEEK, 'Mon 2026-11-16 06:00 to Mon 2026-11-23 06:00'),
    (Span.LAST_MONTH, 'Thu 2026-10-01 06:00 to Sun 2026-11-01 06:00'),
    (Span.SEVEN_DAYS, 'Wed 2026-11-18 06:00 to now')])
def test_windows_of_a_day_that_begins_at_six_are_shown_with_their_times(span: Span, dates: str) -> None:
    plant = PlantSettings(zone=DETROIT, day_start=time(6)).calendar(SHIFTS)
    at_five = datetime(2026, 11, 25, 5, tzinfo=DETROIT)
    assert ReportQuery(span).at(at_five, plant).dates == dates


def test_the_window_before_two_days_that_begin_at_six_is_the_two_days_before() -> None:
    plant = PlantSettings(zone=DETROIT, day_start=time(6)).calendar(SHIFTS)
    query = ReportQuery(Span.RANGE, datetime(2026, 11, 1, 6, tzinfo=DETROIT), datetime(2026, 11, 3, 6, tzinfo=DETROIT))
    before = query.neighbour(-1, NOW, plant)
    assert before is not None
    assert before.at(NOW, plant).dates == 'Fri 2026-10-30 06:00 to Sun 2026-11-01 06:00'
    midnights = ReportQuery(Span.RANGE, datetime(2026, 11, 1, tzinfo=DETROIT), datetime(2026, 11, 3, tzinfo=DETROIT))
    assert midnights.at(NOW, plant).dates == 'Sun 2026-11-01 00:00 to Tue 2026-11-03 00:00', 'no day of this plant'


@pytest.mark.parametrize(('start', 'change', 'began', 'hours'), [
    (time(6), date(2026, 3, 8), '06:00 EDT', 24), (time(6), date(2026, 3, 7), '06:00 EST', 23),
    (time(6), date(2026, 10, 31), '06:00 EDT', 25),
    (time(2, 30), date(2026, 3, 8), '03:30 EDT', 23),  # skipped: as much later as the clocks go forward
    (time(2, 30), date(2026, 3, 7), '02:30 EST', 24),
    (time(1, 30), date(2026, 11, 1), '01:30 EDT', 25),  # twice: the first
    (time(1, 30), date(2026, 10, 31), '01:30 EDT', 24)])
def test_a_day_begins_once_where_the_clocks_skip_or_repeat_its_time(
        start: time, change: date, began: str, hours: int) -> None:
    plant = PlantSettings(zone=DETROIT, day_start=start).calendar(SHIFTS)
    first, end = plant.start_of(change), plant.start_of(change + timedelta(1))
    assert first.astimezone(DETROIT).strftime('%H:%M %Z') == began
    assert end - first == timedelta(hours=hours)
    inside = [first + number * timedelta(minutes=15) for number in range(hours * 4)]
    assert {plant.day_of(moment) for moment in inside} == {change}
    assert plant.day_of(first - timedelta(microseconds=1)) == change - timedelta(1)
    assert plant.day_of(end) == change + timedelta(1)


def test_a_shift_belongs_to_the_day_in_which_it_starts() -> None:
    plant = PlantSettings(zone=DETROIT, day_start=time(6)).calendar('Early 06:00,Late 14:00,Night 22:00,Small 02:00')
    night = plant.shifts.at(datetime(2026, 11, 24, 23, tzinfo=DETROIT))
    small = plant.shifts.after(night)
    assert (night.name, small.name, night.date, small.date) == ('Night', 'Small', *[date(2026, 11, 24)] * 2)
    assert plant.shifts.of(date(2026, 11, 24), 'Small') == small
    assert small.start == datetime(2026, 11, 25, 2, tzinfo=DETROIT)
    assert plant.shifts.after(small).date == date(2026, 11, 25)


def test_a_trend_names_the_day_that_a_part_of_it_is_in() -> None:
    plant = PlantSettings(zone=DETROIT, day_start=time(6)).calendar(SHIFTS)
    calendar = ReportCalendar(NOW, plant)
    window = Window(*(datetime(2026, 11, day, 2, tzinfo=DETROIT) for day in (20, 22)))
    assert labels_of(calendar, cut(calendar, window, 'day'), 'day') == ['Thu 19\npart', 'Fri 20', 'Sat 21\npart']
