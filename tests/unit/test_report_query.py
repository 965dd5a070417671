"""What a report is about, in its address and back, and which window that is as of now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from floor.analytics import Window
from floor.core.errors import QueryError
from floor.core.machines import MachineName
from floor.core.plant_calendar import PlantSettings
from floor.web.reports.axis import ticks
from floor.web.reports.report_query import ReportQuery, in_zone
from floor.web.reports.report_windows import NAMED, Span

DETROIT, BERLIN, LORD_HOWE = map(ZoneInfo, ('America/Detroit', 'Europe/Berlin', 'Australia/Lord_Howe'))
NOW = datetime(2026, 11, 23, 15, 42, 7, tzinfo=UTC)  # 10:42:07 in Detroit
HOUR = timedelta(hours=1)
MOMENTS = st.datetimes(datetime(1972, 1, 2), datetime(2200, 12, 30), timezones=st.just(UTC)).map(
    lambda at: in_zone(at.replace(microsecond=0), DETROIT))


PLANT = PlantSettings(zone=DETROIT).calendar('Early 06:00,Late 14:00,Night 22:00')


def at_now(**fields: Any) -> Any:
    return ReportQuery(**fields).at(NOW, PLANT)


def detroit(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=DETROIT)  # type: ignore[arg-type, misc]


def est(*moment: int) -> datetime:
    """By a clock of Detroit's winter, with its offset."""
    return datetime(*moment, tzinfo=timezone(-5 * HOUR))  # type: ignore[arg-type, misc]


def asked(**query: str) -> ReportQuery:
    return ReportQuery.from_query({name.rstrip('_'): value for name, value in query.items()}, DETROIT)


def choices() -> SearchStrategy[ReportQuery]:
    spans = st.sampled_from(NAMED)
    texts = st.none() | st.text(st.characters(exclude_categories=['Cs'], exclude_characters='\0'),
                                max_size=200).filter(str.strip)
    plain = st.builds(ReportQuery, spans, line=texts, machine=texts, by=st.sampled_from(['minutes', 'count']))
    ranges = st.tuples(MOMENTS, MOMENTS).filter(lambda pair: pair[0] < pair[1])
    return plain | st.builds(lambda pair, line: ReportQuery(Span.RANGE, pair[0], pair[1], line=line), ranges, texts)


@given(choices())
def test_a_choice_survives_its_address(choice: ReportQuery) -> None:
    assert ReportQuery.from_query(choice.to_query(), DETROIT) == choice


def test_the_address_of_the_usual_report_is_short() -> None:
    assert ReportQuery().address() == '/reports'


def test_everything_that_was_chosen_is_in_the_address() -> None:
    choice = ReportQuery(Span.RANGE, est(2026, 11, 1, 6), est(2026, 11, 1, 14, 30, 5),
                         machine=MachineName('Valve_01_01'), by='count')
    assert choice.address() == ('/reports?window=range&from=2026-11-01T06%3A00-05%3A00'
                                '&to=2026-11-01T14%3A30%3A05-05%3A00&machine=Valve_01_01&by=count')
    assert choice.file('causes').startswith('/reports/causes.csv?window=range&')


WINDOWS = ('use shift, last-shift, today, yesterday, this-week, last-week, this-month, last-month, 7d, 30d or '
           'range.')
HOW = 'write a time as 2026-11-23T10:42 or, with its offset from UTC, 2026-11-23T10:42+01:00.'


