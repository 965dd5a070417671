"""The start prints the link of the first supervisor where it is needed, and never into a log of a machine."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import pytest

from floor.access.first_supervisor import FirstSupervisor
from floor.core.access_keys import AccessKey, KeyKind, NewKey
from floor.core.settings import Settings
from floor.operations.first_supervisor_link import offer_first_supervisor


class Missing(FirstSupervisor):
    """There is no supervisor, and a link can be made."""

    def __init__(self) -> None:
        pass

    async def is_missing(self) -> bool:
        return True

    async def make_link(self) -> NewKey:
        unused: Any = None
        return NewKey(AccessKey(1, KeyKind.FIRST_SUPERVISOR, 'First supervisor', 'root', unused), 'lm_first_SECRET')


@pytest.mark.parametrize(('given', 'prints', 'logs'), [
    ({'host': '0.0.0.0'}, True, False),
    ({'host': '0.0.0.0', 'log_format': 'json'}, False, True),
    ({'host': '127.0.0.1'}, False, False),
    ({'host': '0.0.0.0', 'default_role': 'supervisor'}, False, False)])
async def test_the_link_is_printed_where_other_machines_connect(
        given: dict[str, Any], prints: bool, logs: bool, capsys: pytest.CaptureFixture[str],
        caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await offer_first_supervisor(Settings.load(_env_file=None, allow_anonymous=True, **given), Missing())
    assert ('/link/lm_first_SECRET' in capsys.readouterr().out) == prints
    assert ('floor.access first-supervisor prints a link' in caplog.text) == logs
    assert 'SECRET' not in caplog.text


class Known(Missing):
    """There is a supervisor."""

    async def is_missing(self) -> bool:
        return False


async def test_the_command_for_another_terminal_names_the_folder_and_the_address(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / 'our plant'
    await offer_first_supervisor(
        Settings.load(_env_file=None, host='192.0.2.7', port=8171, data_dir=folder, public_url=None), Known())
    assert (f"DATA_DIR='{folder}' {sys.executable} -m floor.access invite EMAIL --address http://192.0.2.7:8171"
            in capsys.readouterr().out)
