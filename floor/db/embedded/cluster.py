"""One PostgreSQL cluster on disk and its processes: create it, clean up after a crash, run the server.

Only the process that holds the lock of the data folder may use it (owner_lock.py). Functions that wait are generators,
as in processes.py.
"""

import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from floor.core.errors import EmbeddedDatabaseError
from floor.core.version import NAME, program_version
from floor.db.embedded.access import write_access_files
from floor.db.embedded.data_folder import make_durable
from floor.db.embedded.processes import Wait, commands, finished, halt, is_dead, plain_environment
from floor.db.embedded.server_user import require_a_name, server_user
from floor.db.embedded.sockets import SOCKET_FILES, SOCKET_NAME, listens
from floor.db.embedded.workshop import Workshop

LAUNCHER = Path(__file__).with_name('postmaster.py').absolute()
STATUS_LINE = 7   # of postmaster.pid, zero-based
BUILTIN_LOCALES_SINCE = 17
IO_METHODS_SINCE = 18
START_PATIENCE = 300.0   # seconds; crash recovery may take long


@dataclass(frozen=True)
class Process:
    pid: int
    is_postmaster: bool


class Cluster:
    def __init__(self, folder: Path, programs: Path, major: int, log: Path) -> None:
        self.folder = folder
        self._programs = programs
        self._major = major
        self._log = log
        self._tag = 'floor-' + hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
        """Part of the title of each process of this cluster, which everybody may read, unlike its working folder."""
        self.user = server_user(folder)

    @property
    def exists(self) -> bool:
        """Whether there is a complete cluster. Raises EmbeddedDatabaseError if this program cannot run it."""
        try:
            found = (self.folder / 'PG_VERSION').read_text().strip()
        except FileNotFoundError:
            if self.folder.exists() and any(self.folder.iterdir()):
                raise EmbeddedDatabaseError(
                    f'{self.folder} is not empty and not a PostgreSQL cluster: move it away, or set DATA_DIR to '
                    'another folder.'
                ) from None
            return False
        if found != str(self._major):
            raise EmbeddedDatabaseError(other_major(self.folder, found, self._major))
        return True

    def create(self) -> Wait:
        """Run initdb under another name and rename the result, so an incomplete cluster is never used."""
        require_a_name(self.user.uid if self.user else os.geteuid())
        workshop = Workshop.make(self.folder.parent)
        new = workshop.folder / self.folder.name
        locale = ['--locale=C']
        if self._major >= BUILTIN_LOCALES_SINCE:
            locale += ['--locale-provider=builtin', '--builtin-locale=C.UTF-8']
        try:
            new.mkdir(mode=0o700)
            if self.user:
                self.user.own(new)
            yield from self._run('initdb', '-D', str(new), '-U', 'postgres', '--auth=reject', '--encoding=UTF8',
                                 *locale, '--data-checksums', '--no-instructions')
            os.rename(new, self.folder)
            make_durable(self.folder.parent)
        finally:
            workshop.remove()

    def clear(self, sockets: Path) -> Wait:
        """End processes that a former owner left running, then remove lock files that would block PostgreSQL.

        PostgreSQL removes the file of a dead postmaster itself after checking shared memory; but it mistakes a zombie,
        or another process with the same id, for a live postmaster.
        """
        ways: tuple[tuple[signal.Signals | None, float], ...] = (
            (signal.SIGINT, 20), (None, 3), (signal.SIGQUIT, 5), (signal.SIGKILL, 5))
        for number, patience in ways:
            for process in self.processes():
                # the postmaster leads a fast shutdown; its children get a signal only as a last resort
                if number and (process.is_postmaster or number != signal.SIGINT):
                    with suppress(ProcessLookupError, PermissionError):   # ended, or reported below
                        os.kill(process.pid, number)
            deadline = time.monotonic() + patience
            while (left := self.processes()) and time.monotonic() < deadline:
                if number == signal.SIGINT and not any(process.is_postmaster for process in left):
                    break
                yield
        if left:
            raise EmbeddedDatabaseError(
                f'{self.folder} is still in use by processes {", ".join(str(process.pid) for process in left)}: '
                'end them and start again.'
            )
        if listens(sockets / SOCKET_NAME):
            raise EmbeddedDatabaseError(
                f'Another PostgreSQL, perhaps in another container, answers at {sockets / SOCKET_NAME}. '
                'Only one may use a data folder: end it, or set DATA_DIR to another folder.'
            )
        pid_file = self.folder / 'postmaster.pid'
        if pid_file.exists() and not is_dead(pid_file.read_bytes().partition(b'\n')[0].decode('ascii', 'replace')):
            pid_file.unlink()
        for name in SOCKET_FILES:
            (sockets / name).unlink(missing_ok=True)

    def serve(self, sockets: Path) -> Generator[None, None, subprocess.Popen[bytes]]:
        """Start the server as a direct child and wait until it accepts connections on its socket."""
        if self.user and self.folder.stat().st_uid != self.user.uid:   # root copied it here
            for path in (self.folder, *self.folder.rglob('*')):
                self.user.own(path)
        write_access_files(self.folder, self.user.own if self.user else lambda path: None)
        before = self._log.stat().st_size if self._log.exists() else 0
        server = self._spawn('postgres', '-D', str(self.folder), *self._options(sockets))
        deadline = time.monotonic() + START_PATIENCE
        try:
            while not self._is_ready(server.pid):
                if server.poll() is not None:
                    raise EmbeddedDatabaseError(
                        f'PostgreSQL stopped while it started: {self._last_lines(before)} '
                        f'(the full log is in {self._log})'
                    )
                if time.monotonic() > deadline:
                    raise EmbeddedDatabaseError(
                        f'PostgreSQL was not ready after {START_PATIENCE:.0f} seconds: see {self._log}.'
                    )
                yield
        except BaseException:
            halt(server)
            raise
        return server

    def processes(self) -> list[Process]:
        """The live processes of this cluster, found by their titles; zombies have none."""
        found = []
        for pid, command in commands():
            program, is_started_by_us, arguments = command.partition(' -D ')
            if is_started_by_us and program.endswith('/postgres') and f'{arguments} '.startswith(f'{self.folder} '):
                found.append(Process(pid, is_postmaster=True))
            elif command.startswith(f'postgres: {self._tag}: '):
                found.append(Process(pid, is_postmaster=False))
        return found

    def _options(self, sockets: Path) -> list[str]:
        """The settings of the server, as arguments."""
        quoted = str(sockets).replace('"', '""')
        settings = {
            'listen_addresses': '',
            'unix_socket_directories': f'"{quoted}"',
            'unix_socket_permissions': '0700',
            'port': '5432',
            'cluster_name': self._tag,
            'max_connections': '120',
            'shared_buffers': f'{shared_buffers_mb()}MB',
            'max_wal_size': '256MB',
            'fsync': 'on',
            'logging_collector': 'off',
            'log_destination': 'stderr',
            'log_line_prefix': '%m [%p] ',
        }
        if self._major >= IO_METHODS_SINCE:  # most reads hit the cache, where I/O workers only add delay
            settings['io_method'] = 'sync'
        return [part for name, value in settings.items() for part in ('-c', f'{name}={value}')]

    def _is_ready(self, pid: int) -> bool:
        try:
            lines = (self.folder / 'postmaster.pid').read_bytes().splitlines()  # a path in it may not be text
        except FileNotFoundError:
            return False
        return len(lines) > STATUS_LINE and lines[0] == str(pid).encode() and lines[STATUS_LINE].strip() == b'ready'

    def _run(self, program: str, *arguments: str) -> Wait:
        before = self._log.stat().st_size if self._log.exists() else 0
        process = self._spawn(program, *arguments)
        yield from finished(process)
        if process.returncode:
            raise EmbeddedDatabaseError(
                f'{program} could not create a database in {self.folder.parent}: {self._last_lines(before)} '
                f'(the full log is in {self._log})'
            )

    def _spawn(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        user = f'{self.user.uid}:{self.user.gid}' if self.user else '-'
        folder = arguments[1]
        with open(os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 'ab') as log:
            return subprocess.Popen(  # noqa: S603 - our own launcher, no shell
                [sys.executable, '-I', '-S', str(LAUNCHER), str(os.getpid()), user, folder,
                 str(self._programs / program), *arguments],
                cwd='/', env=plain_environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,   # this process passes on Ctrl-C in the terminal
            )

    def _last_lines(self, since: int) -> str:
        with self._log.open('rb') as log:
            log.seek(since)
            lines = [line for line in log.read().decode(errors='replace').splitlines() if line.strip()]
        errors = [line for line in lines if re.search(r'FATAL|PANIC|error|HINT|could not|unrecognized|invalid', line)]
        return ' / '.join(re.sub(r'^.*?\[[0-9]+\] ', '', line) for line in (errors or lines)[-3:]) or 'no message'


def other_major(folder: Path, found: str, major: int) -> str:
    """What a person reads about a cluster of another major version of PostgreSQL."""
    return (f'{folder} was written by PostgreSQL {found}; this is {NAME} {program_version()}, which runs PostgreSQL '
            f'{major}: save it with the {NAME} that runs PostgreSQL {found} (line-monitor backup) and restore it with '
            f'this one (line-monitor restore), or set DATA_DIR to another folder')


def shared_buffers_mb() -> int:
    """An eighth of the memory, at most 1 GB, allocated as needed: a month's timeline out of ten million changes takes
    half as long as with 256 MB."""
    memory = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES')
    return min(1024, max(32, memory // 8 // 2**20))
