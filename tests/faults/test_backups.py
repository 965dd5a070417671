"""Backup and restore, killed at a few random moments, and beside writers; `python -m tests.faults.backups` kills for as
long as anybody wants."""

from __future__ import annotations

from pathlib import Path

import pytest

from .backups import backup_in_motion, kill_often

pytestmark = pytest.mark.long


def test_whatever_is_killed_a_floor_and_a_whole_backup_are_there(folder: Path) -> None:
    assert kill_often(folder, kills=2, seed=7) == []


def test_a_backup_beside_writers_is_of_one_moment_in_every_table(folder: Path) -> None:
    seen, found, written = backup_in_motion(folder, changes=1000)
    assert found == seen
    assert written.changes > 1000, 'they went on meanwhile'
    assert seen['machine_status_history'][0] > 900
