"""The simulator plays a demo and no other floor, and what it writes can be distinguished."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from browser.program import MAIN, Program
from database.postgres import SCHEMA, Connect, until

from floor.core.errors import NotADemoError
from floor.core.settings import Settings
from floor.db.migrations import migrate
from floor.db.query_files import load_queries
from floor.db.schema_files import load_schema_files
from simulator import __main__ as program_of_simulator
from simulator.backfill import backfill
from simulator.runner import SimulatorRunner

pytestmark = [pytest.mark.newest_postgres, pytest.mark.long]

QUERIES = load_queries()
REFUSED = 'this floor is a plant and the simulator plays only on a demo: make one in another schema'
EVERYTHING = """SELECT (SELECT jsonb_agg(to_jsonb(f) ORDER BY machine_id) FROM machine_feed_stream f),
                       (SELECT jsonb_agg(to_jsonb(h) ORDER BY version) FROM machine_status_history h),
                       (SELECT count(*) FROM work_orders), (SELECT to_jsonb(s) FROM simulator_state s)"""


@pytest.fixture
async def connect_to_plant(empty_database_url: str) -> AsyncIterator[Connect]:
    """Connections to a plant of somebody's own, with two machines of which one is down."""
    connections = [await asyncpg.connect(empty_database_url)]
    await migrate(connections[0], SCHEMA, load_schema_files(), new_floor='empty')
    await connections[0].execute("INSERT INTO machine_feed_stream (machine_name, type, status, reason) VALUES "
                                 "('Press 1', 'press', 'operational', NULL), ('Press 2', 'press', 'down', 'No tool')")

    async def connect() -> asyncpg.Connection:
        connections.append(await asyncpg.connect(empty_database_url))
        return connections[-1]

    yield connect
    for connection in connections:
        connection.terminate()


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp('f')


@pytest.fixture
def start(folder: Path, empty_database_url: str) -> Iterator[Callable[..., Program]]:
    """Starts the app behind DATABASE_URL, with the simulator that the seed switches on."""
    programs: list[Program] = []

    def start(**settings: str) -> Program:
        programs.append(Program(folder, DATABASE_URL=empty_database_url, ENABLE_SIMULATOR='true', **settings))
        programs[-1].start()
        return programs[-1]

    yield start
    for program in programs:
        program.stop()


async def everything(connection: asyncpg.Connection) -> tuple[Any, ...]:
    return tuple(await connection.fetchrow(EVERYTHING))


async def test_a_simulator_refuses_a_plant_and_says_what_to_do(connect_to_plant: Connect) -> None:
    onlooker = await connect_to_plant()
    before = await everything(onlooker)
    with pytest.raises(NotADemoError, match=REFUSED):
        async with asyncio.timeout(20):
            await SimulatorRunner(connect_to_plant, QUERIES, interval=0.1, instance='a', backfill_days=2).run()
    with pytest.raises(NotADemoError, match=REFUSED):
        await SimulatorRunner(connect_to_plant, QUERIES, interval=0.1, instance='a').tick(onlooker)
    assert await everything(onlooker) == before


async def test_no_history_is_made_for_a_plant(empty_database_url: str, connect_to_plant: Connect) -> None:
    connection = await connect_to_plant()
    before = await everything(connection)
    with pytest.raises(NotADemoError, match=REFUSED):
        await backfill(connection, QUERIES, days=2)
    assert await everything(connection) == before


async def test_the_database_refuses_what_calls_itself_simulated(connect_to_plant: Connect) -> None:
    """A program that forgets to ask first."""
    connection = await connect_to_plant()
    await connection.execute("SET floor.source = 'simulator'")
    with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError, match=REFUSED):
        await connection.execute("UPDATE machine_feed_stream SET status = 'operational'")


async def test_a_floor_does_not_become_a_plant_in_the_middle_of_a_tick(connect: Connect) -> None:
    """The program that makes it one waits for the tick; the next tick is refused."""
    simulated, supervisor, onlooker = await connect(), await connect(), await connect()
    transaction = simulated.transaction()
    await transaction.start()
    await SimulatorRunner(connect, QUERIES, interval=5, instance='a').tick(simulated)
    becomes_plant = asyncio.create_task(supervisor.execute("UPDATE plant SET kind = 'plant'"))
    pid = supervisor.get_server_pid()
    await until(lambda: _waits(onlooker, pid))
    await transaction.commit()
    await becomes_plant
    before = await everything(onlooker)
    with pytest.raises(NotADemoError):
        await SimulatorRunner(connect, QUERIES, interval=5, instance='a').tick(simulated)
    assert await everything(onlooker) == before


async def _waits(connection: asyncpg.Connection, pid: int) -> bool:
    return bool(await connection.fetchval('SELECT cardinality(pg_blocking_pids($1)) > 0', pid))


