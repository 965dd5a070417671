"""What a new demo has to tell: two months of the delivered floor, in which one can find what is wrong, and when."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from simulation.delivered_floor import DELIVERED
from simulation.simulated_past import PEOPLE, stretches

from simulator.calendar import Calendar
from simulator.causes import profile_of
from simulator.conditions import EPISODES, LATE_CAUSE, WEAK_LINE, Conditions
from simulator.orders import write_orders
from simulator.timeline import SimulatedEvent, SimulatedStop, Timeline, history, stops

pytestmark = pytest.mark.xdist_group('timeline')   # they share two months, which take as long as all of them

NOW = datetime(2026, 11, 23, 14, 5, 6, 789012, tzinfo=UTC)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
DETROIT = ZoneInfo('America/Detroit')
WEARS, IS_FIXED = EPISODES
Months = tuple[list[SimulatedEvent], Timeline]


@pytest.fixture(scope='module')
def months() -> Months:
    return history(DELIVERED, 18, NOW - 60 * DAY, NOW, DETROIT)


@pytest.fixture(scope='module')
def found(months: Months) -> list[SimulatedStop]:
    events, timeline = months
    return timeline.with_ends(stops(events))


def hours(found: Iterable[SimulatedStop], since: datetime, until: datetime) -> Counter[str]:
    """Hours down by machine, of the stops that began between two moments."""
    total = Counter[str]()
    for stop in found:
        if since <= stop.since < until and stop.until:
            total[stop.machine] += (stop.until - stop.since) / timedelta(hours=1)  # type: ignore[assignment]
    return total


def times(found: Iterable[SimulatedStop], machine: str, cause: str, since: datetime, until: datetime) -> int:
    return sum((stop.machine, stop.reason) == (machine, cause) and since <= stop.since < until for stop in found)


def test_every_day_is_about_sixty_thirty_ten(months: Months) -> None:
    """A share of a day differs by chance; the mean of the days does not."""
    days: list[Counter[str]] = [Counter() for _ in range(60)]
    for event, length in stretches(months[0]):
        at, end = event.at, event.at + length
        while at < end:
            day = (at - (NOW - 60 * DAY)) // DAY
            until = min(end, NOW - (59 - day) * DAY)
            days[day][event.new] += (until - at) / (DAY * len(DELIVERED))  # type: ignore[assignment]
            at = until
    for status, mean, most, of_all in (('operational', 0.60, 0.18, 0.01), ('warning', 0.30, 0.16, 0.01),
                                       ('down', 0.10, 0.035, 0.004)):
        assert sum(day[status] for day in days) / 60 == pytest.approx(mean, abs=of_all)
        assert max(abs(day[status] - mean) for day in days) < most, status


def test_one_machine_fails_more_and_more_often_by_one_cause(found: list[SimulatedStop]) -> None:
    leaks = [times(found, WEARS.machine, WEARS.cause, NOW - (60 - 15 * part) * DAY, NOW - (45 - 15 * part) * DAY)
             for part in range(4)]
    assert all(before < after for before, after in pairwise(leaks))
    assert leaks[-1] > 3 * leaks[0]
    others = [sum(stop.machine == WEARS.machine and stop.reason != WEARS.cause
                  and since <= stop.since < since + 30 * DAY for stop in found)
              for since in (NOW - 60 * DAY, NOW - 30 * DAY)]
    assert others[0] == pytest.approx(others[1], rel=0.2)


def test_it_cost_most_last_week(found: list[SimulatedStop]) -> None:
    (first, most), (_, second) = hours(found, NOW - WEEK, NOW).most_common(2)
    assert first == WEARS.machine
    assert most > 1.15 * second


def test_a_fix_three_weeks_ago_helped(months: Months, found: list[SimulatedStop]) -> None:
    """The cause is gone, and an order says what it was and what was done about it."""
    batch, _ = write_orders(found, PEOPLE, now=NOW, seed=18, calendar=months[1].calendar)
    [done] = [step for step in batch.steps if step.cause == IS_FIXED.found]
    assert NOW - 22 * DAY < done.at < NOW - 20 * DAY
    before, after = (times(found, IS_FIXED.machine, IS_FIXED.cause, since, since + 20 * DAY)
                     for since in (done.at - 20 * DAY, done.at))
    assert before > 6 * after
    down_before, down_after = (hours(found, since, since + 20 * DAY)[IS_FIXED.machine]
                               for since in (done.at - 20 * DAY, done.at))
    assert down_before > 1.6 * down_after
    mine = [step for step in batch.steps if step.order_id == done.order_id]
    assert [str(step.status) for step in mine if step.status] == ['in_progress', 'on_hold', 'in_progress', 'completed']
    assert (mine[0].action, mine[0].machine_reason, done.action_taken) == ('report', IS_FIXED.cause, IS_FIXED.done)


def test_one_cause_comes_with_the_late_shift_of_the_plant(found: list[SimulatedStop]) -> None:
    local = [stop.since.astimezone(DETROIT).hour for stop in found if stop.reason == LATE_CAUSE]
    assert len(local) > 200
    assert {*local} <= {*range(14, 22)}
    down = Counter[bool]()
    for stop in found:
        down[14 <= stop.since.astimezone(DETROIT).hour < 22] += (stop.until - stop.since) / DAY  # type: ignore
    assert down[True] / 8 > 1.12 * down[False] / 16


def test_one_line_is_worse_than_the_others(found: list[SimulatedStop]) -> None:
    lines: dict[str, list[float]] = defaultdict(list)
    for station in DELIVERED:
        lines[station.name[-5:-3]].append(hours(found, NOW - 60 * DAY, NOW)[station.name])
    means = {line: sum(each) / len(each) for line, each in lines.items()}
    worst = means.pop(WEAK_LINE)
    assert worst > 1.25 * max(means.values())


def test_the_history_ends_with_a_typical_floor_at_any_time_of_the_day() -> None:
    for hour in range(0, 24, 5):
        _, timeline = history(DELIVERED, 18, NOW - 2 * DAY, NOW + timedelta(hours=hour))
        count = Counter(change.status for change in timeline.plant.frame())
        assert (abs(count['operational'] - 18), abs(count['warning'] - 9), abs(count['down'] - 3)) <= (1, 1, 1)


def test_a_machine_that_the_demo_was_not_delivered_with_is_ordinary() -> None:
    calendar = Calendar.beginning(NOW, NOW)
    ordinary = Conditions('Palletizer', profile_of('palletizer'), calendar).at(0)
    assert ordinary == Conditions('Palletizer', profile_of('palletizer')).at(0)
    assert (ordinary.down, sum(ordinary.weights)) == (pytest.approx(0.1), pytest.approx(1))


def test_what_wears_out_is_repaired_and_wears_out_again() -> None:
    """A demo that plays for months."""
    calendar = Calendar.beginning(NOW - 60 * DAY, NOW)
    machine = Conditions(WEARS.machine, profile_of('injection_molder'), calendar)
    down = [machine.at(day * 86400.0).down for day in (1, 70, 76, 85, 154)]
    assert down[0] < down[1] > 2 * down[2]
    assert down[3:] == [pytest.approx(down[0], rel=0.01), pytest.approx(down[1], rel=0.01)]

