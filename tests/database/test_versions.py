"""Which tests each version of PostgreSQL gets."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest


@pytest.mark.newest_postgres
@pytest.mark.parametrize('case', ['first', 'second'])
def test_the_newest_version_gets_every_case(case: str, request: pytest.FixtureRequest, postgres_major: int) -> None:
    assert postgres_major == 18
    assert len(majors_of(request.session, request.node.originalname)[18]) == 2


@pytest.mark.long
@pytest.mark.parametrize('case', ['first', 'second'])
def test_an_older_version_gets_the_first_case(case: str, request: pytest.FixtureRequest, postgres_major: int) -> None:
    cases = majors_of(request.session, request.node.originalname)
    assert cases == {16: ['first'], 18: ['first', 'second']}
    assert case in cases[postgres_major]
    groups = [mark.args for mark in request.node.iter_markers('xdist_group')]
    assert groups == ([('pg16',)] if postgres_major == 16 else []), 'one worker starts the server of an older version'


def majors_of(session: pytest.Session, name: str) -> dict[int, list[Any]]:
    """The cases of a test of this module by version."""
    cases: dict[Any, list[Any]] = defaultdict(list)
    for item in session.items:
        if isinstance(item, pytest.Function) and item.originalname == name:
            cases[item.callspec.params['postgres_major']].append(item.callspec.params['case'])
    return cases
