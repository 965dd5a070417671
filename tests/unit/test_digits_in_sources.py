"""A digit is one of 0 to 9 wherever a name or a number is parsed: \\d would also take those of other scripts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from floor.core.errors import InvalidInputError, SettingsError
from floor.core.settings import Settings
from floor.core.shifts import parse_shifts
from floor.web.api.order_parameters import ORDER_ID

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for folder in ('floor', 'simulator', 'auth', 'sql') for path in (ROOT / folder).rglob('*')
                 if path.suffix in {'.py', '.sql'})


def test_no_pattern_takes_other_digits() -> None:
    letters = r'[^\W\d_]'  # the one way to say so
    found = [(path, statement) for path in SOURCES for statement in re.split(
                 r'\n(?=\S)', path.read_text(encoding='utf-8').replace(letters, '').replace(letters[1:-1], ''))
             if re.search(r'(?<!\\)\\[dD]', statement) and 're.ASCII' not in statement]
    assert found == []


def test_no_function_means_something_else_where_backslashes_escape() -> None:
    """The bodies of functions are read in the session of the writer, whatever its standard_conforming_strings."""
    found = [(path, line) for path in SOURCES if path.suffix == '.sql'
             for line in path.read_text(encoding='utf-8').splitlines()
             if re.search(r"(?<![Ee])'[^']*\\[swbmM][^']*'", line)]
    assert found == []


def test_a_number_in_other_digits_is_no_number() -> None:
    assert ORDER_ID.fullmatch('WO-20260101-abcd')
    assert not ORDER_ID.fullmatch('WO-٢٠٢٦٠١٠١-abcd')
    with pytest.raises(InvalidInputError):
        parse_shifts('Early ٠6:00,Late 14:00')
    with pytest.raises(SettingsError, match='PGPORT'):
        Settings.load(_env_file=None, pgport='٥٤٣٢')
