"""In a database whose collation knows the digits of all scripts, a digit of an identity is still one of 0 to 9."""

from __future__ import annotations

import asyncpg
import pytest
from database.postgres import Server

from floor.core.settings import Settings
from floor.db.database import Database
from floor.db.migrations import connect_prepared

pytestmark = pytest.mark.newest_postgres
ORDER = ("INSERT INTO work_orders (id, machine_id, issue_description, priority) "
         "VALUES ($1, 'Valve_03_01', 'Leaks', 'high')")


async def test_an_identity_has_digits_of_0_to_9(server: Server, settings: Settings) -> None:
    server.psql(server.url('postgres'), '-c', "CREATE DATABASE all_digits TEMPLATE template0 LOCALE_PROVIDER builtin "
                                              "BUILTIN_LOCALE 'PG_UNICODE_FAST'")
    try:
        here = settings.model_copy(update={'database_url': server.url('all_digits'), 'new_floor': 'demo'})
        connection = await connect_prepared(Database(here.database_url, here))()
        assert await connection.fetchval("SELECT '٣' ~ '^\\d$'"), 'this database would take it for a digit'
        await connection.execute("INSERT INTO machine_feed_stream (machine_name, type) VALUES ('Valve_٠٣_٠٩', 'valve')")
        assert await connection.fetchval("SELECT line_id FROM machines WHERE machine_name = 'Valve_٠٣_٠٩'") is None
        with pytest.raises(asyncpg.CheckViolationError, match='work_orders_id_check'):
            await connection.execute(ORDER, 'WO-٢٠٢٦٠١٠١-abcd')
        await connection.execute(ORDER, 'WO-20260101-abcd')
        await connection.close()
    finally:
        server.drop_database(server.url('all_digits'))
