"""What several tests of single modules ask for."""

from __future__ import annotations

import pytest
from unit.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()
