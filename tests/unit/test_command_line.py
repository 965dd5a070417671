"""The command line: what it knows, and the one line that everything else is answered with."""

from __future__ import annotations

from pathlib import Path

import pytest

from floor import command_line
from floor.core.version import program_version


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """The settings with which the app was started, instead of starting it."""
    calls: list[dict[str, object]] = []
    monkeypatch.setattr(command_line, 'run', lambda **given: calls.append(given) or 0)
    return calls


def test_its_version_is_the_projects(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command_line.main(['--version'])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f'line-monitor {program_version()}\n'


@pytest.mark.parametrize(('line', 'settings'), [
    ([], {}),
    (['run'], {}),
    (['--port', '8001', '--host', '::1'], {'port': '8001', 'host': '::1'}),
    (['run', '--port=8001'], {'port': '8001'}),
    (['--demo'], {'new_floor': 'demo'}),
])
def test_options_are_settings_that_win(
        started: list[dict[str, object]], line: list[str], settings: dict[str, object]) -> None:
    assert command_line.main(line) == 0
    assert started == [settings]


@pytest.mark.parametrize(('line', 'answer'), [
    (['--prot', '80'], 'line-monitor: unrecognized arguments: --prot. line-monitor --help lists all arguments.\n'),
    (['--port'], 'line-monitor: argument --port: expected one argument. line-monitor --help lists all arguments.\n'),
    (['strat'], 'line-monitor: there is no command strat: choose run, simulator, backup, restore, plant, '
                'access, token, gateway, simulate. line-monitor --help lists all arguments.\n'),
    (['backup'], 'line-monitor backup: the following arguments are required: file. line-monitor backup --help lists '
                 'all arguments.\n'),
    (['simulator', '--speed', '2'], 'line-monitor simulator: unrecognized arguments: --speed 2. line-monitor simulator '
                                    '--help lists all arguments.\n'),
])
def test_what_it_does_not_know_is_answered_with_one_line(
        started: list[dict[str, object]], capsys: pytest.CaptureFixture[str], line: list[str], answer: str) -> None:
    with pytest.raises(SystemExit) as ended:
        command_line.main(line)
    assert ended.value.code == 2
    assert (capsys.readouterr().err, started) == (answer, [])


def test_a_value_that_cannot_be_used_is_named_as_it_was_given(
        monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('PORT', '8000')
    assert command_line.main(['--port', '99999']) == 1
    assert capsys.readouterr().err == 'Line Monitor: PORT=99999 cannot be used: it must be a port, 1 to 65535\n'
