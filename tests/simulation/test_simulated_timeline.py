"""The history that a new database gets: what machines did, which waited for which, and what people wrote of it."""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from simulation.ground_truth import waits
from simulation.simulated_past import NOW, PEOPLE, chains, stretches

from floor.core.people import Employee
from simulator.causes import BLOCKED, PROFILES, STARVED, WAITING
from simulator.order_batch import OrderBatch
from simulator.order_texts import ANY_CAUSE, TEXTS, texts_of
from simulator.orders import write_orders
from simulator.simulated_plant import Station
from simulator.timeline import SimulatedEvent, SimulatedStop, Timeline, final_states, stops

pytestmark = pytest.mark.xdist_group('timeline')   # they share one month, which takes as long as all of them

TYPES = {'S': 'sorter', 'R': 'robotic_arm', 'M': 'injection_molder', 'V': 'valve', 'P': 'painter'}
FLOOR = [Station(f'{letter}_{line}_{place}', TYPES[letter], line)
         for line, letters in enumerate(['SRMVMRPRS', 'MVMRPRS', 'SRMVMRPRM', 'MVRPS'], start=1)
         for place, letter in enumerate(letters, start=1)]
DAY = timedelta(days=1)


def tell(seed: int = 1, days: float = 30, stations: Sequence[Station] = FLOOR) -> list[SimulatedEvent]:
    return Timeline(stations, seed, NOW - days * DAY).events_until(NOW)


def write(reported: Sequence[SimulatedStop], people: Sequence[Employee] = PEOPLE, seed: int = 1) -> OrderBatch:
    return write_orders(reported, people, now=NOW, seed=seed)[0]


@pytest.fixture(scope='module')
def month() -> list[SimulatedEvent]:
    return tell()


def ends(batch: OrderBatch) -> dict[str, str]:
    """The status that the steps leave each order in."""
    return {step.order_id: step.status or 'open' for step in batch.steps if step.action == 'report' or step.status}


def test_the_month_shows_sixty_thirty_ten_and_what_it_waits_for(month: list[SimulatedEvent]) -> None:
    total: dict[str, float] = defaultdict(float)
    for event, length in stretches(month):
        total[event.new] += length / (30 * DAY * len(FLOOR))
        total['waiting'] += length / (30 * DAY * len(FLOOR)) * (event.reason in WAITING)
    assert total['operational'] == pytest.approx(0.60, abs=0.015)
    assert total['warning'] == pytest.approx(0.30, abs=0.015)
    assert total['down'] == pytest.approx(0.10, abs=0.006)
    assert total['waiting'] == pytest.approx(0.21, abs=0.02)
    assert 90_000 < len(month) < 115_000


def test_every_machine_has_one_unbroken_timeline_that_ends_now(month: list[SimulatedEvent]) -> None:
    assert [event.at for event in month] == sorted(event.at for event in month)
    assert chains(month).keys() == {station.name for station in FLOOR}
    for chain in chains(month).values():
        assert (chain[0].old, chain[0].at) == (None, NOW - 30 * DAY)
        for before, after in pairwise(chain):
            assert before.at < after.at <= NOW
            assert after.old == before.new
            assert (after.new, after.reason) != (before.new, before.reason)
    assert max(event.at for event in month) > NOW - timedelta(minutes=10)


def test_two_events_of_one_machine_are_never_at_once() -> None:
    """Not even where the clock of the database could not tell them apart."""
    quick = [Station(f'M{number}', 'sorter', None) for number in range(20)]
    timeline = Timeline(quick, 1, NOW - 10 * DAY)
    timeline.moment = lambda seconds: NOW - 10 * DAY  # type: ignore[assignment, method-assign]
    events = timeline.events_until(NOW)
    assert [event.at for event in events] == sorted(event.at for event in events)
    for chain in chains(events).values():
        assert all(after.at - before.at == timedelta(microseconds=1) for before, after in pairwise(chain))


def test_the_same_seed_tells_the_same_whatever_the_steps() -> None:
    timeline, in_steps = Timeline(FLOOR, 1, NOW - 3 * DAY), list[SimulatedEvent]()
    for day in range(1, 7):
        in_steps += timeline.events_until(NOW - 3 * DAY + day * DAY / 2)
    assert in_steps == tell(days=3)
    assert tell(seed=2, days=1) != tell(seed=1, days=1) == tell(seed=1, days=1)


