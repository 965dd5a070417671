"""Runs of `python main.py` without the processor time of its imports, which is most of that of a start.

A process of this file has imported the program; each run is a fork of it, which takes over the arguments, environment,
folder and output that it is given, and then runs main.py as Python does. Tests of the command line and of the first
moment of a process run `python main.py` itself.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import time
import zoneinfo
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
MAX_REQUEST = 1 << 20
"""Bytes of the arguments and environment of a run."""


class Run:
    """One run, with what subprocess.Popen has of the same names."""

    def __init__(self, status: int) -> None:
        self._status = os.fdopen(status, 'rb', buffering=0)
        self.pid = int(self._line())
        self.returncode: int | None = None

    def __del__(self) -> None:
        self._status.close()

    def poll(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        if self.returncode is None and select.select([self._status], [], [], 0)[0]:
            self.returncode = int(self._line())
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, once it has ended. Raises subprocess.TimeoutExpired after so many seconds."""
        if self.poll() is None:
            select.select([self._status], [], [], timeout)
        status = self.poll()
        if status is None:
            raise subprocess.TimeoutExpired('main.py', timeout or 0)
        return status

    def send_signal(self, number: int) -> None:
        """Nothing happens if it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _line(self) -> bytes:
        line = self._status.readline()
        if not line:
            raise RuntimeError('the process that runs are forked from has ended')
        return line


def run(arguments: Sequence[str], output: int, cwd: Path, environment: Mapping[str, str]) -> Run:
    """Run a Python script and its arguments; output: a file descriptor for what it prints."""
    status, theirs = os.pipe()
    try:
        request = json.dumps({'arguments': [*arguments], 'cwd': os.fspath(cwd), 'environment': {**environment}})
        socket.send_fds(_requests(), [request.encode('utf-8', 'surrogatepass')], [output, theirs])
    finally:
        os.close(theirs)
    return Run(status)


@cache
def _requests() -> socket.socket:
    """To the process that has imported the program; it ends with this one."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    size = max(ours.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF), MAX_REQUEST)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno())], pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if not name.startswith(('NICEGUI_', 'PYTEST_'))})
    atexit.register(process.wait)
    atexit.register(ours.close)
    return ours


def _serve(requests: socket.socket) -> None:
    """Fork for each request. Returns in each fork; ends where no request can come."""
    woken, wake = socket.socketpair()
    for end in woken, wake:
        end.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake.fileno())
    running: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([requests, woken], [], [])
        if woken in ready:
            woken.recv(4096)
            _tell_of_ends(running)
        if requests not in ready:
            continue
        message, descriptors, _, _ = socket.recv_fds(requests, MAX_REQUEST, 2)
        if not message:
            sys.exit()
        output, status = descriptors
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for end in requests, woken, wake:
                end.close()
            for each in status, *running.values():
                os.close(each)
            return _become(json.loads(message.decode('utf-8', 'surrogatepass')), output)
        os.close(output)
        os.write(status, f'{pid}\n'.encode())
        running[pid] = status


def _tell_of_ends(running: dict[int, int]) -> None:
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        end = running.pop(pid)
        try:
            os.write(end, f'{os.waitstatus_to_exitcode(status)}\n'.encode())
        except BrokenPipeError:  # nobody waits for it
            pass
        os.close(end)


def _become(request: dict[str, Any], output: int) -> None:
    """Be as a new process with these arguments."""
    os.chdir(request['cwd'])
    os.environ.clear()
    os.environ.update(request['environment'])
    time.tzset()
    zoneinfo.reset_tzpath()  # PYTHONTZPATH
    for standard in 1, 2:
        os.dup2(output, standard)
    os.close(output)
    sys.argv = request['arguments']
    sys.path[0] = str(Path(sys.argv[0]).parent)


def _import_the_program() -> None:
    """As command_line.py does while it starts, in this thread and with packages that it leaves out. NiceGUI, which
    looks on import where its storage is, looks again."""
    sys.path[0] = str(ROOT)

    from nicegui import app
    from nicegui.storage import Storage

    import floor.app
    import floor.command_line  # noqa: F401
    from floor.core.settings import Settings
    from floor.web.middleware import session_secret

    store_choices = session_secret.store_choices

    def store_choices_now(settings: Settings) -> None:
        store_choices(settings)
        Storage.path = Path(os.environ['NICEGUI_STORAGE_PATH'])
        app.storage = Storage()

    session_secret.store_choices = store_choices_now


if __name__ == '__main__':
    _import_the_program()
    gc.collect()
    gc.freeze()
    _serve(socket.socket(fileno=int(sys.argv[1])))
    runpy.run_path(sys.argv[0], run_name='__main__')
