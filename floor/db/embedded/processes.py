"""Processes: find them, wait for them, and end them.

Functions that wait are generators that yield while they wait, so a blocking start and a restart in an event loop share
the same steps.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

Wait = Generator[None, None, None]


def commands() -> list[tuple[int, str]]:
    """Process id and command line (joined by spaces) of each visible process."""
    if sys.platform != 'linux':
        listing = subprocess.check_output(['/bin/ps', '-axww', '-o', 'pid=,command='], text=True)
        pairs = (line.strip().partition(' ') for line in listing.splitlines())
        return [(int(pid), command.strip()) for pid, _, command in pairs]
    found = []
    for entry in os.listdir('/proc'):
        if entry.isdigit():
            with suppress(FileNotFoundError, ProcessLookupError, PermissionError):   # has ended, or is hidden
                command = Path('/proc', entry, 'cmdline').read_bytes().rstrip(b'\0').replace(b'\0', b' ')
                found.append((int(entry), os.fsdecode(command)))
    return found


def is_dead(pid: str) -> bool:
    """Whether no process has this id. Text that is not a number counts as alive, since it cannot be waited for."""
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, ValueError):
        return False
    return False


def halt(process: subprocess.Popen[bytes]) -> None:
    """Stop a server with a fast shutdown, which disconnects clients; kill it as a last resort."""
    for number, patience in ((signal.SIGINT, 20), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
        if process.poll() is not None:
            return
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)


def ends_within(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Request a fast shutdown and wait at most so many seconds. Returns whether the server has ended."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(max(0.0, seconds))
    except subprocess.TimeoutExpired:
        return False
    return True


def finished(process: subprocess.Popen[bytes]) -> Wait:
    """Wait until it ends; if the wait is cancelled, terminate it."""
    try:
        while process.poll() is None:
            yield
    finally:
        halt(process)


def plain_environment() -> dict[str, str]:
    """The environment without PGHOST, PGPORT, PGOPTIONS and so on, which are meant for another database."""
    return {name: value for name, value in os.environ.items() if not name.startswith('PG')}
