"""sql/functions is what runs: what changed is applied, what did not is left alone, and what was removed is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from uuid import uuid4

import asyncpg
import pytest
from database.postgres import SCHEMA, Server, until

from floor.core.errors import MigrationError
from floor.core.settings import Settings
from floor.db import migrations
from floor.db.database import Database
from floor.db.migrations import migrate, prepare
from floor.db.query_files import SQL
from floor.db.schema_files import FunctionFile, Migration, SchemaFiles, load_schema_files

ALL = load_schema_files()
NEXT = ALL.migrations[-1].version + 1
TOUCHED = f"""SELECT oid::regproc::text FROM pg_proc
              WHERE pronamespace = '{SCHEMA}'::regnamespace AND xmin::text <> ALL ($1)"""
FILE_OF = 'SELECT file FROM schema_functions WHERE $1 = ANY (objects)'


@pytest.fixture
async def connection(empty_database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """The owner of a floor, in its schema."""
    connection = await asyncpg.connect(empty_database_url)
    await migrate(connection, SCHEMA, ALL, new_floor='demo')
    await connection.execute(f'SET search_path = {SCHEMA}, pg_temp')
    yield connection
    await connection.close()


@pytest.fixture
async def other(empty_database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Another session, of somebody who works on the floor."""
    connection = await asyncpg.connect(empty_database_url, server_settings={'search_path': f'{SCHEMA}, pg_temp'})
    yield connection
    connection.terminate()


def edited(name: str, before: str, after: str, files: SchemaFiles = ALL) -> SchemaFiles:
    """The files with another text in one of sql/functions."""
    texts = {each.name: each.text for each in files.functions}
    assert before in texts[name]
    texts[name] = texts[name].replace(before, after)
    return replace(files, functions=tuple(FunctionFile(*item) for item in texts.items()))


def with_file(name: str, text: str, files: SchemaFiles = ALL) -> SchemaFiles:
    """The files and one more of sql/functions."""
    return replace(files, functions=(*files.functions, FunctionFile(name, text)))


async def exists(connection: asyncpg.Connection, name: str) -> bool:
    return bool(await connection.fetchval('SELECT EXISTS (SELECT FROM pg_proc WHERE proname = $1)', name))


PERCENT_OF_NOTHING = edited('60_dashboard.sql', 'nullif(whole, 0), 2)', 'nullif(whole, 0), 1)')


async def test_a_function_that_was_edited_runs_after_the_next_start(connection: asyncpg.Connection) -> None:
    assert await connection.fetchval('SELECT percent(1, 3)::text') == '33.33'
    await migrate(connection, SCHEMA, PERCENT_OF_NOTHING)
    assert await connection.fetchval('SELECT percent(1, 3)::text') == '33.3'
    await migrate(connection, SCHEMA, ALL)
    assert await connection.fetchval('SELECT percent(1, 3)::text') == '33.33'


async def test_files_that_did_not_change_are_not_touched(connection: asyncpg.Connection) -> None:
    before = [row['xmin'] for row in await connection.fetch('SELECT DISTINCT xmin::text FROM pg_proc')]
    await migrate(connection, SCHEMA, PERCENT_OF_NOTHING)
    touched = {row[0] for row in await connection.fetch(TOUCHED, before)}
    assert 'percent' in touched
    assert touched <= set(await connection.fetchval(
        "SELECT array_agg(substring(object FROM 'FUNCTION (\\w+)')) FROM schema_functions, unnest(objects) AS object "
        "WHERE file = '60_dashboard.sql'"))