@pytest.mark.parametrize(('query', 'sentence'), [
    ({'window': '8d'}, f'Cannot understand window=8d: {WINDOWS}'),
    ({'windw': '7d'}, 'There is no parameter windw. Did you mean window?'),
    ({'window': 'range'}, 'Cannot use window=range alone: it needs from and to.'),
    ({'window': 'range', 'from_': '2026-11-01T06:00'}, 'Cannot use from alone: a range needs from and to.'),
    ({'from_': 'x', 'to': '2026-11-01T06:00'}, f'Cannot understand from=x: {HOW}'),
    ({'from_': '2026-02-30T06:00', 'to': '2026-11-01T06:00'}, f'Cannot understand from=2026-02-30T06:00: {HOW}'),
    ({'from_': '2026-11-01T06:00', 'to': '2026-11-01T05:00'}, 'Cannot use this range: to has to be later than from.'),
    ({'from_': '2026-11-01T06:00', 'to': '2026-11-01T07:00', 'window': '7d'},
     'Cannot use from and to with window=7d: leave out one or the other.'),
    ({'from_': '0001-01-01T00:00', 'to': '2026-11-01T06:00'},
     'Cannot use from=0001-01-01T00:00: the year can be 1970 to 2200.'),
    ({'from_': '2026-03-08T02:10', 'to': '2026-03-08T04:00'},
     'Cannot use from=2026-03-08T02:10: the clocks of America/Detroit skip this time when they go forward; '
     'use one before or after.'),
    ({'by': 'weight'}, 'Cannot understand by=weight: use minutes or count.'),
])
def test_what_is_not_understood_is_named_with_what_is_allowed(query: dict[str, str], sentence: str) -> None:
    with pytest.raises(QueryError) as refusal:
        asked(**query)
    assert str(refusal.value) == sentence


def test_what_is_empty_counts_as_absent() -> None:
    assert asked(line='', machine='', window='', from_='') == ReportQuery()


@pytest.mark.parametrize('span', NAMED)
def test_a_window_is_understood_as_its_menu_calls_it(span: Span) -> None:
    assert asked(window=span.word) == asked(window=f' {span.word.upper()} ') == ReportQuery(span)


def test_two_moments_alone_are_a_range() -> None:
    choice = asked(from_='2026-11-02T06:00', to='2026-11-02T14:00')
    assert (choice.span, choice.start) == (Span.RANGE, est(2026, 11, 2, 6))


@pytest.mark.parametrize(('zone', 'query', 'words'), [
    (BERLIN, {'from': '2026-10-25T02:30+02:00', 'to': '2026-10-25T02:30 01:00'},
     'Sun 2026-10-25 02:30 CEST to 02:30 CET'),
    (BERLIN, {'from': '2026-10-25T00:30Z', 'to': '2026-10-25T01:30Z'}, 'Sun 2026-10-25 02:30 CEST to 02:30 CET'),
    (LORD_HOWE, {'from': '2026-04-05T01:30+11:00', 'to': '2026-04-05T01:45+10:30'},
     'Sun 2026-04-05 01:30 +11:00 to 01:45 +10:30'),
])
def test_both_hours_of_a_clock_change_can_be_asked_for_and_distinguished(zone: ZoneInfo, query: dict[str, str],
                                                                         words: str) -> None:
    choice = ReportQuery.from_query(query, zone)
    comparison = choice.at(NOW, PlantSettings(zone=zone).calendar('All day 00:00'))
    length = comparison.window.end - comparison.window.start
    assert comparison.words == words
    assert length == (HOUR if zone is BERLIN else timedelta(minutes=45))
    assert ReportQuery.from_query(choice.to_query(), zone) == choice


def test_the_second_hour_of_a_clock_change_has_its_marks_too() -> None:
    second = datetime(2026, 10, 25, 1, tzinfo=UTC)
    assert [mark.text for mark in ticks(Window(second, second + HOUR), BERLIN)] == [
        f'02:{minute:02} CET' for minute in range(0, 60, 10)]
    both = ticks(Window(second - 2 * HOUR, second + 2 * HOUR), BERLIN)
    assert ['02:00 CEST', '02:00 CET'] == [mark.text for mark in both if mark.text.startswith('02:00')]


def test_today_is_compared_with_as_much_of_yesterday() -> None:
    comparison = at_now()
    assert comparison.window == Window(detroit(2026, 11, 23), detroit(2026, 11, 24))
    assert comparison.before == Window(detroit(2026, 11, 22), detroit(2026, 11, 22, 10, 42, 7))


