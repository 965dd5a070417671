"""The schema comes about in two ways, by the program and by psql, and both must end in the same place."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import asyncpg
import pytest
from database.postgres import SCHEMA, Connect, Server, channel_of, until

from floor.core.errors import MigrationError
from floor.core.settings import Settings
from floor.core.version import program_version
from floor.db import migrations
from floor.db.database import Database
from floor.db.migrations import migrate
from floor.db.query_files import SQL
from floor.db.schema_files import Migration, SchemaFiles, load_schema_files
from floor.feed.snapshot import read_floor

INSTALL = SQL / 'admin' / 'install.sql'
ALL = load_schema_files()
NAMES = [migration.name for migration in ALL.migrations]
NEXT = ALL.migrations[-1].version + 1


@pytest.fixture
async def connect(empty_database_url: str) -> AsyncIterator[Connect]:
    """Here the database is empty: what sets it up is what is tested."""
    connections = []

    async def connect(user: str = 'postgres') -> asyncpg.Connection:
        connections.append(await asyncpg.connect(empty_database_url.replace('//postgres@', f'//{user}@')))
        return connections[-1]

    yield connect
    for connection in connections:
        connection.terminate()


@pytest.fixture
def install(server: Server, empty_database_url: str) -> Callable[..., str]:
    """The way of an administrator who has psql and these files only."""
    return lambda *arguments: server.psql(empty_database_url, *arguments, '-f', str(INSTALL))


def schema_dump(server: Server, url: str, schema: str = SCHEMA) -> str:
    """Every definition in a schema. pg_dump guards its script with a random word, which is left out."""
    dump = server.run('pg_dump', '-s', '-n', schema, '-d', url)
    return re.sub(r'^\\(un)?restrict .*$', '', dump, flags=re.MULTILINE)


def with_migrations(*later: Migration) -> SchemaFiles:
    """What a later version of the program has."""
    return replace(ALL, migrations=ALL.migrations + later)


def names_of(applied: list[Migration]) -> list[str]:
    return [migration.name for migration in applied]


async def test_psql_and_the_program_make_the_same_schema(
        server: Server, database_url: str, empty_database_url: str, install: Callable[..., str]) -> None:
    install('-v', 'new_floor=demo')
    by_psql = schema_dump(server, empty_database_url)
    assert by_psql == schema_dump(server, database_url)
    assert 'CREATE TABLE manufacturing_line.machine_feed_stream' in by_psql
    plant = ('-c', 'SELECT machine_id, machine_name, type FROM machine_feed_stream ORDER BY 1',
             '-c', 'SELECT version, name, app_version FROM schema_migrations ORDER BY 1',
             '-c', 'SELECT machine_name, type, line_id, position FROM machines ORDER BY 1',
             '-c', 'SELECT kind FROM plant',
             '-c', 'SELECT first_name, last_name, email, department, role FROM employees ORDER BY id')
    assert server.psql(empty_database_url, *plant) == server.psql(database_url, *plant)
    for url in database_url, empty_database_url:
        assert server.psql(url, '-c', 'SELECT DISTINCT app_version FROM schema_migrations') == f'{program_version()}\n'


async def test_the_program_accepts_what_psql_made(install: Callable[..., str], connect: Connect) -> None:
    install()
    connection = await connect()
    assert await migrate(connection, SCHEMA, ALL) == []
    checksums = await connection.fetch('SELECT sha256 FROM schema_migrations ORDER BY version')
    assert [row['sha256'] for row in checksums] == [migration.sha256 for migration in ALL.migrations]
    assert await migrate(connection, SCHEMA, ALL) == []


async def test_psql_accepts_what_the_program_made(
        server: Server, install: Callable[..., str], connect: Connect, empty_database_url: str) -> None:
    assert names_of(await migrate(await connect(), SCHEMA, ALL)) == NAMES
    before = schema_dump(server, empty_database_url)
    install()
    assert schema_dump(server, empty_database_url) == before


async def test_installing_twice_changes_nothing(
        server: Server, install: Callable[..., str], empty_database_url: str) -> None:
    everything = ('pg_dump', '--inserts', '-n', SCHEMA, '-T', f'{SCHEMA}.schema_functions', '-d', empty_database_url)
    install('-v', 'new_floor=demo')
    server.psql(empty_database_url, '-c', "UPDATE machine_feed_stream SET status = 'down' WHERE machine_id = 1")
    before = server.run(*everything)
    install()
    assert re.sub(r'restrict \w+', '', server.run(*everything)) == re.sub(r'restrict \w+', '', before)


def test_psql_installs_into_a_schema_of_another_name(
        server: Server, install: Callable[..., str], empty_database_url: str) -> None:
    install('-v', 'schema=Plant 7', '-v', 'new_floor=demo')
    assert server.psql(empty_database_url, '-c', 'SELECT count(*) FROM "Plant 7".machine_feed_stream') == '30\n'


def test_a_failed_install_leaves_nothing(server: Server, empty_database_url: str) -> None:
    server.psql(empty_database_url, '-c', f'CREATE SCHEMA {SCHEMA}; CREATE TABLE employees ()')
    with pytest.raises(AssertionError, match='relation "employees" already exists'):
        server.psql(empty_database_url, '-f', str(INSTALL))
    assert server.psql(empty_database_url, '-c', "SELECT to_regclass('machines') IS NULL") == 't\n'


def test_every_migration_is_installed_by_psql_too() -> None:
    files = sorted(path.name for path in (SQL / 'migrations').glob('*.sql'))
    text = INSTALL.read_text()
    assert re.findall(r'\\ir \.\./migrations/(\S+)', text) == files
    assert [(int(number), sha256) for number, sha256 in re.findall(r"\((\d+), '(\w{64})'\)", text)] == [
        (each.version, each.sha256) for each in ALL.migrations]
    numbered = [(int(name[:4]), name[5:-4]) for name in files[1:]]
    recorded = re.findall(r"VALUES \((\d+), '(\w+)', :'program'\)", text)
    assert [(int(number), name) for number, name in recorded] == numbered
    assert [int(number) for number in re.findall(r'WHERE version = (\d+)', text)] == [n for n, _ in numbered]


async def test_migrators_that_start_at_once_take_turns(connect: Connect) -> None:
    locker, *migrators = [await connect() for _ in range(5)]
    await locker.execute(f'CREATE SCHEMA {SCHEMA}; SET search_path = {SCHEMA}; {ALL.bookkeeping}')
    await locker.execute(f'BEGIN; LOCK TABLE {SCHEMA}.schema_migrations IN SHARE ROW EXCLUSIVE MODE')
    tasks = [asyncio.create_task(migrate(connection, SCHEMA, ALL)) for connection in migrators]

    async def all_wait() -> bool:
        return await locker.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'relation' AND NOT granted") == 4

    await until(all_wait)
    await locker.execute('COMMIT')
    applied = [name for each in await asyncio.gather(*tasks) for name in names_of(each)]
    assert sorted(applied) == sorted(NAMES)


@pytest.mark.parametrize('made', ['', f'CREATE SCHEMA {SCHEMA}'])
async def test_of_many_first_starts_in_an_empty_database_one_makes_the_schema(connect: Connect, made: str) -> None:
    migrators = [await connect() for _ in range(8)]
    await migrators[0].execute(made or 'SELECT 1')
    applied = await asyncio.gather(*(migrate(connection, SCHEMA, ALL) for connection in migrators))
    assert sorted(name for each in applied for name in names_of(each)) == sorted(NAMES)


async def test_what_holds_an_upgrade_up_is_named(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, 'LOCK_TIMEOUT_S', 0.1)
    holder, migrator = await connect(), await connect()
    await migrate(migrator, SCHEMA, ALL)
    upgraded = with_migrations(Migration(NEXT, 'more', 'CREATE TABLE more ();'))
    await holder.execute(f'BEGIN; LOCK TABLE {SCHEMA}.schema_migrations IN SHARE ROW EXCLUSIVE MODE')
    with pytest.raises(MigrationError, match=rf'locked for 0\.1 s by postgres \(process {holder.get_server_pid()}, '
                                             r'idle in transaction\)\. Wait until it is done, or end it'):
        await migrate(migrator, SCHEMA, upgraded)
    await holder.execute('ROLLBACK')
    assert names_of(await migrate(migrator, SCHEMA, upgraded)) == ['more']


async def test_a_schema_that_is_up_to_date_waits_for_nobody(connect: Connect) -> None:
    holder, migrator = await connect(), await connect()
    await migrate(migrator, SCHEMA, ALL)
    await holder.execute(f'BEGIN; LOCK TABLE {SCHEMA}.schema_migrations IN SHARE ROW EXCLUSIVE MODE')
    assert await migrate(migrator, SCHEMA, ALL) == []


@pytest.mark.parametrize('statement', ['SELECT 1 +', 'CREATE TABLE machines ()', 'SELECT 1 / 0'])
async def test_a_migration_that_fails_leaves_nothing_of_itself(connect: Connect, statement: str) -> None:
    connection = await connect()
    await migrate(connection, SCHEMA, ALL)
    half = Migration(NEXT, 'half', f'CREATE TABLE half ();\n{statement};')
    with pytest.raises(MigrationError, match=f'migration {NEXT:04}_half'):
        await migrate(connection, SCHEMA, with_migrations(half))
    assert await connection.fetchval("SELECT to_regclass('half') IS NULL")
    assert await migrate(connection, SCHEMA, ALL) == []


async def test_schema_and_feed_table_may_have_other_names(connect: Connect, empty_database_url: str) -> None:
    settings = Settings.load(_env_file=None, database_url=empty_database_url, default_postgres_schema='plant_7',
                             default_postgres_table='feed')
    database = Database(empty_database_url, settings)
    connection = await database.connect()
    try:
        await migrate(connection, 'plant_7', load_schema_files('feed'), new_floor='demo')
        await (await connect()).execute("UPDATE plant_7.feed SET status = 'down' WHERE machine_name = 'Valve_01_01'")
        snapshot = await read_floor(connection, database.queries)
        missing = [row['name'] async for row in database.queries.missing_triggers(connection)]
    finally:
        await connection.close()
    assert len(snapshot.machines) == 30
    assert [machine.name for machine in snapshot.machines if machine.status == 'down'] == ['Valve_01_01']
    assert missing == []


async def test_two_plants_share_a_database(connect: Connect) -> None:
    connection = await connect()
    await migrate(connection, 'north', ALL, new_floor='demo')
    await migrate(connection, 'south', ALL, new_floor='demo')
    heard: list[str] = []
    await connection.add_listener(await channel_of(connection, 'north'), lambda *message: heard.append('north'))
    await connection.add_listener(await channel_of(connection, 'south'), lambda *message: heard.append('south'))
    await connection.execute("UPDATE south.machine_feed_stream SET status = 'down' WHERE machine_id = 1")
    await connection.execute('SELECT 1')
    await until(lambda: bool(heard))
    assert heard == ['south']
    assert await connection.fetchval("SELECT count(*) FROM north.machine_status_history WHERE new_status = 'down'") == 0


async def test_everybody_may_be_forbidden_the_public_schema(connect: Connect) -> None:
    connection = await connect()
    await connection.execute('DROP SCHEMA public')
    assert names_of(await migrate(connection, SCHEMA, ALL)) == NAMES
