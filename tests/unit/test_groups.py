"""Tests of one group run in one process: they share a program, and some stop its clock, its network or its database."""

from __future__ import annotations

import pytest


@pytest.mark.xdist_group('this-one')
def test_the_tests_of_a_group_are_known_to_be_one(request: pytest.FixtureRequest) -> None:
    if not hasattr(request.config, 'workerinput'):
        pytest.skip('all tests run in one process')

    assert request.node.nodeid.endswith('@this-one')
