"""Backup and restore, killed at a few random moments, and beside writers; `python -m tests.faults.backups` kills for as
long as anybody wants."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .backups import backup_in_motion, kill_often


@pytest.fixture
def folder() -> Iterator[Path]:
    """With a short name, so that a socket fits in, and which the server's own user may pass."""
    folder = Path(tempfile.mkdtemp(prefix='floor-')).resolve()
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_whatever_is_killed_a_floor_and_a_whole_backup_are_there(folder: Path) -> None:
    assert kill_often(folder, kills=2, seed=7) == []


def test_a_backup_beside_writers_is_of_one_moment_in_every_table(folder: Path) -> None:
    seen, found, written = backup_in_motion(folder, changes=1000)
    assert found == seen
    assert written.changes > 1000, 'they went on meanwhile'
    assert seen['machine_status_history'][0] > 900
