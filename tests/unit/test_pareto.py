"""The bars of a Pareto chart, and the scale below them."""

from __future__ import annotations

import pytest

from floor.analytics import Cause
from floor.analytics.stops import By
from floor.web.reports.pareto import axis, bars_of, tick_text

HOUR = 3600


def causes(count: int) -> list[Cause]:
    """The first is the greatest, the last has no reason."""
    names = [*(f'Cause {number}' for number in range(1, count)), None]
    return [Cause(name, 60.0 * (count - place), count - place, 1 / count, (place + 1) / count, place == 0)
            for place, name in enumerate(names)]


def test_of_many_causes_ten_have_a_bar_and_the_others_are_one_row() -> None:
    bars = bars_of(causes(29), 'minutes', None)
    assert [bar.reason for bar in bars] == [*(f'Cause {number}' for number in range(1, 11)), None]
    assert (bars[-1].name, bars[-1].cumulative) == ('Other (19 causes)', 1.0)
    assert sum(bar.amount for bar in bars) == sum(cause.seconds for cause in causes(29))
    assert sum(bar.amount for bar in bars_of(causes(29), 'count', None)) == sum(cause.count for cause in causes(29))


def test_all_causes_have_a_bar_where_they_are_asked_for() -> None:
    bars = bars_of(causes(29), 'minutes', None, most=200)
    assert [bar.name for bar in bars] == [*(f'Cause {number}' for number in range(1, 29)), 'No reason given']
    assert bars_of(causes(300), 'minutes', None, most=200)[-1].name == 'Other (100 causes)'


def test_one_cause_more_than_ten_has_its_own_bar() -> None:
    assert [bar.reason for bar in bars_of(causes(11), 'minutes', None)][-2:] == ['Cause 10', '']


def test_the_chosen_cause_has_a_bar_wherever_it_is() -> None:
    bars = bars_of(causes(29), 'minutes', '')
    assert [bar.name for bar in bars][-3:] == ['Cause 10', 'No reason given', 'Other (18 causes)']
    assert sum(bar.amount for bar in bars) == sum(cause.seconds for cause in causes(29))


@pytest.mark.parametrize(('most', 'by', 'labels'), [
    (44 * HOUR, 'minutes', ['0', '12 h', '24 h', '36 h', '48 h']),
    (100 * 60, 'minutes', ['0', '30 min', '1 h', '1 h 30 min', '2 h']), (40, 'minutes', ['0', '15 s', '30 s', '45 s']),
    (0, 'minutes', ['0', '1 s']), (1, 'count', ['0', '1']), (17, 'count', ['0', '5', '10', '15', '20']),
    (5_000, 'count', ['0', '1,000', '2,000', '3,000', '4,000', '5,000'])])
def test_an_axis_has_few_round_ticks_and_holds_the_longest_bar(most: float, by: By, labels: list[str]) -> None:
    end, ticks = axis(most, by)
    assert [tick_text(tick, by) for tick in ticks] == labels
    assert end == ticks[-1] >= most
