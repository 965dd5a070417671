"""Orders that open themselves for long stops, by a task that nothing ends."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from database.postgres import SCHEMA, Connect, until

from floor.core.log_lines import TextLines
from floor.core.settings import Settings
from floor.db.database import Database
from floor.db.migrations import migrate
from floor.db.schema_files import load_schema_files
from floor.jobs.order_checks import OrderChecks

OFTEN = 0.01   # seconds between two looks


@asynccontextmanager
async def running(*several: OrderChecks) -> AsyncIterator[None]:
    """They look while the block runs; a job that ends on its own fails the test."""
    tasks = [asyncio.create_task(checks.job.run()) for checks in several]
    try:
        yield
        assert not any(task.done() for task in tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Plant:
    """What happens on the floor, and what became of it."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def says(self, machine: str, status: str, reason: str | None = None) -> None:
        await self._connection.execute(
            'UPDATE machine_feed_stream SET status = $2, reason = $3 WHERE machine_name = $1', machine, status, reason)

    async def orders(self) -> list[tuple[str, str, bool]]:
        return [tuple(row) for row in await self._connection.fetch(
            'SELECT machine_id, status, recovered_at IS NOT NULL FROM work_orders ORDER BY machine_id, created_at')]

    async def looks(self, checks: OrderChecks) -> list[tuple[str, str, bool]]:
        await checks.look()
        return await self.orders()


@pytest.fixture
async def site(connect: Connect) -> Plant:
    return Plant(await connect())


async def test_a_long_stop_gets_an_order_and_its_recovery_is_noted(database: Database, site: Plant) -> None:
    async def opened() -> bool:
        return await site.orders() == [('Valve_01_01', 'open', False)]

    async def noted() -> bool:
        return await site.orders() == [('Valve_01_01', 'open', True)]

    async with running(OrderChecks(database, 0, OFTEN)):
        await site.says('Valve_01_01', 'down', 'Seal leaks')
        await until(opened)
        await site.says('Valve_01_01', 'operational')
        await until(noted)


async def test_a_stop_that_is_not_long_enough_gets_none(database: Database, site: Plant) -> None:
    await site.says('Valve_01_01', 'down', 'Seal leaks')
    assert await site.looks(OrderChecks(database, 3600)) == []
    assert len(await site.looks(OrderChecks(database, 0))) == 1


async def test_many_at_once_are_one_short_line_of_the_log_each(
        database: Database, site: Plant, connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    sql = await connect()
    await sql.execute("UPDATE machine_feed_stream SET status = 'down', reason = 'Power cut'")
    checks = OrderChecks(database, 0)
    caplog.set_level(logging.INFO, 'floor.jobs.order_checks')
    await checks.look()
    await sql.execute("UPDATE machine_feed_stream SET status = 'operational', reason = NULL")
    await checks.look()
    lines = [TextLines().format(record) for record in caplog.records]
    assert len(lines) == 2
    for line, words in zip(lines, ('opened 30 work orders for machines that are down',
                                   'the machines of 30 work orders run again'), strict=True):
        assert words in line
        assert len(re.findall(r'WO-\d{8}-\w{8}', line)) == len(set(re.findall(r'WO-\d{8}-\w{8}', line))) == 10
        assert 'and 20 more' in line
        assert len(line) < 500


async def test_switched_off_it_opens_none_but_still_notes_recoveries(
        database: Database, site: Plant, connect: Connect) -> None:
    off = OrderChecks(database, None)
    await site.says('Valve_01_01', 'down', 'Seal leaks')
    assert await site.looks(off) == []
    await (await connect()).execute('INSERT INTO work_orders (machine_id, issue_description) VALUES ($1, $2)',
                                    'Valve_01_01', 'Sticks')
    await site.says('Valve_01_01', 'operational')
    assert await site.looks(off) == [('Valve_01_01', 'open', True)]


@pytest.mark.parametrize('reason', ['Starved', 'Blocked downstream'])
async def test_a_machine_that_waits_for_another_gets_none(database: Database, site: Plant, reason: str) -> None:
    await site.says('Valve_01_01', 'down', reason)
    assert await site.looks(OrderChecks(database, 0)) == []


async def test_three_instances_at_once_open_one_order_per_stop(
        database_url: str, settings: Settings, site: Plant, connect: Connect) -> None:
    databases = [Database(database_url, settings) for _ in range(3)]
    several = [OrderChecks(database, 0, OFTEN) for database in databases]
    machines = [row[0] for row in await (await connect()).fetch('SELECT machine_name FROM machines ORDER BY 1')]
    async with running(*several):
        for machine in machines:
            await site.says(machine, 'down', 'Power cut')

        async def everywhere() -> bool:
            return {machine for machine, _, _ in await site.orders()} == set(machines)

        await until(everywhere)
        for _ in range(5):
            await asyncio.gather(*(checks.look() for checks in several))
    assert [machine for machine, _, _ in await site.orders()] == machines
    for database in databases:
        await database.close()


async def test_it_goes_on_when_its_connection_was_cut(database: Database, site: Plant, connect: Connect) -> None:
    checks = OrderChecks(database, 0, OFTEN)
    await checks.look()
    async with running(checks):
        await (await connect()).execute('SELECT pg_terminate_backend(pid) FROM pg_stat_activity '
                                        "WHERE datname = current_database() AND application_name = 'line-monitor'")
        await site.says('Valve_01_01', 'down', 'Seal leaks')

        async def opened() -> bool:
            return len(await site.orders()) == 1

        await until(opened)


async def test_a_problem_is_shown_once_and_so_is_its_end(
        empty_database_url: str, settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """The tables are not there yet; then somebody sets them up."""
    def logged(level: int) -> list[str]:
        return [record.message for record in caplog.records
                if record.name == 'floor.jobs.order_checks' and record.levelno == level]

    caplog.set_level(logging.DEBUG, 'floor.jobs.order_checks')
    database = Database(empty_database_url, settings)
    async with running(OrderChecks(database, 0, OFTEN)):
        await until(lambda: len(logged(logging.DEBUG)) >= 3)
        [warning] = logged(logging.WARNING)
        assert 'note_recoveries() does not exist' in warning
        connection = await asyncpg.connect(empty_database_url)
        await migrate(connection, SCHEMA, load_schema_files())
        await connection.close()
        await until(lambda: logged(logging.INFO) == ['work orders are checked again'])
        assert len(logged(logging.WARNING)) == 1
    await database.close()


async def test_without_a_database_it_waits(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, 'floor.jobs.order_checks')
    nowhere = Database('postgresql://nobody@127.0.0.1:1/nothing', settings)
    async with running(OrderChecks(nowhere, 60, OFTEN)):
        await until(lambda: len(caplog.records) >= 3)
    assert [record.levelno for record in caplog.records[:3]] == [logging.WARNING, logging.DEBUG, logging.DEBUG]
    assert 'database does not answer' in caplog.records[0].message


async def test_a_fault_of_the_program_does_not_end_it(
        database: Database, site: Plant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    checks = OrderChecks(database, 0, OFTEN)
    look, faults = checks.look, iter([RuntimeError('a fault')])

    async def look_with_a_fault() -> None:
        for fault in faults:
            raise fault
        await look()

    monkeypatch.setattr(checks.job, '_work', look_with_a_fault)
    await site.says('Valve_01_01', 'down', 'Seal leaks')
    async with running(checks):
        async def opened() -> bool:
            return len(await site.orders()) == 1

        await until(opened)
    assert 'a fault' in caplog.text
