"""What only the owner of the tables can do, the app does itself: on Lakebase it is the owner, and no superuser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest
from database.postgres import SCHEMA, Server

from floor.core.settings import Settings
from floor.db import owner_settings
from floor.db.database import Database
from floor.db.migrations import prepare
from floor.db.query_files import SQL

APP = 'app_that_owns'
PLAIN_TYPES = {'smallint', 'integer', 'bigint', 'numeric', 'text', 'boolean', 'date', 'timestamp with time zone'}


@pytest.fixture
def url(server: Server, empty_database_url: str) -> str:
    """Of an empty database, for the app."""
    database = urlsplit(empty_database_url).path.removeprefix('/')
    server.psql(empty_database_url, '-c', f'DO $$ BEGIN CREATE ROLE {APP} LOGIN NOSUPERUSER; '
                                          'EXCEPTION WHEN duplicate_object THEN NULL; END $$',
                '-c', f'GRANT CREATE ON DATABASE {database} TO {APP}')
    return empty_database_url.replace('//postgres@', f'//{APP}@')


@pytest.fixture
async def admin(empty_database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(empty_database_url, server_settings={'search_path': SCHEMA})
    yield connection
    await connection.close()


@pytest.fixture
def login(server: Server, empty_database_url: str) -> str:
    """A login that somebody has made for a feed."""
    name = f'gateway-{uuid4().hex[:8]}'
    server.psql(empty_database_url, '-c', f'CREATE ROLE "{name}" LOGIN')
    return name


async def start(url: str, **settings: Any) -> None:
    """As far as a start of the program goes with the schema."""
    database = Database(url, Settings.load(_env_file=None, database_url=url, new_floor='demo', **settings))
    connection = await database.connect()
    try:
        await prepare(database)(connection)
    finally:
        await connection.close()


async def writes(url: str, login: str) -> bool:
    """Whether this login can say what a machine's status is; what else it can do, test_feed_writer.py tries."""
    connection = await asyncpg.connect(url.replace(APP, login))
    try:
        await connection.execute(f"UPDATE {SCHEMA}.machine_feed_stream SET status = 'down', reason = 'Jam', "
                                 'datetime = now() WHERE machine_id = 1')
    except asyncpg.InsufficientPrivilegeError:
        return False
    else:
        return True
    finally:
        await connection.close()


async def test_a_feed_gets_its_rights_by_a_setting_and_loses_them_with_it(url: str, login: str) -> None:
    await start(url)
    assert not await writes(url, login)
    await start(url, feed_writers=login)
    assert await writes(url, login)
    await start(url)   # not set: nothing changes
    assert await writes(url, login)
    await start(url, feed_writers='somebody_else')
    assert not await writes(url, login)


async def test_the_rights_are_those_that_the_file_for_administrators_gives(
        url: str, admin: asyncpg.Connection, server: Server, empty_database_url: str, login: str) -> None:
    await start(url, feed_writers=login)
    await admin.execute(f'CREATE ROLE "by_file_{login}" LOGIN')
    server.psql(empty_database_url, '-c', f'SET search_path = {SCHEMA}', '-f', str(SQL / 'admin' / 'feed_writer.sql'),
                '-c', f'GRANT floor_feed_writer TO "by_file_{login}"')
    rights = """
        SELECT relname, attname::text, privilege FROM pg_class c JOIN pg_attribute ON attrelid = c.oid AND attnum > 0,
             unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS privilege
        WHERE relnamespace = $2::regnamespace AND relkind IN ('r', 'v', 'm', 'p')
          AND has_column_privilege($1, c.oid, attnum, privilege)
        UNION ALL
        SELECT relname, NULL, privilege FROM pg_class c, unnest(ARRAY['DELETE', 'TRUNCATE', 'TRIGGER']) AS privilege
        WHERE relnamespace = $2::regnamespace AND relkind IN ('r', 'v', 'm', 'p')
          AND has_table_privilege($1, c.oid, privilege)
        UNION ALL
        SELECT proname, NULL, 'EXECUTE' FROM pg_proc p
        WHERE pronamespace = $2::regnamespace AND has_function_privilege($1, p.oid, 'EXECUTE')
        UNION ALL
        SELECT NULL, NULL, privilege FROM unnest(ARRAY['USAGE', 'CREATE']) AS privilege
        WHERE has_schema_privilege($1, $2::regnamespace, privilege)
        ORDER BY 1, 2, 3"""
    by_setting = await admin.fetch(rights, login, SCHEMA)
    assert by_setting == await admin.fetch(rights, f'by_file_{login}', SCHEMA)
    assert ('machine_feed_stream', 'status', 'UPDATE') in {tuple(right) for right in by_setting}


