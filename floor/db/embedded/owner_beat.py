"""A heartbeat file that shows whether a data folder has an owner, also in another container or on another machine.

A lock on owner.lock does not work everywhere (network disks, some container volumes), and process ids mean nothing
outside their namespace. Two PostgreSQL servers on one folder destroy the data. The owner therefore writes a line to
DATA_DIR/owner.beat every two seconds, and the next process checks whether it still changes. No clocks are compared.
If two start at the same moment, one gets the folder: only one can create the file; over an old line, the last writer
wins, and the other notices within one beat.
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
"""Seconds without a change after which the writer counts as gone, if nothing else is known about it."""


@dataclass(frozen=True, slots=True)
class ProcessLocation:
    """Where a process runs: machine, boot and process namespace."""

    machine: str
    boot: str
    namespace: str


class OwnerBeat:
    """This process's heartbeat, in a thread, so that a busy event loop does not delay it."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / 'owner.beat'
        self._token = secrets.token_hex(8)
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def stop(self) -> None:
        """Release the folder."""
        if self._thread is not None:
            self._end.set()
            self._thread.join()
            self._thread = None
            if self._is_ours(_read(self._path)):
                self._path.unlink(missing_ok=True)

    def claim(self, report: Callable[[str], None] = lambda _: None) -> Generator[None, None, bool]:
        """Claim the folder until stop. Returns False if another process uses it or was quicker.

        Yields while it waits. It does not wait for a process that has certainly ended; report is called before a wait.
        """
        first = left = _read(self._path)
        deadline = time.monotonic() + PATIENCE_S
        if first is not None and not _is_gone(first):
            who = first.get('machine') or 'another process'
            report(f'Waiting {PATIENCE_S:.0f} s to see whether {who} still uses {self._path.parent}')
        while left is not None and not _is_gone(left) and time.monotonic() < deadline:
            yield
            left = _read(self._path)  # None: it has ended normally
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
        """The same, blocking."""
        steps = self.claim()
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return bool(end.value)
            time.sleep(0.05)

    def _write_first(self, *, over: dict[str, Any] | None) -> Generator[None, None, bool]:
        """Write the first line, in a new file or over the line of a former owner. Returns whether it stays."""
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
            with suppress(OSError):  # a full disk must not end the thread
                self._write(count)

    def _write(self, count: int) -> None:
        draft = self._path.with_name(f'.owner.beat.{self._token}')
        try:
            draft.write_text(self._line(count))
            os.replace(draft, self._path)
        except OSError:
            draft.unlink(missing_ok=True)  # a full disk has room for a name and for no line
            raise

    def _line(self, count: int) -> str:
        here = place()
        return json.dumps({'machine': here.machine, 'boot': here.boot, 'namespace': here.namespace, 'pid': os.getpid(),
                           'token': self._token, 'count': count})


def remove_beats(data_dir: Path) -> None:
    """Remove drafts of owners that were killed while writing; each contains the token at the end of its name."""
    for path in data_dir.glob('.owner.beat.*'):
        beat = _read(path)
        if beat is not None and path.is_file() and path.name == f'.owner.beat.{beat.get("token")}' and _is_gone(beat):
            path.unlink(missing_ok=True)


def place() -> ProcessLocation:
    """The place of this process. What cannot be read is empty."""
    machine = ''
    for file in ('/etc/machine-id', '/var/lib/dbus/machine-id'):
        machine = machine or _text(file)
    namespace = ''
    with suppress(OSError):
        namespace = os.readlink('/proc/self/ns/pid')
    return ProcessLocation(f'{socket.gethostname()} {machine}'.strip(), _text('/proc/sys/kernel/random/boot_id'),
                           namespace)


def _is_gone(beat: dict[str, Any]) -> bool:
    """Whether its writer has certainly ended: the machine has rebooted, or there is no such process."""
    here = place()
    if (beat.get('machine'), beat.get('namespace')) != (here.machine, here.namespace):
        return False
    if beat.get('boot') != here.boot:
        return True
    pid = beat.get('pid')
    return not isinstance(pid, int) or pid == os.getpid() or not _runs(pid)


def _runs(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
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
    """The line; None if there is no such file, empty if it cannot be parsed, perhaps while it is being written."""
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
