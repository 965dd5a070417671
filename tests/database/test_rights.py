"""A login that lacks a right learns which, and by what statement it is given; what the sentence says helps."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest
from database.feed_floor import KEY, VALVE, Floor, event
from database.postgres import SCHEMA, Psql, Server

from floor.core.errors import MigrationError
from floor.db.migrations import migrate
from floor.db.query_files import SQL
from floor.db.schema_files import Migration, SchemaFiles, load_schema_files

ALL = load_schema_files()
NEXT = Migration(ALL.migrations[-1].version + 1, 'next',
                 'ALTER TABLE machines ADD COLUMN colour text; CREATE TABLE colours ()')
LATER = replace(ALL, migrations=(*ALL.migrations, NEXT))
OTHERS = 'schema_of_others'

SignIn = Callable[[], Awaitable[asyncpg.Connection]]


@pytest.fixture
def psql(server: Server, empty_database_url: str) -> Psql:
    """The administrator."""
    return lambda *arguments: server.psql(empty_database_url, *arguments)


@pytest.fixture
def app(psql: Psql) -> str:
    """A login that may do nothing yet. Its name needs quotes, as a service principal's does."""
    name = f'{uuid4()}'
    psql('-c', f'CREATE ROLE "{name}" LOGIN')
    return name


@pytest.fixture
async def log_in(app: str, empty_database_url: str) -> AsyncIterator[SignIn]:
    connections = []

    async def sign_in() -> asyncpg.Connection:
        connections.append(await asyncpg.connect(empty_database_url.replace('//postgres@', f'//{app}@')))
        return connections[-1]

    yield sign_in
    for connection in connections:
        connection.terminate()


def install(psql: Psql) -> None:
    psql('-v', 'new_floor=demo', '-f', str(SQL / 'admin' / 'install.sql'))


def grants(psql: Psql, app: str, *arguments: str) -> None:
    psql('-v', f'app={app}', *arguments, '-f', str(SQL / 'admin' / 'grants.sql'))


async def refusal(connection: asyncpg.Connection, files: SchemaFiles = ALL) -> str:
    with pytest.raises(MigrationError) as refused:
        await migrate(connection, SCHEMA, files)
    return str(refused.value)


def statements_of(sentence: str) -> list[str]:
    """What the administrator would copy out of it."""
    return re.findall(r'GRANT [^;]*;', sentence)


async def test_where_nothing_is_there_it_needs_create_on_the_database(psql: Psql, app: str, log_in: SignIn) -> None:
    connection = await log_in()
    database = await connection.fetchval('SELECT current_database()')
    assert await refusal(connection) == (
        f'the database user "{app}" may not use the schema "{SCHEMA}", it lacks CREATE on the database {database}. '
        f'The owner or an administrator must run: GRANT CREATE ON DATABASE {database} TO "{app}"; '
        f'(or sql/admin/grants.sql, which grants all that is needed)')
    psql('-c', f'GRANT CREATE ON DATABASE {database} TO "{app}"')
    assert len(await migrate(connection, SCHEMA, ALL)) == len(ALL.migrations)


@pytest.mark.parametrize('given', [
    [], ['USAGE ON SCHEMA'], ['USAGE ON SCHEMA', 'SELECT ON ALL TABLES IN SCHEMA'],
    ['USAGE ON SCHEMA', 'SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA'],
    ['SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA', 'USAGE ON ALL SEQUENCES IN SCHEMA'],
], ids='+'.join)
async def test_where_somebody_else_set_it_up_the_statements_it_prints_are_enough(
        psql: Psql, app: str, log_in: SignIn, given: list[str]) -> None:
    install(psql)
    for right in given:
        psql('-c', f'GRANT {right} {SCHEMA} TO "{app}"')
    connection = await log_in()
    statements = statements_of(await refusal(connection))
    assert statements
    for statement in statements:
        psql('-c', statement)
    assert await migrate(connection, SCHEMA, ALL) == []
    await connection.execute(f"SET search_path = {SCHEMA}; UPDATE machine_feed_stream SET status = 'down'")
    await connection.execute("INSERT INTO work_orders (machine_id, issue_description) VALUES ('Valve_01_01', 'Leak')")
    await connection.execute("INSERT INTO employees (first_name, last_name, email, department) "
                             "VALUES ('A', 'B', 'a@b.example.com', 'C')")


async def test_a_right_that_was_taken_away_is_named(psql: Psql, app: str, log_in: SignIn) -> None:
    install(psql)
    grants(psql, app)
    connection = await log_in()
    assert await migrate(connection, SCHEMA, ALL) == []
    psql('-c', f'REVOKE UPDATE ON {SCHEMA}.machine_feed_stream FROM "{app}"')
    assert f'it lacks UPDATE on 1 tables of the schema {SCHEMA}.' in await refusal(connection)


async def test_an_empty_schema_of_somebody_else_needs_create_on_it(psql: Psql, app: str, log_in: SignIn) -> None:
    psql('-c', f'CREATE SCHEMA {SCHEMA}')
    connection = await log_in()
    assert statements_of(await refusal(connection)) == [f'GRANT USAGE, CREATE ON SCHEMA {SCHEMA} TO "{app}";']
    psql('-c', f'GRANT USAGE, CREATE ON SCHEMA {SCHEMA} TO "{app}"')
    assert len(await migrate(connection, SCHEMA, ALL)) == len(ALL.migrations)


