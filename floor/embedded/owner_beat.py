"""Whether the owner of a data folder lives where our eyes don't reach: another container, another machine.

A lock on owner.lock does not hold everywhere (network disks, some container volumes), and process numbers mean nothing
outside their namespace. Two PostgreSQL servers on one folder destroy the data. So the owner writes a line to
DATA_DIR/owner.beat every two seconds, and whoever comes next looks whether it still changes. No clocks are compared.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EVERY_S = 2.0
PATIENCE_S = 15.0
"""How long the line must stay as it is until its writer counts as gone, where nothing else is known of it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a process is: the machine, since which of its starts, and among which process numbers."""

    machine: str
    boot: str
    namespace: str


class OwnerBeat:
    """Ours, in a thread of its own, so that a busy event loop does not look like death."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / 'owner.beat'
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Write the first line now. Does nothing the second time."""
        if self._thread is None:
            self._end.clear()
            self._write(0)
            self._thread = threading.Thread(target=self._run, name='owner-beat', daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """The folder is free."""
        if self._thread is not None:
            self._end.set()
            self._thread.join()
            self._thread = None
            self._path.unlink(missing_ok=True)

    def somebody_else_lives(self, report: Callable[[str], None] = lambda _: None) -> Generator[None, None, bool]:
        """Yields while it waits to know. Whoever is dead for sure is not waited for; report is told of a wait."""
        first = _read(self._path)
        deadline = time.monotonic() + PATIENCE_S
        if first is not None and not _is_gone(first):
            report(f'Looking for {PATIENCE_S:.0f} s whether {first.get("machine")} still uses {self._path.parent}')
        while first is not None and not _is_gone(first) and time.monotonic() < deadline:
            yield
            now = _read(self._path)
            if now is None:
                return False  # it has ended in order meanwhile
            if now != first:
                return True
        return False

    def wait_for_somebody_else(self) -> bool:
        """The same, for who has nothing else to do."""
        steps = self.somebody_else_lives()
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return bool(end.value)
            time.sleep(0.05)

    def _run(self) -> None:
        count = 0
        while not self._end.wait(EVERY_S):
            count += 1
            with suppress(OSError):  # a full disk must not end it
                self._write(count)

    def _write(self, count: int) -> None:
        here = place()
        line = {'machine': here.machine, 'boot': here.boot, 'namespace': here.namespace, 'pid': os.getpid(),
                'count': count}
        draft = self._path.with_name(f'.owner.beat.{os.getpid()}')
        draft.write_text(json.dumps(line))
        os.replace(draft, self._path)


def place() -> Place:
    """Ours. What can't be read stays empty."""
    machine = ''
    for file in ('/etc/machine-id', '/var/lib/dbus/machine-id'):
        machine = machine or _text(file)
    namespace = ''
    with suppress(OSError):
        namespace = os.readlink('/proc/self/ns/pid')
    return Place(f'{socket.gethostname()} {machine}'.strip(), _text('/proc/sys/kernel/random/boot_id'), namespace)


def _is_gone(beat: dict[str, Any]) -> bool:
    """Whether its writer certainly lives no more: the machine has started again, or there is no such process."""
    here = place()
    if (beat.get('machine'), beat.get('namespace')) != (here.machine, here.namespace):
        return False
    if beat.get('boot') != here.boot:
        return True
    pid = beat.get('pid')
    return not isinstance(pid, int) or pid == os.getpid() or not _runs(pid)


def _runs(pid: int) -> bool:
    """A zombie does not."""
    if sys.platform == 'linux':
        status = _text(f'/proc/{pid}/stat').rpartition(')')[2].split()
        return bool(status) and status[0] not in {'Z', 'X'}
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _read(path: Path) -> dict[str, Any] | None:
    try:
        beat = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return beat if isinstance(beat, dict) else None


def _text(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ''