def test_seven_days_are_today_and_the_six_before() -> None:
    comparison = at_now(span=Span.SEVEN_DAYS)
    assert comparison.window == Window(detroit(2026, 11, 17), detroit(2026, 11, 24))
    assert comparison.before == Window(detroit(2026, 11, 10), detroit(2026, 11, 16, 10, 42, 7))


def test_thirty_days_over_a_change_of_the_clocks_begin_at_midnight() -> None:
    assert at_now(span=Span.THIRTY_DAYS).window.start.astimezone(UTC) == datetime(2026, 10, 25, 4, tzinfo=UTC)


def test_this_shift_is_compared_with_as_much_of_the_one_before() -> None:
    comparison = at_now(span=Span.SHIFT)
    assert comparison.window == Window(detroit(2026, 11, 23, 6), detroit(2026, 11, 23, 14))
    assert comparison.before == Window(detroit(2026, 11, 22, 22), detroit(2026, 11, 23, 2, 42, 7))
    assert comparison.words == 'Early, Mon 2026-11-23 06:00 to now'


def test_a_range_is_compared_with_as_long_before_it() -> None:
    comparison = at_now(span=Span.RANGE, start=est(2026, 11, 20, 6), end=est(2026, 11, 20, 8))
    assert comparison.window == Window(detroit(2026, 11, 20, 6), detroit(2026, 11, 20, 8))
    assert comparison.before == Window(detroit(2026, 11, 20, 4), detroit(2026, 11, 20, 6))


def test_a_range_that_has_just_begun_is_compared_with_what_has_been_of_it() -> None:
    comparison = at_now(span=Span.RANGE, start=est(2026, 11, 23, 10), end=est(2026, 11, 23, 20))
    assert comparison.before == Window(NOW - 2 * timedelta(minutes=42, seconds=7), detroit(2026, 11, 23, 10))


@pytest.mark.parametrize(('start', 'end'), [
    (est(2027, 1, 1), est(2027, 1, 2)),   # has not begun
    (est(1970, 1, 1), est(2026, 1, 1)),   # nothing was before it
])
def test_some_ranges_have_nothing_before_them(start: datetime, end: datetime) -> None:
    assert at_now(span=Span.RANGE, start=start, end=end).before is None


def test_what_goes_by_weeks_has_thirty_days_where_the_window_is_shorter() -> None:
    assert ReportQuery(Span.SHIFT).widened.span is Span.THIRTY_DAYS
    assert ReportQuery(Span.SEVEN_DAYS).widened.span is Span.SEVEN_DAYS
    short = ReportQuery(Span.RANGE, est(2026, 11, 20, 6), est(2026, 11, 20, 8)).widened
    assert (short.start, short.end) == (est(2026, 10, 21, 8), est(2026, 11, 20, 8))


def test_zooming_makes_a_range_by_the_plants_clock() -> None:
    zoomed = ReportQuery(line='Engine Line').zoomed(Window(NOW - HOUR, NOW), DETROIT)
    assert zoomed == ReportQuery(Span.RANGE, est(2026, 11, 23, 9, 42, 7), est(2026, 11, 23, 10, 42, 7),
                                 line='Engine Line')


def test_only_parameters_that_others_add_are_ignored() -> None:
    assert asked(utm_source='mail') == ReportQuery()
    with pytest.raises(QueryError, match='There is no parameter utmost'):
        asked(utmost='1')


@pytest.mark.parametrize(('span', 'window', 'before'), [
    (Span.LAST_SHIFT, (detroit(2026, 11, 22, 22), detroit(2026, 11, 23, 6)),
     (detroit(2026, 11, 22, 14), detroit(2026, 11, 22, 22))),
    (Span.YESTERDAY, (detroit(2026, 11, 22), detroit(2026, 11, 23)), (detroit(2026, 11, 21), detroit(2026, 11, 22))),
    (Span.THIS_WEEK, (detroit(2026, 11, 23), detroit(2026, 11, 30)),
     (detroit(2026, 11, 16), detroit(2026, 11, 16, 10, 42, 7))),
    (Span.LAST_WEEK, (detroit(2026, 11, 16), detroit(2026, 11, 23)), (detroit(2026, 11, 9), detroit(2026, 11, 16))),
    (Span.THIS_MONTH, (detroit(2026, 11, 1), detroit(2026, 12, 1)),
     (detroit(2026, 10, 1), detroit(2026, 10, 23, 10, 42, 7))),
    (Span.LAST_MONTH, (detroit(2026, 10, 1), detroit(2026, 11, 1)), (detroit(2026, 9, 1), detroit(2026, 10, 1))),
])
def test_a_named_window_and_the_one_before_it(span: Span, window: tuple[datetime, datetime],
                                              before: tuple[datetime, datetime]) -> None:
    comparison = at_now(span=span)
    assert (comparison.window, comparison.before) == (Window(*window), Window(*before))


