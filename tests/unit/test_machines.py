"""The plant's nouns."""

from __future__ import annotations

import pytest

from floor.core.machines import DisplayName, MachineName, Status


@pytest.mark.parametrize(('name', 'title', 'code'), [
    ('Injection_Molder_02_01', 'Injection Molder', '02·01'),
    ('Source_Sorter_01_01', 'Source Sorter', '01·01'),
    ('Valve_01_123', 'Valve', '01·123'),
    ('Compressor', 'Compressor', ''),
    ('Valve_1_01', 'Valve_1_01', ''),
    ('Valve_01', 'Valve_01', ''),
    ('<b>Valve</b>_01_01', '<b>Valve</b>', '01·01'),
    ('Förderband_02_01', 'Förderband', '02·01'),
    ('Fo\u0308rderband_02_01', 'Fo\u0308rderband', '02·01'),
    ('Presse_3D_02_01', 'Presse 3D', '02·01'),
    ('Abfüll-Anlage_02_14', 'Abfüll-Anlage', '02·14'),
    ('Пресс_01_02', 'Пресс', '01·02'),
    ('射出成形機_02_01', '射出成形機', '02·01'),
    ('مكبس_01_02', 'مكبس', '01·02'),
    ('เครื่องฉีด_02_01', 'เครื่องฉีด', '02·01'),
    (f'{"Sehr_lange_" * 7}Maschine_02_01', f'{"Sehr lange " * 7}Maschine', '02·01'),
    ('_02_01', '_02_01', ''),
    ('Mischer 7', 'Mischer 7', ''),
    ('Förderband Halle Süd 7', 'Förderband Halle Süd', '7'),
    ('Verpackungsanlage-12', 'Verpackungsanlage', '12'),
    ('Packaging_Machine_7', 'Packaging_Machine', '7'),
    ('半自動射出成形機12', '半自動射出成形機', '12'),
    ('A machine whose name has no number', 'A machine whose name has no number', ''),
    ('Valve_01_01\n', 'Valve_01_01\n', ''),
    ('', '', ''),
])
def test_a_coded_name_is_read_apart_and_any_other_stays_as_it_is(name: str, title: str, code: str) -> None:
    display = DisplayName.of(name)
    assert (display.title, display.code) == (title, code)


def test_a_display_name_is_one_text() -> None:
    assert str(DisplayName.of(MachineName('Robotic_Arm_01_03'))) == 'Robotic Arm 01·03'
    for other in 'Compressor', 'Verpackungsanlage-12', 'Packaging_Machine_7', '半自動射出成形機12':
        assert str(DisplayName.of(MachineName(other))) == other


@pytest.mark.parametrize(('name', 'line'), [
    ('Robotic_Arm_01_03', '01·03 Robotic Arm'),
    ('Bandsäge Kasto 1', 'Bandsäge Kasto 1'),
    ('Verpackungsanlage-12', 'Verpackungsanlage-12'),
    ('Verpackungsanlage der Halle Süd 12', 'Verpackungsanlage der Ha… 12'),
    ('半自動射出成形機12', '半自動射出成形機12'),
    ('A machine whose name has no number', 'A machine whose name has no…'),
])
def test_in_a_list_only_the_code_of_a_coded_name_comes_first(name: str, line: str) -> None:
    assert DisplayName.of(name).cut(27) == line


def test_the_worst_status_is_the_most_severe_one() -> None:
    assert sorted(Status, key=lambda status: status.severity) == [
        Status.OPERATIONAL, Status.UNKNOWN, Status.WARNING, Status.DOWN]


def test_every_status_has_its_own_word() -> None:
    assert len({status.word for status in Status}) == len(Status)
