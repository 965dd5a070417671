"""Which tests run, and in which order: the longest first, so that no worker has much to do at the end."""

from __future__ import annotations

import pytest

SLOWEST_FIRST = (
    'environment', 'test_outages.py', 'test_slow_database.py', 'test_stop.py', 'test_attachments.py',
    'test_hostile_values.py', 'apps_python', 'generated client', 'test_api_fuzz.py', 'test_faults.py',
    'gateway faults', 'test_demo_to_plant.py', 'test_wall_screen.py', 'test_front_door.py', 'test_stale_looks.py',
    'test_breakdowns.py', 'test_behind_nginx.py', 'test_long_words.py', 'test_backups.py', 'pg16',
    'test_analytics.py', 'test_backup.py', 'secure', 'test_demo_or_plant.py', 'test_simulated_orders.py',
    'test_embedded.py', 'timeline', 'test_installed.py', 'test_downloads.py', 'test_operation.py',
    'test_session_settings.py', 'test_simulator_on_a_plant.py', 'test_odd_data_folders.py', 'test_backfill.py')
"""Groups of tests, and files; those of tests/browser are groups."""


def choose(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked `long` where no path, -k, -m or --lf says which tests to run, and sort the others."""
    chosen = config.option.keyword or config.option.markexpr or config.getoption('lf', False)
    if config.args_source is not pytest.Config.ArgsSource.ARGS and not chosen:
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker('long')])
        items[:] = [item for item in items if not item.get_closest_marker('long')]
    items.sort(key=rank)


def rank(item: pytest.Item) -> int:
    """The place of a test in SLOWEST_FIRST; those that are not there come last."""
    groups = [str(mark.args[0]) for mark in item.iter_markers('xdist_group')]
    return min((SLOWEST_FIRST.index(name) for name in groups or [item.path.name] if name in SLOWEST_FIRST),
               default=len(SLOWEST_FIRST))
