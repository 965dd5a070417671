"""What programs answer to their arguments before they do anything."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from floor.command_line import COMMANDS

ROOT = Path(__file__).parents[2]


def test_main_py_says_what_it_can_do_and_starts_nothing(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, ROOT / 'main.py', '--help'], cwd=tmp_path, capture_output=True, text=True,
                          timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, '')
    for word in ('--host', '--port', '--demo', '--version'):
        assert word in done.stdout
    for command in COMMANDS:
        assert re.search(rf'\b{command}[:,]', done.stdout), f'{command} is not explained'
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_interval_of_the_simulator_is_one_line_and_exit_status_2() -> None:
    ended = subprocess.run([sys.executable, '-m', 'simulator', '--interval', 'often'], capture_output=True, text=True,
                           check=False, cwd=ROOT)
    assert ended.returncode == 2
    assert ended.stderr.count('\n') == 1
    assert 'SIMULATOR_INTERVAL=often' in ended.stderr
