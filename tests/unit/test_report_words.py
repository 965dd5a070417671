"""How figures read, and when a change is for the better."""

import pytest

from floor.ui.reports.words import NOTHING, Change, Unit, Verdict, brief, counted, duration, minutes, percent, value

MINUTE, HOUR, DAY = 60, 3600, 86_400


@pytest.mark.parametrize(('share', 'text'), [
    (0.914, '91.4 %'), (0.9144, '91.4 %'), (1.0, '100.0 %'), (0.0, '0.0 %'), (None, NOTHING),
    (0.99999, '99.9 %'), (0.00001, '<0.1 %'), (0.0005, '0.1 %'), (0.9995, '99.9 %'),
])
def test_only_all_of_it_is_100_percent(share, text):
    assert percent(share) == text


@pytest.mark.parametrize(('seconds', 'text'), [
    (0, '0 s'), (0.2, '<1 s'), (40, '40 s'), (59.4, '59 s'), (59.6, '1 min 00 s'), (12 * MINUTE + 20, '12 min 20 s'),
    (3 * MINUTE + 5, '3 min 05 s'), (HOUR - 0.4, '1 h 00 min'), (HOUR + 52 * MINUTE, '1 h 52 min'),
    (DAY - 20, '1 d 0 h'), (3 * DAY + 4 * HOUR, '3 d 4 h'), (1500 * DAY, '1,500 d 0 h'), (None, NOTHING),
])
def test_a_length_of_time_has_two_units(seconds, text):
    assert duration(seconds) == text


def test_a_difference_needs_no_seconds_beside_minutes():
    assert [brief(40), brief(9 * MINUTE + 4), brief(HOUR + 31 * MINUTE)] == ['40 s', '9 min', '1 h 31 min']


def test_minutes_of_a_pareto_are_whole_but_never_nothing_where_there_was_something():
    assert [minutes(0), minutes(20), minutes(212 * MINUTE), minutes(3412 * MINUTE)] == ['0', '<1', '212', '3,412']


def test_one_stop_two_stops():
    assert [counted(0, 'stop'), counted(1, 'stop'), counted(1204, 'stop')] == ['0 stops', '1 stop', '1,204 stops']


def test_values_of_each_unit():
    assert [value(0.5, Unit.SHARE), value(65, Unit.SECONDS), value(1204, Unit.COUNT), value(None, Unit.COUNT)] == \
        ['50.0 %', '1 min 05 s', '1,204', NOTHING]


@pytest.mark.parametrize(('before', 'now', 'unit', 'more_is_better', 'change'), [
    (0.902, 0.914, Unit.SHARE, True, ('▲ 1.2 pt better', Verdict.BETTER)),
    (0.914, 0.902, Unit.SHARE, True, ('▼ 1.2 pt worse', Verdict.WORSE)),
    (47, 41, Unit.COUNT, False, ('▼ 6 better', Verdict.BETTER)),
    (41, 47, Unit.COUNT, False, ('▲ 6 worse', Verdict.WORSE)),
    (6180, 6720, Unit.SECONDS, True, ('▲ 9 min better', Verdict.BETTER)),
    (680, 740, Unit.SECONDS, False, ('▲ 1 min worse', Verdict.WORSE)),
    (225, 185, Unit.SECONDS, False, ('▼ 40 s better', Verdict.BETTER)),
    (0.9141, 0.9143, Unit.SHARE, True, ('= as before', Verdict.SAME)),
    (41, 41, Unit.COUNT, False, ('= as before', Verdict.SAME)),
    (None, 41, Unit.COUNT, False, ('nothing to compare with', Verdict.UNKNOWN)),
    (41, None, Unit.SECONDS, False, ('nothing to compare with', Verdict.UNKNOWN)),
])
def test_the_arrow_is_the_direction_and_the_word_the_verdict(before, now, unit, more_is_better, change):
    assert Change.between(before, now, unit, more_is_better=more_is_better) == Change(*change)
