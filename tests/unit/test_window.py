"""A window is as long as the time that passes in it."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from floor.analytics import Window
from floor.core.errors import InvalidInputError

DETROIT = ZoneInfo('America/Detroit')


@pytest.mark.parametrize(('month', 'day', 'hours'), [(3, 8, 23), (11, 1, 25), (7, 1, 24)])
def test_a_day_on_which_the_clocks_change_is_as_long_as_it_is(month: int, day: int, hours: int) -> None:
    midnight = datetime(2026, month, day, tzinfo=DETROIT)

    assert Window(midnight, midnight + timedelta(days=1)).micros == hours * 3_600_000_000


def test_of_the_hour_that_comes_twice_the_second_is_later() -> None:
    first = datetime(2026, 11, 1, 1, 30, tzinfo=DETROIT)

    assert Window(first, first.replace(fold=1)).micros == 3_600_000_000
    with pytest.raises(InvalidInputError):
        Window(first.replace(fold=1), first)


def test_times_need_a_zone() -> None:
    with pytest.raises(InvalidInputError, match='time zone'):
        Window(datetime(2026, 11, 1), datetime(2026, 11, 2))


def test_a_window_may_be_empty_but_not_turned_round() -> None:
    moment = datetime(2026, 11, 1, tzinfo=DETROIT)
    assert Window(moment, moment).micros == 0
    with pytest.raises(InvalidInputError, match='before it starts'):
        Window(moment, moment - timedelta(microseconds=1))
