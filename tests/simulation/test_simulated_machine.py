"""One machine on its own: the shares, the chain and the relation of MTBF to MTTR."""

from collections import Counter, defaultdict
from itertools import pairwise
from random import Random

import pytest

from simulator.causes import WARM_UP, profile_of
from simulator.simulated_machine import INTRINSIC, SimulatedMachine, mean_dwells, visit_ratios

STEPS = 60_000


@pytest.fixture(scope='module')
def timeline() -> list[tuple[str, str | None, float]]:
    """A long life of one robotic arm: state, reason, seconds."""
    machine = SimulatedMachine('Robotic_Arm_01_01', profile_of('robotic_arm'), Random(5), now=0)
    changes, now = [], 0.0
    for _ in range(STEPS):
        changes.append((machine.status, machine.reason, machine.until - now))
        now = machine.until
        machine.step()
    return changes  # type: ignore[return-value]


def test_visit_ratios_solve_the_chain() -> None:
    visits = visit_ratios()
    assert visits.down == pytest.approx(0.46023, abs=1e-5)
    assert visits.warning == pytest.approx(1.03409, abs=1e-5)


def test_a_repair_of_twelve_minutes_fixes_every_other_dwell() -> None:
    """The table of the plant's specification, in which a machine alone shows 60 / 30 / 10."""
    means = mean_dwells(12, type(INTRINSIC)(0.60, 0.30, 0.10))
    assert (means.operational, means.warning) == (pytest.approx(33.1, abs=0.05), pytest.approx(16.0, abs=0.05))


def test_time_is_shared_as_wanted(timeline: list[tuple[str, str | None, float]]) -> None:
    total: dict[str, float] = defaultdict(float)
    for status, _, seconds in timeline:
        total[status] += seconds
    life = sum(total.values())
    assert total['operational'] / life == pytest.approx(INTRINSIC.operational, abs=0.01)
    assert total['warning'] / life == pytest.approx(INTRINSIC.warning, abs=0.006)
    assert total['down'] / life == pytest.approx(INTRINSIC.down, abs=0.006)


def test_mean_time_between_failures_is_nine_times_the_repair(timeline: list[tuple[str, str | None, float]]) -> None:
    stops = [seconds for status, _, seconds in timeline if status == 'down']
    up = sum(seconds for status, _, seconds in timeline if status != 'down')
    repair = sum(stops) / len(stops)
    assert repair == pytest.approx(9 * 60, rel=0.03)
    assert up / len(stops) == pytest.approx(9 * repair, rel=0.05)


def test_states_follow_each_other_by_the_chain(timeline: list[tuple[str, str | None, float]]) -> None:
    steps = Counter((before[0], after[0]) for before, after in pairwise(timeline))
    left = Counter(status for status, _, _ in timeline[:-1])

    def chance(before: str, after: str) -> float:
        return steps[before, after] / left[before]

    assert chance('operational', 'down') == pytest.approx(0.15, abs=0.01)
    assert chance('warning', 'down') == pytest.approx(0.30, abs=0.01)
    assert chance('down', 'warning') == pytest.approx(0.40, abs=0.015)
    assert not any(before == after for before, after in steps)


def test_some_warnings_are_worse_than_others(timeline: list[tuple[str, str | None, float]]) -> None:
    seen: Counter[str | None] = Counter()
    stopped: Counter[str | None] = Counter()
    for before, after in pairwise(timeline):
        if before[0] == 'warning':
            seen[before[1]] += 1
            stopped[before[1]] += after[0] == 'down'
    assert stopped['Gripper vacuum low'] / seen['Gripper vacuum low'] == pytest.approx(0.40, abs=0.03)
    assert stopped['Encoder battery low'] / seen['Encoder battery low'] == pytest.approx(0.10, abs=0.03)
    assert stopped[WARM_UP] / seen[WARM_UP] == pytest.approx(0.30, abs=0.03)


def test_causes_come_with_their_weight_and_length(timeline: list[tuple[str, str | None, float]]) -> None:
    lengths: dict[str | None, list[float]] = defaultdict(list)
    for status, reason, seconds in timeline:
        if status == 'down':
            lengths[reason].append(seconds)
    stops = sum(map(len, lengths.values()))
    for cause in profile_of('robotic_arm').stops:
        drawn = lengths[cause.text]
        assert len(drawn) / stops == pytest.approx(cause.share, abs=0.01)
        assert sum(drawn) / len(drawn) == pytest.approx(cause.mean_repair, rel=0.08)


def test_a_machine_is_stationary_from_its_first_moment() -> None:
    """Thousands of machines just made: the shares of their states, and a mean repair time later still the same."""
    profile = profile_of('painter')
    machines = [SimulatedMachine(str(n), profile, Random(n), now=0) for n in range(6000)]
    for moment in (0.0, 0.3 * profile.mean_repair, profile.mean_repair):
        for machine in machines:
            while machine.until <= moment:
                machine.step()
        count = Counter(machine.status for machine in machines)
        assert count['down'] / len(machines) == pytest.approx(INTRINSIC.down, abs=0.01)
        assert count['warning'] / len(machines) == pytest.approx(INTRINSIC.warning, abs=0.01)


def test_what_a_person_sets_stays_for_a_fresh_dwell() -> None:
    machine = SimulatedMachine('m', profile_of('valve'), Random(1), now=0)
    machine.adopt('down', 'Somebody leant on the button', now=1000)
    assert (machine.status, machine.reason, machine.up) == ('down', 'Somebody leant on the button', False)
    assert machine.until > 1000


def test_a_warning_at_the_start_is_a_warm_up_as_often_as_later(timeline: list[tuple[str, str | None, float]]) -> None:
    reasons = [reason for status, reason, _ in timeline if status == 'warning']
    machines = [SimulatedMachine('Robotic_Arm_01_01', profile_of('robotic_arm'), Random(seed), now=0)
                for seed in range(20_000)]
    at_start = [machine.reason for machine in machines if machine.status == 'warning']
    assert at_start.count(WARM_UP) / len(at_start) == pytest.approx(reasons.count(WARM_UP) / len(reasons), abs=0.03)
