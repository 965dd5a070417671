"""The oracle on histories small enough to work out by hand: what judges the database must be right itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from unit.oracle import DataGap, History, HistoryRow, Order

MORNING = datetime(2026, 11, 2, 6, tzinfo=UTC)
MINUTE = 60_000_000


def at(minutes: float) -> datetime:
    return MORNING + timedelta(minutes=minutes)


def row(machine: str, minutes: float, status: str | None, reason: str | None = None, version: int = 0) -> HistoryRow:
    return HistoryRow(machine, at(minutes), status, reason, version or round(minutes * 10) + 1)


PRESS = [row('Press', 0, 'operational'), row('Press', 10, 'warning', 'Oil low'), row('Press', 15, 'down'),
         row('Press', 18, 'down', 'Seal leak'), row('Press', 21, 'down', 'Pin stuck'),
         row('Press', 30, 'operational'), row('Press', 40, 'down', 'Jam'), row('Press', 41, 'operational')]
DAY = History(PRESS, at(60), places={'Press': ('Line', 1)}, present={'Press'})


def test_time_is_weighted_and_the_time_before_the_first_word_is_unknown() -> None:
    sums = DAY.sums(['Press'], at(-60), at(60))
    assert (sums.operational, sums.warning, sums.down) == (39 * MINUTE, 5 * MINUTE, 16 * MINUTE)
    assert sums.possible - sums.operational - sums.warning - sums.down == 60 * MINUTE


def test_reasons_do_not_split_a_stop_and_a_short_one_is_apart() -> None:
    sums = DAY.sums(['Press'], at(0), at(60))
    assert (sums.failures, sums.micro_stops, sums.repairs, sums.repair) == (1, 1, 1, 15 * MINUTE)
    assert [stop.reason for stop in DAY.stops('Press')] == ['Pin stuck', 'Jam']


def test_a_window_cuts_time_but_not_the_length_of_a_repair() -> None:
    sums = DAY.sums(['Press'], at(20), at(60))
    assert (sums.down, sums.failures, sums.repairs, sums.repair) == (11 * MINUTE, 0, 1, 15 * MINUTE)
    sums = DAY.sums(['Press'], at(0), at(20))
    assert (sums.failures, sums.repairs, sums.ongoing, sums.ongoing_length) == (1, 0, 1, 5 * MINUTE)


def test_the_invariant_holds_over_complete_cycles() -> None:
    """MTBF / (MTBF + MTTR) = 1 - down share."""
    sums = replace(DAY, micro_stop=timedelta()).sums(['Press'], at(0), at(41) + timedelta(microseconds=1))
    mtbf, mttr = (sums.operational + sums.warning) / sums.failures, sums.repair / sums.repairs
    assert mtbf / (mtbf + mttr) == pytest.approx(1 - sums.down / (sums.down + sums.operational + sums.warning))


def test_what_a_data_gap_hides_is_unknown_and_shortens_no_stop() -> None:
    silent = replace(DAY, gaps=[DataGap('Press', at(20), at(28))])
    sums = silent.sums(['Press'], at(0), at(60))
    assert (sums.down, sums.repair, sums.operational) == (8 * MINUTE, 15 * MINUTE, 39 * MINUTE)


def test_a_machine_that_leaves_while_down_is_not_repaired() -> None:
    left = History([row('Press', 0, 'down', 'Jam'), row('Press', 10, None)], at(60), present={'Press'})
    sums = left.sums(['Press'], at(0), at(60))
    assert (sums.failures, sums.repairs, sums.down, sums.ongoing) == (1, 0, 10 * MINUTE, 0)


def test_an_order_acknowledges_its_stop() -> None:
    order = Order('Press', at(15), at(16), acknowledged=at(19))
    sums = replace(DAY, orders=[order]).sums(['Press'], at(0), at(60))
    assert sums.responses == [4 * MINUTE]


def test_a_starved_machine_is_charged_to_who_is_down_through_one_that_starves_too() -> None:
    line = {'Press': ('Line', 1), 'Welder': ('Line', 2), 'Oven': ('Line', 3)}
    history = History([row('Press', 0, 'down', 'Jam'), row('Welder', 2, 'warning', 'Starved'),
                       row('Oven', 4, 'warning', 'Starved'), row('Press', 10, 'operational', version=900)],
                      at(12), places=line)
    assert history.waits(at(0), at(12)) == {('Welder', 'Press'): 8 * MINUTE, ('Welder', None): 2 * MINUTE,
                                            ('Oven', 'Press'): 6 * MINUTE, ('Oven', None): 2 * MINUTE}


def test_two_that_wait_for_each_other_are_nobodys_fault() -> None:
    line = {'Press': ('Line', 1), 'Welder': ('Line', 2)}
    history = History([row('Press', 0, 'warning', 'Blocked downstream'), row('Welder', 0, 'warning', 'Starved')],
                      at(1), places=line)
    assert set(history.waits(at(0), at(1))) == {('Press', None), ('Welder', None)}


def test_the_hour_that_the_clocks_repeat_counts_twice() -> None:
    night = datetime(2026, 11, 1, 4, tzinfo=UTC)   # midnight in Detroit, where the clocks go back at two
    history = History([HistoryRow('Press', night, 'down')], night + timedelta(hours=4))
    detroit = ZoneInfo('America/Detroit')
    down, _ = history.hours(['Press'], night, history.now, (detroit, time()))
    assert down == {(6, 0): 60 * MINUTE, (6, 1): 120 * MINUTE, (6, 2): 60 * MINUTE}
    down, _ = history.hours(['Press'], night, history.now, (detroit, time(1, 30)))  # Saturday until the first 01:30
    assert down == {(5, 0): 60 * MINUTE, (5, 1): 30 * MINUTE, (6, 1): 90 * MINUTE, (6, 2): 60 * MINUTE}


def test_the_floor_at_a_moment_says_since_when_not_why_since_when() -> None:
    assert DAY.floor_at(at(22)) == {'Press': ('down', 'Pin stuck', at(15))}
    assert DAY.floor_at(at(-1)) == {}
