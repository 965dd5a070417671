"""The tables of causes add up to what the model needs of them."""

import pytest

from simulator.causes import ANY_MACHINE, PROFILES, WARNING_BECOMES_STOP, profile_of

MINUTES = {'injection_molder': 18, 'valve': 8, 'robotic_arm': 9, 'painter': 15, 'sorter': 6}


def test_every_type_of_the_plant_has_its_own_mean_repair_time() -> None:
    assert {machine_type: profile.mean_repair / 60 for machine_type, profile in PROFILES.items()} == MINUTES


@pytest.mark.parametrize('machine_type', [*MINUTES, 'never heard of'])
def test_causes_average_to_the_mean_repair_time_of_their_type(machine_type: str) -> None:
    profile = profile_of(machine_type)
    assert sum(stop.share for stop in profile.stops) == pytest.approx(1)
    assert sum(stop.share * stop.mean_repair for stop in profile.stops) == pytest.approx(profile.mean_repair)


@pytest.mark.parametrize('machine_type', [*MINUTES, 'never heard of'])
def test_of_all_warnings_three_in_ten_become_a_stop(machine_type: str) -> None:
    warnings = profile_of(machine_type).warnings
    assert all(warning.share > 0 for warning in warnings)
    assert sum(warning.share for warning in warnings) == pytest.approx(1)
    assert sum(warning.share * warning.becomes_stop for warning in warnings) == pytest.approx(WARNING_BECOMES_STOP)


def test_relative_minutes_keep_their_ratio() -> None:
    stops = {stop.text: stop.mean_repair for stop in profile_of('robotic_arm').stops}
    assert stops['Dress-pack cable'] / stops['Light curtain'] == pytest.approx(10)


def test_an_unknown_type_has_an_ordinary_profile() -> None:
    assert profile_of('palletizer') is ANY_MACHINE
    assert ANY_MACHINE.chance_of_stop('typed by a person') == WARNING_BECOMES_STOP
