"""The checker finds each way in which a promise can be broken, and nothing in a run where none is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from . import checker
from .history import History, Row, Sample, Write

VALVE = 'Valve_01_01'


def sound() -> History:
    """Two writes to one machine; a view shows the first, is stale during a fault, and then shows the second."""
    return History(
        writes=[Write(1, VALVE, 'down', 0.0, 0.1, 11), Write(2, VALVE, 'warning', 1.0, 1.1, 12)],
        rows=[Row(1, VALVE, 'down', 11), Row(2, VALVE, 'warning', 12)],
        samples=[Sample(0.0, 'page', True, {VALVE: ('operational', 0)}),
                 Sample(0.2, 'page', True, {VALVE: ('down', 1)}),
                 Sample(9.0, 'page', True, {VALVE: ('down', 1)}), Sample(9.2, 'page', False, {VALVE: ('down', 1)}),
                 Sample(21.0, 'page', True, {VALVE: ('warning', 2)})],
        table={VALVE: ('warning', 2)}, healed=[20.0])


def changed(history: History, number: int, **values: object) -> History:
    """The same run, but one of its samples was otherwise."""
    history.samples[number] = replace(history.samples[number], **values)   # type: ignore[arg-type]
    return history


def test_a_sound_run_breaks_nothing() -> None:
    assert checker.violations(sound()) == []
    assert checker.recoveries(sound()) == [1.0]


@pytest.mark.parametrize('rows', [
    [Row(1, VALVE, 'down', 11)], [Row(1, VALVE, 'down', 11), Row(2, VALVE, 'warning', 13)],
    [Row(1, VALVE, 'down', 11), Row(2, VALVE, 'down', 12)], [Row(1, VALVE, 'down', 11), Row(2, 'Oven', 'warning', 12)],
], ids=['gone', 'another version', 'another status', 'another machine'])
def test_i1_an_acknowledged_write_that_is_lost(rows: list[Row]) -> None:
    history = sound()
    history.rows = rows
    assert [each[:11] for each in checker.acknowledged_writes_are_kept(history)] == ['I1: write 2']


def test_i1_a_write_that_nobody_acknowledged_may_be_lost() -> None:
    history = sound()
    history.writes.append(Write(3, VALVE, 'down', 2.0, None, None))
    assert checker.violations(history) == []


def test_i2_a_view_that_is_late() -> None:
    assert checker.views_are_right_again(sound(), patience=0.9) == [
        'I2: page was not right within 0.9 s after the fault ended (1.0 s)']


def test_i2_a_view_that_never_comes_back() -> None:
    assert checker.views_are_right_again(changed(sound(), 4, live=False)) == [
        'I2: page was not right within 8 s after the fault ended (never)', 'I2: at the end page is not live']


@pytest.mark.parametrize('shown', [{}, {VALVE: ('down', 1)}, {VALVE: ('operational', 2)},
                                   {VALVE: ('warning', 2), 'Ghost': ('down', 0)}],
                         ids=['missing', 'old', 'another status', 'one too many'])
def test_i2_a_view_that_ends_with_another_picture(shown: dict[str, tuple[str, int]]) -> None:
    wrong = checker.views_are_right_again(changed(sound(), 4, shown=shown))
    assert any('at the end page shows something else than the table' in each for each in wrong)


@pytest.mark.parametrize('shown', [{}, {VALVE: ('operational', 0)}, {VALVE: ('down', 1)}])
def test_i3_an_old_picture_that_is_called_live(shown: dict[str, tuple[str, int]]) -> None:
    history = changed(sound(), 3, live=True, shown=shown)
    assert [each[:30] for each in checker.nothing_old_is_called_live(history)] == ['I3: page called a picture live']
    assert checker.nothing_old_is_called_live(history, patience=8.2) == [] or not shown.get(VALVE, ('', 0))[1]


def test_i3_an_old_picture_that_is_called_old_is_no_lie() -> None:
    assert checker.nothing_old_is_called_live(sound()) == []


def test_i4_a_machine_that_goes_back() -> None:
    history = sound()
    history.samples.append(Sample(22.0, 'page', True, {VALVE: ('down', 1)}))
    assert checker.no_machine_goes_back(history) == ['I4: page showed Valve_01_01 with version 12 and then with 11']
    history.samples[-1] = Sample(22.0, 'another page', True, {VALVE: ('down', 1)})
    assert checker.no_machine_goes_back(history) == []


def test_i5_a_change_with_two_rows() -> None:
    history = sound()
    history.rows.append(Row(2, VALVE, 'warning', 13))
    assert checker.each_change_has_one_row(history) == ['I5: write 2 has 2 rows']


def test_i5_a_change_without_a_row() -> None:
    history = sound()
    del history.rows[0]
    assert checker.each_change_has_one_row(history) == ['I5: write 1 has no row']


def test_i5_a_row_that_nobody_wrote() -> None:
    history = sound()
    history.rows.append(Row(0, VALVE, 'down', 14))
    assert checker.each_change_has_one_row(history) == ['I5: 1 rows of a change that nobody made (write 0)']


def test_what_only_one_fault_promises_counts_too() -> None:
    history = sound()
    history.broken.append('two orders')
    assert checker.violations(history) == ['two orders']
