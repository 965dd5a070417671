"""The index for searches: made where the server has pg_trgm and the login may add it, missed nowhere else."""

from __future__ import annotations

from collections.abc import Iterator

import asyncpg
import pytest
from database.postgres import SCHEMA, Connect, Server

from floor.db.migrations import migrate
from floor.db.schema_files import load_schema_files

pytestmark = pytest.mark.newest_postgres

INDEXES = "SELECT array_agg(indexname::text) FROM pg_indexes WHERE indexname = 'work_order_texts_by_words'"
FOUND = ("SELECT array_agg(issue_description ORDER BY id) "
         "FROM filtered_work_orders(statuses => NULL, done => NULL, zone => 'UTC', priorities => NULL, "
         'machine => NULL, person => NULL, unassigned => false, overdue => false, search => $1, changed_after => NULL)')


@pytest.fixture
def url_with_extensions(secure: tuple[Server, int]) -> Iterator[str]:
    """An empty database on a server that has pg_trgm."""
    server, _ = secure
    url = server.new_database(migrated=False)
    yield url
    server.drop_database(url)


async def floor_of(url: str, login: str = 'postgres') -> asyncpg.Connection:
    connection = await asyncpg.connect(url)
    await connection.execute(f'SET SESSION AUTHORIZATION {login}')
    await migrate(connection, SCHEMA, load_schema_files(), 'demo')
    await connection.execute(f'SET search_path = {SCHEMA}')
    return connection


async def test_a_rare_word_is_found_by_the_index_and_is_the_same_order(url_with_extensions: str) -> None:
    connection = await floor_of(url_with_extensions)
    await connection.execute("INSERT INTO work_orders (id, machine_id, issue_description, priority) "
                             "SELECT 'WO-20261123-' || lpad(n::text, 8, '0'), 'Valve_01_01', 'Öl leckt ' || n, 'low' "
                             'FROM generate_series(1, 3000) AS n; ANALYZE work_orders, work_order_texts')

    assert await connection.fetchval(INDEXES) == ['work_order_texts_by_words']
    await connection.execute('VACUUM work_order_texts')  # what the index has not taken in yet makes it dear
    await connection.execute('SET enable_seqscan = off; SET enable_indexscan = off')  # 3,000 are compared as fast
    plan = '\n'.join(row[0] for row in await connection.fetch('EXPLAIN ' + FOUND.replace('$1', "'2718 OL'")))
    assert 'work_order_texts_by_words' in plan
    assert await connection.fetchval(FOUND, '2718 OL') == ['Öl leckt 2718']
    await connection.execute('DROP INDEX work_order_texts_by_words')
    assert await connection.fetchval(FOUND, '2718 OL') == ['Öl leckt 2718']
    await connection.close()


async def test_a_login_that_may_not_add_an_extension_has_a_floor_all_the_same(secure: tuple[Server, int],
                                                                              url_with_extensions: str) -> None:
    server, _ = secure
    server.psql(url_with_extensions, script=f'CREATE ROLE plain LOGIN; CREATE SCHEMA {SCHEMA} AUTHORIZATION plain')
    connection = await floor_of(url_with_extensions, 'plain')
    await connection.execute("INSERT INTO work_orders (machine_id, issue_description, priority) "
                             "VALUES ('Valve_01_01', 'Öl leckt', 'low')")

    assert await connection.fetchval(INDEXES) is None
    assert await connection.fetchval(FOUND, 'leckt OL') == ['Öl leckt']
    await connection.close()
    server.psql(url_with_extensions, '-c', f'DROP SCHEMA {SCHEMA} CASCADE')
    server.psql(url_with_extensions, '-c', 'DROP ROLE plain')


async def test_a_server_without_the_extension_has_a_floor_all_the_same(connect: Connect) -> None:
    connection = await connect()
    await connection.execute("INSERT INTO work_orders (machine_id, issue_description, priority) "
                             "VALUES ('Valve_01_01', 'Öl leckt', 'low')")

    assert await connection.fetchval(INDEXES) is None
    assert await connection.fetchval(FOUND, 'leckt OL') == ['Öl leckt']
