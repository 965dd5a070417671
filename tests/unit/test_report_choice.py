"""What a report is about, in its address and back, and which window that is as of now."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floor.analytics import Window
from floor.ui.reports.choice import ReportChoice, Span

DETROIT = ZoneInfo('America/Detroit')
NOW = datetime(2026, 11, 23, 15, 42, 7, tzinfo=UTC)  # 10:42:07 in Detroit
HOUR = timedelta(hours=1)
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 12, 31)).map(lambda at: at.replace(microsecond=0))


@dataclass(frozen=True)
class Shift:
    start: datetime
    end: datetime
    name: str


class EightHours:
    """Shifts of eight hours from 06:00 on, in Detroit's winter."""

    def at(self, moment):
        first = datetime(2026, 11, 1, 6, tzinfo=DETROIT).astimezone(UTC)
        number = (moment - first) // (8 * HOUR)
        start = first + number * 8 * HOUR
        return Shift(start, start + 8 * HOUR, ('Early', 'Late', 'Night')[number % 3])


def at_now(**fields):
    return ReportChoice(**fields).at(NOW, DETROIT, EightHours())


def detroit(*moment):
    return datetime(*moment, tzinfo=DETROIT)


def choices():
    spans = st.sampled_from([span for span in Span if span is not Span.RANGE])
    texts = st.none() | st.text(min_size=1, max_size=200)
    plain = st.builds(ReportChoice, spans, line=texts, machine=texts, by=st.sampled_from(['minutes', 'count']))
    ranges = st.tuples(MOMENTS, MOMENTS).filter(lambda pair: pair[0] < pair[1])
    return plain | st.builds(lambda pair, line: ReportChoice(Span.RANGE, *pair, line=line), ranges, texts)


@given(choices())
def test_a_choice_survives_its_address(choice):
    assert ReportChoice.from_query(choice.to_query()) == choice


def test_the_address_of_the_usual_report_is_short():
    assert ReportChoice().address() == '/reports'


def test_everything_that_was_chosen_stands_in_the_address():
    choice = ReportChoice(Span.RANGE, datetime(2026, 11, 1, 6), datetime(2026, 11, 1, 14, 30, 5), machine='Valve_01_01',
                          by='count')
    assert choice.address() == ('/reports?window=range&from=2026-11-01T06%3A00&to=2026-11-01T14%3A30%3A05'
                                '&machine=Valve_01_01&by=count')
    assert choice.file('causes').startswith('/reports/causes.csv?window=range&')


@pytest.mark.parametrize('query', [
    {'window': 'yesterday'}, {'window': 'range'}, {'window': 'range', 'from': '2026-11-01T06:00'},
    {'from': 'x', 'to': '2026-11-01T06:00'}, {'from': '2026-11-01T06:00', 'to': '2026-11-01T05:00'},
    {'from': '0001-01-01T00:00', 'to': '9999-12-31T23:59'}, {'by': 'weight'}, {'line': '', 'machine': ''},
])
def test_what_cannot_be_read_counts_as_not_said(query):
    assert ReportChoice.from_query(query) == ReportChoice()


def test_two_moments_alone_are_a_range():
    choice = ReportChoice.from_query({'from': '2026-11-01T06:00', 'to': '2026-11-01T14:00'})
    assert (choice.span, choice.start) == (Span.RANGE, datetime(2026, 11, 1, 6))


def test_today_is_compared_with_as_much_of_yesterday():
    comparison = at_now()
    assert comparison.window == Window(detroit(2026, 11, 23), detroit(2026, 11, 24))
    assert comparison.before == Window(detroit(2026, 11, 22), detroit(2026, 11, 22, 10, 42, 7))


def test_seven_days_are_today_and_the_six_before():
    comparison = at_now(span=Span.WEEK)
    assert comparison.window == Window(detroit(2026, 11, 17), detroit(2026, 11, 24))
    assert comparison.before == Window(detroit(2026, 11, 10), detroit(2026, 11, 16, 10, 42, 7))


def test_thirty_days_over_a_change_of_the_clocks_begin_at_midnight():
    assert at_now(span=Span.MONTH).window.start.astimezone(UTC) == datetime(2026, 10, 25, 4, tzinfo=UTC)


def test_this_shift_is_compared_with_as_much_of_the_one_before():
    comparison = at_now(span=Span.SHIFT)
    assert comparison.window == Window(detroit(2026, 11, 23, 6), detroit(2026, 11, 23, 14))
    assert comparison.before == Window(detroit(2026, 11, 22, 22), detroit(2026, 11, 23, 2, 42, 7))
    assert comparison.words == 'Early, 06:00 to now'


def test_a_range_is_compared_with_as_long_before_it():
    comparison = at_now(span=Span.RANGE, start=datetime(2026, 11, 20, 6), end=datetime(2026, 11, 20, 8))
    assert comparison.window == Window(detroit(2026, 11, 20, 6), detroit(2026, 11, 20, 8))
    assert comparison.before == Window(detroit(2026, 11, 20, 4), detroit(2026, 11, 20, 6))


def test_a_range_that_has_just_begun_is_compared_with_what_has_been_of_it():
    comparison = at_now(span=Span.RANGE, start=datetime(2026, 11, 23, 10), end=datetime(2026, 11, 23, 20))
    assert comparison.before == Window(NOW - 2 * timedelta(minutes=42, seconds=7), detroit(2026, 11, 23, 10))


@pytest.mark.parametrize(('start', 'end'), [
    (datetime(2027, 1, 1), datetime(2027, 1, 2)),   # has not begun
    (datetime(1970, 1, 1), datetime(2026, 1, 1)),   # nothing was before it
])
def test_some_ranges_have_nothing_before_them(start, end):
    assert at_now(span=Span.RANGE, start=start, end=end).before is None


def test_an_hour_that_the_clocks_skip_is_an_empty_window_not_an_error():
    choice = ReportChoice(Span.RANGE, datetime(2026, 3, 8, 2, 10), datetime(2026, 3, 8, 2, 20))
    window = choice.at(NOW, DETROIT, EightHours()).window
    assert window.start <= window.end


def test_what_goes_by_weeks_has_thirty_days_where_the_window_is_shorter():
    assert ReportChoice(Span.SHIFT).broad.span is Span.MONTH
    assert ReportChoice(Span.WEEK).broad.span is Span.WEEK
    short = ReportChoice(Span.RANGE, datetime(2026, 11, 20, 6), datetime(2026, 11, 20, 8)).broad
    assert (short.start, short.end) == (datetime(2026, 10, 21, 8), datetime(2026, 11, 20, 8))


def test_zooming_makes_a_range_by_the_plants_clock():
    zoomed = ReportChoice(line='Engine Line').zoomed(Window(NOW - HOUR, NOW), DETROIT)
    assert zoomed == ReportChoice(Span.RANGE, datetime(2026, 11, 23, 9, 42, 7), datetime(2026, 11, 23, 10, 42, 7),
                                  line='Engine Line')