async def test_other_peoples_tables_in_the_schema_do_not_matter(psql: Psql, app: str, log_in: SignIn) -> None:
    install(psql)
    psql('-c', f'CREATE ROLE "other_{app}"', '-c', f'CREATE TABLE {SCHEMA}.their_notes ()',
         '-c', f'ALTER TABLE {SCHEMA}.their_notes OWNER TO "other_{app}"')
    grants(psql, app)
    psql('-c', f'REVOKE ALL ON {SCHEMA}.their_notes FROM "{app}"')
    assert await migrate(await log_in(), SCHEMA, ALL) == []


async def test_grants_are_enough_to_run_and_may_be_given_again(psql: Psql, app: str, log_in: SignIn) -> None:
    install(psql)
    grants(psql, app)
    grants(psql, app)
    connection = await log_in()
    assert await migrate(connection, SCHEMA, ALL) == []
    await connection.execute(f'SET search_path = {SCHEMA}')
    feed = await connection.fetchval(KEY, 'gateway', None, None)
    assert await Floor(connection, feed).send(
        event(VALVE, 'down'), event(VALVE, 'operational', good=1, reject=0, cycles=1)) == [('accepted', None)] * 2
    refused = await connection.fetch(
        "SELECT proname FROM pg_proc WHERE pronamespace = $1::regnamespace AND prosecdef "
        "AND prorettype <> 'trigger'::regtype AND NOT has_function_privilege(oid, 'EXECUTE')", SCHEMA)
    assert [row['proname'] for row in refused] == ['announce']  # of triggers alone


async def test_an_upgrade_of_a_schema_of_somebody_else_says_who_can_do_it(
        psql: Psql, app: str, log_in: SignIn) -> None:
    install(psql)
    grants(psql, app)
    connection = await log_in()
    sentence = await refusal(connection, LATER)
    assert 'must be owner of table machines' in sentence
    assert 'psql DATABASE -f sql/admin/install.sql, and then sql/admin/grants.sql' in sentence
    assert await migrate(connection, SCHEMA, ALL) == []


async def test_a_schema_that_was_handed_over_is_upgraded_by_the_app_alone(
        psql: Psql, app: str, log_in: SignIn) -> None:
    install(psql)
    psql('-c', f'CREATE SCHEMA {OTHERS}', '-c', f'CREATE TABLE {OTHERS}.notes ()')
    grants(psql, app, '-v', 'hand_over=1')
    connection = await log_in()
    assert [each.name for each in await migrate(connection, SCHEMA, LATER)] == ['next']
    await connection.execute(f"UPDATE {SCHEMA}.machine_feed_stream SET status = 'down' WHERE machine_id = 1")
    assert psql('-c', f"SELECT count(*) FROM {SCHEMA}.machine_status_history WHERE new_status = 'down'") == '1\n'
    owners = psql('-c', f"SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class "
                  f"WHERE relnamespace = '{SCHEMA}'::regnamespace")
    assert owners == f'{app}\n'
    assert psql('-c', f"SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = '{OTHERS}.notes'::regclass") \
        == 'postgres\n'


@pytest.fixture
def owner(server: Server, empty_database_url: str, psql: Psql, app: str) -> Psql:
    """psql of somebody who owns the schema, and neither the database nor a superuser: a person on Lakebase."""
    database = urlsplit(empty_database_url).path.removeprefix('/')
    psql('-c', f'CREATE ROLE "owner_{app}" LOGIN NOSUPERUSER',
         '-c', f'CREATE SCHEMA {SCHEMA} AUTHORIZATION "owner_{app}"',
         '-c', f'GRANT CONNECT, CREATE ON DATABASE {database} TO "{app}"')
    return lambda *arguments: server.psql(empty_database_url.replace('//postgres@', f'//owner_{app}@'), *arguments)


async def test_an_owner_who_is_no_superuser_installs_and_grants(owner: Psql, app: str, log_in: SignIn) -> None:
    install(owner)
    grants(owner, app)
    grants(owner, app)
    connection = await log_in()
    assert await migrate(connection, SCHEMA, ALL) == []
    await connection.execute(f"UPDATE {SCHEMA}.machine_feed_stream SET status = 'down' WHERE machine_id = 1")


async def test_an_owner_who_cannot_hand_over_learns_what_to_do_instead(
        owner: Psql, app: str, log_in: SignIn) -> None:
    install(owner)
    with pytest.raises(AssertionError, match='neither a superuser nor a member of that role') as refused:
        grants(owner, app, '-v', 'hand_over=1')
    assert 'Leave out hand_over' in str(refused.value)
    grants(owner, app)
    assert await migrate(await log_in(), SCHEMA, ALL) == []


async def test_a_member_of_the_apps_role_hands_over(owner: Psql, psql: Psql, app: str, log_in: SignIn) -> None:
    install(owner)
    psql('-c', f'GRANT "{app}" TO "owner_{app}"')
    grants(owner, app, '-v', 'hand_over=1')
    assert [each.name for each in await migrate(await log_in(), SCHEMA, LATER)] == ['next']


def test_grants_without_a_login_say_what_is_missing(psql: Psql) -> None:
    install(psql)
    with pytest.raises(AssertionError, match=r'app=LOGIN'):
        psql('-f', str(SQL / 'admin' / 'grants.sql'))
