"""Moments with an offset and without one, at the change of the clocks and at any other time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floor.core.errors import InvalidInputError
from floor.core.moments import file_time, local_time, parse_day, parse_moment, with_offset

BERLIN, KOLKATA, LORD_HOWE = ZoneInfo('Europe/Berlin'), ZoneInfo('Asia/Kolkata'), ZoneInfo('Australia/Lord_Howe')
FIRST, SECOND = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
ZONES = st.sampled_from([BERLIN, KOLKATA, LORD_HOWE, UTC, ZoneInfo('America/St_Johns')])
MOMENTS = st.datetimes(datetime(1972, 1, 2), datetime(2199, 12, 30), timezones=st.just(UTC))


@pytest.mark.parametrize('text', [
    '2026-10-25T02:30+02:00', '2026-10-25T02:30 02:00', '2026-10-25 02:30:00 0200', '2026-10-25t00:30:00z',
    '2026-10-25T00:30Z', '2026-10-24T20:30-04:00', '2026-10-25T06:00+05:30', '20261025T0230+02', '2026-10-25T02:30'])
def test_a_time_is_the_same_moment_however_it_is_written(text: str) -> None:
    assert parse_moment(text, BERLIN) == FIRST


def test_both_hours_of_the_change_can_be_asked_for() -> None:
    assert parse_moment('2026-10-25T02:30+02:00', BERLIN) == FIRST
    assert parse_moment('2026-10-25T02:30+01:00', BERLIN) == SECOND


def test_an_offset_counts_whatever_the_zone_of_the_plant() -> None:
    assert parse_moment('2026-10-25T02:30+01:00', KOLKATA) == SECOND
    assert parse_moment('2026-10-25T07:00', KOLKATA) == SECOND
    assert parse_moment('2026-10-25T07:00+05:30', BERLIN) == SECOND


@pytest.mark.parametrize('text', ['2026-10-25', '2026-10-25T00:00', '2026-10-25 00:00'])
def test_a_day_alone_is_its_midnight(text: str) -> None:
    assert parse_moment(text, BERLIN) == datetime(2026, 10, 24, 22, tzinfo=UTC)


@pytest.mark.parametrize(('zone', 'text'), [(BERLIN, '2026-03-29T02:30'), (LORD_HOWE, '2026-10-04T02:15')])
def test_a_time_that_the_clocks_skip_is_refused_with_a_sentence(zone: ZoneInfo, text: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        parse_moment(text, zone, 'from')
    assert str(refusal.value) == (f'cannot use from={text}: the clocks of {zone} skip this time when they go forward; '
                                  f'use one before or after')
    assert refusal.value.field == 'from'


@pytest.mark.parametrize('text', ['x', '2026-02-30T10:00', '2026-11-23T25:00', '2026-11-23T10:42+99:00', '10:42',
                                  '1764000000', '2026-11-23T10:42+01:00' + ' ' * 9 + 'x', '+'])
def test_what_is_no_time_is_refused_with_the_way_to_write_one(text: str) -> None:
    with pytest.raises(InvalidInputError, match='write a time as 2026-11-23T10:42 or, with its offset'):
        parse_moment(text, BERLIN)


@pytest.mark.parametrize('text', ['0001-01-01T00:00', '9999-12-31T23:59-01:00', '1969-12-31T23:59'])
def test_a_year_that_is_out_of_range_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match='the year can be 1970 to 2200'):
        parse_moment(text, BERLIN)


@pytest.mark.parametrize('text', ['2026-02-30', '2026-11-23x', '23.11.2026', '2026-11'])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match='write a day as 2026-11-23'):
        parse_day(text)


def test_a_day_is_read() -> None:
    assert parse_day('2026-11-23') == date(2026, 11, 23)


@given(MOMENTS, ZONES)
def test_what_is_written_is_read_as_the_same_moment(moment: datetime, zone: ZoneInfo) -> None:
    whole = moment.replace(microsecond=0)
    assert parse_moment(with_offset(moment, zone), zone) == whole
    assert parse_moment(file_time(moment, zone).replace('+', ' '), UTC) == whole


@given(MOMENTS, ZONES)
def test_a_clock_never_shows_the_same_for_two_moments_that_are_hours_apart(moment: datetime, zone: ZoneInfo) -> None:
    later = {local_time(moment + timedelta(minutes=half * 30), zone, '%Y-%m-%d %H:%M') for half in range(6)}
    assert len(later) == 6


def test_a_time_that_comes_twice_names_which_and_any_other_stays_short() -> None:
    assert local_time(FIRST, BERLIN, '%H:%M') == '02:30 CEST'
    assert local_time(SECOND, BERLIN, '%H:%M') == '02:30 CET'
    assert local_time(SECOND + timedelta(hours=1), BERLIN, '%H:%M') == '03:30'
    assert local_time(datetime(2026, 4, 4, 15, 15, tzinfo=UTC), LORD_HOWE, '%H:%M') == '01:45 +10:30'
    assert local_time(SECOND, KOLKATA, '%H:%M') == '07:00'


def test_files_have_the_offset_in_every_time() -> None:
    assert file_time(FIRST, BERLIN) == '2026-10-25 02:30:00+02:00'
    assert file_time(SECOND, BERLIN) == '2026-10-25 02:30:00+01:00'
    assert file_time(SECOND, KOLKATA) == '2026-10-25 07:00:00+05:30'
    assert file_time(SECOND.astimezone(timezone(timedelta(hours=9))), UTC) == '2026-10-25 01:30:00+00:00'
