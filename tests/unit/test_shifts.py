"""Shifts: which one a moment lies in, also over midnight and when the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floor.core.errors import InvalidInputError
from floor.core.shifts import Shift, Shifts

USUAL = 'Early 06:00,Late 14:00,Night 22:00'
BERLIN, DETROIT = ZoneInfo('Europe/Berlin'), ZoneInfo('America/Detroit')
HOUR = timedelta(hours=1)


def clock(shift: Shift, zone: ZoneInfo) -> str:
    """'Night 2026-03-07 22:00 to 2026-03-08 06:00' as the wall's clock has it."""
    start, end = (moment.astimezone(zone).strftime('%Y-%m-%d %H:%M') for moment in (shift.start, shift.end))
    return f'{shift.name} {start} to {end}'


def test_a_moment_lies_in_the_shift_that_started_last() -> None:
    shifts = Shifts(USUAL, DETROIT)
    assert clock(shifts.at(datetime(2026, 11, 23, 13, 59, 59, tzinfo=DETROIT)), DETROIT) == \
        'Early 2026-11-23 06:00 to 2026-11-23 14:00'
    assert shifts.at(datetime(2026, 11, 23, 14, tzinfo=DETROIT)).name == 'Late'
    assert shifts.at(datetime(2026, 11, 23, 19, tzinfo=UTC)).name == 'Late'  # 14:00 in Detroit


def test_a_shift_over_midnight_belongs_to_the_day_on_which_it_starts() -> None:
    shifts = Shifts(USUAL, DETROIT)
    night = shifts.at(datetime(2026, 11, 24, 3, tzinfo=DETROIT))
    assert clock(night, DETROIT) == 'Night 2026-11-23 22:00 to 2026-11-24 06:00'
    assert night.date == date(2026, 11, 23)
    assert shifts.of(date(2026, 11, 23), 'Night') == night
    assert shifts.of(date(2026, 11, 23), 'Graveyard') is None


@pytest.mark.parametrize(('zone', 'forward', 'back'), [
    (BERLIN, date(2026, 3, 28), date(2026, 10, 24)),
    (DETROIT, date(2026, 3, 7), date(2026, 10, 31)),
])
def test_the_night_in_which_the_clocks_change_is_an_hour_shorter_or_longer(zone: ZoneInfo, forward: date,
                                                                           back: date) -> None:
    shifts = Shifts(USUAL, zone)
    short, long = shifts.of(forward, 'Night'), shifts.of(back, 'Night')
    assert short.end - short.start == 7 * HOUR
    assert long.end - long.start == 9 * HOUR
    assert short.start.astimezone(zone).hour == long.start.astimezone(zone).hour == 22
    assert short.end.astimezone(zone).hour == long.end.astimezone(zone).hour == 6


def test_a_start_that_the_clock_leaps_over_falls_as_if_it_had_not_leapt() -> None:
    leap = Shifts('A 02:30,B 10:00', DETROIT).of(date(2026, 3, 8), 'A')
    assert clock(leap, DETROIT) == 'A 2026-03-08 03:30 to 2026-03-08 10:00'


def test_a_shift_that_the_clock_leaps_over_whole_is_not_there_that_day() -> None:
    shifts = Shifts('A 02:00,B 02:30,C 03:00', DETROIT)
    assert shifts.of(date(2026, 3, 8), 'A') is None
    assert shifts.of(date(2026, 3, 8), 'B') is None
    assert clock(shifts.of(date(2026, 3, 8), 'C'), DETROIT) == 'C 2026-03-08 03:00 to 2026-03-09 02:00'


def test_of_a_start_that_the_clock_shows_twice_the_first_counts() -> None:
    shifts = Shifts('A 01:30,B 10:00', DETROIT)
    assert shifts.of(date(2026, 11, 1), 'A').start == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert shifts.at(datetime(2026, 11, 1, 6, 15, tzinfo=UTC)).name == 'A'  # 01:15 again


