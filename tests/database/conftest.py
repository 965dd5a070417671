"""The database tests run on every major version that the embedded package ships."""

from __future__ import annotations

import pytest


@pytest.fixture(params=[16, 18], ids='pg{}'.format)
def postgres_major(request: pytest.FixtureRequest) -> int:
    """Each in turn."""
    return int(request.param)
