"""Virtual environments that tests install into: by uv where there is one, as it takes a third of the time."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any


def new_environment(folder: Path) -> Path:
    """The Python of a new environment without packages, also without pip."""
    venv.create(folder, symlinks=True)
    return folder / 'bin' / 'python'


def install(python: Path, *arguments: Any) -> None:
    """pip install into that environment."""
    command = ['install', '-q', *map(str, arguments)]
    if shutil.which('uv') and _run('uv', 'pip', *command, '--python', str(python)).returncode == 0:
        return
    done = _run(sys.executable, '-m', 'pip', '--python', str(python), '--disable-pip-version-check', *command,
                '--no-compile')
    assert done.returncode == 0, done.stderr


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)