async def test_its_changes_stand_under_its_name_and_a_feeds_under_the_feeds(connect: Connect) -> None:
    connection = await connect()
    updates = await SimulatorRunner(connect, QUERIES, interval=5, instance='a').tick(connection)
    await connection.execute("UPDATE machine_feed_stream SET status = 'down', reason = 'By hand' WHERE machine_id = 7")
    changes = await connection.fetch('SELECT changed_by, count(*) FROM machine_status_history WHERE old_status IS NOT '
                                     'NULL AND reason IS DISTINCT FROM $1 GROUP BY 1', 'By hand')
    assert [row['changed_by'] for row in changes] == ['simulator']
    assert updates is not None
    assert await connection.fetchval("SELECT changed_by FROM machine_status_history WHERE reason = 'By hand'") \
        == 'postgres'


async def test_a_program_that_simulates_is_known_by_its_name_in_the_database(connect: Connect) -> None:
    onlooker = await connect()
    simulator = SimulatorRunner(connect, QUERIES, interval=0.1, instance='a')
    task = asyncio.create_task(simulator.run())
    try:
        await until(lambda: simulator.playing)
        assert await onlooker.fetchval("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                                       "AND application_name = 'line-monitor simulator'") == 1
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_the_simulator_of_an_app_stops_where_the_demo_becomes_a_plant(
        connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level('INFO', 'simulator')
    onlooker = await connect()
    simulator = SimulatorRunner(connect, QUERIES, interval=0.1, instance='a')
    task = asyncio.create_task(simulator.run_where_allowed())
    try:
        await until(lambda: simulator.playing)
        await onlooker.execute("UPDATE plant SET kind = 'plant'")
        await until(lambda: 'the simulator does not run: this floor is a plant' in caplog.messages)
        assert not simulator.playing and not task.done(), 'a task that ended would be started again'
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


# the programs

async def test_an_empty_database_stays_empty_and_so_does_the_second_start(
        start: Callable[..., Program], empty_database_url: str) -> None:
    for _ in range(2):
        program = start()
        await until(lambda program=program: 'the simulator does not run: this floor is a plant' in program.log, 60)
        await until(lambda program=program: program.health().get('status') == 'live', 60)
        assert program.health()['machines'] == 0
        program.stop()
    connection = await asyncpg.connect(empty_database_url)
    counts = await connection.fetchrow('SELECT (SELECT count(*) FROM machine_feed_stream), (SELECT count(*) FROM '
                                       'machine_status_history), (SELECT count(*) FROM work_orders), '
                                       '(SELECT count(*) FROM employees)')
    await connection.close()
    assert tuple(counts) == (0, 0, 0, 0)


async def test_a_plant_is_not_played_after_a_restart_without_a_variable(
        connect_to_plant: Connect, start: Callable[..., Program]) -> None:
    onlooker = await connect_to_plant()
    before = await everything(onlooker)
    program = start(SIMULATOR_INTERVAL='0.1', NEW_FLOOR='demo')
    await until(lambda: 'the simulator does not run: this floor is a plant' in program.log, 60)
    await until(lambda: program.health().get('status') == 'live', 60)
    assert await everything(onlooker) == before


def test_its_own_program_refuses_in_one_line(
        connect_to_plant: Connect, empty_database_url: str, folder: Path) -> None:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(('PG', 'DATABASE', 'DATABRICKS'))}
    done = subprocess.run([sys.executable, '-m', 'simulator'], cwd=MAIN.parent, capture_output=True, text=True,
                          env=ours | {'DATABASE_URL': empty_database_url, 'DATA_DIR': str(folder)}, timeout=60,
                          check=False)
    assert done.returncode == 1
    [line] = [line for line in done.stderr.splitlines() if line.startswith('simulator: ')]
    assert line == f'simulator: {REFUSED}, with DEFAULT_POSTGRES_SCHEMA and NEW_FLOOR=demo'
    assert done.stdout == ''


def test_a_computer_outside_databricks_does_not_play_its_database(
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv('LAKEBASE_INSTANCE_NAME', 'plant')
    assert program_of_simulator.main([]) == 1
    assert 'Lakebase is played by its app alone' in capsys.readouterr().err


@pytest.mark.parametrize(('environment', 'made', 'guest'), [
    ({}, 'demo', False), ({'DATABASE_URL': 'postgresql://plant/floor'}, 'empty', False),
    ({'PGHOST': 'plant'}, 'empty', False), ({'LAKEBASE_INSTANCE_NAME': 'plant'}, 'empty', True),
    ({'LAKEBASE_INSTANCE_NAME': 'plant', 'DATABRICKS_APP_NAME': 'app'}, 'empty', False),
    ({'LAKEBASE_INSTANCE_NAME': 'plant', 'DATABRICKS_APP_NAME': 'app', 'NEW_FLOOR': 'Demo'}, 'demo', False),
    ({'NEW_FLOOR': 'empty'}, 'empty', False),
], ids=str)
def test_what_a_new_floor_becomes_by_default(
        monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], made: str, guest: bool) -> None:
    for name in ('DATABASE_URL', 'PGHOST', 'LAKEBASE_INSTANCE_NAME', 'LAKEBASE_ENDPOINT', 'DATABRICKS_APP_NAME',
                 'NEW_FLOOR'):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = Settings.load(_env_file=None)
    assert (settings.floor_to_make, settings.is_guest) == (made, guest)
