"""A floor knows whether it is a demo or a plant, from the moment at which it is made."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest
from database.postgres import SCHEMA, Server

from floor.core.errors import MigrationError
from floor.core.settings import Settings
from floor.db.database import Database
from floor.db.migrations import migrate, prepare
from floor.db.query_files import SQL
from floor.db.schema_files import load_schema_files

pytestmark = [pytest.mark.newest_postgres, pytest.mark.long]

INSTALL = str(SQL / 'admin' / 'install.sql')
ALL = load_schema_files()
FLOOR = """SELECT coalesce((SELECT kind FROM plant), 'none'), (SELECT count(*) FROM machine_feed_stream),
                  (SELECT count(*) FROM production_lines), (SELECT count(*) FROM employees),
                  (SELECT count(*) FROM machine_status_history)"""
DEMO, EMPTY = ('demo', 30, 4, 15, 0), ('plant', 0, 0, 0, 0)
OF_ANOTHER_LINE_MONITOR = f"""
CREATE SCHEMA {SCHEMA};
CREATE TABLE {SCHEMA}.machine_feed_stream (machine_id integer, machine_name text, status text, type text);
CREATE TABLE {SCHEMA}.work_orders (id text, machine_id text, issue_description text, priority text, reporter_name text,
    assignee text, timestamp timestamp, created_at timestamp, status text);
CREATE TABLE {SCHEMA}.employees (id integer, first_name text, last_name text, email text, department text,
    active boolean, created_at timestamp);
"""


@pytest.fixture
async def fresh(empty_database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to a database in which nothing is."""
    connection = await asyncpg.connect(empty_database_url)
    yield connection
    connection.terminate()


async def floor_of(connection: asyncpg.Connection) -> tuple[str, int, int, int, int]:
    return tuple(await connection.fetchrow(FLOOR))


async def test_a_new_floor_is_what_it_is_asked_to_be(fresh: asyncpg.Connection) -> None:
    await migrate(fresh, SCHEMA, ALL, new_floor='empty')
    assert await floor_of(fresh) == EMPTY
    await migrate(fresh, 'another', ALL, new_floor='demo')
    await fresh.execute('SET search_path = another')
    assert await floor_of(fresh) == DEMO


async def test_what_it_is_does_not_change_with_the_setting(fresh: asyncpg.Connection) -> None:
    """Somebody forgets the variable, or sets it, at the second start."""
    await migrate(fresh, SCHEMA, ALL, new_floor='empty')
    await migrate(fresh, SCHEMA, ALL, new_floor='demo')
    assert await floor_of(fresh) == EMPTY


async def test_a_start_that_was_cut_short_goes_on(fresh: asyncpg.Connection) -> None:
    """After its first transaction, which only makes the tables that remember what was applied."""
    await fresh.execute(f'CREATE SCHEMA {SCHEMA}; SET search_path = {SCHEMA}, pg_temp; {ALL.bookkeeping}')
    await migrate(fresh, SCHEMA, ALL, new_floor='demo')
    assert await floor_of(fresh) == DEMO


@pytest.mark.parametrize(('arguments', 'floor'), [((), EMPTY), (('-v', 'new_floor=demo'), DEMO)], ids=['empty', 'demo'])
async def test_psql_makes_either(server: Server, empty_database_url: str, fresh: asyncpg.Connection,
                                 arguments: tuple[str, ...], floor: tuple[str, int, int, int, int]) -> None:
    server.psql(empty_database_url, *arguments, '-f', INSTALL)
    assert await floor_of(fresh) == floor


def test_psql_learns_what_it_can_make(server: Server, empty_database_url: str) -> None:
    with pytest.raises(AssertionError, match='new_floor=demos cannot be used: it must be demo or empty'):
        server.psql(empty_database_url, '-v', 'new_floor=demos', '-f', INSTALL)


@pytest.mark.parametrize(('rows', 'kind'), [
    ("machine_feed_stream SELECT machine_id, machine_name, 'down', type FROM model.machine_feed_stream", 'demo'),
    ("machine_feed_stream SELECT machine_id, machine_name, 'down', type FROM model.machine_feed_stream "
     "LIMIT 29", 'plant'),
    ("machine_feed_stream SELECT machine_id, machine_name, 'down', type FROM model.machine_feed_stream "
     "UNION ALL SELECT 31, 'Press_01_07', 'operational', 'press'", 'plant'),
    ("employees VALUES (1, 'Ada', 'King', 'ada@plant.example.com', 'Engineering', true, NULL)", 'plant'),
    ("work_orders VALUES ('1', 'Press', 'Leaks', 'high', 'Ada', NULL, now(), now(), 'open')", 'plant'),
], ids=['the machines of the demo', 'some of them', 'them and another', 'only people', 'only orders'])
async def test_a_floor_that_was_taken_over_is_a_plant_unless_it_is_the_demo(
        fresh: asyncpg.Connection, rows: str, kind: str) -> None:
    await migrate(fresh, 'model', ALL, new_floor='demo')
    await fresh.execute(f'{OF_ANOTHER_LINE_MONITOR}; INSERT INTO {SCHEMA}.{rows}')
    await migrate(fresh, SCHEMA, ALL, new_floor='demo')
    assert await fresh.fetchval(f'SELECT kind FROM {SCHEMA}.plant') == kind


async def test_a_schema_with_machines_but_without_the_row_is_a_plant(fresh: asyncpg.Connection) -> None:
    """Cut short before it was decided, and then somebody added a machine."""
    await migrate(fresh, SCHEMA, ALL, new_floor='empty')
    await fresh.execute("SET session_replication_role = 'replica'; DELETE FROM plant; RESET session_replication_role")
    await fresh.execute("INSERT INTO machine_feed_stream (machine_name) VALUES ('Press 1')")
    await migrate(fresh, SCHEMA, ALL, new_floor='demo')
    assert (await floor_of(fresh))[:2] == ('plant', 1)


async def test_a_plant_stays_a_plant(fresh: asyncpg.Connection) -> None:
    await migrate(fresh, SCHEMA, ALL, new_floor='empty')
    for statement in "UPDATE plant SET kind = 'demo'", 'DELETE FROM plant', 'TRUNCATE plant':
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await fresh.execute(statement)
    with pytest.raises(asyncpg.UniqueViolationError):
        await fresh.execute("INSERT INTO plant (kind) VALUES ('demo')")
    assert await floor_of(fresh) == EMPTY


# a developer's computer on the database of an app

@pytest.fixture
def guest(empty_database_url: str, settings: Settings) -> Database:
    database = Database(empty_database_url, settings)
    database.is_guest = True
    return database


async def test_a_guest_makes_no_schema(fresh: asyncpg.Connection, guest: Database) -> None:
    with pytest.raises(MigrationError, match=f'the schema "{SCHEMA}" does not exist: deploy the app first'):
        await prepare(guest)(fresh)
    assert await fresh.fetchval('SELECT count(*) FROM pg_namespace WHERE nspname = $1', SCHEMA) == 0


async def test_a_guest_brings_nothing_up_to_date(fresh: asyncpg.Connection, guest: Database) -> None:
    await migrate(fresh, SCHEMA, ALL)
    await prepare(guest)(fresh)
    await fresh.execute('DELETE FROM schema_migrations WHERE version = $1', ALL.migrations[-1].version)
    with pytest.raises(MigrationError, match='is older than this program: deploy this version of the app'):
        await prepare(guest)(fresh)
