"""Tests of one group run in one process: they share a program, and some stop its clock, its network or its database.
The longest start first."""

from __future__ import annotations

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
