"""Saved and brought back: the real program, its embedded database, the two commands as a person types them."""

from __future__ import annotations

import asyncio
import json
import os
import random
import stat
import subprocess
import sys
import tempfile
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from browser.program import Program
from database.embedded_floor import NOTE, ask, copy_floor, execute, note_of, running, settings_for
from database.postgres import SCHEMA, Server, until

from floor.analytics import Analytics, Window
from floor.core.errors import BackupError
from floor.core.settings import Settings
from floor.core.version import program_version
from floor.db.backup import save
from floor.db.database import Database
from floor.db.embedded.backup_file import DUMP, MANIFEST, open_backup
from floor.db.embedded.owner_lock import OwnerLock
from floor.db.embedded.postgres_binaries import binaries
from floor.db.query_files import SQL
from floor.db.restore import restore

pytestmark = pytest.mark.long

PROJECT = Path(__file__).parents[2]
PHOTO = b'\x89PNG\r\n\x1a\n' + os.urandom(300_000)
DERIVED = 'dashboard_', 'history_', 'changed_days', 'machine_days', 'machine_hours', 'line_hours', 'stop_days', \
    'status_days'
"""Tables that are computed from the others again."""


@pytest.fixture
def settings(folder: Path) -> Settings:
    return Settings.load(_env_file=None, data_dir=folder / 'd', database_url=None, pghost=None)


