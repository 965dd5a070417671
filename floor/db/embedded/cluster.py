"""One PostgreSQL cluster on disk and its processes: create it, clear what a crash left, serve it.

Only for who holds the lock of the data folder (server.py). Whatever has to wait is a generator that yields while it
waits, so that the same steps serve a start that blocks and a restart inside an event loop.
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
STATUS_LINE = 7   # of postmaster.pid, counted from 0
BUILTIN_LOCALES_SINCE = 17
IO_METHODS_SINCE = 18
START_PATIENCE = 300.0   # seconds; recovery after a crash may read much


class ServerUser(NamedTuple):
    """Who PostgreSQL runs as when we are root."""

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
        """Stands in the title of every process of this cluster, which anyone may read, unlike its working folder."""
        self.user = server_user(folder)

    @property
    def exists(self) -> bool:
        """Whether a whole cluster is there. Raises EmbeddedDatabaseError if what is there can't be served."""
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
        """Runs initdb under another name and renames the result, so a half cluster is never taken for a whole one."""
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
        """Ends what a former owner left running, then removes the lock files that PostgreSQL would stumble over.

        PostgreSQL removes the file of a dead postmaster itself and checks the shared memory then; but it takes a
        zombie, or a stranger who got the same number, for alive.
        """
        ways: tuple[tuple[signal.Signals | None, float], ...] = (
            (signal.SIGINT, 20), (None, 3), (signal.SIGQUIT, 5), (signal.SIGKILL, 5))
        for number, patience in ways:
            for process in self.processes():
                # a fast shutdown is the postmaster's to lead; its children get a signal only when nothing else helped
                if number and (process.is_postmaster or number != signal.SIGINT):
                    with suppress(ProcessLookupError, PermissionError):   # gone, or reported below
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
                f'A PostgreSQL that is not ours to end answers at {sockets / ".s.PGSQL.5432"}, in another container '
                'perhaps. Only one may use a data folder: end it, or set DATA_DIR to another folder.'
            )
        pid_file = self.folder / 'postmaster.pid'
        if pid_file.exists() and not is_dead(pid_file.read_bytes().partition(b'\n')[0].decode('ascii', 'replace')):
            pid_file.unlink()
        for name in SOCKET_FILES:
            (sockets / name).unlink(missing_ok=True)

    def serve(self, sockets: Path) -> Generator[None, None, subprocess.Popen[bytes]]:
        """Starts the server as a direct child and waits until it accepts connections on its socket."""
        if self.user and self.folder.stat().st_uid != self.user.uid:   # copied here by root
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
        if self._major >= IO_METHODS_SINCE:  # what is read is nearly always in memory: another process takes longer
            settings['io_method'] = 'sync'
        options = [part for name, value in settings.items() for part in ('-c', f'{name}={value}')]
        server = self._spawn('postgres', '-D', str(self.folder), *options)
        deadline = time.monotonic() + START_PATIENCE
        try:
            while not self._is_ready(server.pid):
                if server.poll() is not None:
                    raise EmbeddedDatabaseError(
                        f'PostgreSQL stopped while it started: {self._last_words(before)} (all of it is in {self._log})'
                    )
                if time.monotonic() > deadline:
                    raise EmbeddedDatabaseError(
                        f'PostgreSQL was not ready after {START_PATIENCE:.0f} seconds: look into {self._log}.'
                    )
                yield
        except BaseException:
            halt(server)
            raise
        return server

    def processes(self) -> list[Process]:
        """Every live process of this cluster, found by what it calls itself; zombies have no name any more."""
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
            lines = (self.folder / 'postmaster.pid').read_bytes().splitlines()  # a path in it may be no text
        except FileNotFoundError:
            return False
        return len(lines) > STATUS_LINE and lines[0] == str(pid).encode() and lines[STATUS_LINE].strip() == b'ready'

    def _run(self, program: str, *arguments: str) -> Wait:
        before = self._log.stat().st_size if self._log.exists() else 0
        process = self._spawn(program, *arguments)
        yield from finished(process)
        if process.returncode:
            raise EmbeddedDatabaseError(
                f'{program} could not make a database in {self.folder.parent}: {self._last_words(before)} '
                f'(all of it is in {self._log})'
            )

    def _spawn(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        user = f'{self.user.uid}:{self.user.gid}' if self.user else '-'
        folder = arguments[1]
        with open(os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 'ab') as log:
            return subprocess.Popen(  # noqa: S603 - our own launcher, no shell
                [sys.executable, '-I', '-S', str(LAUNCHER), str(os.getpid()), user, folder,
                 str(self._programs / program), *arguments],
                cwd='/', env=plain_environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,   # Ctrl-C in the terminal is ours to pass on
            )

    def _last_words(self, since: int) -> str:
        with self._log.open('rb') as log:
            log.seek(since)
            lines = [line for line in log.read().decode(errors='replace').splitlines() if line.strip()]
        telling = [line for line in lines if re.search(r'FATAL|PANIC|error|HINT|could not|unrecognized|invalid', line)]
        return ' / '.join(re.sub(r'^.*?\[[0-9]+\] ', '', line) for line in (telling or lines)[-3:]) or 'it said nothing'


def shared_buffers_mb() -> int:
    """An eighth of the memory, at most 1 GB, taken as it is read: a month's timeline out of ten million changes takes
    half as long as with 256 MB."""
    memory = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES')
    return min(1024, max(32, memory // 8 // 2**20))


def server_user(folder: Path) -> ServerUser | None:
    """None: ourselves. As root, whom the cluster belongs to already, else `nobody`."""
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
            f'User {uid} has no name on this system, and PostgreSQL makes no database without one: add a line like '
            f'"floor:x:{uid}:0::/tmp:/sbin/nologin" to /etc/passwd, run as a user that is listed there, or set '
            'DATABASE_URL.'
        ) from None


def commands() -> list[tuple[int, str]]:
    """Pid and command line of each process that we may see, without the arguments' boundaries."""
    if sys.platform != 'linux':
        listing = subprocess.check_output(['/bin/ps', '-axww', '-o', 'pid=,command='], text=True)
        pairs = (line.strip().partition(' ') for line in listing.splitlines())
        return [(int(pid), command.strip()) for pid, _, command in pairs]
    found = []
    for entry in os.listdir('/proc'):
        if entry.isdigit():
            with suppress(FileNotFoundError, ProcessLookupError, PermissionError):   # ended meanwhile, or hidden
                command = Path('/proc', entry, 'cmdline').read_bytes().rstrip(b'\0').replace(b'\0', b' ')
                found.append((int(entry), os.fsdecode(command)))
    return found


def listens(path: Path) -> bool:
    """Whether a process accepts connections at that unix socket; a file that a dead one left does not."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(2)
        try:
            connection.connect(str(path))
        except TimeoutError:
            return True  # it has more to do than it can, but it is there
        except OSError:
            return False
    return True


def is_dead(pid: str) -> bool:
    """Whether no process has this number. What isn't a number can't be waited for, so it counts as alive."""
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, ValueError):
        return False
    return False


def halt(process: subprocess.Popen[bytes]) -> None:
    """Ends a server at once but in order: clients are cut off and the data is left clean. Force is the last resort."""
    for number, patience in ((signal.SIGINT, 20), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
        if process.poll() is not None:
            return
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)


def ends_within(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Asks a server to end in order, and waits no longer for it than this. Whether it has ended."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(max(0.0, seconds))
    except subprocess.TimeoutExpired:
        return False
    return True


def finished(process: subprocess.Popen[bytes]) -> Wait:
    """Waits for its end; if the wait is given up, it is ended."""
    try:
        while process.poll() is None:
            yield
    finally:
        halt(process)


def plain_environment() -> dict[str, str]:
    """Ours without PGHOST, PGPORT, PGOPTIONS and the like: they are meant for another database."""
    return {name: value for name, value in os.environ.items() if not name.startswith('PG')}
