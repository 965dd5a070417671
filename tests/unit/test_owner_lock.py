"""A data folder has one owner: the lock that the second process does not get."""

from __future__ import annotations

import fcntl
import stat
from pathlib import Path

import pytest

from floor.db.embedded.owner_lock import OwnerLock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / 'owner.lock'


def test_of_two_owners_of_one_folder_the_second_waits_for_the_first(path: Path) -> None:
    first, second = OwnerLock(path), OwnerLock(path)
    assert first.take()
    assert not second.take()
    assert first.take(), 'it is ours already'
    assert (first.is_held, second.is_held) == (True, False)
    first.release()
    assert second.take()
    assert not first.take()


def test_a_lock_on_a_file_that_was_deleted_meanwhile_is_no_lock(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process locks the file that has the name now, so both would own the folder."""
    late, flock = OwnerLock(path), fcntl.flock

    def while_the_file_is_made_again(descriptor: int, operation: int) -> None:
        path.rename(path.with_name('deleted'))
        path.touch()
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, 'flock', while_the_file_is_made_again)
    assert not late.take()
    assert not late.is_held
    monkeypatch.setattr(fcntl, 'flock', flock)
    assert OwnerLock(path).take()
    assert not late.take()


def test_nobody_else_may_hold_the_lock(path: Path) -> None:
    """A program that may open the file may lock it, and keep the program from its data."""
    assert OwnerLock(path).take()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
