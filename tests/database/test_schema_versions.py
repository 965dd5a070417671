"""A schema that another version wrote stays as it is, and the start ends with one sentence that names the version."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest
from browser.program import Program
from database.embedded_floor import copy_floor, execute, running, settings_for
from database.postgres import SCHEMA, Connect, Server, until
from ports import free_port

from floor.core.errors import SchemaVersionError
from floor.core.settings import Settings
from floor.core.version import program_version
from floor.db.backup import save
from floor.db.database import Database
from floor.db.migrations import migrate, prepare
from floor.db.query_files import SQL
from floor.db.schema_files import load_schema_files
from simulator.__main__ import main as simulator

ALL = load_schema_files()
NOW, KNOWN = program_version(), ALL.migrations[-1].version
NEWER = ("INSERT INTO {}.schema_migrations (version, name, app_version) VALUES (9999, 'more', '0.9.0')",
         f'the schema "{SCHEMA}" was written by Line Monitor 0.9.0 (schema 9999); this is {NOW}, which knows schemas '
         f'up to {KNOWN}: {{}} 0.9.0 or newer, or restore a backup made by {NOW}')
EDITED = ("UPDATE {}.schema_migrations SET sha256 = 'another', app_version = '0.2.0' WHERE version = 2",
          f'the schema "{SCHEMA}" has another text of migration 0002_work_orders than this program, {NOW}: it was '
          f'applied by Line Monitor 0.2.0, so {{}} 0.2.0 or newer as it was released')
BEFORE = ('UPDATE {}.schema_migrations SET app_version = NULL',
          f'the schema "{SCHEMA}" was written before Line Monitor 0.2.0, the first release, and no release can open it')
CASES = pytest.mark.parametrize(('change', 'sentence'), [NEWER, EDITED, BEFORE], ids=['newer', 'edited', 'before'])


async def rows(connection: asyncpg.Connection) -> list[asyncpg.Record]:
    """What is applied, and when."""
    return await connection.fetch(
        'SELECT version, sha256, app_version, applied_at FROM schema_migrations '
        'UNION ALL SELECT 0, sha256, app_version, applied_at FROM schema_functions ORDER BY 4, 1, 2')


@CASES
async def test_the_app_refuses_it_and_changes_nothing(connect: Connect, change: str, sentence: str) -> None:
    connection = await connect()
    await connection.execute(change.format(SCHEMA))
    before = await rows(connection)
    with pytest.raises(SchemaVersionError, match='^' + re.escape(sentence.format('start'))):
        await migrate(connection, SCHEMA, ALL)
    assert await rows(connection) == before


@CASES
async def test_psql_refuses_it_and_changes_nothing(
        server: Server, database_url: str, connect: Connect, change: str, sentence: str) -> None:
    connection = await connect()
    await connection.execute(change.format(SCHEMA))
    before = await rows(connection)
    with pytest.raises(AssertionError, match=re.escape(sentence.format('use the install.sql of'))):
        server.psql(database_url, '-f', str(SQL / 'admin' / 'install.sql'))
    assert await rows(connection) == before


@CASES
def test_the_start_ends_with_that_sentence(
        server: Server, database_url: str, tmp_path: Path, change: str, sentence: str) -> None:
    server.psql(database_url, '-c', change.format(SCHEMA))
    done = subprocess.run(
        [sys.executable, Path(__file__).parents[2] / 'main.py'], cwd=tmp_path, capture_output=True, text=True,
        env={'DATABASE_URL': database_url, 'DATA_DIR': str(tmp_path), 'PORT': str(free_port()), 'PATH': '/usr/bin'},
        timeout=60, check=False)
    assert done.returncode == 1
    line, = done.stderr.splitlines()
    assert line.startswith('Line Monitor: ' + sentence.format('start'))


async def test_a_guest_refuses_it_too(settings: Settings, database_url: str, connect: Connect) -> None:
    connection = await connect()
    await connection.execute(NEWER[0].format(SCHEMA))
    guest = Database(database_url, settings)
    guest.is_guest = True
    with pytest.raises(SchemaVersionError, match=r'start 0\.9\.0 or newer'):
        await prepare(guest)(connection)


def test_the_simulator_ends_too(
        server: Server, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str]) -> None:
    server.psql(database_url, '-c', NEWER[0].format(SCHEMA))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('DATABASE_URL', database_url)
    assert simulator([]) == 1
    assert capsys.readouterr().err == 'simulator: ' + NEWER[1].format('start') + '\n'


def test_a_data_folder_is_neither_started_nor_saved(folder: Path) -> None:
    copy_floor(folder / 'd', 'saved')
    with running(folder / 'd') as url:
        execute(url, NEWER[0].format(SCHEMA))
    with pytest.raises(SchemaVersionError, match=r'start 0\.9\.0 or newer'):
        save(settings_for(folder / 'd'), folder / 'floor.zip')
    assert not (folder / 'floor.zip').exists()
    program = Program(folder)
    with pytest.raises(RuntimeError, match=re.escape(NEWER[1].format('start'))):
        program.start()
    assert program.stop() == 1


async def test_a_program_that_runs_goes_on_and_says_so_once_it_has_to_connect_again(
        database_url: str, connect: Connect, tmp_path: Path) -> None:
    connection = await connect()
    program = Program(tmp_path, DATABASE_URL=database_url)
    program.start()
    try:
        await until(lambda: program.health().get('status') == 'live', 60)
        await connection.execute(NEWER[0].format(SCHEMA))
        await connection.execute("UPDATE machine_feed_stream SET status = 'down' WHERE machine_id = 7")
        assert program.health()['status'] == 'live'
        await connection.execute('SELECT pg_terminate_backend(pid) FROM pg_stat_activity '
                                 'WHERE datname = current_database() AND pid <> pg_backend_pid()')
        await until(lambda: program.health().get('connection_error') == NEWER[1].format('start'))
        assert program.health()['status'] == 'stale'
    finally:
        assert program.stop() == 0
