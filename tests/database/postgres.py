"""A real PostgreSQL for the tests: the embedded binaries, run without care for the disk, gone with the process.

One server per pytest worker and major version, so that workers share nothing and the roles of one test, which belong
to a whole server, meet no other test. The machine's own PostgreSQL is never asked.
"""

from __future__ import annotations

import asyncio
import inspect
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import asyncpg
from short_folder import memory

from floor.db.embedded.cluster import LAUNCHER, STATUS_LINE
from floor.db.embedded.postgres_binaries import binaries
from floor.db.embedded.processes import halt, plain_environment
from floor.db.embedded.server_user import server_user
from floor.db.embedded.sockets import address
from floor.db.migrations import migrate
from floor.db.schema_files import load_schema_files

Connect = Callable[..., Awaitable[asyncpg.Connection]]
Psql = Callable[..., str]
SCHEMA = 'manufacturing_line'
TEMPLATE = 'floor_template'
SILENT_TEMPLATE = 'silent_floor_template'
START_PATIENCE = 60.0
TRANSACTIONS = 'pg_snapshot_xmax(pg_current_snapshot())'
"""The number of the next transaction that writes anything, on the whole server."""
DONE = 'done with what was asked'
IN_A_HURRY = {
    'fsync': 'off', 'synchronous_commit': 'off', 'full_page_writes': 'off', 'wal_level': 'minimal',
    'max_wal_senders': '0', 'autovacuum': 'off', 'shared_buffers': '32MB', 'max_connections': '100',
    'listen_addresses': '', 'port': '5432', 'unix_socket_permissions': '0700', 'timezone': 'UTC',
}


class Unchanged(NamedTuple):
    """A database as its template is, while the server has begun no other transaction that writes."""

    name: str
    template: str
    transactions: str


