"""Whether the owner of a data folder lives where our eyes don't reach: another container, another machine.

A lock on owner.lock does not hold everywhere (network disks, some container volumes), and process numbers mean nothing
outside their namespace. Two PostgreSQL servers on one folder destroy the data. So the owner writes a line to
DATA_DIR/owner.beat every two seconds, and whoever comes next looks whether it still changes. No clocks are compared.
Of two that come at the same moment one gets the folder: only one can create the file, and where a line of the past is
in it, the last who writes its own over it gets the folder; the other sees that within one beat.
"""

from __future__ import annotations

import json
import os
import secrets
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
        self._token = secrets.token_hex(8)
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def stop(self) -> None:
        """The folder is free."""
        if self._thread is not None:
            self._end.set()
            self._thread.join()
            self._thread = None
            if self._is_ours(_read(self._path)):
                self._path.unlink(missing_ok=True)

    def claim(self, report: Callable[[str], None] = lambda _: None) -> Generator[None, None, bool]:
        """Whether the folder is ours until stop; False: somebody else uses it or was quicker.

        Yields while it waits to know. Whoever is dead for sure is not waited for; report is told of a longer wait.
        """
        first = left = _read(self._path)
        deadline = time.monotonic() + PATIENCE_S
        if first is not None and not _is_gone(first):
            who = first.get('machine') or 'another process'
            report(f'Looking for {PATIENCE_S:.0f} s whether {who} still uses {self._path.parent}')
        while left is not None and not _is_gone(left) and time.monotonic() < deadline:
            yield
            left = _read(self._path)  # None: it has ended in order meanwhile
            if left is not None and left != first:
                return False
        if self._thread is None:
            if not (yield from self._write_first(over=left)):
                return False
            self._end.clear()
            self._thread = threading.Thread(target=self._run, name='owner-beat', daemon=True)
            self._thread.start()
        return True

    def claim_now(self) -> bool:
        """The same, for who has nothing else to do."""
        steps = self.claim()
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return bool(end.value)
            time.sleep(0.05)

    def _write_first(self, *, over: dict[str, Any] | None) -> Generator[None, None, bool]:
        """Our first line, in a new file or over the line of an owner that has gone. Whether it stays."""
        if over is None:
            try:
                with self._path.open('x') as file:
                    file.write(self._line(0))
            except FileExistsError:
                return False
            return True
        self._write(0)
        deadline = time.monotonic() + EVERY_S
        while time.monotonic() < deadline:
            yield
            if not self._is_ours(_read(self._path)):
                return False
        return True

    def _is_ours(self, line: dict[str, Any] | None) -> bool:
        return line is not None and line.get('token') == self._token

    def _run(self) -> None:
        count = 0
        while not self._end.wait(EVERY_S):
            count += 1
            with suppress(OSError):  # a full disk must not end it
                self._write(count)

    def _write(self, count: int) -> None:
        draft = self._path.with_name(f'.owner.beat.{self._token}')
        draft.write_text(self._line(count))
        os.replace(draft, self._path)

    def _line(self, count: int) -> str:
        here = place()
        return json.dumps({'machine': here.machine, 'boot': here.boot, 'namespace': here.namespace, 'pid': os.getpid(),
                           'token': self._token, 'count': count})


def remove_beats(data_dir: Path) -> None:
    """Lines of owners that were killed while they wrote one; each has the token in it that its name ends in."""
    for path in data_dir.glob('.owner.beat.*'):
        beat = _read(path)
        if beat is not None and path.is_file() and path.name == f'.owner.beat.{beat.get("token")}' and _is_gone(beat):
            path.unlink(missing_ok=True)


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
    """None: there is no such file. Empty: it can't be understood, perhaps because it is being written."""
    try:
        beat = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return {}
    return beat if isinstance(beat, dict) else {}


def _text(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ''
