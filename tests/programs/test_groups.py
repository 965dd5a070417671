"""Tests of one group run in one process: they share a program, and some stop its clock, its network or its database.
The longest start first, and only where they are asked for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from order import SLOWEST_FIRST, rank

TESTS = Path(__file__).parents[1]


@pytest.mark.xdist_group('this-one')
def test_the_tests_of_a_group_are_known_to_be_one(request: pytest.FixtureRequest) -> None:
    if not hasattr(request.config, 'workerinput'):
        pytest.skip('all tests run in one process')

    assert request.node.nodeid.endswith('@this-one')


def test_the_longest_tests_start_first(request: pytest.FixtureRequest) -> None:
    ranks = [rank(item) for item in request.session.items]
    assert ranks == sorted(ranks)


def test_what_takes_long_is_there() -> None:
    files = [path for path in TESTS.rglob('*.py') if path.name != 'order.py']
    texts = ''.join(path.read_text() for path in files)
    assert {name for name in SLOWEST_FIRST if name.endswith('.py')} - {path.name for path in files} == set()
    assert [name for name in SLOWEST_FIRST
            if not name.endswith('.py') and name != 'pg16' and f"'{name}'" not in texts] == []


def test_what_starts_programs_or_simulates_days_is_in_its_tier() -> None:
    files = {path.name: path.read_text() for path in (TESTS / 'unit').glob('*.py')}
    assert len(files) > 50
    slow = re.compile(r'^(?:import subprocess|from simulat(?:ion|or\.timeline)\b)|create_subprocess', re.MULTILINE)
    assert [name for name, text in files.items() if slow.search(text)] == []


@pytest.mark.parametrize(('arguments', 'ran'), [
    ([], ['test_quick']),
    (['-k', 'test'], ['test_quick', 'test_at_length']),
    (['-m', 'long'], ['test_at_length']),
    (['suite'], ['test_quick', 'test_at_length'])])
def test_a_long_test_runs_where_it_is_chosen(arguments: list[str], ran: list[str], tmp_path: Path) -> None:
    (tmp_path / 'suite').mkdir()
    (tmp_path / 'pytest.ini').write_text('[pytest]\ntestpaths = suite\nmarkers = long\n')
    (tmp_path / 'conftest.py').write_text('from order import choose as pytest_collection_modifyitems\n')
    (tmp_path / 'suite' / 'test_it.py').write_text(
        'import pytest\ndef test_quick(): pass\n@pytest.mark.long\ndef test_at_length(): pass\n')

    run = subprocess.run([sys.executable, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', '--collect-only', *arguments],
                         cwd=tmp_path, env=os.environ | {'PYTHONPATH': str(TESTS), 'PYTEST_ADDOPTS': ''},
                         capture_output=True, text=True, check=True)
    assert [line.rpartition('::')[2] for line in run.stdout.splitlines() if '::' in line] == ran
