"""A test gets a database that nobody has written to, be it new or one that another test only read."""

from __future__ import annotations

import asyncpg
import pytest
from database.postgres import Server


@pytest.mark.newest_postgres
@pytest.mark.parametrize(('statement', 'is_reused'), [
    ('SELECT count(*) FROM machine_feed_stream', True),
    ("SELECT nextval('machine_feed_version')", False),
    ("NOTIFY anything, 'x'", False),
    ("UPDATE machine_feed_stream SET reason = 'x'", False),
    ('CREATE TABLE public.mine (id int)', False),
])
async def test_only_a_database_that_was_read_goes_to_the_next_test(
        server: Server, statement: str, is_reused: bool) -> None:
    url = server.new_database(migrated=True)
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()
    server.give_back(url)
    again = server.new_database(migrated=True)
    try:
        assert (again == url) is is_reused
    finally:
        server.give_back(again)