def command(name: str, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """`python -m floor.db.NAME ...` in another folder, so that a developer's .env stays out of it."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(('PG', 'DATABASE_', 'DATA_'))}
    return subprocess.run([sys.executable, '-m', f'floor.db.{name}', *map(str, arguments)], text=True,
                          capture_output=True, env=ours | {'PYTHONPATH': str(PROJECT)} | environment, cwd='/',
                          timeout=120, check=False)


def psql(url: str, file: Path) -> None:
    subprocess.run([binaries() / 'psql', '-Xq', '-d', url, '-f', file], check=True)


async def live(program: Program) -> None:
    await until(lambda: program.health().get('status') == 'live', 60)


async def everything(url: str) -> dict[str, Any]:
    """Each table that is not derived, as one text, and each sequence."""
    connection = await asyncpg.connect(url)
    try:
        tables = [row['tablename'] for row in await connection.fetch(
            'SELECT tablename FROM pg_tables WHERE schemaname = $1', SCHEMA)]
        found: dict[str, Any] = {
            table: await connection.fetchval(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t")
            for table in tables if not table.startswith(DERIVED)}
        rows = await connection.fetch('SELECT sequencename, last_value FROM pg_sequences')
        return found | {row['sequencename']: row['last_value'] for row in rows}
    finally:
        await connection.close()


async def figures(url: str, window: Window) -> list[Any]:
    """What the reports say of that time."""
    settings = Settings.load(_env_file=None, database_url=url)
    database = Database(url, settings)
    try:
        analytics = Analytics(database).at(window.end)
        return [await analytics.kpis(window), await analytics.lines(window), await analytics.causes(window),
                await analytics.wait_attribution(window), await analytics.work_orders(window)]
    finally:
        await database.close()


async def test_what_comes_back_is_what_was_saved(folder: Path) -> None:
    program = Program(folder, ENABLE_SIMULATOR='true', BACKFILL_DAYS='2', LOCAL_USER='mike.johnson@example.com')
    file = folder / 'floor.zip'
    try:
        program.start()
        await live(program)
        connection = await asyncpg.connect(program.database_url)
        async with asyncio.timeout(60):
            while await connection.fetchval('SELECT count(*) FROM work_orders') < 20:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        program.stop()
        program = program.joined('quiet', LOCAL_USER='mike.johnson@example.com', ENABLE_SIMULATOR='false')
        program.start()
        await live(program)
        async with httpx.AsyncClient(base_url=program.url) as client:
            order = (await client.post('/api/work-orders', json={
                'machine_id': 'Valve_03_01', 'issue_description': 'Öl, "so" \\ and <b>', 'priority': 'high'})).json()
        connection = await asyncpg.connect(program.database_url)
        number = await connection.fetchval(
            'INSERT INTO work_order_attachments (work_order_id, file_name, media_type, content, added_by) '
            "VALUES ($1, 'valve.png', 'image/png', $2, 'Mike') RETURNING attachment_id", order['id'], PHOTO)
        psql(program.database_url, SQL / 'admin' / 'feed_writer.sql')
        await connection.execute("CREATE ROLE gateway_1 LOGIN PASSWORD 'plc'; GRANT floor_feed_writer TO gateway_1")
        until_when = await connection.fetchval('SELECT now()')
        await connection.close()
        window = Window(until_when - timedelta(days=1), until_when)
        before, output_before = await everything(program.database_url), await figures(program.database_url, window)

        saved = command('backup', file, DATA_DIR=str(program.data_dir))

        assert saved.returncode == 0, saved.stderr
        assert 'Saved' in saved.stdout
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    finally:
        program.stop()

    other = folder / 'o'
    other.mkdir(mode=0o755)
    again = Program(other, LOCAL_USER='mike.johnson@example.com')
    restored = command('restore', file, DATA_DIR=str(again.data_dir))
    assert restored.returncode == 0, restored.stderr
    assert {path.name for path in again.data_dir.iterdir()} == {'owner.lock', 'postgres-18'}
    try:
        again.start()
        await live(again)
        assert again.health()['machines'] == 30
        assert await everything(again.database_url) == before
        assert await figures(again.database_url, window) == output_before
        async with httpx.AsyncClient(base_url=again.url) as client:
            answer = await client.get(f'/api/work-orders/{order["id"]}/attachments/{number}')
            assert answer.content == PHOTO
        await works_as_before(again.database_url)
    finally:
        again.stop()


async def works_as_before(url: str) -> None:
    """The rules came back with the rows: history is append-only, versions go on, and a feed may do what it might."""
    connection = await asyncpg.connect(url)
    newest = 'SELECT max(version) FROM machine_status_history'
    version = await connection.fetchval(newest)
    for statement in 'DELETE FROM machine_status_history', 'DELETE FROM work_orders', 'TRUNCATE work_order_attachments':
        with pytest.raises(asyncpg.PostgresError, match=r'append-only|refused'):
            await connection.execute(statement)
    gateway = await asyncpg.connect(url.replace('//postgres@', '//gateway_1@'), password='plc')
    await gateway.execute(f"UPDATE {SCHEMA}.machine_feed_stream SET status = CASE status WHEN 'down' THEN 'warning' "
                          f"ELSE 'down' END WHERE machine_id = 1")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await gateway.execute(f'DELETE FROM {SCHEMA}.machine_feed_stream')
    assert await connection.fetchval(newest) > version
    latest = 'SELECT changed_by FROM machine_status_history ORDER BY version DESC LIMIT 1'
    assert await connection.fetchval(latest) == 'gateway_1'
    await gateway.close()
    await connection.close()


def test_a_database_that_is_there_is_kept_and_only_replaced_on_request(folder: Path, settings: Settings) -> None:
    data_dir, file = folder / 'd', folder / 'floor.zip'
    copy_floor(data_dir, 'before')
    with running(data_dir) as url:
        save(settings, file)
        execute(url, f"UPDATE {SCHEMA}.machine_feed_stream SET reason = 'after' WHERE machine_id = 7")
        with pytest.raises(BackupError, match='stop it, restore, then start it'):
            restore(settings, file)
        assert ask(url, NOTE) == 'after'

    refused = command('restore', file, DATA_DIR=str(data_dir))
    assert (refused.returncode, 'add --replace' in refused.stderr) == (1, True)
    with pytest.raises(BackupError, match='exists already'):
        save(settings, file)
    save(settings, folder / 'later.zip')  # nobody runs: the command runs the server itself

    with open_backup(folder / 'later.zip') as (_, later), open_backup(file) as (_, earlier):
        history = f'{SCHEMA}.machine_status_history'
        assert later.tables[history].rows == earlier.tables[history].rows + 1

    done = command('restore', file, '--replace', DATA_DIR=str(data_dir))
    assert done.returncode == 0, done.stderr
    kept, = data_dir.glob('postgres-*.before-*')
    assert str(kept) in done.stdout.replace('\n', '')
    assert note_of(data_dir) == 'before'


def rewritten(file: Path, to: Path, **changes: Any) -> Path:
    """The same backup with another manifest."""
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(to, 'w') as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, json.dumps(json.loads(content) | changes) if name == MANIFEST else content)
    return to


def test_what_is_no_whole_backup_is_refused_before_anything_is_touched(
        saved: Path, folder: Path, settings: Settings) -> None:
    whole = saved.read_bytes()
    with zipfile.ZipFile(saved) as backup:
        inside = backup.getinfo(DUMP).header_offset + 2000
    bad = {
        'text': (b'SELECT 1;', 'is not a backup'), 'cut off': (whole[:len(whole) // 2], 'is not a backup'),
        'rotten': (whole[:inside] + bytes([whole[inside] ^ 1]) + whole[inside + 1:], 'checksum of database.dump'),
    }
    for name, (content, words) in bad.items():
        (folder / name).write_bytes(content)
        with pytest.raises(BackupError, match=words):
            restore(settings, folder / name)
    with pytest.raises(BackupError, match='there is no file'):
        restore(settings, folder / 'nowhere')
    newer = {'program': '0.9.0'}
    for changes, words in (
            (newer | {'layout': 3}, r'by Line Monitor 0\.9\.0 in a format .* restore it with 0\.9\.0 or newer$'),
            (newer | {'migration': 9999}, rf'by Line Monitor 0\.9\.0 \(schema 9999\); this is {program_version()}, '
                                          r'which knows schemas up to [0-9]+: restore it with 0\.9\.0 or newer$'),
            (newer | {'postgres': '19.1'}, r'by Line Monitor 0\.9\.0 from PostgreSQL 19\.1; this is .*, which runs '
                                           r'PostgreSQL 18: restore it with 0\.9\.0 or newer$'),
            ({'layout': 1}, r'was made before Line Monitor 0\.2\.0, the first release, and no release can restore it'),
            ({'schema_name': 'other'}, 'DEFAULT_POSTGRES_SCHEMA=other')):
        with pytest.raises(BackupError, match=words):
            restore(settings, rewritten(saved, folder / 'rewritten', **changes))
    assert not settings.data_dir.exists()


def redumped(file: Path, to: Path, change: str) -> Path:
    """The same backup with the dump of a database in which something was changed."""
    settings = settings_for(to.with_name('changed'))
    restore(settings, file)
    with running(settings.data_dir) as url:
        execute(url, f'SET session_replication_role = replica; {change}')
    save(settings, to.with_name('changed.zip'))
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(to.with_name('changed.zip')) as changed, \
            zipfile.ZipFile(to, 'w') as new:
        for name in old.namelist():
            new.writestr(name, (changed if name == DUMP else old).read(name))
    return to


@pytest.mark.parametrize(('table', 'change'), [
    ('machine_placements', 'DELETE FROM {}.machine_placements WHERE machine_id = 30'),
    ('machine_feed_stream', "UPDATE {}.machine_feed_stream SET reason = 'other' WHERE machine_id = 7"),
    ('employees', "UPDATE {}.employees SET last_name = 'Other' WHERE id = 1"),
    ('plant', "UPDATE {}.plant SET since = since + interval '1 us'"),
], ids=['a row less', 'one word', 'one name', 'a microsecond'])
def test_what_came_back_different_takes_nobodys_place(
        saved: Path, folder: Path, settings: Settings, table: str, change: str) -> None:
    damaged = redumped(saved, folder / 'damaged', change.replace('{}', SCHEMA))
    copy_floor(settings.data_dir, 'before')
    with pytest.raises(BackupError, match=rf'{SCHEMA}\.{table} came back different .* Nothing was changed'):
        restore(settings, damaged, replace=True)
    assert note_of(settings.data_dir) == 'before'
    assert not list(settings.data_dir.glob('postgres-18.before-*'))


def test_no_flipped_bit_of_a_backup_passes(saved: Path, folder: Path, settings: Settings) -> None:
    """Where a flip changes nothing of what is restored, such as a date in the zip, the backup is whole."""
    whole = saved.read_bytes()
    with zipfile.ZipFile(saved) as backup:
        starts = [backup.getinfo(name).header_offset for name in backup.namelist()]
        contents = {name: backup.read(name) for name in backup.namelist()}
    draw = random.Random(2)
    for place in [*(start + draw.randrange(200) for start in starts), *(draw.randrange(len(whole)) for _ in range(60)),
                  len(whole) - 5]:
        (folder / 'flipped').write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1:])
        try:
            with open_backup(folder / 'flipped') as (backup, _):
                assert {name: backup.read(name) for name in backup.namelist()} == contents, place
        except BackupError:
            pass
    assert not settings.data_dir.exists()


def test_nothing_is_restored_beside_a_running_program(saved: Path, settings: Settings) -> None:
    settings.data_dir.mkdir(parents=True)
    lock = OwnerLock(settings.data_dir / 'owner.lock')
    assert lock.take()
    try:
        with pytest.raises(BackupError, match='stop it, restore, then start it'):
            restore(settings, saved, replace=True)
    finally:
        lock.release()


def test_other_peoples_databases_are_left_to_pg_dump(saved: Path, folder: Path, settings: Settings) -> None:
    elsewhere = settings.model_copy(update={'database_url': 'postgresql://somebody@elsewhere/db'})
    for work in (lambda: save(elsewhere, folder / 'new'), lambda: restore(elsewhere, saved, replace=True)):
        with pytest.raises(BackupError, match='use pg_dump and pg_restore'):
            work()


def test_where_there_is_no_database_there_is_nothing_to_save(folder: Path, settings: Settings) -> None:
    with pytest.raises(BackupError, match='nothing to save'):
        save(settings, folder / 'new')
    assert not (folder / 'new').exists()
    assert not settings.data_dir.exists()


def test_a_backup_that_fails_leaves_no_file(saved: Path, folder: Path, settings: Settings) -> None:
    restore(settings, saved)
    with pytest.raises(BackupError, match='the schema other of this database has no floor'):
        save(settings.model_copy(update={'default_postgres_schema': 'other'}), folder / 'new')
    with pytest.raises(BackupError, match='cannot be written'):
        save(settings, folder / 'nowhere' / 'new')
    assert {path.name for path in folder.iterdir()} == {'d'}


async def test_any_other_postgresql_is_saved_as_its_readme_says(server: Server, database_url: str) -> None:
    """pg_dump of the schema, pg_restore into an empty database: the program takes it from there."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("UPDATE machine_feed_stream SET status = 'down', reason = 'Leak' WHERE machine_id = 3")
    await connection.close()
    readme = (PROJECT / 'floor' / 'operations' / 'README.md').read_text()
    assert 'pg_dump -Fc -n manufacturing_line' in readme
    assert 'pg_restore --no-owner --no-acl --single-transaction' in readme
    with tempfile.NamedTemporaryFile() as file:
        server.run('pg_dump', '-Fc', '-n', SCHEMA, '-f', file.name, '-d', database_url)
        empty = server.new_database(migrated=False)
        server.run('pg_restore', '--no-owner', '--no-acl', '--single-transaction', '-d', empty, file.name)
    before, after = await everything(database_url), await everything(empty)
    server.drop_database(empty)
    assert after == before
