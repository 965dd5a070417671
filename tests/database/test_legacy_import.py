"""A schema that another line monitor has filled is taken over: nothing is lost, and history begins where it stood."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from database.postgres import SCHEMA, Server

from floor.core.errors import MigrationError
from floor.db.migrations import migrate
from floor.db.query_files import SQL
from floor.db.schema_files import load_schema_files

pytestmark = pytest.mark.long

INSTALL = str(SQL / 'admin' / 'install.sql')
OF_BEFORE = f"""
CREATE SCHEMA {SCHEMA};
SET search_path = {SCHEMA};
CREATE TABLE machine_feed_stream (
    machine_id SERIAL PRIMARY KEY, machine_name VARCHAR(100) NOT NULL UNIQUE, status VARCHAR(50) NOT NULL,
    type VARCHAR(50) NOT NULL, datetime TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
INSERT INTO machine_feed_stream (machine_id, machine_name, status, type, datetime) VALUES
    (1, 'Source_Sorter_01_01', 'Operational', 'Sorter', '2026-03-01 08:00:00'),
    (2, 'Robotic_Arm_01_01', 'WARNING', 'robotic arm', '2026-03-01 08:01:00'),
    (3, 'Injection_Molder_02_01', ' down ', 'injection_molder', '2026-03-01 08:02:00.5'),
    (7, 'Sorter_04_01', 'maintenance', 'sorter', NULL),
    (8, 'Welder_04_09', 'operational', 'Welder', '2026-03-01 08:03:00'),
    (9, 'Palletizer', 'operational', '', '2026-03-01 08:04:00');
CREATE TABLE work_orders (
    id VARCHAR(50) PRIMARY KEY, machine_id VARCHAR(100) NOT NULL, issue_description TEXT NOT NULL,
    priority VARCHAR(20) NOT NULL, reporter_name VARCHAR(100) NOT NULL, assignee VARCHAR(100) DEFAULT '',
    timestamp TIMESTAMP NOT NULL, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, status VARCHAR(20) DEFAULT 'open');
INSERT INTO work_orders VALUES
    ('WO-20260301-3f2a91bc', 'Injection_Molder_02_01', 'Hydraulic leak', 'Critical', 'Grace Kim', 'Lisa Garcia',
     '2026-03-01 08:05:00', '2026-03-01 08:05:01', 'open'),
    ('WO-20260228-0badcafe', 'Robotic_Arm_01_01', 'Gripper slips', 'medium', 'Grace Kim', '', '2026-02-28 09:00',
     '2026-02-28 09:00', 'In Progress'),
    ('WO-20260227-AAAABBBB', 'Robotic_Arm_01_01', 'Noise', 'low', 'Carlos Mendez', 'Old Timer', '2026-02-27 09:00',
     '2026-02-27 09:30', 'completed'),
    ('WO-20260227-aaaabbbb', '3', 'Twice the same', 'urgent', '', 'Somebody Else', '2026-02-27 10:00',
     '2026-02-27 10:00', 'Cancelled'),
    ('4711', 'Scrapped_Press_01', '', 'high', 'Grace Kim', NULL, '2026-02-26 10:00', '2026-02-26 10:00', 'waiting');
CREATE TABLE employees (
    id SERIAL PRIMARY KEY, first_name VARCHAR(50) NOT NULL, last_name VARCHAR(50) NOT NULL, email VARCHAR(100) UNIQUE,
    department VARCHAR(50), active BOOLEAN DEFAULT TRUE, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
INSERT INTO employees (id, first_name, last_name, email, department, active) VALUES
    (1, 'Lisa', 'Garcia', 'Lisa.Garcia@plant.example.com', 'Maintenance', TRUE),
    (2, 'Grace', 'Kim', 'grace.kim@plant.example.com', 'Operations', TRUE),
    (4, 'Old', 'Timer', 'old.timer@plant.example.com', 'Engineering', FALSE),
    (5, 'Second', 'Lisa', 'lisa.garcia@plant.example.com', NULL, TRUE),
    (6, 'No', 'Mail', NULL, 'Quality Control', TRUE);
SELECT setval('employees_id_seq', 6);
CREATE TABLE dashboard_executive_kpis AS SELECT 'Total Machines' AS metric_name, 29 AS current_value;
CREATE FUNCTION notify_machine_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_notify('machine_changes', row_to_json(NEW)::text); RETURN NEW; END $$;
CREATE TRIGGER machine_change_trigger AFTER UPDATE ON machine_feed_stream
    FOR EACH ROW EXECUTE FUNCTION notify_machine_change();
"""
TABLES = ('machine_feed_stream', 'work_orders', 'employees', 'dashboard_executive_kpis')

Adopt = Callable[[], Any]


OWNER, APP = 'legacy_owner', 'app_of_databricks'
"""Neither is a superuser, as nobody is on Lakebase."""
ELSEWHERE = 'legacy'
"""A schema that the app may read, and its owner keeps."""


WAYS = 'renamed by its owner, the app', 'renamed by its owner with psql', 'copied by the app'
each_way = pytest.mark.parametrize('way', WAYS, indirect=True)
"""For tests of what has to be alike; what is then made of the tables is the same code for all."""


@pytest.fixture
def way(request: pytest.FixtureRequest) -> str:
    """How the tables of before are taken over."""
    return str(getattr(request, 'param', WAYS[0]))


@pytest.fixture
def home(way: str) -> str:
    """The schema of the tables of before."""
    return ELSEWHERE if way == 'copied by the app' else SCHEMA


@pytest.fixture
def as_owner(server: Server, empty_database_url: str) -> str:
    """The address for somebody who may make schemas in the database, and no more."""
    database = urlsplit(empty_database_url).path.removeprefix('/')
    for role in OWNER, APP:
        server.psql(empty_database_url, '-c', f'DO $$ BEGIN CREATE ROLE {role} LOGIN NOSUPERUSER; '
                                              'EXCEPTION WHEN duplicate_object THEN NULL; END $$',
                    '-c', f'GRANT CREATE ON DATABASE {database} TO {role}')
    return empty_database_url.replace('//postgres@', f'//{OWNER}@')


def fill(server: Server, as_owner: str, home: str) -> None:
    """The tables of before, of somebody who lets the app read them."""
    server.psql(as_owner, script=OF_BEFORE.replace(SCHEMA, home))
    server.psql(as_owner, '-c', f'GRANT USAGE ON SCHEMA {home} TO {APP}',
                '-c', f'GRANT SELECT ON ALL TABLES IN SCHEMA {home} TO {APP}')


@pytest.fixture
def before(server: Server, as_owner: str, home: str) -> dict[str, list[str]]:
    """The rows of each table of before, as text."""
    fill(server, as_owner, home)
    return {table: server.psql(as_owner, '-c', f'SELECT * FROM {home}.{table}').splitlines() for table in TABLES}


@pytest.fixture
def adopt(server: Server, as_owner: str, way: str) -> Adopt:
    async def by_the_app(url: str, **options: Any) -> None:
        connection = await asyncpg.connect(url)
        try:
            await migrate(connection, SCHEMA, load_schema_files(), new_floor='demo', **options)
        finally:
            await connection.close()

    async def renamed_by_the_app() -> None:
        await by_the_app(as_owner)

    async def renamed_by_psql() -> None:
        server.psql(as_owner, '-v', 'new_floor=demo', '-f', INSTALL)

    async def copied() -> None:
        await by_the_app(as_owner.replace(OWNER, APP), legacy_schema=ELSEWHERE)

    return {'renamed by its owner, the app': renamed_by_the_app, 'renamed by its owner with psql': renamed_by_psql,
            'copied by the app': copied}[way]


@pytest.fixture
async def connection(empty_database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(empty_database_url, server_settings={'timezone': 'UTC'})
    yield connection
    await connection.close()


async def rows(connection: asyncpg.Connection, query: str) -> list[tuple[Any, ...]]:
    await connection.execute(f'SET search_path = {SCHEMA}')
    return [tuple(row) for row in await connection.fetch(query)]


@each_way
async def test_the_old_tables_are_kept_row_by_row(
        before: dict[str, list[str]], adopt: Adopt, server: Server, empty_database_url: str, home: str) -> None:
    await adopt()
    for table in TABLES if home == SCHEMA else TABLES[:3]:
        kept = server.psql(empty_database_url, '-c', f'SELECT * FROM {SCHEMA}.adopted_{table}').splitlines()
        assert kept == before[table]
    server.psql(empty_database_url, '-c',
                f"INSERT INTO {SCHEMA}.adopted_employees (first_name, last_name) VALUES ('still', 'usable')")


@pytest.mark.parametrize('way', ['copied by the app'], indirect=True)
async def test_where_they_were_copied_from_nothing_changes(
        before: dict[str, list[str]], adopt: Adopt, server: Server, as_owner: str) -> None:
    await adopt()
    for table in TABLES:
        assert server.psql(as_owner, '-c', f'SELECT * FROM {ELSEWHERE}.{table}').splitlines() == before[table]
    server.psql(as_owner, '-c', f"UPDATE {ELSEWHERE}.machine_feed_stream SET status = 'down'")


async def test_tables_that_the_app_may_not_read_are_named_with_the_statement_that_helps(
        server: Server, as_owner: str, connection: asyncpg.Connection) -> None:
    server.psql(as_owner, script=OF_BEFORE.replace(SCHEMA, ELSEWHERE))
    app = await asyncpg.connect(as_owner.replace(OWNER, APP))
    try:
        with pytest.raises(MigrationError) as refused:
            await migrate(app, SCHEMA, load_schema_files(), legacy_schema=ELSEWHERE)
        statements = re.findall('GRANT [^;]*;', str(refused.value))
        assert statements == [f'GRANT USAGE ON SCHEMA {ELSEWHERE} TO {APP};',
                              f'GRANT SELECT ON ALL TABLES IN SCHEMA {ELSEWHERE} TO {APP};']
        server.psql(as_owner, '-c', ' '.join(statements))
        await migrate(app, SCHEMA, load_schema_files(), legacy_schema=ELSEWHERE)
    finally:
        await app.close()
    assert await rows(connection, 'SELECT count(*) FROM machine_feed_stream') == [(6,)]


@pytest.mark.parametrize('schema', ['public', 'nowhere'])
async def test_a_schema_without_such_tables_is_not_passed_over(
        schema: str, as_owner: str, connection: asyncpg.Connection) -> None:
    app = await asyncpg.connect(as_owner.replace(OWNER, APP))
    try:
        with pytest.raises(MigrationError, match=f'LEGACY_SCHEMA={schema}'):
            await migrate(app, SCHEMA, load_schema_files(), legacy_schema=schema)
    finally:
        await app.close()
    assert await connection.fetchval('SELECT to_regnamespace($1) IS NULL', SCHEMA), 'nothing was made'


@each_way
@pytest.mark.usefixtures('before')
async def test_machines_keep_number_name_and_last_word(adopt: Adopt, connection: asyncpg.Connection) -> None:
    await adopt()
    assert await rows(connection, 'SELECT machine_id, machine_name, status, type, datetime::text, reason '
                                  'FROM machine_feed_stream ORDER BY machine_id') == [
        (1, 'Source_Sorter_01_01', 'operational', 'sorter', '2026-03-01 08:00:00+00', None),
        (2, 'Robotic_Arm_01_01', 'warning', 'robotic_arm', '2026-03-01 08:01:00+00', None),
        (3, 'Injection_Molder_02_01', 'down', 'injection_molder', '2026-03-01 08:02:00.5+00', None),
        (7, 'Sorter_04_01', 'warning', 'sorter', None, "The adopted status was 'maintenance'"),
        (8, 'Welder_04_09', 'operational', 'Welder', '2026-03-01 08:03:00+00', None),
        (9, 'Palletizer', 'operational', 'other', '2026-03-01 08:04:00+00', None)]


@pytest.mark.usefixtures('before')
async def test_names_that_ours_refuses_become_the_nearest_that_are_taken(
        adopt: Adopt, connection: asyncpg.Connection) -> None:
    old = await connection.fetchval("SELECT relnamespace::regnamespace FROM pg_class WHERE relname = 'work_orders'")
    for name in ' Valve\u200b_01_01\u00a0', 'Sa\u0308ge\t1', '\u3164', '\u202ePress':
        await connection.execute(f'INSERT INTO {old}.machine_feed_stream (machine_id, machine_name, status, type) '
                                 "VALUES (100 + ascii($1::text), $1, 'down', 'press')", name)
    await connection.execute(f'INSERT INTO {old}.employees (id, first_name, last_name, email) '
                             'VALUES (9, $1, $2, $3)', ' Ana\u00a0', 'Pe\u0301rez', 'ana\u200b@example.com')
    await connection.execute(
        f"INSERT INTO {old}.work_orders VALUES ('1', $1, $2, 'low', $3, '', now(), now(), 'open')",
        ' Valve\u200b_01_01\u00a0', '\u3164', 'Ana\u200b')
    await adopt()
    assert {'Valve_01_01', 'Säge 1', 'Press'} <= {name for name, in await rows(
        connection, 'SELECT machine_name FROM machine_feed_stream')}
    assert await rows(connection, 'SELECT first_name, last_name, email FROM employees WHERE id = 9') == [
        ('Ana', 'Pérez', 'employee-9@example.invalid')]
    assert await rows(connection, "SELECT issue_description, reporter_name FROM work_orders "
                                  "WHERE machine_id = 'Valve_01_01'") == [('Not described', 'Ana')]


@pytest.mark.usefixtures('before')
async def test_machines_stand_where_the_plant_has_them_or_at_the_end_of_their_line(
        adopt: Adopt, connection: asyncpg.Connection) -> None:
    await adopt()
    placed = await rows(connection, """
        SELECT coalesce(l.name, '-'), array_agg(m.machine_name ORDER BY m.position) FROM machines m
        LEFT JOIN production_lines l USING (line_id) JOIN machine_feed_stream USING (machine_name) GROUP BY 1""")
    assert dict(placed) == {'Transmission Line': ['Source_Sorter_01_01', 'Robotic_Arm_01_01'],
                            'Engine Line': ['Injection_Molder_02_01'], '-': ['Palletizer'],
                            'Interior Line': ['Sorter_04_01', 'Welder_04_09']}
    assert await rows(connection, 'SELECT name FROM production_lines ORDER BY position') \
        == [('Transmission Line',), ('Engine Line',), ('Interior Line',)]


@pytest.mark.usefixtures('before')
async def test_history_begins_with_the_adopted_state(adopt: Adopt, connection: asyncpg.Connection) -> None:
    await adopt()
    history = await rows(connection, 'SELECT machine_name, old_status, new_status FROM machine_status_history '
                                     'JOIN machines USING (machine_id)')
    assert set(history) == {(name, None, status) for name, status in
                            await rows(connection, 'SELECT machine_name, status FROM machine_feed_stream')}
    assert len(history) == 6
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match='append-only'):
        await connection.execute('DELETE FROM machine_status_history')


@pytest.mark.usefixtures('before')
async def test_the_statement_that_everybody_knows_works_on(adopt: Adopt, connection: asyncpg.Connection) -> None:
    await adopt()
    await connection.execute(f'SET search_path = {SCHEMA}')
    await connection.execute("UPDATE machine_feed_stream SET status = 'warning', datetime = NOW() "
                             "WHERE machine_name = 'Injection_Molder_02_01'")
    assert await rows(connection, 'SELECT old_status, new_status FROM machine_status_history '
                                  'ORDER BY version DESC LIMIT 1') == [('down', 'warning')]
    await connection.execute("INSERT INTO machine_feed_stream (machine_name, type) VALUES ('Valve_02_07', 'valve')")
    assert await rows(connection, "SELECT machine_id FROM machine_feed_stream WHERE machine_name = 'Valve_02_07'") \
        == [(11,)]  # an order is about a tenth machine


@pytest.mark.usefixtures('before')
async def test_people_keep_their_numbers_and_addresses(adopt: Adopt, connection: asyncpg.Connection) -> None:
    await adopt()
    assert await rows(connection, "SELECT id, first_name || ' ' || last_name, email, department, active, role "
                                  'FROM employees ORDER BY id') == [
        (1, 'Lisa Garcia', 'Lisa.Garcia@plant.example.com', 'Maintenance', True, 'technician'),
        (2, 'Grace Kim', 'grace.kim@plant.example.com', 'Operations', True, 'operator'),
        (4, 'Old Timer', 'old.timer@plant.example.com', 'Engineering', False, 'technician'),
        (5, 'Second Lisa', 'employee-5@example.invalid', 'Not given', True, 'operator'),
        (6, 'No Mail', 'employee-6@example.invalid', 'Quality Control', True, 'operator')]
    assert await connection.fetchval("INSERT INTO employees (first_name, last_name, email, department) VALUES "
                                     "('New', 'One', 'new@plant.example.com', 'Operations') RETURNING id") == 7


@each_way
@pytest.mark.usefixtures('before')
async def test_orders_are_taken_over_in_the_state_they_have(adopt: Adopt, connection: asyncpg.Connection) -> None:
    await adopt()
    orders = await rows(connection, """
        SELECT id, machine_id, issue_description, priority, reporter_name, assignee, timestamp::text, created_at::text,
               status
        FROM work_orders ORDER BY created_at""")
    [made_up, twice] = [order[0] for order in (orders[0], orders[2])]
    assert orders == [
        (made_up, 'Scrapped_Press_01', 'Not described', 'high', 'Grace Kim', None, '2026-02-26 10:00:00+00',
         '2026-02-26 10:00:00+00', 'open'),
        ('WO-20260227-aaaabbbb', 'Robotic_Arm_01_01', 'Noise', 'low', 'Carlos Mendez', 'Old Timer',
         '2026-02-27 09:00:00+00', '2026-02-27 09:30:00+00', 'completed'),
        (twice, 'Injection_Molder_02_01', 'Twice the same', 'medium', 'Not recorded', None, '2026-02-27 10:00:00+00',
         '2026-02-27 10:00:00+00', 'cancelled'),
        ('WO-20260228-0badcafe', 'Robotic_Arm_01_01', 'Gripper slips', 'medium', 'Grace Kim', None,
         '2026-02-28 09:00:00+00', '2026-02-28 09:00:00+00', 'in_progress'),
        ('WO-20260301-3f2a91bc', 'Injection_Molder_02_01', 'Hydraulic leak', 'critical', 'Grace Kim', 'Lisa Garcia',
         '2026-03-01 08:05:00+00', '2026-03-01 08:05:01+00', 'open')]
    assert made_up.startswith('WO-20260226-')
    assert twice.startswith('WO-20260227-')


@pytest.mark.usefixtures('before')
async def test_an_order_says_nothing_about_its_machine_or_its_end_that_nobody_knows(
        adopt: Adopt, connection: asyncpg.Connection) -> None:
    await adopt()
    assert await rows(connection, 'SELECT DISTINCT machine_status, machine_reason, stop_since FROM work_orders') \
        == [(None, None, None)]
    assert await rows(connection, 'SELECT id, completed_at = created_at, version FROM work_orders '
                                  "WHERE status = 'completed'") == [('WO-20260227-aaaabbbb', True, 1)]
    assert await rows(connection, "SELECT due_at - timestamp FROM work_orders WHERE id = 'WO-20260301-3f2a91bc'") \
        == await rows(connection, "SELECT due_within FROM work_order_priorities WHERE priority = 'critical'")


@pytest.mark.usefixtures('before')
async def test_what_does_not_fit_is_kept_as_a_comment(adopt: Adopt, connection: asyncpg.Connection) -> None:
    await adopt()
    notes = dict(await rows(connection, 'SELECT o.issue_description, e.note FROM work_order_events e '
                                        "JOIN work_orders o ON o.id = e.work_order_id WHERE kind = 'commented'"))
    ended = 'When it ended was not recorded: the time of the report stands for it.'
    assert notes == {
        'Noise': f'Its id was WO-20260227-AAAABBBB.\n{ended}',
        'Twice the same': f"Its id was WO-20260227-aaaabbbb.\nIts priority was 'urgent'.\n{ended}\n"
                          'It was assigned to Somebody Else, who has no employee record.',
        'Not described': "Its id was 4711.\nIts status was 'waiting'."}
    assert await rows(connection, 'SELECT DISTINCT who, who_email FROM work_order_events') == [('Adoption', None)]
    assert await rows(connection, "SELECT count(*) FROM work_order_events WHERE kind = 'created'") == [(5,)]


@each_way
@pytest.mark.usefixtures('before')
async def test_it_happens_once(adopt: Adopt, connection: asyncpg.Connection, server: Server,
                               empty_database_url: str) -> None:
    await adopt()
    await connection.execute(f"DELETE FROM {SCHEMA}.machine_feed_stream WHERE machine_name = 'Palletizer'")
    await adopt()
    server.psql(empty_database_url, '-f', INSTALL)
    assert await rows(connection, 'SELECT count(*) FROM machine_feed_stream') == [(5,)]
    assert await rows(connection, 'SELECT count(*) FROM work_orders') == [(5,)]


@each_way
@pytest.mark.usefixtures('before')
async def test_apart_from_the_adopted_tables_the_schema_is_as_always(
        adopt: Adopt, server: Server, empty_database_url: str, database_url: str) -> None:
    names = f"""SELECT c.relname, c.relkind, a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_class c
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0
        WHERE relnamespace = '{SCHEMA}'::regnamespace AND relname NOT LIKE 'adopted_%' ORDER BY 1, 3"""
    await adopt()
    assert server.psql(empty_database_url, '-c', names) == server.psql(database_url, '-c', names)


async def test_empty_tables_of_before_are_set_aside_and_the_plant_is_as_delivered(
        server: Server, as_owner: str, home: str, adopt: Adopt, connection: asyncpg.Connection) -> None:
    fill(server, as_owner, home)
    for table in TABLES[:3]:
        server.psql(as_owner, '-c', f'TRUNCATE {home}.{table}')
    await adopt()
    counts = [await rows(connection, f'SELECT count(*) FROM {table}') for table in TABLES[:3]]
    assert counts == [[(30,)], [(0,)], [(15,)]]


async def test_a_table_of_another_shape_is_not_touched(
        server: Server, as_owner: str, home: str, adopt: Adopt, connection: asyncpg.Connection) -> None:
    fill(server, as_owner, home)
    server.psql(as_owner, '-c', f'ALTER TABLE {home}.employees RENAME first_name TO given_name')
    with pytest.raises(Exception, match=r'relation ".*" already exists|employees in LEGACY_SCHEMA=legacy is not one'):
        await adopt()
    for table, is_there in (f'{home}.machine_feed_stream', True), ('machines', False), (f'adopted_{TABLES[0]}', False):
        assert await rows(connection, f"SELECT to_regclass('{table}') IS NOT NULL") == [(is_there,)]


@pytest.mark.usefixtures('before')
async def test_a_feed_of_another_name_is_adopted_too(
        server: Server, as_owner: str, home: str, connection: asyncpg.Connection) -> None:
    server.psql(as_owner, '-c', f'ALTER TABLE {home}.machine_feed_stream RENAME TO feed')
    await migrate(connection, SCHEMA, load_schema_files(feed_table='feed'),
                  legacy_schema=home if home != SCHEMA else None)
    assert await rows(connection, 'SELECT count(*) FROM feed JOIN adopted_feed USING (machine_id)') == [(6,)]


@pytest.mark.newest_postgres
@pytest.mark.usefixtures('before')
async def test_many_orders_are_no_trouble(
        server: Server, as_owner: str, home: str, adopt: Adopt, connection: asyncpg.Connection) -> None:
    server.psql(as_owner, '-c', f"""INSERT INTO {home}.work_orders
        SELECT 'WO-20250101-' || lpad(to_hex(i), 8, '0'), 'Robotic_Arm_01_01', 'Leak ' || i, 'low', 'Grace Kim',
               'Lisa Garcia', '2025-01-01', '2025-01-01', 'completed' FROM generate_series(1, 1000) AS i""")
    await adopt()
    assert await rows(connection, 'SELECT count(*), count(assignee_id) FROM work_orders') == [(1005, 1002)]
