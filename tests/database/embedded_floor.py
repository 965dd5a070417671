"""A floor in an embedded database, without the program: made, read and left in a second or two."""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
from database.postgres import SCHEMA
from short_folder import short_folder

from floor.core.settings import Settings
from floor.db.database import Database
from floor.db.embedded.server import EmbeddedPostgres
from floor.db.migrations import connect_prepared

PROJECT = Path(__file__).parents[2]
NOTE = f'SELECT reason FROM {SCHEMA}.machine_feed_stream WHERE machine_id = 7'


def settings_for(data_dir: Path) -> Settings:
    """Of the embedded database in that folder."""
    return Settings.load(_env_file=None, data_dir=data_dir, database_url=None, pghost=None, new_floor='demo')


@contextmanager
def running(data_dir: Path, output: list[str] | None = None) -> Iterator[str]:
    """The address of the database in that folder, which is as a start of the program finds or makes it."""
    postgres = EmbeddedPostgres(data_dir, report=(output if output is not None else []).append)
    postgres.start()
    try:
        yield postgres.url
    finally:
        postgres.stop()


def make_floor(data_dir: Path, note: str) -> None:
    """A demo there, unless it is one, with a note by which it is known again."""
    with running(data_dir) as url:
        asyncio.run(_make(url, data_dir, note))


def copy_floor(data_dir: Path, note: str) -> None:
    """The same where nothing is yet, in a tenth of the time: a copy of one that was made once."""
    shutil.copytree(_made(note), data_dir, ignore=shutil.ignore_patterns('database.url', 'socket'))


@cache
def _made(note: str) -> Path:
    folders = ExitStack()
    atexit.register(folders.close)
    data_dir = folders.enter_context(short_folder()) / 'd'
    make_floor(data_dir, note)
    return data_dir


async def _make(url: str, data_dir: Path, note: str) -> None:
    connection = await connect_prepared(Database(url, settings_for(data_dir)))()
    await connection.execute("UPDATE machine_feed_stream SET status = 'down', reason = $1 WHERE machine_id = 7", note)
    await connection.close()


def ask(url: str, query: str) -> Any:
    """The first value of the answer."""
    async def run() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()
    return asyncio.run(run())


def note_of(data_dir: Path, output: list[str] | None = None) -> Any:
    """What the floor there is known by, after a start; an empty database has no such table, and fails."""
    with running(data_dir, output) as url:
        return ask(url, NOTE)


def execute(url: str, script: str) -> None:
    """Several statements in one session."""
    async def run() -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(script)
        finally:
            await connection.close()
    asyncio.run(run())


def command(name: str, *arguments: Any, cwd: Path | str = '/', **environment: Any) -> subprocess.CompletedProcess[str]:
    """`python -m floor.db.NAME ...` in another folder, so that a developer's .env stays out of it."""
    with start(name, *arguments, cwd=cwd, **environment) as process:
        out, error = process.communicate(timeout=120)
    return subprocess.CompletedProcess(process.args, process.returncode, out, error)


def start(name: str, *arguments: Any, cwd: Path | str = '/', **environment: Any) -> subprocess.Popen[str]:
    """The same, while it runs."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(('PG', 'DATABASE_', 'DATA_'))}
    return subprocess.Popen([sys.executable, '-m', f'floor.db.{name}', *map(os.fspath, arguments)], text=True,
                            errors='surrogateescape', stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd,
                            env=ours | {'PYTHONPATH': str(PROJECT)} | environment)
