"""The database tests run on every major version that the embedded package ships; those that are marked newest_postgres
ask Python what it makes of the same SQL, and run on the newest only."""

from __future__ import annotations

import pytest

MAJORS = (16, 18)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each version in turn, for every test that has anything to do with a server."""
    if 'postgres_major' in metafunc.fixturenames:
        newest_only = metafunc.definition.get_closest_marker('newest_postgres') is not None
        metafunc.parametrize('postgres_major', MAJORS[-1:] if newest_only else MAJORS, ids='pg{}'.format)
