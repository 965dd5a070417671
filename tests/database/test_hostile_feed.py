"""A feed's login that holds whatever it can get hold of: it delays nobody, or not for long, and people learn of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import uuid4

import asyncpg
import pytest
from database.harness import runtime_of
from database.postgres import Connect, Psql, until

from floor.core.settings import Settings
from floor.db.database import Database
from floor.db.migrations import migrate, prepare
from floor.db.query_files import SQL
from floor.db.schema_files import load_schema_files
from floor.feed.freshness import Freshness
from floor.feed.listener import Listener
from floor.feed.store import Store
from floor.feed.timing import Timing
from floor.jobs.dashboard_refresh import DashboardRefresh
from floor.jobs.day_sums import DaySums
from floor.operations.diagnosis import diagnose
from floor.operations.diagnosis_findings import findings

FEED_LOGIN = SQL / 'admin' / 'feed_login.sql'
QUICK = Timing(heartbeat=0.05, heartbeat_timeout=10, audit=0.1, polling=0.05, gap=0.005, first_backoff=0.01)


@pytest.fixture
async def plc(psql: Psql, connect: Connect) -> AsyncIterator[asyncpg.Connection]:
    name = f'gateway_{uuid4().hex[:8]}'
    psql('-v', f'login={name}', '-f', str(FEED_LOGIN))
    yield await connect(name)
    psql('-c', f'REVOKE floor_feed_writer FROM {name}')  # roles are the server's, whose other databases are tested too


@pytest.fixture
async def as_app(psql: Psql, settings: Settings, database_url: str) -> AsyncIterator[Database]:
    """The database as a login sees it that is neither its owner nor a superuser."""
    app = f'app_{uuid4().hex[:8]}'
    psql('-c', f'CREATE ROLE {app} LOGIN', '-v', f'app={app}', '-f', str(SQL / 'admin' / 'grants.sql'))
    database = Database(database_url.replace('//postgres@', f'//{app}@'), settings)
    yield database
    await database.close()


@pytest.fixture
async def holding_everything(plc: asyncpg.Connection) -> asyncpg.Connection:
    """Every machine's row, and the numbers that once were our locks."""
    await plc.execute('BEGIN; SELECT pg_advisory_lock(7302113006), pg_advisory_lock(7302113007)')
    await plc.execute("UPDATE machine_feed_stream SET status = 'down', reason = 'Mine'")
    return plc


async def test_a_floor_comes_back_whatever_a_feed_holds(
        database: Database, connect: Connect, holding_everything: asyncpg.Connection) -> None:
    admin, store, connections = await connect(), Store(stale_after=QUICK.stale_after), []

    async def open_connection() -> asyncpg.Connection:
        connections.append(await database.connect())
        return connections[-1]  # type: ignore[return-value]

    listener = Listener(open_connection, database.queries, store, timing=QUICK,
                        prepare=prepare(database))
    task = asyncio.create_task(listener.run())
    try:
        await until(lambda: store.connection is Freshness.LIVE)
        await admin.execute('SELECT pg_terminate_backend($1)', connections[0].get_server_pid())
        await until(lambda: len(connections) > 1 and store.connection is Freshness.LIVE)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_the_dashboard_is_refreshed_whatever_a_feed_holds(
        database: Database, holding_everything: asyncpg.Connection) -> None:
    assert await DashboardRefresh(database, DaySums(database)).refresh()


async def test_a_schema_is_made_whatever_a_feed_holds(
        connect: Connect, holding_everything: asyncpg.Connection) -> None:
    async with asyncio.timeout(20):
        assert await migrate(await connect(), 'second_plant', load_schema_files()) != []


# what it leaves open

async def test_a_change_behind_an_open_one_is_refused_in_time_and_the_open_one_is_ended(
        psql: Psql, connect: Connect, plc: asyncpg.Connection) -> None:
    """With the limits as they are, but a hundredth of the time."""
    login = await plc.fetchval('SELECT session_user')
    psql('-c', f"ALTER ROLE {login} SET lock_timeout = '50ms'",
         '-c', f"ALTER ROLE {login} SET idle_in_transaction_session_timeout = '400ms'")
    forgetful, patient = await connect(login), await connect(login)
    change = "UPDATE machine_feed_stream SET status = 'down' WHERE machine_name = 'Valve_01_01'"
    await forgetful.execute(f'BEGIN; {change}')
    with pytest.raises(asyncpg.LockNotAvailableError):
        await patient.execute(change)
    await until(forgetful.is_closed)
    assert await patient.execute(change) == 'UPDATE 1'


