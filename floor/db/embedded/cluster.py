"""One PostgreSQL cluster on disk and its processes: create it, clean up after a crash, run the server.

Only the process that holds the lock of the data folder may use it (server.py). Functions that wait are generators that
yield while they wait, so a blocking start and a restart in an event loop share the same steps.
"""

import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from floor.core.errors import EmbeddedDatabaseError
from floor.db.embedded.access import write_access_files
from floor.db.embedded.data_folder import make_durable
from floor.db.embedded.sockets import SOCKET_FILES
from floor.db.embedded.workshop import Workshop

if sys.platform != 'win32':
    import pwd

Wait = Generator[None, None, None]

LAUNCHER = Path(__file__).with_name('postmaster.py').absolute()
STATUS_LINE = 7   # of postmaster.pid, zero-based
BUILTIN_LOCALES_SINCE = 17
IO_METHODS_SINCE = 18
START_PATIENCE = 300.0   # seconds; crash recovery may take long


class ServerUser(NamedTuple):
    """The user that PostgreSQL runs as if this process is root."""

    uid: int
    gid: int

    def own(self, path: Path) -> None:
        os.chown(path, self.uid, self.gid, follow_symlinks=False)


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
            raise EmbeddedDatabaseError(
                f'{self.folder} was written by PostgreSQL {found} and cannot be read by {self._major}: move it away, '
                'or set DATA_DIR to another folder.'
            )
        return True

    def create(self) -> Wait:
        """Run initdb under another name and rename the result, so an incomplete cluster is never used."""
        _require_a_name(self.user.uid if self.user else os.geteuid())
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
        if listens(sockets / '.s.PGSQL.5432'):
            raise EmbeddedDatabaseError(
                f'Another PostgreSQL, perhaps in another container, answers at {sockets / ".s.PGSQL.5432"}. '
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
        options = [part for name, value in settings.items() for part in ('-c', f'{name}={value}')]
        server = self._spawn('postgres', '-D', str(self.folder), *options)
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


def shared_buffers_mb() -> int:
    """An eighth of the memory, at most 1 GB, allocated as needed: a month's timeline out of ten million changes takes
    half as long as with 256 MB."""
    memory = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES')
    return min(1024, max(32, memory // 8 // 2**20))


def server_user(folder: Path) -> ServerUser | None:
    """None: the present user. For root, the owner of an existing cluster, else `nobody`."""
    if sys.platform == 'win32' or os.geteuid() != 0:
        return None
    if folder.exists() and (owner := folder.stat()).st_uid != 0:
        return ServerUser(owner.st_uid, owner.st_gid)
    nobody = pwd.getpwnam('nobody')
    return ServerUser(nobody.pw_uid, nobody.pw_gid)


def _require_a_name(uid: int) -> None:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedDatabaseError(
            f'User {uid} has no name on this system, and PostgreSQL does not run without one: add a line like '
            f'"floor:x:{uid}:0::/tmp:/sbin/nologin" to /etc/passwd, run as a user that is listed there, or set '
            'DATABASE_URL.'
        ) from None


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


def listens(path: Path) -> bool:
    """Whether a process accepts connections at that Unix socket, which a leftover file does not."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(2)
        try:
            connection.connect(str(path))
        except TimeoutError:
            return True  # overloaded, but running
        except OSError:
            return False
    return True


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
