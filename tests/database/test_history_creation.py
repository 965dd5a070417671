"""While the history of a new floor is created, and until it is summed up, nobody takes what is there for all of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from database.past import age
from database.postgres import SCHEMA, Connect, until

from floor.analytics import Analytics, Window
from floor.core.errors import HistoryNotReadyError
from floor.core.floor_snapshot import HistoryState
from floor.core.people import Identity, Role
from floor.db.database import Database
from floor.db.query_files import load_queries
from floor.feed.listener import Listener
from floor.feed.store import Store
from floor.feed.timing import Timing
from floor.jobs.dashboard_refresh import DashboardRefresh
from floor.jobs.day_sums import DaySums
from floor.orders.employees import Employees
from floor.orders.order_filter import OrderFilter
from floor.orders.work_order_list import WorkOrderList
from floor.plant.demo_removal import DemoContents, Plant
from simulator import backfill as backfill_module
from simulator.backfill import backfill

pytestmark = pytest.mark.newest_postgres

QUERIES = load_queries()
DAY = timedelta(days=1)
TABLES = ('current_machine_status', 'machine_uptime_7days', 'problematic_machines_30days', 'hourly_status_patterns',
          'work_order_status_summary', 'work_order_trends_30days', 'executive_kpis', 'machine_status_changes_7days')


@pytest.fixture
def reported() -> bool:
    """History is created for a floor on which nothing was reported yet."""
    return False


class Creation:
    """A backfill that waits before it writes, until a test lets it go on."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self.imagined = asyncio.Event()
        self.go_on = asyncio.Event()
        self.task: asyncio.Task[Any]

    async def end(self) -> None:
        self.go_on.set()
        await self.task