async def test_a_feed_cannot_take_every_connection(psql: Psql, connect: Connect, plc: asyncpg.Connection) -> None:
    login = await plc.fetchval('SELECT session_user')
    with pytest.raises(asyncpg.TooManyConnectionsError, match='too many connections for role'):
        for _ in range(11):
            await connect(login)


async def test_a_feed_without_limits_is_a_finding(database: Database, psql: Psql, plc: asyncpg.Connection) -> None:
    login = await plc.fetchval('SELECT session_user')
    assert not [each for each in findings(await diagnose(runtime_of(database))) if login in each.what]
    psql('-c', f'ALTER ROLE {login} RESET ALL', '-c', f"ALTER ROLE {login} SET lock_timeout = '0'",
         '-c', f'ALTER ROLE {login} CONNECTION LIMIT -1')
    [finding] = [each for each in findings(await diagnose(runtime_of(database))) if login in each.what]
    assert finding.what == (f'The feed login {login} has no statement_timeout, no lock_timeout, '
                            'no idle_in_transaction_session_timeout, no connection limit: a transaction that it leaves '
                            'open can block other feeds.')
    assert f'psql DATABASE -v login={login} -f sql/admin/feed_login.sql' in finding.do


async def test_so_is_one_by_the_setting_with_statements_that_any_administrator_can_run(
        database: Database, psql: Psql, connect: Connect, plc: asyncpg.Connection) -> None:
    """On Lakebase psql runs no file of the program for the person who administers the roles."""
    login = f'gateway-{uuid4().hex[:8]}'
    psql('-c', f'CREATE ROLE "{login}" LOGIN')
    await (await connect()).fetch('SELECT grant_feed_writers($1)', [login])
    [finding] = [each for each in findings(await diagnose(runtime_of(database))) if login in each.what]
    assert 'no statement_timeout, no lock_timeout' in finding.what
    statements = re.findall(r'ALTER ROLE [^;]*;', finding.do)
    assert len(statements) == 4
    for statement in statements:
        psql('-c', statement)
    assert not [each for each in findings(await diagnose(runtime_of(database))) if login in each.what]


async def test_an_open_transaction_is_a_finding_and_who_waits_for_it_is_counted(
        database: Database, connect: Connect, plc: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(diagnose.__globals__, 'LONG_OPEN_S', 0.0)
    admin = await connect()
    await plc.execute("BEGIN; UPDATE machine_feed_stream SET status = 'down'")
    login, pid = await plc.fetchval('SELECT session_user'), plc.get_server_pid()

    async def what() -> str:
        found = [each for each in findings(await diagnose(runtime_of(database))) if f'(process {pid})' in each.what]
        return found[0].what if found else ''

    assert re.fullmatch(rf'A transaction of the login {login} \(process {pid}\) has held locks on the floor\'s tables '
                        r'for (<1|\d+) s\.', await what())
    waiting = asyncio.create_task(admin.execute("UPDATE machine_feed_stream SET status = 'warning'"))

    async def is_counted() -> bool:
        return (await what()).endswith('; 1 session waits for it.')

    await until(is_counted)
    await plc.execute('ROLLBACK')
    await waiting
    assert await what() == ''


async def test_a_login_that_may_see_little_learns_it_all_the_same_once_others_wait(
        as_app: Database, connect: Connect, plc: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(diagnose.__globals__, 'LONG_OPEN_S', 0.0)
    admin = await connect()
    await plc.execute("BEGIN; UPDATE machine_feed_stream SET status = 'down'")
    waiting = asyncio.create_task(admin.execute("UPDATE machine_feed_stream SET status = 'warning'"))

    async def is_warned() -> bool:
        return any(f'(process {plc.get_server_pid()})' in each.what
                   for each in findings(await diagnose(runtime_of(as_app))))

    await until(is_warned)
    await plc.execute('ROLLBACK')
    await waiting
