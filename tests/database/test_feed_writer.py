"""The role for a feed (sql/admin/feed_writer.sql): it says what a machine's status is, and can do nothing else."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from database.postgres import Connect, Psql
from together import together

from floor.db.query_files import SQL

FEED_WRITER, FEED_LOGIN = SQL / 'admin' / 'feed_writer.sql', SQL / 'admin' / 'feed_login.sql'
VALVE = 'Valve_01_01'
NOBODY_CAN = asyncpg.ObjectNotInPrerequisiteStateError, asyncpg.WrongObjectTypeError
"""What PostgreSQL says to everybody who would write a view that is a question, or truncate one."""


@pytest.fixture
def login(psql: Psql) -> str:
    """The login of a PLC gateway, set up as the file says."""
    name = f'gateway_{uuid4().hex[:8]}'
    psql('-v', f'login={name}', '-f', str(FEED_LOGIN))
    return name


@pytest.fixture
async def writer(connect: Connect, login: str) -> asyncpg.Connection:
    return await connect(login)


@pytest.fixture
async def admin(connect: Connect) -> asyncpg.Connection:
    return await connect()


async def test_it_says_status_reason_and_datetime(
        writer: asyncpg.Connection, admin: asyncpg.Connection, login: str) -> None:
    answer = await writer.execute("UPDATE machine_feed_stream SET status = 'Down', reason = 'E-stop', datetime = NOW() "
                                  'WHERE machine_name = $1', VALVE)
    assert answer == 'UPDATE 1'
    assert await writer.fetchval('SELECT status FROM machine_feed_stream WHERE machine_name = $1', VALVE) == 'down'
    assert await last_row(admin) == (VALVE, 'operational', 'down', 'E-stop', login)


async def test_it_says_when_it_happened(writer: asyncpg.Connection, admin: asyncpg.Connection, login: str) -> None:
    now = await admin.fetchval('SELECT clock_timestamp()')
    answers = [await writer.fetchval('SELECT report_status($1, $2, $3, $4)', VALVE, status, reason, at)
               for status, reason, at in (('down', 'E-stop', now), ('warning', 'Low oil', now - timedelta(hours=1)))]
    assert answers == ['current', 'late']
    assert await writer.fetchval('SELECT status FROM machine_feed_stream WHERE machine_name = $1', VALVE) == 'down'
    rows = await admin.fetch('SELECT new_status, happened_at, changed_by FROM machine_status_history '
                             'WHERE new_status <> $1', 'operational')
    assert [tuple(row) for row in rows] == [('down', now, login), ('warning', now - timedelta(hours=1), login)]


async def last_row(admin: asyncpg.Connection) -> tuple[str, str, str, str | None, str]:
    """The latest row of the log: machine, old and new status, reason, who."""
    return tuple(await admin.fetchrow('SELECT machine_name, old_status, new_status, reason, changed_by '
                                      'FROM machine_status_history JOIN machines USING (machine_id) '
                                      'ORDER BY version DESC LIMIT 1'))


def test_the_file_may_be_run_again(psql: Psql, login: str) -> None:
    psql('-f', str(FEED_WRITER))
    psql('-v', f'login={login}', '-f', str(FEED_LOGIN))


async def test_its_login_has_limits_that_end_what_it_leaves_open(writer: asyncpg.Connection) -> None:
    for limit in 'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout':
        assert await writer.fetchval('SELECT current_setting($1)', limit) in {'5s', '10s'}
    assert await writer.fetchval('SELECT rolconnlimit FROM pg_roles WHERE rolname = session_user') == 10


def test_without_a_login_it_says_what_is_missing(psql: Psql) -> None:
    with pytest.raises(AssertionError, match='which login'):
        psql('-f', str(FEED_LOGIN))


def test_it_works_in_a_schema_of_another_name(psql: Psql, connect: Connect) -> None:
    psql('-v', 'schema=Plant 7', '-f', str(SQL / 'admin' / 'install.sql'), '-f', str(FEED_WRITER))
    assert psql('-c', "SELECT has_column_privilege('floor_feed_writer', '\"Plant 7\".machine_feed_stream', 'status', "
                "'UPDATE') AND has_schema_privilege('floor_feed_writer', 'Plant 7', 'USAGE')") == 't\n'


@together('statement', [
    'UPDATE machine_feed_stream SET version = 1',
    'UPDATE machine_feed_stream SET version = DEFAULT',
    'UPDATE machine_feed_stream SET status_since = now()',
    'UPDATE machine_feed_stream SET reported_at = now()',
    "UPDATE machine_feed_stream SET machine_name = 'X'",
    "UPDATE machine_feed_stream SET type = 'x'",
    'UPDATE machine_feed_stream SET machine_id = 99',
    "INSERT INTO machine_feed_stream (machine_name) VALUES ('X')",
    'DELETE FROM machine_feed_stream',
    'TRUNCATE machine_feed_stream',
    'SELECT * FROM machine_status_history',
    'INSERT INTO machine_status_history (version, machine_id, happened_at) VALUES (1, 1, now())',
    'DELETE FROM machine_status_history',
    'SELECT * FROM status_intervals',
    "UPDATE machine_stops SET reason = 'nothing happened'",
    'SELECT rebuild_history()',
    'SELECT correct_future_history(1, true)',
    'SELECT * FROM machines',
    "UPDATE machines SET type = 'x'",
    'SELECT * FROM production_lines',
    'SELECT * FROM employees',
    'SELECT * FROM schema_migrations',
    'UPDATE simulator_state SET tick = 0',
    "SELECT nextval('machine_feed_version')",
    "SELECT setval('machine_feed_version', 1)",
    'ALTER TABLE machine_feed_stream DISABLE TRIGGER ALL',
    'DROP TRIGGER machine_feed_updated ON machine_feed_stream',
    'SET session_replication_role = replica',
    'CREATE TABLE manufacturing_line.x ()',
])
async def test_everything_else_is_refused(writer: asyncpg.Connection, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await writer.execute(statement)


async def test_of_all_there_is_it_can_touch_the_feed_only(
        writer: asyncpg.Connection, admin: asyncpg.Connection) -> None:
    """Every table, view and sequence, tried and not only asked for: so also those that are new."""
    relations = await admin.fetch(
        "SELECT relkind::text AS kind, relname AS name, oid::regclass::text AS quoted FROM pg_class "
        "WHERE relnamespace = 'manufacturing_line'::regnamespace AND relkind IN ('r', 'v', 'm', 'p', 'S', 'f')")
    assert {'machines', 'employees', 'work_orders', 'machine_status_history', 'schema_migrations',
            'machine_feed_version'} <= {relation['name'] for relation in relations}
    columns = {relation['name']: await admin.fetchval(
        'SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 '
        # a number that is always generated nobody can write, nor by way of a view
        "AND attname NOT IN (SELECT attname FROM pg_attribute WHERE attidentity = 'a') ORDER BY attnum LIMIT 1",
        relation['quoted']) for relation in relations}
    could = []
    for relation in relations:
        name, column = relation['quoted'], columns[relation['name']]
        tries = {'read': f'SELECT FROM {name}'} if relation['kind'] == 'S' else {
            'read': f'SELECT FROM {name}', 'insert': f'INSERT INTO {name} DEFAULT VALUES',
            'delete': f'DELETE FROM {name}', 'update': f'UPDATE {name} SET {column} = NULL',
            'truncate': f'TRUNCATE {name}', 'lock': f'LOCK TABLE {name} IN EXCLUSIVE MODE',
            'comment': f"COMMENT ON TABLE {name} IS 'mine'",
            'own': f'ALTER TABLE {name} OWNER TO CURRENT_USER'}
        for action, statement in tries.items():
            transaction = writer.transaction()
            await transaction.start()
            try:
                await writer.execute(statement)
                could.append((relation['name'], action))
            except (asyncpg.InsufficientPrivilegeError, *NOBODY_CAN):
                pass
            except asyncpg.PostgresError as error:   # it came as far as being wrong in another way
                could.append((relation['name'], f'{action}: {error}'))
            finally:
                await transaction.rollback()
    assert could == [('machine_feed_stream', 'read')]


async def test_none_of_our_functions_changes_anything_for_it(
        writer: asyncpg.Connection, admin: asyncpg.Connection) -> None:
    """Those that it may call at all run with its own rights: each is called, and nothing is other than before."""
    functions = await admin.fetch(
        """SELECT p.oid::regprocedure::text AS name, p.oid::regproc::text AS called, p.prosecdef AS by_owner,
                  array(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) AS t) AS arguments, p.provolatile::text
           FROM pg_proc p WHERE pronamespace = 'manufacturing_line'::regnamespace AND prokind = 'f'
             AND prorettype <> 'trigger'::regtype""")
    assert len(functions) >= 20
    before = await everything(admin)
    for function in functions:
        arguments = ', '.join(f'NULL::{argument}' for argument in function['arguments'])
        transaction = writer.transaction()
        await transaction.start()
        try:
            await writer.execute(f'SELECT {function["called"]}({arguments})')
            assert not function['by_owner'], function['name']
            await transaction.commit()
        except asyncpg.PostgresError:
            await transaction.rollback()
    assert await everything(admin) == before


async def everything(admin: asyncpg.Connection) -> dict[str, str]:
    """A digest of the content of each of our tables."""
    tables = await admin.fetch("SELECT oid::regclass::text AS name FROM pg_class WHERE relkind = 'r' "
                               "AND relnamespace = 'manufacturing_line'::regnamespace")
    return {table['name']: await admin.fetchval(
        f"SELECT md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), '')) FROM {table['name']} AS t")
        for table in tables}


async def test_it_can_use_no_other_function_that_runs_with_the_owners_rights(
        writer: asyncpg.Connection, admin: asyncpg.Connection) -> None:
    functions = await admin.fetch("SELECT oid, proname FROM pg_proc WHERE prosecdef AND pronamespace = "
                                  "'manufacturing_line'::regnamespace")
    assert len(functions) >= 6
    assert [function['proname'] for function in functions
            if await writer.fetchval("SELECT has_function_privilege($1::oid, 'EXECUTE')", function['oid'])
            ] == ['report_status']  # what it does for a feed is what an UPDATE does
    await writer.execute('CREATE TEMPORARY TABLE mine (machine_id int, version bigint)')
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match='permission denied for function'):
        await writer.execute('CREATE TRIGGER borrowed BEFORE UPDATE ON mine '
                             'FOR EACH ROW EXECUTE FUNCTION machine_feed_stamp()')


@pytest.mark.parametrize('statement', [
    "UPDATE manufacturing_line.machine_feed_stream SET status = 'down' WHERE machine_name = $1",
    "SELECT manufacturing_line.report_status($1, 'down')",
], ids=['UPDATE', 'report_status'])
@pytest.mark.parametrize('search_path', ['manufacturing_line', 'pg_temp, manufacturing_line'])
async def test_it_cannot_divert_the_history_with_its_own_tables(
        writer: asyncpg.Connection, admin: asyncpg.Connection, search_path: str, statement: str) -> None:
    for table in 'machine_status_history', 'status_intervals', 'machine_stops', 'machines', 'production_lines':
        await writer.execute(f'CREATE TEMPORARY TABLE {table} (LIKE manufacturing_line.machine_feed_stream)')
    await writer.execute('ALTER TABLE pg_temp.machine_status_history ADD old_status text, ADD new_status text, '
                         'ADD happened_at timestamptz')
    await writer.execute('CREATE TEMPORARY SEQUENCE machine_feed_version')
    await writer.execute(f'SET search_path = {search_path}')
    before = await admin.fetchval('SELECT max(version) FROM machine_status_history')
    await writer.execute(statement, VALVE)
    assert await writer.fetchval('SELECT count(*) FROM pg_temp.machine_status_history') == 0
    assert await admin.fetchval('SELECT max(version) FROM machine_status_history') > before
    assert (await last_row(admin))[:3] == (VALVE, 'operational', 'down')


async def test_it_cannot_wear_another_name_in_the_history(
        writer: asyncpg.Connection, admin: asyncpg.Connection, login: str) -> None:
    await writer.execute('SET ROLE floor_feed_writer')
    await writer.execute("UPDATE machine_feed_stream SET status = 'down' WHERE machine_name = $1", VALVE)
    assert await admin.fetchval('SELECT changed_by FROM machine_status_history '
                                'ORDER BY version DESC LIMIT 1') == login