@pytest.fixture
def creating(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """`async with creating() as creation:` a history is being created."""
    @asynccontextmanager
    async def creating() -> AsyncIterator[Creation]:
        creation = Creation(await connect())
        imagine = backfill_module._imagine

        async def imagine_and_wait(*arguments: Any) -> Any:
            imagined = await imagine(*arguments)
            creation.imagined.set()
            await creation.go_on.wait()
            return imagined

        monkeypatch.setattr(backfill_module, '_imagine', imagine_and_wait)
        creation.task = asyncio.create_task(backfill(creation.connection, QUERIES, days=2))
        imagined = asyncio.create_task(creation.imagined.wait())
        await asyncio.wait([imagined, creation.task], return_when=asyncio.FIRST_COMPLETED)
        assert not creation.task.done(), creation.task.result()
        yield creation
        creation.task.cancel()
        await asyncio.gather(creation.task, return_exceptions=True)

    return creating


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """The floor as the listener of an instance keeps it."""
    store = Store()
    listener = Listener(database.connect, database.queries, store,
                        timing=Timing(heartbeat=3600, audit=3600))
    task = asyncio.create_task(listener.run())
    await until(lambda: store.machines)  # type: ignore[arg-type]
    yield store
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def last_day() -> Window:
    now = datetime.now(UTC)
    return Window(now - DAY, now)


async def rows(connection: asyncpg.Connection) -> dict[str, int]:
    return {table: await connection.fetchval(f'SELECT count(*) FROM dashboard_{table}') for table in TABLES}


async def test_reports_and_lists_say_so_and_answer_at_once_after_it(
        database: Database, creating: Callable[[], Any]) -> None:
    analytics, orders = Analytics(database), WorkOrderList(database, lambda: ZoneInfo('UTC'))
    assert not (await analytics.kpis(last_day())).stops
    async with creating() as creation:
        for question in (analytics.kpis(last_day()), analytics.stops(last_day()), analytics.floor_at(datetime.now(UTC)),
                         orders.page(OrderFilter()), orders.counts(OrderFilter()),
                         anext(orders.csv(OrderFilter())), orders.of_shift(datetime.now(UTC) - DAY, datetime.now(UTC))):
            with pytest.raises(HistoryNotReadyError, match='the history of this floor is being created'):
                await question
        await creation.end()
        kpis = await analytics.kpis(last_day())
        assert kpis.stops
        assert kpis.uptime_share < 1
        assert (await orders.counts(OrderFilter())).all


async def test_every_instance_knows_it_without_asking(store: Store, creating: Callable[[], Any]) -> None:
    seen: list[HistoryState] = []
    store.subscribe(lambda difference: seen.append(store.history) if difference.history else None)
    async with creating() as creation:
        await until(lambda: seen == [HistoryState.CREATING])
        await creation.end()
        await until(lambda: seen[-1] is HistoryState.READY)
    assert seen in ([HistoryState.CREATING, HistoryState.READY],
                    [HistoryState.CREATING, HistoryState.PROCESSING, HistoryState.READY])


async def test_the_dashboard_tables_are_empty_meanwhile_and_complete_after_it(
        database: Database, connect: Connect, creating: Callable[[], Any]) -> None:
    job = DashboardRefresh(database, DaySums(database))
    onlooker = await connect()
    assert await job.refresh()
    assert (await rows(onlooker))['machine_uptime_7days'] == 30
    async with creating() as creation:
        assert set((await rows(onlooker)).values()) == {0}
        assert await onlooker.fetchval('SELECT state FROM dashboard_state') == 'creating'
        assert not await job.refresh()
        assert set((await rows(onlooker)).values()) == {0}
        await creation.end()
        assert await onlooker.fetchval('SELECT state FROM dashboard_state') == 'ready'
        assert await job.refresh()
    assert all((await rows(onlooker)).values())
    assert await onlooker.fetchval('SELECT min(uptime_percentage) FROM dashboard_machine_uptime_7days') < 100


async def test_they_are_brought_up_to_date_as_soon_as_it_is_complete(
        database: Database, store: Store, connect: Connect, creating: Callable[[], Any]) -> None:
    """As floor/app.py wires it: the jobs look once an hour, and when the state of the history changes."""
    job = DashboardRefresh(database, DaySums(database), every=3600)
    store.subscribe(lambda difference: job.job.wake() if difference.history else None)
    task = asyncio.create_task(job.job.run())
    onlooker = await connect()

    async def stopped() -> bool:
        return bool(await onlooker.fetchval('SELECT sum(downtime_incidents) FROM '
                                            'dashboard_problematic_machines_30days'))

    async with creating() as creation:
        await creation.end()
        await until(stopped)
    task.cancel()


async def test_psql_refuses_to_fill_the_tables_meanwhile(
        psql: Callable[..., str], connect: Connect, creating: Callable[[], Any]) -> None:
    async with creating():
        output = await asyncio.to_thread(psql, '-v', f'schema={SCHEMA}', '-f', 'sql/admin/dashboard.sql')
        assert 'A history is being created' in output
        assert set((await rows(await connect())).values()) == {0}


async def test_who_removes_a_demo_reads_that_its_history_is_being_created(
        database: Database, creating: Callable[[], Any]) -> None:
    demo, who = Plant(database, Employees(database, default_role=Role.SUPERVISOR)), Identity('Local user', None)
    async with creating() as creation:
        assert await demo.contents(who) == DemoContents(30, 0, 0, 15, is_growing=True)
        await creation.end()
        contents = await demo.contents(who)
        assert contents.changes and contents.orders and not contents.is_growing


async def test_a_creator_that_is_gone_creates_nothing(store: Store, connect: Connect,
                                                      creating: Callable[[], Any]) -> None:
    onlooker = await connect()
    async with creating() as creation:
        assert await onlooker.fetchval('SELECT history_state()') == 'creating'
        creation.connection.terminate()

        async def noticed() -> bool:
            return bool(await onlooker.fetchval('SELECT history_state()') == 'ready')

        await until(noticed)


async def test_another_session_with_its_process_number_creates_nothing_either(
        connect: Connect, creating: Callable[[], Any]) -> None:
    """Nor for a login that is not shown when sessions of other logins began."""
    admin, reader = await connect(), f'reader_{uuid4().hex[:8]}'
    await admin.execute(f'CREATE ROLE {reader} LOGIN; GRANT USAGE ON SCHEMA {SCHEMA} TO {reader}; '
                        f'GRANT SELECT ON ALL TABLES IN SCHEMA {SCHEMA} TO {reader}')
    onlooker = await connect(reader)
    async with creating() as creation:
        assert await onlooker.fetchval('SELECT history_state()') == 'creating'
        creation.connection.terminate()

        async def noticed() -> bool:
            return bool(await onlooker.fetchval('SELECT history_state()') == 'ready')

        await until(noticed)
        await admin.execute('UPDATE history_creation SET pid = pg_backend_pid()')
        assert await noticed()
    await admin.execute(f'DROP OWNED BY {reader}')


async def test_who_writes_meanwhile_ends_it_for_all(store: Store, connect: Connect,
                                                    creating: Callable[[], Any]) -> None:
    writer = await connect()
    async with creating() as creation:
        await until(lambda: store.history is HistoryState.CREATING)
        await writer.execute("UPDATE machine_feed_stream SET status = 'down' WHERE machine_id = 3")
        await creation.end()
        await until(lambda: store.history is HistoryState.READY)


async def test_a_long_history_that_was_never_summed_up_is_being_processed(
        database: Database, store: Store, connect: Connect) -> None:
    connection = await connect()
    await connection.execute("UPDATE machine_feed_stream SET status = 'operational'")
    await age(connection)
    assert await connection.fetchval('SELECT history_state()') == 'processing'
    assert (await Analytics(database).kpis(last_day())).covered  # slow, and right
    await DaySums(database).refresh()
    assert await connection.fetchval('SELECT history_state()') == 'ready'


async def test_it_is_summed_up_in_steps_none_of_which_takes_long(connect: Connect,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    """So that no statement exceeds DB_COMMAND_TIMEOUT, however many days there are."""
    connection, steps = await connect(), list[int]()
    monkeypatch.setattr(backfill_module, 'DAYS_A_STEP', 1)
    refresh = QUERIES.refresh_days

    class Counting:
        def __getattr__(self, name: str) -> Any:
            return getattr(QUERIES, name)

        async def refresh_days(self, connection: asyncpg.Connection, *, most: int) -> int | None:
            steps.append(most)
            done: int | None = await refresh(connection, most=most)
            return done

    await backfill(connection, Counting(), days=3)  # type: ignore[arg-type]
    summed = await connection.fetchval('SELECT count(*) FROM summed_days')
    assert summed >= 3
    assert steps == [1] * (summed + 1)  # and nothing was left