async def test_a_role_that_is_not_there_is_named_and_served_later(
        url: str, admin: asyncpg.Connection, caplog: pytest.LogCaptureFixture) -> None:
    later = f'later_{uuid4().hex[:8]}'
    await start(url, feed_writers=f'public,{later}')
    assert [message.split(',')[0] for message in caplog.messages if message.startswith('FEED_WRITERS')] == [
        'FEED_WRITERS names public', f'FEED_WRITERS names {later}']
    await admin.execute(f'CREATE ROLE {later} LOGIN')
    assert not await writes(url, later)
    await start(url, feed_writers=later)
    assert await writes(url, later)


async def test_where_somebody_else_owns_the_tables_the_floor_starts_and_says_so(
        url: str, server: Server, empty_database_url: str, login: str, caplog: pytest.LogCaptureFixture) -> None:
    await start(empty_database_url)
    server.psql(empty_database_url, '-v', f'app={APP}', '-f', str(SQL / 'admin' / 'grants.sql'))
    await start(url, feed_writers=login, change_data_feed=True)
    assert any('this login does not own the tables' in message for message in caplog.messages)
    assert not await writes(url, login)


async def identities(admin: asyncpg.Connection) -> dict[str, str]:
    rows = await admin.fetch("SELECT relname, relreplident::text AS identity FROM pg_class "
                             "WHERE relnamespace = $1::regnamespace AND relkind = 'r'", SCHEMA)
    return {row['relname']: row['identity'] for row in rows}


async def test_the_history_can_be_fed_to_delta_tables(url: str, admin: asyncpg.Connection) -> None:
    await start(url, change_data_feed=True)
    fed = {table for table, identity in (await identities(admin)).items() if identity == 'f'}
    assert fed >= {'machine_status_history', 'data_gaps', 'machine_stops', 'work_orders', 'work_order_events'}

    types = await admin.fetch("""
        SELECT relname, attname, format_type(atttypid, atttypmod) AS type
        FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
        WHERE relnamespace = $1::regnamespace AND attnum > 0 AND NOT attisdropped AND relname = ANY ($2)
        """, SCHEMA, fed)
    assert [tuple(column) for column in types if column['type'] not in PLAIN_TYPES] == []
    assert await admin.fetchval('SELECT count(*) FROM pg_inherits') == 0, 'no partitions'

    await start(url)   # not set: nothing changes
    assert {table for table, identity in (await identities(admin)).items() if identity == 'f'} == fed
    await start(url, change_data_feed=False)
    assert 'f' not in (await identities(admin)).values()


async def test_a_table_that_somebody_holds_does_not_keep_the_floor_waiting(
        url: str, admin: asyncpg.Connection, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner_settings, 'LOCK_TIMEOUT_S', 0.05)
    await start(url)
    async with admin.transaction():
        await admin.execute('LOCK TABLE work_orders IN ACCESS SHARE MODE')
        await start(url, change_data_feed=True)
        assert any('another session holds a lock' in message for message in caplog.messages)
    assert 'f' not in (await identities(admin)).values(), 'all or nothing'
    await start(url, change_data_feed=True)
    assert 'f' in (await identities(admin)).values()
