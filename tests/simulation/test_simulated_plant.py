"""The plant: its shares, its neighbours, and that it is the same timeline every time."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.causes import BLOCKED, STARVED, WAITING
from simulator.simulated_line import SimulatedChange
from simulator.simulated_plant import SimulatedPlant, Station

HOUR = 3600.0
TYPES = {'S': 'sorter', 'R': 'robotic_arm', 'M': 'injection_molder', 'V': 'valve', 'P': 'painter'}
FLOOR = [Station(f'{letter}_{line}_{place}', TYPES[letter], line)
         for line, letters in enumerate(['SRMVMRPRS', 'MVMRPRS', 'SRMVMRPRM', 'MVRPS'], start=1)
         for place, letter in enumerate(letters, start=1)]
SHORT_LINE = [Station('first', 'valve', 1), Station('second', 'valve', 1), Station('third', 'valve', 1)]


def log(changes: Sequence[SimulatedChange]) -> bytes:
    return '\n'.join(map(repr, changes)).encode()


def states(plant: SimulatedPlant) -> dict[str, tuple[str, str | None]]:
    return {change.machine: (change.status, change.reason) for change in plant.frame()}


def all_running(seed: int = 1) -> SimulatedPlant:
    """Three valves in a row, all freshly operational, with half full buffers around those that had waited."""
    plant = SimulatedPlant(SHORT_LINE, seed)
    plant.resume([(station.name, 'operational', None, 0) for station in SHORT_LINE])
    return plant


def test_the_floor_shows_sixty_thirty_ten() -> None:
    """Shares of time, over twenty plant days of thirty machines; of the warnings most are waits for a neighbour."""
    plant = SimulatedPlant(FLOOR, seed=1)
    start, end = plant.now, plant.now + 480 * HOUR
    since = {change.machine: (start, change.status, change.reason) for change in plant.frame()}
    total: dict[str, float] = defaultdict(float)
    for change in [*plant.advance(end), *(SimulatedChange(end, name, 'down', None) for name in since)]:
        at, status, reason = since[change.machine]
        total[status] += change.at - at
        total['waiting'] += (change.at - at) * (reason in WAITING)
        since[change.machine] = (change.at, change.status, change.reason)
    life = 480 * HOUR * len(FLOOR)
    assert total['operational'] / life == pytest.approx(0.60, abs=0.015)
    assert total['warning'] / life == pytest.approx(0.30, abs=0.015)
    assert total['down'] / life == pytest.approx(0.10, abs=0.006)
    assert total['waiting'] / life == pytest.approx(0.21, abs=0.02)


def test_the_first_picture_is_typical_and_the_plant_stays_so() -> None:
    """Every first picture is within two machines of 18 / 9 / 3, and on average the hours after it are too."""
    later: Counter[str] = Counter()
    for seed in range(25):
        plant = SimulatedPlant(FLOOR, seed)
        first = Counter(status for status, _ in states(plant).values())
        distance = abs(first['operational'] - 18), abs(first['warning'] - 9), abs(first['down'] - 3)
        assert max(distance) <= 1.5
        for _ in range(6):
            plant.advance(plant.now + 1.5 * HOUR)
            later.update(status for status, _ in states(plant).values())
    mean = {status: count / 150 for status, count in later.items()}
    assert mean['operational'] == pytest.approx(18, abs=0.9)
    assert mean['warning'] == pytest.approx(9, abs=0.9)
    assert mean['down'] == pytest.approx(3, abs=0.4)


def test_the_same_seed_gives_the_same_timeline() -> None:
    first, second, other = (SimulatedPlant(FLOOR, seed) for seed in (7, 7, 8))
    timeline = log(first.advance(first.now + 24 * HOUR))
    assert timeline == log(second.advance(second.now + 24 * HOUR))
    assert timeline != log(other.advance(other.now + 24 * HOUR))


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.lists(st.floats(0, 2 * HOUR), max_size=20))
def test_the_timeline_does_not_depend_on_the_steps_in_which_it_is_played(steps: list[float]) -> None:
    at_once, in_steps = SimulatedPlant(SHORT_LINE, 3), SimulatedPlant(SHORT_LINE, 3)
    end, simulated = at_once.now + 40 * HOUR, []
    for step in steps:
        simulated += in_steps.advance(in_steps.now + step)
    assert log(simulated + in_steps.advance(end)) == log(at_once.advance(end))


def test_changes_come_in_order_and_each_says_something_new() -> None:
    plant = SimulatedPlant(FLOOR, 2)
    shown = states(plant)
    changes = plant.advance(plant.now + 48 * HOUR)
    assert [change.at for change in changes] == sorted(change.at for change in changes)
    for change in changes:
        assert shown[change.machine] != (change.status, change.reason)
        shown[change.machine] = (change.status, change.reason)
    assert shown == states(plant)


def test_a_long_stop_starves_what_follows_and_blocks_what_feeds() -> None:
    """The middle of three is set down: the buffers hold some minutes, then both neighbours wait."""
    first_waits = []
    for seed in range(40):
        plant = all_running(seed)
        plant.observe('second', 'down', 'Drive replaced')
        start = plant.now
        for change in plant.advance(start + HOUR):
            if change.machine == 'second':
                break  # repaired
            if change.reason in WAITING:
                assert (change.machine, change.status, change.reason) in {
                    ('first', 'warning', BLOCKED), ('third', 'warning', STARVED)}
                first_waits.append(change)
                assert change.at - start >= 30
    assert {change.machine for change in first_waits} == {'first', 'third'}
    assert len(first_waits) > 20


def test_a_short_wait_is_not_shown() -> None:
    """Between the moment at which a machine has nothing to do and its word for it lie thirty seconds."""
    plant = all_running()
    plant.resume([('first', 'down', None, 0), ('second', 'warning', STARVED, 0), ('third', 'operational', None, 0)])
    plant.observe('second', 'operational', None)  # somebody brings parts: half a buffer
    start = plant.now
    half_a_buffer = 0.94 * 8 * 60 / 2
    quiet = plant.advance(start + half_a_buffer + 29)
    loud = plant.advance(start + half_a_buffer + 31)
    assert not any(change.reason == STARVED for change in quiet if change.machine == 'second')
    assert [(change.machine, change.reason) for change in loud] == [('second', STARVED)]


def test_a_machine_alone_never_waits() -> None:
    plant = SimulatedPlant([Station('alone', 'palletizer', None), Station('alone_too', 'palletizer', None)], seed=4)
    changes = plant.advance(plant.now + 500 * HOUR)
    assert {change.status for change in changes} == {'operational', 'warning', 'down'}
    assert not any(change.reason in WAITING for change in changes)


def test_what_a_person_sets_is_shown_as_set() -> None:
    plant = SimulatedPlant(FLOOR, 5)
    by_hand = [('down', 'Tea'), ('warning', None), ('operational', None), ('warning', STARVED), ('warning', BLOCKED)]
    for station in FLOOR:
        for observed in by_hand:
            plant.observe(station.name, *observed)  # type: ignore[arg-type]
            assert states(plant)[station.name] == observed
            at_once = plant.advance(plant.now)
            assert station.name not in {change.machine for change in at_once}


def test_another_simulator_goes_on_where_the_first_stopped() -> None:
    """A plant with another seed takes over a frame: hardly any machine jumps."""
    jumps = 0
    for seed in range(10):
        before, after = SimulatedPlant(FLOOR, seed), SimulatedPlant(FLOOR, 1000 + seed)
        after.resume([(change.machine, change.status, change.reason, 60) for change in before.frame()])
        assert states(after) == states(before)
        jumps += len(after.advance(after.now + 1))
    assert jumps / 10 < 1


def test_a_wait_that_was_taken_over_ends_with_its_cause() -> None:
    """The second waits for the first: it is no warning itself, so it runs again the moment the first does."""
    for seed in range(20):
        plant = SimulatedPlant(SHORT_LINE, seed)
        plant.resume([('first', 'down', 'Pin stuck', 0), ('second', 'warning', STARVED, 0),
                      ('third', 'warning', STARVED, 0)])
        changes = plant.advance(plant.now + 5 * HOUR)
        repaired = next(change for change in changes if change.machine == 'first')
        ends = next(change for change in changes if change.machine == 'second')
        assert ends.at == repaired.at or ends.status == 'down'


def test_a_machine_joins_without_disturbing_the_others() -> None:
    """Other lines tell the same timeline to the byte; on its own line the neighbours draw the same repairs."""
    alone, joined = SimulatedPlant(FLOOR, 6), SimulatedPlant(FLOOR, 6)
    joined.arrange([Station('new', 'palletizer', 4), *FLOOR, Station('placeless', 'robot', None)])
    end = alone.now + 24 * HOUR
    old, new = alone.advance(end), joined.advance(end)
    here = {station.name for station in FLOOR if station.line == 4} | {'new', 'placeless'}
    assert log([change for change in old if change.machine not in here]) == log(
        [change for change in new if change.machine not in here])
    stops = [[(change.at, change.machine, change.reason) for change in changes if change.status == 'down'
              and change.machine in here - {'new', 'placeless'}] for changes in (old, new)]
    assert stops[0] == stops[1] != []
    assert {'new', 'placeless'} <= {change.machine for change in new}


def test_a_machine_leaves() -> None:
    plant = SimulatedPlant(FLOOR, 6)
    plant.arrange(FLOOR[1:])
    assert FLOOR[0].name not in states(plant)
    assert FLOOR[0].name not in {change.machine for change in plant.advance(plant.now + 24 * HOUR)}
    plant.arrange([])
    assert (plant.frame(), plant.advance(plant.now + HOUR), plant.next_event()) == ([], [], float('inf'))


def test_one_tick_in_eight_shows_a_change_and_nothing_flickers() -> None:
    """In real time, and at the tick of five seconds that it has by default."""
    plant, hours = SimulatedPlant(FLOOR, seed=10), 100
    last: dict[str, float] = {}
    lasted = []
    changes = plant.advance(plant.now + hours * HOUR)
    for change in changes:
        if change.machine in last:
            lasted.append(change.at - last[change.machine])
        last[change.machine] = change.at
    ticks = {change.at // 5 for change in changes}
    assert hours * HOUR / 5 / len(ticks) == pytest.approx(7.5, abs=1)
    assert sum(seconds < 5 for seconds in lasted) / len(lasted) < 0.02


def test_a_state_that_has_lasted_ends_like_any_other() -> None:
    """However often it is taken over, a stop does not begin again: a machine is down as long as its repairs take."""
    resumed, whole = list[float](), list[float]()
    for seed in range(400):
        plant = SimulatedPlant(SHORT_LINE, seed)
        plant.observe('second', 'down', 'Pin stuck')
        whole.append(plant.ends('second') - plant.now)
        began = plant.now
        while plant.ends('second') > plant.now + 120:
            plant.advance(plant.now + 120)
            plant.resume([('second', 'down', 'Pin stuck', plant.now - began)])
        resumed.append(plant.ends('second') - began)
    assert sum(resumed) / len(resumed) == pytest.approx(sum(whole) / len(whole), rel=0.1)


def test_a_new_buffer_is_half_full_and_a_known_one_keeps_its_level() -> None:
    plant = SimulatedPlant([], seed=1)
    plant.arrange(SHORT_LINE[:2])
    first = plant._places['first']
    assert first.stock == first.room / 2
    first.stock = first.room / 4
    plant.arrange(SHORT_LINE)
    assert first.stock == first.room / 4
    assert plant._places['second'].stock == plant._places['second'].room / 2
