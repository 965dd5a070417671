"""The sentences at the top of a report."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from floor.analytics import Cause, Kpis, LossCosts, ProblemMachine, Window
from floor.analytics.kpis import Sums
from floor.core.machines import MachineName
from floor.web.reports.answer import Answer, costliest, detail, headline
from floor.web.reports.report_query import ReportQuery
from floor.web.reports.report_windows import Comparison, Span

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
WEEK = Window(MONDAY, MONDAY + timedelta(7))
HOUR = 3_600_000_000
MOLDER = MachineName('Injection_Molder_02_01')
LEAK = Cause('hydraulic leak', 20_000.0, 9, 0.6, 0.6, True)
WORST = ProblemMachine(MOLDER, 6 * 3600 + 20 * 60, 14, 9_000.0)
COMPARISON = Comparison(WEEK, WEEK, 'last week', 'Mon 2026-11-16 to Sun 2026-11-22', 'Mon 2026-11-09 to Sun 2026-11-15')


def kpis(down: float, coverage: float = 1.0) -> Kpis:
    """So many hours down, of a thousand."""
    known = round(1000 * coverage) * HOUR
    return Kpis.of(WEEK, Sums(machines=6, possible=1000 * HOUR, operational=known - round(down * HOUR),
                              down=round(down * HOUR)))


def answer(down: float, before: Kpis | None, **fields: Any) -> Answer:
    return Answer(fields.pop('now', kpis(down)), before, fields.get('worst', WORST), fields.get('cause', LEAK),
                  fields.get('costs'))


@pytest.mark.parametrize(('now', 'before', 'sentence'), [
    (kpis(41), kpis(46.6), 'Last week: 41 h down, 12 % less than the week before.'),
    (kpis(41), kpis(20), 'Last week: 41 h down, 105 % more than the week before.'),
    (kpis(0.5), kpis(0.5), 'Last week: 30 min down, as much as the week before.'),
    (kpis(9.99), None, 'Last week: 9 h 59 min down.'),
    (kpis(5), kpis(0), 'Last week: 5 h 00 min down, against nothing the week before.'),
    (kpis(0), kpis(5), 'Last week: nothing was down.'),
    (kpis(5), kpis(5, coverage=0.79),
     'Last week: 5 h 00 min down. Too little is known of the week before to compare it.'),
    (kpis(51), kpis(50, coverage=0.969),
     'Last week: 51 h down. Only 96.9 % of the week before is known, too little to compare it.'),
    (kpis(50, coverage=0.969), kpis(51),
     'Last week: 50 h down. Only 96.9 % of this time is known, too little to compare it.'),
    (kpis(60), kpis(50, coverage=0.969), 'Last week: 60 h down, 20 % more than the week before.'),
    (kpis(49), kpis(50, coverage=0.969), 'Last week: 49 h down, 2 % less than the week before.'),
    (kpis(51), kpis(50, coverage=0.9995), 'Last week: 51 h down, 2 % more than the week before.'),
    (kpis(5, coverage=0.79), kpis(5),
     'Last week: 5 h 00 min down. Too little is known of this time to compare it.'),
])
def test_the_first_sentence_says_how_long_and_whether_that_is_more(now: Kpis, before: Kpis | None,
                                                                   sentence: str) -> None:
    assert headline(ReportQuery(Span.LAST_WEEK), COMPARISON, answer(0, before, now=now)) == sentence


def test_a_window_that_goes_on_is_compared_with_as_much_of_the_one_before() -> None:
    assert headline(ReportQuery(Span.THIS_MONTH), COMPARISON, answer(10, kpis(20))) == \
        'This month: 10 h down, 50 % less than last month up to the same time.'


def test_the_first_sentence_names_what_the_report_is_about() -> None:
    line, machine = ReportQuery(Span.LAST_WEEK, line='Engine Line', shift='Late'), \
        ReportQuery(Span.LAST_WEEK, machine=MOLDER)
    assert headline(line, COMPARISON, answer(10, None)) == 'Last week, Engine Line, Late shift: 10 h down.'
    assert headline(machine, COMPARISON, answer(10, None)) == 'Last week, Injection Molder 02·01: 10 h down.'


def test_the_machine_that_cost_most_is_so_in_money_where_each_line_has_a_cost() -> None:
    dear = ProblemMachine(MachineName('Valve_01_01'), 3600.0, 2, 3000.0)
    costs = LossCosts('EUR', {None: 1000.0}, {dear.machine: 900.0, MOLDER: 100.0})
    partial = replace(costs, is_complete=False)
    assert costliest((WORST, dear), costs) is dear
    assert costliest((WORST, dear), None) is costliest((WORST, dear), partial) is WORST
    assert costliest((), costs) is costliest((), None) is None
    floor = ReportQuery(Span.LAST_WEEK)
    assert detail(floor, answer(9, None, worst=dear, cause=None, costs=costs)) == \
        'Valve 01·01 cost most: 1 h 00 min (EUR 900).'
    assert detail(floor, answer(9, None, cause=None, costs=partial)) == \
        'Injection Molder 02·01 was down longest: 6 h 20 min (EUR 100).'


def test_a_range_is_called_by_its_dates() -> None:
    asked = ReportQuery(Span.RANGE, WEEK.start, WEEK.end)
    assert headline(asked, COMPARISON, answer(10, None)) == 'Mon 2026-11-16 to Sun 2026-11-22: 10 h down.'


def test_the_second_sentence_says_what_cost_most() -> None:
    floor, machine = ReportQuery(Span.LAST_WEEK), ReportQuery(Span.LAST_WEEK, machine=MOLDER)
    unknown = Cause(None, 600.0, 1, 1.0, 1.0, True)
    assert detail(floor, answer(9, None)) == 'Injection Molder 02·01 cost most: 6 h 20 min, mainly hydraulic leak.'
    assert detail(floor, answer(9, None, cause=unknown)) == \
        'Injection Molder 02·01 cost most: 6 h 20 min.'
    assert detail(floor, answer(0, None, worst=None, cause=None)) == ''
    assert detail(machine, answer(9, None, worst=None)) == 'Costliest cause: hydraulic leak, 5 h 33 min.'
