"""Files of secrets are written whole, and what is too short to be a secret is refused."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from floor.core.errors import SettingsError
from floor.core.settings import Settings
from floor.db.embedded.data_folder import make_data_folder, write_whole
from floor.web.middleware.session_secret import storage_secret


def settings_of(data_dir: Path) -> Settings:
    return Settings.load(_env_file=None, data_dir=data_dir)


def test_the_secret_is_made_once_and_for_our_eyes_only(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / 'data')
    secret = storage_secret(settings)
    assert len(secret) >= 43
    assert storage_secret(settings) == secret
    assert stat.S_IMODE((tmp_path / 'data' / 'storage.secret').stat().st_mode) == 0o600
    assert os.listdir(tmp_path / 'data') == ['storage.secret']


def test_two_instances_that_start_at_once_have_one_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have seen that there is none; the second to write takes the first one's."""
    settings = settings_of(tmp_path)
    first = storage_secret(settings)
    monkeypatch.setattr(Path, 'exists', lambda path: False)
    assert storage_secret(settings) == first


@pytest.mark.parametrize('left_by_a_crash', [b'', b'\n', b'too short', b'\0' * 43])
def test_what_is_no_secret_is_refused_in_one_sentence(tmp_path: Path, left_by_a_crash: bytes) -> None:
    path = tmp_path / 'storage.secret'
    path.write_bytes(left_by_a_crash)
    with pytest.raises(SettingsError, match=r'storage\.secret .*not a secret: delete it and start again') as refused:
        storage_secret(settings_of(tmp_path))
    assert '\n' not in str(refused.value)
    assert path.read_bytes() == left_by_a_crash


def test_a_crash_while_writing_leaves_nothing_under_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, 'fsync', crash)
    with pytest.raises(KeyboardInterrupt):
        storage_secret(settings_of(tmp_path))
    assert os.listdir(tmp_path) == []
    monkeypatch.undo()
    assert len(storage_secret(settings_of(tmp_path))) >= 43


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other order would let a power failure leave an empty file under the right name."""
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, 'fsync', lambda number: (steps.append('fsync'), fsync(number))[1])
    monkeypatch.setattr(os, 'replace', lambda a, b: (steps.append('name'), replace(a, b))[1])
    write_whole(tmp_path / 'database.url', 'postgresql://\n')
    assert steps == ['fsync', 'name', 'fsync'], 'the file, its name, the folder'
    assert (tmp_path / 'database.url').read_text() == 'postgresql://\n'


def test_a_file_system_without_links_has_a_secret_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise OSError(95, 'Operation not supported')

    monkeypatch.setattr(os, 'link', no_links)
    assert storage_secret(settings_of(tmp_path)) == storage_secret(settings_of(tmp_path))


@pytest.mark.parametrize(('user', 'mode'), [(0, 0o711), (1000, 0o700)])
def test_nobody_else_sees_what_is_in_a_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: int,
                                                   mode: int) -> None:
    """The server of root's database runs as another user, who may pass and not list."""
    monkeypatch.setattr(os, 'geteuid', lambda: user)
    make_data_folder(tmp_path / 'plants' / 'data')
    assert stat.S_IMODE((tmp_path / 'plants' / 'data').stat().st_mode) == mode


def test_a_file_that_is_written_again_is_for_our_eyes_only_whatever_the_old_one_was(tmp_path: Path) -> None:
    path = tmp_path / 'database.url'
    path.write_text('')
    path.chmod(0o644)
    assert write_whole(path, 'postgresql://\n')
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