def test_it_is_the_same_timeline_whenever_it_is_read() -> None:
    later = Timeline(FLOOR, 1, NOW + DAY).events_until(NOW + 3 * DAY)
    assert [replace(event, at=event.at - 3 * DAY) for event in later] == tell(days=2)


def test_the_ending_is_what_the_last_events_say(month: list[SimulatedEvent]) -> None:
    final, chains_of = final_states(month), chains(month)
    assert [state.machine for state in final] == [station.name for station in FLOOR]
    for state in final:
        chain = chains_of[state.machine]
        assert month[state.last] == chain[-1]
        assert (state.status, state.reason, state.at) == (chain[-1].new, chain[-1].reason, chain[-1].at)
        came = next(event for event in reversed(chain) if event.new != event.old)
        assert (came.new, came.at) == (state.status, state.since)


def test_a_stop_lasts_from_down_until_it_is_left(month: list[SimulatedEvent]) -> None:
    found = stops(month)
    assert [stop.since for stop in found] == sorted(stop.since for stop in found)
    assert len(found) == sum(event.new == 'down' and event.old is not None for event in month)
    total = sum(((stop.until or NOW) - stop.since for stop in found), timedelta())
    # a machine that is down when the timeline begins is in no stop: nobody knows since when
    down = [length for event, length in stretches(month) if event.new == 'down' and event.old is not None]
    assert total == sum(down, timedelta())
    assert {stop.machine for stop in found if stop.until is None} == {
        state.machine for state in final_states(month) if state.status == 'down'}


def test_causes_of_waiting_can_be_read_off_what_they_showed() -> None:
    """The ground truth comes from the model's buffers; who reads the history finds the nearest machine that is down."""
    events, truth = tell(days=2), waits(FLOOR, 1, NOW - 2 * DAY, NOW)
    waited = sum((length for event, length in stretches(events) if event.reason in WAITING), timedelta())
    assert sum((wait.until - wait.since for wait in truth), timedelta()) == waited
    assert len(truth) > 500
    chains_of, places = chains(events), {station.name: index for index, station in enumerate(FLOOR)}

    def shown(name: str, at: datetime) -> SimulatedEvent:
        return chains_of[name][bisect(chains_of[name], at, key=lambda event: event.at) - 1]

    for wait in truth:
        middle = wait.since + (wait.until - wait.since) / 2
        reason, index = shown(wait.victim, middle).reason, places[wait.victim]
        assert reason in {STARVED, BLOCKED}
        step = -1 if reason == STARVED else 1
        index += step
        while shown(FLOOR[index].name, middle).new != 'down':
            index += step
        assert FLOOR[index].name == wait.root


# work orders

def test_what_has_not_happened_yet_is_not_written() -> None:
    """Written two weeks later, the same stops have orders that have ended."""
    long = SimulatedStop('M_1_3', 'Hydraulic leak', NOW - timedelta(minutes=40), NOW + timedelta(minutes=40))
    known = write([long] * 40)
    assert set(ends(known).values()) <= {'open', 'in_progress'}
    assert all(step.recovered_at is None for step in known.steps)
    ended = replace(long, until=NOW)
    grown, _ = write_orders([ended] * 40, PEOPLE, now=NOW + 14 * DAY, seed=1)
    assert len(ends(grown)) == 40 and set(ends(grown).values()) <= {'completed', 'cancelled'}


def test_the_same_seed_writes_the_same(month: list[SimulatedEvent]) -> None:
    assert write(stops(month)) == write(stops(month)) != write(stops(month), seed=2)


@pytest.mark.parametrize('people', [[], PEOPLE[:1], PEOPLE[4:],
                                    [replace(person, active=False) for person in PEOPLE]])
def test_where_nobody_repairs_nothing_is_ordered(month: list[SimulatedEvent], people: list[Employee]) -> None:
    assert write(stops(month), people) == OrderBatch()


def test_one_technician_is_enough(month: list[SimulatedEvent]) -> None:
    assert {step.who for step in write(stops(month), PEOPLE[1:2]).steps} == {'Lisa Garcia', 'Line Monitor'}


def test_there_are_words_for_every_cause() -> None:
    causes = {stop.text for profile in PROFILES.values() for stop in profile.stops}
    assert causes == set(TEXTS)
    assert texts_of('Tea') is texts_of(None) is ANY_CAUSE