async def test_a_start_waits_for_nobody_who_works_on_the_floor(
        connection: asyncpg.Connection, other: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a function has changed: only its triggers take a lock on a table."""
    monkeypatch.setattr(migrations, 'LOCK_TIMEOUT_S', 0.1)
    await other.execute("BEGIN; UPDATE machine_feed_stream SET status = 'down'; UPDATE employees SET active = active; "
                        "INSERT INTO work_orders (machine_id, issue_description) VALUES ('Valve_01_01', 'Leak')")
    await migrate(connection, SCHEMA, ALL)
    await migrate(connection, SCHEMA, PERCENT_OF_NOTHING)
    assert await connection.fetchval('SELECT percent(1, 3)::text') == '33.3'


async def test_an_upgrade_that_meets_a_deadlock_with_a_writer_is_tried_again(
        connection: asyncpg.Connection, other: asyncpg.Connection) -> None:
    """PostgreSQL ends the upgrade, which waits for a table of the writer, who waits for one of the upgrade."""
    trigger = edited('13_feed_rows.sql', "MESSAGE = format('machine_name has", "MESSAGE = format('the machine_name has")
    await connection.execute("SET deadlock_timeout = '2s'")
    await other.execute("SET deadlock_timeout = '1min'; BEGIN; UPDATE machine_feed_stream SET status = 'down'")
    upgrade = asyncio.create_task(migrate(connection, SCHEMA, trigger))
    waits = 'SELECT count(*) FROM pg_locks WHERE pid = $1 AND NOT granted'
    await until(lambda: is_true(other, waits, connection.get_server_pid()))
    await other.execute('SET LOCAL lock_timeout = 0; LOCK TABLE schema_migrations IN ROW EXCLUSIVE MODE')
    await other.execute('COMMIT')
    await upgrade
    with pytest.raises(asyncpg.CheckViolationError, match='the machine_name has 300 characters'):
        await connection.execute('INSERT INTO machine_feed_stream (machine_name) VALUES ($1)', 300 * 'x')


async def is_true(connection: asyncpg.Connection, query: str, *arguments: object) -> bool:
    return bool(await connection.fetchval(query, *arguments))


@pytest.mark.parametrize('with_its_file', [True, False])
async def test_what_a_newer_version_has_no_more_is_gone(connection: asyncpg.Connection, with_its_file: bool) -> None:
    text = ("-- Old things.\n"
            "CREATE OR REPLACE FUNCTION old_shout() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';\n"
            "CREATE OR REPLACE TRIGGER old_shout AFTER INSERT ON plant EXECUTE FUNCTION old_shout();\n"
            "CREATE OR REPLACE FUNCTION old_sum() RETURNS integer LANGUAGE sql AS 'SELECT 1';\n"
            "CREATE OR REPLACE VIEW old_view AS SELECT old_sum() AS old_sum;\n")
    kept = "CREATE OR REPLACE FUNCTION kept() RETURNS integer LANGUAGE sql AS 'SELECT 2';\n"
    await migrate(connection, SCHEMA, with_file('99_old.sql', text + kept))
    await connection.execute("CREATE FUNCTION theirs() RETURNS integer LANGUAGE sql AS 'SELECT 3'; "
                             "CREATE VIEW their_view AS SELECT theirs()")
    await migrate(connection, SCHEMA, ALL if with_its_file else with_file('99_old.sql', kept))
    assert [await exists(connection, name) for name in ('old_shout', 'old_sum', 'kept', 'theirs')] == [
        False, False, not with_its_file, True]
    assert await connection.fetchval("SELECT to_regclass('old_view') IS NULL AND to_regclass('their_view') IS NOT NULL")
    assert await connection.fetchval("SELECT count(*) FROM pg_trigger WHERE tgname = 'old_shout'") == 0
    await migrate(connection, SCHEMA, ALL)


async def test_a_function_may_move_to_another_file_while_views_use_it(connection: asyncpg.Connection) -> None:
    days = next(each.text for each in ALL.functions if each.name == '45_days.sql')
    state = days[days.index('CREATE OR REPLACE FUNCTION history_state()'):]
    state = state[:state.index('$$;') + len('$$;')]
    without = edited('45_days.sql', state, '')
    await migrate(connection, SCHEMA, with_file('12_state.sql', f'-- The state.\n{state}\n', without))
    assert await connection.fetchval('SELECT state FROM dashboard_state') == 'ready'
    assert await connection.fetchval(FILE_OF, 'FUNCTION history_state()') == '12_state.sql'
    await migrate(connection, SCHEMA, ALL)
    assert await connection.fetchval('SELECT state FROM dashboard_state') == 'ready'


async def test_a_migration_drops_what_gets_other_arguments_and_what_depended_on_it_is_made_again(
        connection: asyncpg.Connection) -> None:
    """history_state() has a view in another file, which has not changed."""
    drop = Migration(NEXT, 'another_state', 'DROP FUNCTION history_state() CASCADE')
    files = edited('45_days.sql', 'FUNCTION history_state() RETURNS text',
                   "FUNCTION history_state(extra text DEFAULT '') RETURNS text")
    await migrate(connection, SCHEMA, replace(files, migrations=(*ALL.migrations, drop)))
    assert await connection.fetchval("SELECT history_state('extra')") == 'ready'
    assert await connection.fetchval('SELECT state FROM dashboard_state') == 'ready'


async def test_functions_and_migrations_are_applied_together_or_not_at_all(connection: asyncpg.Connection) -> None:
    broken = with_file('99_broken.sql', '-- Broken.\nCREATE OR REPLACE FUNCTION broken() RETURNS integer LANGUAGE sql '
                       "AS 'SELECT none FROM nowhere';\n", PERCENT_OF_NOTHING)
    broken = replace(broken, migrations=(*ALL.migrations, Migration(NEXT, 'next', 'CREATE TABLE next ()')))
    with pytest.raises(MigrationError, match=r'sql/functions/99_broken\.sql failed, the upgrade was rolled back: '
                                             'relation "nowhere" does not exist'):
        await migrate(connection, SCHEMA, broken)
    assert await connection.fetchval('SELECT percent(1, 3)::text') == '33.33'
    assert await connection.fetchval("SELECT to_regclass('next') IS NULL")


async def test_an_older_instance_does_not_take_the_functions_of_a_newer_one_back(
        connection: asyncpg.Connection, empty_database_url: str, settings: Settings) -> None:
    """It runs on, and its listener connects again, while the new version has started beside it."""
    bring_up_to_date = prepare(Database(empty_database_url, settings))
    await bring_up_to_date(connection)
    await migrate(connection, SCHEMA, PERCENT_OF_NOTHING)
    await bring_up_to_date(connection)
    await connection.execute(f'SET search_path = {SCHEMA}, pg_temp')
    assert await connection.fetchval('SELECT percent(1, 3)::text') == '33.3'


async def test_an_app_that_does_not_own_the_schema_says_who_can_apply_functions(
        server: Server, connection: asyncpg.Connection, empty_database_url: str) -> None:
    app = f'{uuid4()}'
    server.psql(empty_database_url, '-c', f'CREATE ROLE "{app}" LOGIN', '-v', f'app={app}',
                '-f', str(SQL / 'admin' / 'grants.sql'))
    guest = await asyncpg.connect(empty_database_url.replace('//postgres@', f'//{app}@'))
    try:
        assert await migrate(guest, SCHEMA, ALL) == []
        with pytest.raises(MigrationError, match=r'must be owner of .* psql DATABASE -f sql/admin/install\.sql'):
            await migrate(guest, SCHEMA, PERCENT_OF_NOTHING)
    finally:
        await guest.close()


async def test_psql_puts_the_current_text_in_place_and_removes_what_is_gone(
        server: Server, connection: asyncpg.Connection, empty_database_url: str) -> None:
    gone = "-- Old.\nCREATE OR REPLACE FUNCTION old_sum() RETURNS integer LANGUAGE sql AS 'SELECT 1';\n"
    await migrate(connection, SCHEMA, with_file('99_old.sql', gone, PERCENT_OF_NOTHING))
    server.psql(empty_database_url, '-f', str(SQL / 'admin' / 'install.sql'))
    assert await connection.fetchval('SELECT percent(1, 3)::text') == '33.33'
    assert not await exists(connection, 'old_sum')
    assert await migrate(connection, SCHEMA, ALL) == []
    assert dict(await connection.fetch('SELECT file, sha256 FROM schema_functions')) == {  # type: ignore[arg-type]
        each.name: each.sha256 for each in ALL.functions}


@pytest.fixture
def install(server: Server, empty_database_url: str) -> Callable[..., str]:
    return lambda *arguments: server.psql(empty_database_url, *arguments, '-f', str(SQL / 'admin' / 'install.sql'))
