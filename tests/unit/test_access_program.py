"""Access from the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from floor.access.access_program import main


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
