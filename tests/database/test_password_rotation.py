"""A database whose password changes all the time: connections outlive it, new ones have the new one, the floor is live.

PostgreSQL is real, with its own TLS and passwords enforced; the Databricks SDK is real; the workspace is a stand-in,
and sets each token that it gives as the password of the app's role.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from database.postgres import SCHEMA, until
from database.tls import ROLE, TlsDatabase
from database.workspace import CREDENTIALS, ENDPOINT, Workspace

from auth.lakebase import RENEWED_AFTER, Address, Lakebase
from auth.workspace import LakebaseResource
from floor.core.errors import DatabaseUnavailableError
from floor.core.settings import Settings
from floor.db.database import Database
from floor.db.migrations import prepare
from floor.feed.freshness import Freshness
from floor.feed.listener import Listener
from floor.feed.store import Store
from floor.feed.timing import Timing

pytestmark = pytest.mark.long

ROTATIONS = 12
KILLS, CUT_EVERY = 3, 3
"""Sessions are cut so often, each time after so many more passwords."""
CROWD = 10
"""New connections that all meet a password that is no longer right."""
MIN_LIFE_S = 0.15


@pytest.fixture
def lakebase(lake: TlsDatabase, workspace: Workspace) -> Lakebase:
    return Lakebase(LakebaseResource(endpoint=ENDPOINT, user=ROLE), Address(lake.port, lake.name), first_backoff=0.0)


@pytest.fixture
async def database(lakebase: Lakebase, tmp_path: Path) -> AsyncIterator[Database]:
    settings = Settings.load(_env_file=None, default_postgres_schema=SCHEMA, data_dir=tmp_path, db_pool_size=2)
    database = Database(None, settings, lakebase)
    yield database
    await database.close()


async def test_a_live_connection_survives_its_password_and_a_new_one_has_the_new(
        database: Database, lakebase: Lakebase, lake: TlsDatabase, workspace: Workspace) -> None:
    old = await database.connect()
    assert await old.fetchval('SELECT current_user') == ROLE
    assert await old.fetchval('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')
    before = await lakebase.arguments() | {'password': workspace.tokens[0]}
    await lakebase._one_request()
    assert workspace.tokens[0] != workspace.tokens[1] == await lakebase.password()
    new = await database.connect()
    assert [await each.fetchval('SELECT 1') for each in (old, new)] == [1, 1]
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(**before)
    for each in (old, new):
        await each.close()


async def test_the_pool_signs_in_with_the_password_of_the_moment(
        database: Database, lakebase: Lakebase, workspace: Workspace) -> None:
    for number in range(1, 4):
        async with database.acquire() as connection:
            assert await connection.fetchval('SELECT current_user') == ROLE
        assert len(workspace.tokens) == number
        await lakebase._one_request()
        await database.expire_connections()


async def test_who_speaks_no_tls_is_not_let_in(lakebase: Lakebase) -> None:
    plain = await lakebase.arguments() | {'ssl': 'disable'}
    with pytest.raises((OSError, asyncpg.PostgresError, asyncpg.InternalClientError)):
        await asyncpg.connect(**plain, timeout=10)


async def test_a_password_that_the_database_no_longer_takes_is_replaced_without_a_restart(
        database: Database, lake: TlsDatabase, workspace: Workspace) -> None:
    await (await database.connect()).close()
    lake.set_password('set by somebody else')
    with pytest.raises(DatabaseUnavailableError, match=r'refuses the login: password authentication failed .*\. Asking '
                                                  r'for a new password; if this continues, give the app') as refused:
        await database.connect()
    assert 'nobody-may-see' not in str(refused.value)
    await (await database.connect()).close()
    assert len(workspace.tokens) == 2


async def test_an_endpoint_without_permission_is_reported_and_entered_once_it_is_given(
        database: Database, workspace: Workspace) -> None:
    workspace.refuse(CREDENTIALS, 403, 'PERMISSION_DENIED', 'no permission')
    with pytest.raises(DatabaseUnavailableError, match='Databricks denies access to the Lakebase endpoint'):
        async with database.acquire():
            pass
    workspace.answers.clear()
    async with database.acquire() as connection:
        assert await connection.fetchval('SELECT 1') == 1


async def test_the_floor_stays_live_through_a_dozen_passwords_with_kills_between(
        database: Database, lakebase: Lakebase, lake: TlsDatabase, workspace: Workspace) -> None:
    """The app makes its schema as its own role; then passwords change as fast as they can be had; sessions are cut."""
    life = await short_life(lakebase)
    workspace.lifetime = timedelta(seconds=life)
    await lakebase._one_request()
    given_before = len(workspace.tokens)
    asked_before, begin = workspace.token_requests, time.monotonic()
    store = Store(stale_after=8)
    listener = Listener(database.connect, database.queries, store, prepare=prepare(database),
                        timing=Timing(heartbeat=0.5, first_backoff=0.02))
    tasks = [asyncio.create_task(work) for work in (listener.run(), lakebase.keep_fresh())]
    admin = await asyncpg.connect(lake.url)
    kills = 0
    try:
        await until(lambda: store.connection is Freshness.LIVE)
        while (rotations := len(workspace.tokens) - given_before) < ROTATIONS or kills < KILLS:
            await admin.execute(
                f"UPDATE {SCHEMA}.machine_feed_stream SET status = CASE status WHEN 'down' THEN 'operational' "
                f"ELSE 'down' END WHERE machine_id = 1 + ({rotations} % 30)")
            if rotations >= (kills + 1) * CUT_EVERY:
                kills += 1
                connections = listener.counters.connections
                await asyncio.to_thread(lake.set_password, 'set by somebody else')
                await asyncio.to_thread(lake.kill_connections)
                await asyncio.gather(*(get_in(database) for _ in range(CROWD)))
                await until(lambda seen=connections: (listener.counters.connections > seen
                                                      and store.connection is Freshness.LIVE))
            await asyncio.sleep(0.01)
        wanted = {row['machine_name']: row['version'] for row in
                  await admin.fetch(f'SELECT machine_name, version FROM {SCHEMA}.machine_feed_stream')}
        await until(lambda: {name: machine.version for name, machine in store.machines.items()} == wanted)
    finally:
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)
        await admin.close()
    assert listener.counters.connections > kills
    assert workspace.at_once == 1, 'never two requests at once'
    # one request per life, plus at most one for each connection that a changed password met half-way
    asked, elapsed = workspace.token_requests - asked_before, time.monotonic() - begin
    assert rotations <= asked <= elapsed / (life * RENEWED_AFTER) + 2 * kills + 5
    print(f'{rotations} passwords of {life:.2f} s in {elapsed:.0f} s, {asked} requests, {kills} kills, '
          f'{listener.counters.connections} connections of the listener')


async def get_in(database: Database) -> None:
    """A new connection, however often its password is refused meanwhile."""
    async with asyncio.timeout(20):
        while True:
            with suppress(DatabaseUnavailableError):
                await (await database.connect()).close()
                return
            await asyncio.sleep(0.02)


async def short_life(lakebase: Lakebase) -> float:
    """Seconds that a password has to live here, so that one can be had and used: a busy machine takes its time."""
    begin = time.monotonic()
    for _ in range(5):
        await lakebase._one_request()
    return max(MIN_LIFE_S, 4 * (time.monotonic() - begin) / 5)
