"""What each release wrote opens in this version: a dump of its schema, and a backup file (tests/releases)."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from browser.program import Program
from database.embedded_floor import running, settings_for
from database.postgres import SCHEMA, Server, until
from releases.contents import contents, window_of

from floor.core.settings import Settings
from floor.db.connection import Connection
from floor.db.database import Database
from floor.db.migrations import connect_prepared
from floor.db.restore import restore
from floor.db.schema_files import load_schema_files

RELEASES = sorted(path for path in (Path(__file__).parents[1] / 'releases').iterdir() if path.name[0].isdigit())
ALL = load_schema_files()


@pytest.fixture(params=RELEASES, ids=[path.name for path in RELEASES])
def release(request: pytest.FixtureRequest) -> Path:
    """The folder of a release."""
    return Path(request.param)


def dump_of(release: Path) -> str:
    return gzip.decompress((release / 'database.sql.gz').read_bytes()).decode()


async def open_and_compare(settings: Settings, release: Path) -> None:
    """Open the database as a start does, and compare what it holds with what the release wrote down."""
    expected: dict[str, Any] = json.loads((release / 'expected.json').read_text(encoding='utf-8'))
    connection = await connect_prepared(Database(settings.database_url, settings))()
    try:
        await is_up_to_date(connection)
    finally:
        await connection.close()
    columns = {table: each['columns'] for table, each in expected['tables'].items()}
    assert {'window': expected['window'], **await contents(settings, window_of(expected), columns)} == expected


async def is_up_to_date(connection: Connection) -> None:
    functions = await connection.fetch('SELECT file, sha256 FROM schema_functions ORDER BY file')
    assert [tuple(row) for row in functions] == [(each.name, each.sha256) for each in ALL.functions]
    migrations = await connection.fetch('SELECT version, name, sha256 FROM schema_migrations ORDER BY version')
    assert [tuple(row) for row in migrations] == [(each.version, each.name, each.sha256) for each in ALL.migrations]


async def test_the_database_of_a_release_opens(server: Server, empty_database_url: str, release: Path) -> None:
    server.psql(empty_database_url, '-o', '/dev/null', script=dump_of(release))
    await open_and_compare(Settings.load(_env_file=None, database_url=empty_database_url), release)


def test_the_backup_of_a_release_is_restored_and_shows_its_floor(folder: Path, release: Path) -> None:
    settings = settings_for(folder / 'd')
    restore(settings, release / 'floor.zip')
    with running(settings.data_dir) as url:
        asyncio.run(open_and_compare(settings.model_copy(update={'database_url': url}), release))
        of_feeds = asyncio.run(names_of_machines_with_feeds(url))
    expected = {name: 'unknown' if name in of_feeds else status for name, _, status, *_ in json.loads(
        (release / 'expected.json').read_text(encoding='utf-8'))['floor']}
    program = Program(folder)
    try:
        program.start()
        asyncio.run(until(lambda: program.health().get('status') == 'live', 60))
        assert program.health()['demo'] is False
        asyncio.run(until(lambda: current_statuses(program) == expected, 60))  # feeds have been silent since
    finally:
        program.stop()


async def names_of_machines_with_feeds(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            f'SELECT machine_name FROM {SCHEMA}.feeds_of_machines JOIN {SCHEMA}.machines USING (machine_id)')
        return {row['machine_name'] for row in rows}
    finally:
        await connection.close()


def current_statuses(program: Program) -> dict[str, str]:
    machines = httpx.get(f'{program.url}/api/machines/current-status', timeout=30).json()
    return {each['machine_name']: each['status'] for each in machines}


def test_what_a_release_wrote_names_no_person_host_or_path(release: Path) -> None:
    data = '\n'.join(re.findall(r'^COPY .*?^\\\.$', dump_of(release), re.MULTILINE | re.DOTALL))
    assert f'COPY {SCHEMA}.machines' in data
    assert set(re.findall(r'\S+@(\S+)', data)) == {'example.com'}
    assert not re.search(r'/(home|root|tmp|usr|var|dev)\b', data)
    assert f'COPY {SCHEMA}.simulator_state (only_row, instance, tick, last_tick) FROM stdin;\nt\t\\N\t0\t' in data
