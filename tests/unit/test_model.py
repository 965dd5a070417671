"""The plant's nouns."""

from __future__ import annotations

import pytest

from floor.model import DisplayName, MachineName, Status


@pytest.mark.parametrize(('name', 'title', 'code'), [
    ('Injection_Molder_02_01', 'Injection Molder', '02·01'),
    ('Source_Sorter_01_01', 'Source Sorter', '01·01'),
    ('Valve_01_123', 'Valve', '01·123'),
    ('Compressor', 'Compressor', ''),
    ('Valve_1_01', 'Valve_1_01', ''),
    ('Valve_01', 'Valve_01', ''),
    ('<b>Valve</b>_01_01', '<b>Valve</b>_01_01', ''),
    ('Valve_01_01\n', 'Valve_01_01\n', ''),
    ('', '', ''),
])
def test_a_coded_name_is_read_apart_and_any_other_stays_as_it_is(name: str, title: str, code: str) -> None:
    assert DisplayName.of(MachineName(name)) == DisplayName(title, code)


def test_a_display_name_is_one_text() -> None:
    assert str(DisplayName.of(MachineName('Robotic_Arm_01_03'))) == 'Robotic Arm 01·03'
    assert str(DisplayName.of(MachineName('Compressor'))) == 'Compressor'


def test_the_worst_status_is_the_most_severe_one() -> None:
    assert sorted(Status, key=lambda status: status.severity) == [
        Status.OPERATIONAL, Status.UNKNOWN, Status.WARNING, Status.DOWN]


def test_every_status_has_a_word_of_its_own() -> None:
    assert len({status.word for status in Status}) == len(Status)
