"""Numbers read the same wherever they are written; a duration never says more than there was."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from floor.core.formatting import (
    GIGABYTE,
    KILOBYTE,
    MEGABYTE,
    NOTHING,
    Detail,
    counted,
    delay,
    downtime,
    duration,
    file_size,
    minutes,
    number,
    percent,
)
from floor.web.reports.kpi_change import Unit, value  # type: ignore[attr-defined]

FULL, BRIEF, MINUTES, NARROW, LARGEST = Detail
MINUTE, HOUR, DAY = 60, 3600, 86_400
SOURCES = Path(__file__).parents[2]
APART = {'order_cursor.py', 'picture_process.py'}
"""A pattern, and its own process that imports nothing of this program."""


@pytest.mark.parametrize(('seconds', 'texts'), [
    (0, ['0 s', '0 s', '<1 min', '<1 min', '<1 min']),
    (0.2, ['<1 s', '<1 s', '<1 min', '<1 min', '<1 min']),
    (59.9, ['59 s', '59 s', '<1 min', '<1 min', '<1 min']),
    (3 * MINUTE + 5, ['3 min 05 s', '3 min', '3 min', '3 min', '3 min']),
    (HOUR - 0.4, ['59 min 59 s', '59 min', '59 min', '59 min', '59 min']),
    (2 * HOUR + 5 * MINUTE + 59, ['2 h 05 min', '2 h 05 min', '2 h 05 min', '2 h 05', '2 h']),
    (DAY - 20, ['23 h 59 min', '23 h 59 min', '23 h 59 min', '23 h 59', '23 h']),
    (100_000, ['1 d 3 h', '1 d 3 h', '1 d 3 h', '1 d 3 h', '1 d']),
    (1500 * DAY, ['1,500 d 0 h', '1,500 d 0 h', '1,500 d 0 h', '1,500 d 0 h', '1,500 d']),
    (None, [NOTHING, NOTHING, NOTHING, NOTHING, NOTHING]),
])
def test_a_duration_is_rounded_down_in_each_detail(seconds: float, texts: list[Any]) -> None:
    assert [duration(seconds, detail) for detail in (FULL, BRIEF, MINUTES, NARROW, LARGEST)] == texts


def test_a_line_that_was_never_down_has_no_downtime() -> None:
    assert [downtime(each) for each in (0, 20, HOUR, 41 * HOUR)] == ['0 min', '<1 min', '1 h 00 min', '41 h']


@pytest.mark.parametrize(('seconds', 'text'), [
    (59.9, '<1 min'), (MINUTE, '1 min'), (90, '2 min'), (89.9, '1 min'), (HOUR - 20, '1 h 00 min'),
    (10 * HOUR - 31, '9 h 59 min'), (10 * HOUR - 30, '10 h'), (65.8 * HOUR, '66 h'), (65.5 * HOUR, '66 h'),
    (65.4 * HOUR, '65 h'), (1203.5 * HOUR, '1,204 h')])
def test_a_sum_is_rounded_half_up(seconds: float, text: str) -> None:
    assert downtime(seconds) == text


@given(st.lists(st.floats(10 * HOUR, 1000 * HOUR), min_size=1, max_size=12))
def test_parts_in_hours_add_up_to_their_total_but_for_half_an_hour_each(parts: list[float]) -> None:
    shown = [int(downtime(part).removesuffix(' h').replace(',', '')) for part in [sum(parts), *parts]]
    assert abs(shown[0] - sum(shown[1:])) <= (len(parts) + 1) / 2


def test_less_than_nothing_is_nothing() -> None:
    assert [duration(-90), duration(-90, Detail.MINUTES), delay(-1)] == ['0 s', '<1 min', '0 ms']


def test_a_mean_that_is_a_hair_less_than_five_minutes_is_five_minutes() -> None:
    assert duration(3 * (100 - 1e-9)) == '5 min 00 s'


@given(st.floats(0, 2 * HOUR) | st.floats(0, 10**9), st.sampled_from(Detail))
def test_a_duration_says_at_most_what_there_was(seconds: float, detail: bool) -> None:
    units = {'s': 1, 'min': MINUTE, 'h': HOUR, 'd': DAY}
    text = duration(seconds, detail)  # type: ignore[arg-type]
    if text.startswith('<'):
        return
    text = f'{text} min' if re.fullmatch(r'\d+ h \d\d', text) else text
    parts = text.replace(',', '').split()
    shown = sum(int(amount) * units[unit] for amount, unit in zip(parts[::2], parts[1::2], strict=True))
    assert shown <= seconds + 1e-3


def test_a_duration_reads_alike_on_the_floor_and_in_a_report() -> None:
    assert duration(100_000, Detail.NARROW) == duration(100_000) == value(100_000, Unit.SECONDS) == '1 d 3 h'


def test_a_delay_counts_milliseconds() -> None:
    assert [delay(each) for each in (0, 0.0124, 0.9996, 1.47, 59.99, 60, 100, None)] == [
        '0 ms', '12 ms', '999 ms', '1.4 s', '59.9 s', '1 min 00 s', '1 min 40 s', NOTHING]


def test_minutes_of_a_pareto_are_whole_but_never_nothing_where_there_was_something() -> None:
    assert [minutes(each) for each in (0, 20, 59.9, 212.9 * MINUTE, 3412 * MINUTE)] == ['0', '<1', '<1', '213', '3,412']


@pytest.mark.parametrize(('share', 'text'), [
    (0.914, '91.4 %'), (0.9144, '91.4 %'), (1.0, '100.0 %'), (0.0, '0.0 %'), (None, NOTHING),
    (0.99999, '99.9 %'), (0.00001, '<0.1 %'), (0.0005, '0.1 %'), (0.9995, '99.9 %'),
])
def test_only_all_of_it_is_100_percent(share: float | None, text: str) -> None:
    assert percent(share) == text


def test_numbers_have_a_separator_for_thousands() -> None:
    assert [number(0), number(1204), number(1204.26, 1), number(None)] == ['0', '1,204', '1,204.3', NOTHING]


def test_one_stop_two_stops() -> None:
    assert [counted(0, 'stop'), counted(1, 'stop'), counted(1204, 'stop'), counted(2, 'person', 'people')] == [
        '0 stops', '1 stop', '1,204 stops', '2 people']


def test_a_file_that_is_too_large_reads_larger_than_the_limit() -> None:
    sizes = (0, 1, 840 * KILOBYTE, MEGABYTE - 1, MEGABYTE, 10 * MEGABYTE, 10 * MEGABYTE + 1, 1.2 * GIGABYTE)
    assert [file_size(int(size)) for size in sizes] == [
        '0 kB', '1 kB', '840 kB', '1,024 kB', '1.0 MB', '10.0 MB', '10.1 MB', '1.2 GB']


def test_no_other_module_writes_numbers_durations_or_dates_its_own_way() -> None:
    """What people read is formatted in two modules; one with its own format would disagree again."""
    own = re.compile(r'\{[^{}]*:,[^}]*\}|% ?(60|3600|86_?400)\b|:\.\d%\}|\} (min|MB|kB)\b|[\'":]%H')
    lines = [(path, number, line) for path in (SOURCES / 'floor').rglob('*.py')
             for number, line in enumerate(path.read_text().splitlines(), 1)]
    assert len(lines) > 10_000
    assert [f'{path.relative_to(SOURCES)}:{number}: {line.strip()}' for path, number, line in lines
            if path.name not in {'formatting.py', 'moments.py', *APART} and own.search(line)
            and 'minutes(' not in line] == []