def test_a_week_over_a_change_of_the_clocks_is_an_hour_longer() -> None:
    window = ReportQuery(Span.LAST_WEEK).at(datetime(2026, 11, 3, 15, tzinfo=UTC), PLANT).window
    assert window.end - window.start == timedelta(days=7, hours=1)


def test_the_month_before_a_long_one_ends_with_its_last_day() -> None:
    comparison = ReportQuery(Span.THIS_MONTH).at(datetime(2026, 3, 31, 15, tzinfo=UTC), PLANT)
    assert comparison.before == Window(detroit(2026, 2, 1), detroit(2026, 3, 1))


@pytest.mark.parametrize(('span', 'dates', 'before_dates'), [
    (Span.TODAY, 'Mon 2026-11-23 00:00 to now', 'Sun 2026-11-22 00:00 to 10:42:07'),
    (Span.LAST_WEEK, 'Mon 2026-11-16 to Sun 2026-11-22', 'Mon 2026-11-09 to Sun 2026-11-15'),
    (Span.YESTERDAY, 'Sun 2026-11-22', 'Sat 2026-11-21'),
    (Span.LAST_SHIFT, 'Sun 2026-11-22 22:00 to Mon 2026-11-23 06:00', 'Sun 2026-11-22 14:00 to 22:00'),
])
def test_the_dates_of_both_windows_are_written_out(span: Span, dates: str, before_dates: str) -> None:
    comparison = at_now(span=span)
    assert (comparison.dates, comparison.before_dates) == (dates, before_dates)


def step(choice: ReportQuery, number: Literal[-1, 1]) -> ReportQuery | None:
    return choice.neighbour(number, NOW, PLANT)


@pytest.mark.parametrize(('span', 'previous'), [
    (Span.SHIFT, Span.LAST_SHIFT), (Span.TODAY, Span.YESTERDAY), (Span.THIS_WEEK, Span.LAST_WEEK),
    (Span.THIS_MONTH, Span.LAST_MONTH)])
def test_previous_of_what_goes_on_has_a_name_and_next_leads_back(span: Span, previous: Span) -> None:
    assert step(ReportQuery(span, line='Engine Line'), -1) == ReportQuery(previous, line='Engine Line')
    assert step(ReportQuery(previous), 1) == ReportQuery(span)
    assert step(ReportQuery(span), 1) is None  # it has not begun


def test_previous_goes_by_the_calendar_however_long_its_months_are() -> None:
    before_last = step(ReportQuery(Span.LAST_MONTH), -1)
    assert before_last is not None
    assert (before_last.span, before_last.start, before_last.end) == (
        Span.RANGE, detroit(2026, 9, 1), detroit(2026, 10, 1))
    assert step(before_last, 1) == ReportQuery(Span.LAST_MONTH)
    still_before = step(before_last, -1)
    assert still_before is not None
    assert still_before.start == detroit(2026, 8, 1)


@given(st.sampled_from(NAMED), st.lists(st.sampled_from([-1, 1]), max_size=8))
def test_windows_follow_each_other_without_a_gap(span: Span, steps: list[Literal[-1, 1]]) -> None:
    choice = ReportQuery(span)
    for number in steps:
        following = step(choice, number)
        if following is None:
            continue
        here, there = (each.at(NOW, PLANT).window for each in (choice, following))
        assert (there.end == here.start) if number < 0 else (there.start == here.end)
        choice = following
