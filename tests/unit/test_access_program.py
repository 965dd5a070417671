"""Access from the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from floor.access import access_program
from floor.access.access_program import main
from floor.core.access_keys import AccessKey, KeyKind, NewKey


@pytest.mark.parametrize('command', [['invite', 'eva@example.com'], ['token', 'gateway-1'], ['first-supervisor']])
def test_a_folder_without_a_database_gets_none(
        command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str]) -> None:
    """A key of a new database would open nothing."""
    for name in 'DATABASE_URL', 'PGHOST':
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv('DATA_DIR', str(tmp_path / 'other'))
    assert main(command) == 1
    assert f'there is no database in {tmp_path / "other"}: set DATA_DIR' in capsys.readouterr().err
    assert not (tmp_path / 'other').exists()


@pytest.mark.parametrize(('address', 'warns'), [([], True), (['--address', 'http://192.0.2.7:8000'], False)])
def test_a_link_that_opens_on_this_machine_only_comes_with_a_warning(
        address: list[str], warns: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    unused: Any = None
    made = NewKey(AccessKey(1, KeyKind.INVITATION, 'Eva', 'root', unused), 'lm_invite_SECRET')
    monkeypatch.setattr(access_program, '_made', lambda *_: made)
    monkeypatch.delenv('PUBLIC_URL', raising=False)
    monkeypatch.setenv('HOST', '127.0.0.1')
    assert access_program.main(['invite', 'eva@example.com', *address]) == 0
    printed = capsys.readouterr()
    assert ('opens on this machine only' in printed.err) == warns
    assert printed.out.endswith('/link/lm_invite_SECRET\n')