def test_one_shift_may_be_the_whole_day() -> None:
    shifts = Shifts('Day 07:00', DETROIT)
    day = shifts.at(datetime(2026, 11, 23, 6, 59, tzinfo=DETROIT))
    assert clock(day, DETROIT) == 'Day 2026-11-22 07:00 to 2026-11-23 07:00'
    assert shifts.before(day).end == day.start
    assert shifts.after(day).start == day.end


def test_between_are_the_shifts_that_the_window_touches() -> None:
    shifts = Shifts(USUAL, DETROIT)
    found = shifts.between(datetime(2026, 11, 23, 14, tzinfo=DETROIT), datetime(2026, 11, 24, 6, tzinfo=DETROIT))
    assert [shift.name for shift in found] == ['Late', 'Night']
    assert shifts.between(found[0].start, found[0].start) == []


ZONES = [BERLIN, DETROIT, ZoneInfo('UTC'), ZoneInfo('Australia/Lord_Howe'), ZoneInfo('Pacific/Apia')]
CHANGES = [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 3, 8, tzinfo=UTC),
           datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 4, 4, tzinfo=UTC), datetime(2011, 12, 30, tzinfo=UTC)]
STARTS = st.sets(st.integers(0, 24 * 60 - 1) | st.integers(110, 190), min_size=1, max_size=6)
"""Minutes of the day, many of them in the hours that clocks leap over or show twice."""


@given(STARTS, st.sampled_from(ZONES), st.sampled_from(CHANGES), st.integers(-72 * 60, 72 * 60))
def test_shifts_tile_time(minutes: set[int], zone: ZoneInfo, change: datetime, offset: int) -> None:
    shifts = Shifts(','.join(f'S{minute} {minute // 60:02}:{minute % 60:02}' for minute in minutes), zone)
    moment = change + timedelta(minutes=offset)
    shift = shifts.at(moment)
    assert shift.start <= moment < shift.end
    following = shifts.after(shift)
    assert following.start == shift.end
    assert shifts.before(following) == shift
    assert shifts.of(shift.date, shift.name) == shift
    assert all(shifts.at(inside) == shift for inside in (shift.start, shift.end - timedelta(microseconds=1)))
    around = shifts.between(moment - 30 * HOUR, moment + 30 * HOUR)
    assert all(one.end == other.start for one, other in pairwise(around))
    assert around[0].start <= moment - 30 * HOUR
    assert moment + 30 * HOUR <= around[-1].end


@pytest.mark.parametrize('spec', ['', 'Early', '06:00', 'Early 24:00', 'Early 6', 'Early 06:00,', 'A 06:00,A 14:00',
                                  'A 06:00,B 06:00', 'A 06:00;B 14:00', 'A\x1b 06:00', f'{"x" * 41} 06:00',
                                  ','.join(f'S{n} {n // 2:02}:{n % 2 * 30:02}' for n in range(25))])
def test_a_wrong_plan_is_refused(spec: str) -> None:
    with pytest.raises(InvalidInputError):
        Shifts(spec, DETROIT)


def test_a_plan_may_be_written_in_any_order_and_names_may_have_spaces() -> None:
    assert Shifts('Night shift 22:00, Early 6:00 ,Late 14:00', DETROIT).names == ('Early', 'Late', 'Night shift')


def test_a_day_has_up_to_24_shifts() -> None:
    hourly = [f'Shift {hour} {hour}:00' for hour in range(24)]
    assert len(Shifts(','.join(hourly), DETROIT).names) == 24
    with pytest.raises(InvalidInputError, match='at most 24 shifts'):
        Shifts(','.join([*hourly, 'Another 0:30']), DETROIT)


def test_a_shift_lasts_over_a_day_that_the_clocks_skip() -> None:
    apia = ZoneInfo('Pacific/Apia')  # after 29 December 2011 came the 31st
    found = Shifts('Day 22:00', apia).at(datetime(2011, 12, 31, 1, tzinfo=apia))
    assert (found.date, found.start) == (date(2011, 12, 29), datetime(2011, 12, 29, 22, tzinfo=apia).astimezone(UTC))
