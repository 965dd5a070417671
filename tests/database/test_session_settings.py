"""Settings of the role, the database or the server do not leak into what the program does: tried with hostile ones.

And what cannot be fixed from a session is reported in one line: a database that is not UTF8, triggers that are switched
off for this login.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
from browser.program import Program
from database.postgres import Connect, Server, until

from floor.core.errors import DatabaseMisconfiguredError
from floor.core.session_settings import ADMINISTRATOR, LATER
from floor.core.settings import Settings
from floor.db.connection_check import check_connection
from floor.db.database import Database
from floor.db.query_files import SQL

pytestmark = pytest.mark.long

SECURITY = {'session_replication_role': 'replica', 'lc_messages': 'C.UTF-8'}
LIMITS = {name: '1ms' for name in ('statement_timeout', 'lock_timeout', 'idle_session_timeout',
                                   'idle_in_transaction_session_timeout')}
MEANINGS = {
    'standard_conforming_strings': 'off', 'backslash_quote': 'on', 'transform_null_equals': 'on', 'array_nulls': 'off',
    'quote_all_identifiers': 'on', 'gin_fuzzy_search_limit': '1', 'row_security': 'off', 'exit_on_error': 'on',
    'default_transaction_isolation': 'serializable', 'default_transaction_deferrable': 'on',
    'DateStyle': 'SQL, DMY', 'IntervalStyle': 'sql_standard', 'TimeZone': 'Asia/Kathmandu', 'bytea_output': 'escape',
    'extra_float_digits': '-15', 'client_encoding': 'LATIN1', 'search_path': 'pg_temp', 'client_min_messages': 'error'}
HOSTILE = MEANINGS | LIMITS


def spoil(server: Server, thing: str, settings: dict[str, str]) -> None:
    """ALTER ROLE or ALTER DATABASE ... SET; on a server that does not know the setting yet it is left out."""
    script = ''.join(f"ALTER {thing} SET {name} = '{value}';\n" for name, value in settings.items())
    server.psql(server.url('postgres'), script=script)


def name_of(url: str) -> str:
    return urlsplit(url).path.removeprefix('/')


@pytest.fixture
def role(server: Server, empty_database_url: str) -> Iterator[str]:
    """A login that may create a floor in the empty database, and to whose sessions the hostile settings apply."""
    server.psql(server.url('postgres'), script=f"""
        CREATE ROLE spoilt LOGIN;
        GRANT CREATE ON DATABASE {name_of(empty_database_url)} TO spoilt;""")
    yield 'spoilt'
    server.drop_database(empty_database_url)
    server.psql(server.url('postgres'), '-c', 'DROP ROLE spoilt')


async def live(program: Program) -> None:
    await until(lambda: program.health().get('status') == 'live', 60)


async def sends_notifications(program: Program, admin: asyncpg.Connection) -> None:
    """Live, history, an order from its report to its end, a report of the plant, and changes of the simulator."""
    await live(program)

    async def has(query: str, *arguments: Any) -> None:
        async with asyncio.timeout(60):
            while not await admin.fetchval(query, *arguments):  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    await has('SELECT EXISTS (SELECT FROM machine_stops)')  # lists refuse to show a part of the demo's past
    async with httpx.AsyncClient(base_url=program.url, timeout=30) as client:
        order = (await client.post('/api/work-orders', json={
            'machine_id': 'Valve_03_01', 'issue_description': 'It reads \\d and it\'s "leaking"', 'priority': 'high'}))
        assert order.status_code == 201, order.text
        path = f'/api/work-orders/{order.json()["id"]}'
        assert (await client.get(path)).json()['issue_description'] == 'It reads \\d and it\'s "leaking"'
        for page in '/', '/work-orders', '/work-orders.csv', '/reports', '/diagnosis', '/employees':
            assert (await client.get(page)).status_code == 200, page

    await has("SELECT count(*) > 20 FROM machine_status_history WHERE happened_at > now() - interval '1 minute'")
    await has("SELECT count(*) FILTER (WHERE kind = 'created') = 1 FROM work_order_events WHERE work_order_id = $1",
              order.json()['id'])
    assert program.health()['status'] == 'live'


async def tried(server: Server, url: str, folder: Path, user: str) -> str:
    program = Program(folder, DATABASE_URL=url.replace('//postgres@', f'//{user}@'), ENABLE_SIMULATOR='true',
                      NEW_FLOOR='demo', SIMULATOR_INTERVAL='0.1', BACKFILL_DAYS='1', DB_POOL_SIZE='2',
                      LOCAL_USER='mike.johnson@example.com', DASHBOARD_REFRESH_SECONDS='1')
    try:
        program.start()
        admin = await asyncpg.connect(url, server_settings=ADMINISTRATOR | {
            'search_path': 'manufacturing_line', 'timezone': 'UTC'})
        try:
            await sends_notifications(program, admin)
        finally:
            await admin.close()
    finally:
        program.stop()
    return program.log


BUSY = 'still running at shutdown', 'did not come back in time', 'no proof for too long'
"""What the program also says where it was ended while it worked, or other tests took the processor for seconds."""


def troubles(log: str) -> list[str]:
    """What the program complains of, but that the machine was busy."""
    return [line for line in log.splitlines() if (' WARNING ' in line or ' ERROR ' in line)
            and not any(words in line for words in BUSY)]


@pytest.mark.newest_postgres
async def test_a_role_of_hostile_settings_runs_the_whole_program(
        server: Server, empty_database_url: str, role: str, tmp_path: Path) -> None:
    spoil(server, f'ROLE {role}', HOSTILE | {'transaction_timeout': '1ms', 'restrict_nonsystem_relation_kind': 'view'})
    log = await tried(server, empty_database_url, tmp_path, role)
    assert troubles(log) == []


@pytest.mark.newest_postgres
async def test_a_database_of_hostile_settings_runs_the_whole_program(
        server: Server, empty_database_url: str, tmp_path: Path) -> None:
    """As an administrator: also what only administrators may set."""
    spoil(server, f'DATABASE {name_of(empty_database_url)}', HOSTILE | SECURITY)
    log = await tried(server, empty_database_url, tmp_path, 'postgres')
    assert troubles(log) == []


@pytest.mark.parametrize(('file', 'variables'), [
    ('grants.sql', ('-v', 'app=postgres')), ('feed_writer.sql', ()), ('feed_login.sql', ('-v', 'login=gateway_3'))])
def test_files_for_psql_work_among_hostile_settings_and_wait_for_locks(
        server: Server, database_url: str, file: str, variables: tuple[str, ...]) -> None:
    shown = [argument for name in ('client_min_messages', 'standard_conforming_strings', 'statement_timeout',
                                   'lock_timeout', 'search_path') for argument in ('-c', f'SHOW {name}')]
    spoil(server, f'DATABASE {name_of(database_url)}', HOSTILE | {  # not so short that psql never gets to the file
        'statement_timeout': '1s', 'idle_in_transaction_session_timeout': '1min', 'idle_session_timeout': '1min'})
    output = server.psql(database_url, *variables, '-f', str(SQL / 'admin' / file), *shown)
    assert output.replace('"', '').splitlines()[-5:] == ['warning', 'on', '0', '1min', 'manufacturing_line, pg_temp']
    server.psql(server.url('postgres'), '-c', 'DROP ROLE IF EXISTS gateway_3')


@pytest.mark.parametrize('through_pool', [False, True], ids=['own', 'pool'])
async def test_every_session_has_our_settings_also_when_used_again(
        server: Server, settings: Settings, database_url: str, through_pool: bool) -> None:
    spoil(server, f'DATABASE {name_of(database_url)}', HOSTILE | SECURITY)
    wanted = ADMINISTRATOR | (LATER if server.major >= 17 else {})
    query = 'SELECT name, current_setting(name) AS value FROM unnest($1::text[]) AS name'
    database = Database(database_url, settings)
    try:
        for _ in range(3):
            if through_pool:
                async with database.acquire() as connection:
                    found = await connection.fetch(query, list(wanted))
            else:
                alone = await database.connect()
                found = await alone.fetch(query, list(wanted))
                await alone.close()
            assert {row['name']: row['value'] for row in found} == wanted
    finally:
        await database.close()


async def test_triggers_that_are_off_for_a_login_are_reported_in_one_line(
        server: Server, settings: Settings, database_url: str) -> None:
    server.psql(server.url('postgres'), script="""
        CREATE ROLE untriggered LOGIN;
        ALTER ROLE untriggered SET session_replication_role = replica;""")
    try:
        with pytest.raises(DatabaseMisconfiguredError, match=r'^sessions of this login have session_replication_role = '
                                                        r'replica, so no trigger runs.*ALTER ROLE ... RESET'):
            await check_connection(Database(database_url.replace('//postgres@', '//untriggered@'), settings))
    finally:
        server.psql(server.url('postgres'), '-c', 'DROP ROLE untriggered')


@pytest.mark.newest_postgres
async def test_a_session_that_the_server_cannot_begin_is_shown_in_one_line(
        server: Server, database_url: str, tmp_path: Path) -> None:
    server.psql(server.url('postgres'), script="""
        CREATE ROLE unloadable LOGIN;
        ALTER ROLE unloadable SET local_preload_libraries = 'not_there';""")
    program = Program(tmp_path, DATABASE_URL=database_url.replace('//postgres@', '//unloadable@'))
    try:
        with pytest.raises(RuntimeError):
            program.start()
    finally:
        program.stop()
        server.psql(server.url('postgres'), '-c', 'DROP ROLE unloadable')
    assert len(program.log.splitlines()) == 1, program.log
    assert 'refuses the session: could not access file' in program.log


async def test_a_database_that_is_not_utf8_is_refused_in_one_line(server: Server, settings: Settings) -> None:
    for encoding in 'SQL_ASCII', 'LATIN1', 'EUC_JP':
        server.psql(server.url('postgres'), '-c',
                    f"CREATE DATABASE other_letters ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0")
        try:
            with pytest.raises(DatabaseMisconfiguredError,
                               match=f'^the database has the encoding {encoding}, .* must be UTF8'):
                await check_connection(Database(server.url('other_letters'), settings))
        finally:
            server.drop_database(server.url('other_letters'))


@pytest.mark.newest_postgres
def test_a_program_that_is_refused_says_so_in_one_line(server: Server, tmp_path: Path) -> None:
    server.psql(server.url('postgres'), '-c',
                "CREATE DATABASE other_letters ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    program = Program(tmp_path, DATABASE_URL=server.url('other_letters'))
    try:
        with pytest.raises(RuntimeError):
            program.start()
    finally:
        program.stop()
        server.drop_database(server.url('other_letters'))
    assert len(program.log.splitlines()) == 1
    assert 'must be UTF8' in program.log


async def test_a_writer_of_hostile_settings_changes_nothing_of_what_is_recorded(
        server: Server, database_url: str, connect: Connect) -> None:
    """The triggers run in the session of the writer of the feed, or adds a machine with psql."""
    writer = await connect(server_settings={name: value for name, value in MEANINGS.items()
                                            if name not in {'search_path', 'client_encoding'}})
    await writer.execute("INSERT INTO machine_feed_stream (machine_name, type) VALUES ('Valve_03_99', 'valve'); "
                         "UPDATE machine_feed_stream SET status = 'warning', datetime = now(), "
                         "reason = ' starved: no parts' WHERE machine_name = 'Valve_03_99'")
    reader = await connect()
    row = await reader.fetchrow('SELECT * FROM machine_status_history ORDER BY version DESC LIMIT 1')
    assert (row['new_status'], row['reason'], row['changed_by']) == ('warning', 'starved: no parts', 'postgres')
    assert await writer.fetchval("SELECT wait_kind('warning', ' starved')") == 'starved'
    assert await reader.fetchval("SELECT l.code FROM machines m JOIN production_lines l USING (line_id) "
                                 "WHERE m.machine_name = 'Valve_03_99'") == '03', 'the line that the name says'