class Server:
    """One server of one major version; `stop` removes every trace of it."""

    def __init__(self, major: int, *, programs: Path | None = None, settings: Mapping[str, str] | None = None,
                 prepare: Callable[[Path], None] | None = None) -> None:
        """programs: another PostgreSQL than the embedded one. prepare: is given the data folder before the start."""
        self.major = major
        self._programs = programs or binaries(major)
        self._port = (settings or IN_A_HURRY)['port']
        place = memory()
        self._in_memory = place is not None
        """There a fresh database takes a third of the time."""
        self._folder = Path(tempfile.mkdtemp(prefix='floor-test-', dir=place))
        self._data = self._folder / 'data'
        self._user = server_user(self._folder)
        if self._user:
            self._user.own(self._folder)
        self._numbers = itertools.count(1)
        self._has_template = False
        self._given: dict[str, Unchanged] = {}
        self._unchanged: Unchanged | None = None
        self._session: subprocess.Popen[str] | None = None
        with (self._folder / 'log').open('wb') as self._log:
            if self._start('initdb', '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync',
                           '--no-instructions').wait() != 0:
                raise RuntimeError(f'initdb failed: {self.words}')
            if prepare:
                prepare(self._data)
                if self._user:
                    self._user.own(self._data)
                    for path in self._data.iterdir():
                        self._user.own(path)
            all_settings = {**IN_A_HURRY, 'unix_socket_directories': str(self._folder), **(settings or {})}
            self._server = self._start('postgres', *(part for item in all_settings.items()
                                                     for part in ('-c', '='.join(item))))
        deadline = time.monotonic() + START_PATIENCE
        while not self._is_ready():
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f'PostgreSQL {major} does not start: {self.words}')
            time.sleep(0.01)

    @property
    def words(self) -> str:
        """The output of the server so far."""
        return (self._folder / 'log').read_text(errors='replace')

    def url(self, database: str, user: str = 'postgres') -> str:
        """The address of a database, for a login."""
        url = address(self._folder, database).replace('//postgres@', f'//{user}@')
        return url.replace('port=5432', f'port={self._port}')

    def new_database(self, *, migrated: bool, reported: bool = True) -> str:
        """The address of a database that nobody has written to yet. migrated: it is a demo, with its thirty machines.
        reported: each of them has had a first report."""
        if migrated and not self._has_template:
            self.psql(self.url('postgres'), '-c', f'CREATE DATABASE {SILENT_TEMPLATE}')
            with ThreadPoolExecutor(1) as thread:  # the test's own event loop stays out of it
                thread.submit(asyncio.run, _migrate(self.url(SILENT_TEMPLATE))).result()
            self.psql(self.url('postgres'), '-c', f'CREATE DATABASE {TEMPLATE} TEMPLATE {SILENT_TEMPLATE}')
            self.psql(self.url(TEMPLATE), '-c', f"UPDATE {SCHEMA}.machine_feed_stream "
                                                "SET status = 'operational', datetime = now()")
            self._has_template = True
        template = 'template0' if not migrated else TEMPLATE if reported else SILENT_TEMPLATE
        kept, self._unchanged = self._unchanged, None
        if kept and kept.template == template and self._is_unused(kept):
            self._given[kept.name] = kept
            return self.url(kept.name)
        if kept:
            self.drop_database(self.url(kept.name))
        name = f'floor_{next(self._numbers)}'
        strategy = 'STRATEGY file_copy' if self._in_memory else ''
        transactions = self._administer(
            f'CREATE DATABASE {name} TEMPLATE {template} {strategy};\n'
            f'ALTER DATABASE {name} SET search_path = {SCHEMA}, public;\n'
            f'SELECT {TRANSACTIONS};')
        self._given[name] = Unchanged(name, template, transactions)
        return self.url(name)

    def give_back(self, url: str) -> None:
        """The test is done with a database, and who is still in it is thrown out. The next test gets it if nothing on
        this server was written meanwhile; else it is dropped."""
        given = self._given.pop(name := _name_in(url), None)
        self._administer(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}';")
        if given and not self._unchanged and self._administer(f'SELECT {TRANSACTIONS};') == given.transactions:
            self._unchanged = given
        else:
            self.drop_database(url)

    def _is_unused(self, database: Unchanged) -> bool:
        return self._administer(
            f"SELECT {TRANSACTIONS}, count(*) FROM pg_stat_activity WHERE datname = '{database.name}';"
        ) == f'{database.transactions}|0'

    def drop_database(self, url: str) -> None:
        """Drop a database, even with open sessions."""
        self._administer(f'DROP DATABASE IF EXISTS {_name_in(url)} WITH (FORCE);')

    def _administer(self, statements: str) -> str:
        """Run statements in a session that stays open: a program and a session for each cost more than they do.
        Returns what they print."""
        if self._session is None:
            self._session = subprocess.Popen(
                [self._programs / 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', self.url('postgres')], text=True,
                encoding='utf-8', stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                env=plain_environment())
        assert self._session.stdin and self._session.stdout
        with suppress(BrokenPipeError):
            self._session.stdin.write(f'{statements}\n\\echo {DONE}\n')
            self._session.stdin.flush()
        answer: list[str] = []
        for line in self._session.stdout:
            if line == f'{DONE}\n':
                return ''.join(answer).strip()
            answer.append(line)
        raise RuntimeError(f'psql ended with {self._end_session()}: {"".join(answer)}')

    def _end_session(self) -> int | None:
        session, self._session = self._session, None
        if session is None:
            return None
        session.communicate(timeout=60)
        return session.returncode

    def psql(self, url: str, *arguments: str, script: str | None = None) -> str:
        """Run psql to its end and return what it printed; anything but success fails the test."""
        return self.run('psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', url, *arguments, script=script)

    def run(self, program: str, *arguments: str, script: str | None = None) -> str:
        """Run a client program of this version and return what it printed."""
        done = subprocess.run([self._programs / program, *arguments], input=script or '', text=True, encoding='utf-8',
                              capture_output=True, env=plain_environment(), timeout=60, check=False)
        assert done.returncode == 0, f'{program} ended with {done.returncode}: {done.stderr}{done.stdout}'
        return done.stdout

    def stop(self) -> None:
        """End the server and remove its folder."""
        self._end_session()
        halt(self._server)
        shutil.rmtree(self._folder)

    def _start(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        # the launcher leaves root and has the kernel end the program when this process ends, however it ends
        user = f'{self._user.uid}:{self._user.gid}' if self._user else '-'
        return subprocess.Popen(
            [sys.executable, '-I', '-S', LAUNCHER, str(os.getpid()), user, self._folder, self._programs / program,
             '-D', self._data, *arguments],
            cwd='/', env=plain_environment(), stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
            start_new_session=True)

    def _is_ready(self) -> bool:
        try:
            lines = (self._data / 'postmaster.pid').read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > STATUS_LINE and lines[STATUS_LINE].strip() == 'ready'


def _name_in(url: str) -> str:
    return urlsplit(url).path.removeprefix('/')


async def _migrate(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await migrate(connection, SCHEMA, load_schema_files(), new_floor='demo')
    finally:
        await connection.close()


async def channel_of(connection: asyncpg.Connection, schema: str = SCHEMA) -> str:
    """Where this floor's triggers announce what changed."""
    return str(await connection.fetchval(f'SELECT name FROM {schema}.notification_channel'))


async def until(condition: Callable[[], bool] | Callable[[], Awaitable[bool]], patience: float = 60) -> None:
    """Wait for what must become true; that it took longer than patience (seconds) is the failure."""
    async with asyncio.timeout(patience):
        while not (await answer if inspect.isawaitable(answer := condition()) else answer):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
