"""Which worker runs a browser test: a Chromium and an app with its database are started once for each group."""

from __future__ import annotations

import pytest


def test_every_test_with_a_chromium_is_in_a_group(request: pytest.FixtureRequest) -> None:
    alone = {item.path.name for item in request.session.items if isinstance(item, pytest.Function)
             and 'chromium' in item.fixturenames and item.get_closest_marker('xdist_group') is None}
    assert alone == set()
