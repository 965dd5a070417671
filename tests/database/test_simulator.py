"""The simulator against a database: what it writes, and that several instances make one simulator's worth of it."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from copy import deepcopy
from typing import Any

import asyncpg
import pytest
from database.postgres import Connect

from floor.core.errors import DatabaseUnavailableError
from floor.db.query_files import load_queries
from simulator.runner import REAL_TIME, SimulatorRunner, Update

pytestmark = pytest.mark.newest_postgres

TICKS = 360


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def runner(connect: Connect, name: str = 'a', *, interval: float = 5, seed: int = 1, **more: Any) -> SimulatorRunner:
    return SimulatorRunner(connect, load_queries(), interval=interval, instance=name, seed=seed, **more)


async def floor(connection: asyncpg.Connection) -> dict[str, tuple[str, str | None]]:
    rows = await connection.fetch('SELECT machine_name, status, reason FROM machine_feed_stream')
    return {row['machine_name']: (row['status'], row['reason']) for row in rows}


async def let_lease_pass(connection: asyncpg.Connection) -> None:
    await connection.execute("UPDATE simulator_state SET last_tick = clock_timestamp() - interval '1 hour'")


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await condition():  # noqa: ASYNC110 - the condition is in the database
            await asyncio.sleep(0.02)


@asynccontextmanager
async def running(simulator: SimulatorRunner) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(simulator.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_the_first_tick_shows_the_whole_picture_at_once(connect: Connect) -> None:
    connection = await connect()
    published: list[Update] = []
    updates = await runner(connect, report=published.append).tick(connection)
    assert updates == published
    assert len(published) == 30
    count = Counter(status for status, _ in (await floor(connection)).values())
    assert abs(count['operational'] - 18) <= 1.5 and abs(count['warning'] - 9) <= 1.5 and abs(count['down'] - 3) <= 1.5
    assert await connection.fetchval('SELECT count(DISTINCT datetime) FROM machine_feed_stream') == 1
    assert all((reason is None) == (status == 'operational') for status, reason in (await floor(connection)).values())


@pytest.mark.parametrize(('interval', 'seconds'), [(5, 1800), (1, 360)])
async def test_a_tick_is_five_seconds_of_the_plant(connect: Connect, interval: float, seconds: int) -> None:
    """In half an hour of the plant, which by default takes as long, every change of the model that outlasts its tick is
    written. How many there are depends on the time of day: the test compares with the model, at whatever time it runs.
    """
    connection, clock, published = await connect(), Clock(), list[Update]()
    simulator = runner(connect, interval=interval, clock=clock, report=published.append)
    await simulator.tick(connection)
    published.clear()
    assert simulator._live is not None
    model = deepcopy(simulator._live.plant)
    before = {change.machine: (change.status, change.reason) for change in model.frame()}
    began = model.now
    for _ in range(TICKS):
        clock.now += seconds / TICKS
        await simulator.tick(connection)
    at_the_end_of_each = {(int((change.at - began) // REAL_TIME), change.machine): (change.status, change.reason)
                          for change in model.advance(began + TICKS * REAL_TIME)}
    wanted = []
    for (_, machine), picture in at_the_end_of_each.items():
        if picture != before[machine]:
            wanted.append((machine, *picture))
        before[machine] = picture
    assert simulator._live.plant.now == pytest.approx(began + TICKS * REAL_TIME)
    assert wanted
    assert Counter((update.machine, update.status, update.reason) for update in published) == Counter(wanted)


async def test_of_two_instances_one_plays(connect: Connect) -> None:
    first, second, onlooker = await connect(), await connect(), await connect()
    a, b = runner(connect, 'a'), runner(connect, 'b', seed=2)
    await a.tick(first)
    for _ in range(20):
        played = await asyncio.gather(a.tick(first), b.tick(second))
        assert played[0] is not None and played[1] is None
    assert (a.playing, b.playing) == (True, False)
    assert await onlooker.fetchval('SELECT tick FROM simulator_state') == 21


async def test_two_instances_that_share_a_name_are_still_two(connect: Connect) -> None:
    first, second = await connect(), await connect()
    assert await runner(connect, 'same host, same port').tick(first) is not None
    assert await runner(connect, 'same host, same port').tick(second) is None


async def test_of_two_instances_that_start_at_once_one_plays(connect: Connect) -> None:
    first, second = await connect(), await connect()
    played = await asyncio.gather(runner(connect, 'a').tick(first), runner(connect, 'b').tick(second))
    assert sorted(updates is None for updates in played) == [False, True]
    assert await first.fetchval('SELECT tick FROM simulator_state') == 1


async def test_a_silent_instance_is_replaced_and_no_machine_jumps(connect: Connect) -> None:
    first, second, clock = await connect(), await connect(), Clock()
    a, b = runner(connect, 'a', clock=clock), runner(connect, 'b', seed=2, clock=clock)
    await a.tick(first)
    for _ in range(20):
        clock.now += 5
        await a.tick(first)
    before = await floor(first)
    await let_lease_pass(first)
    assert await b.tick(second) == []
    assert await floor(first) == before
    assert await a.tick(first) is None
    assert (a.playing, b.playing) == (False, True)
    clock.now += 1
    changed = await b.tick(second)
    assert changed is not None and len(changed) <= 5


async def test_what_a_person_sets_stays_and_ends_like_any_stop(connect: Connect) -> None:
    connection, clock = await connect(), Clock()
    simulator = runner(connect, clock=clock)
    await simulator.tick(connection)
    await connection.execute("UPDATE machine_feed_stream SET status = 'down', reason = 'Tea' WHERE machine_id = 10")
    for _ in range(3):
        clock.now += 0.1
        await simulator.tick(connection)
    name = 'Injection_Molder_02_01'
    assert (await floor(connection))[name] == ('down', 'Tea')
    for _ in range(1000):
        clock.now += 15
        await simulator.tick(connection)
        if (await floor(connection))[name] != ('down', 'Tea'):
            break
    else:
        pytest.fail('a machine that a person stopped was never repaired')
    assert (await floor(connection))[name][0] in {'operational', 'warning'}


async def test_a_machine_that_somebody_is_changing_is_left_to_him(connect: Connect) -> None:
    """His transaction holds the rows; the simulator neither waits for it nor overwrites it, and catches up after it."""
    connection, person, clock = await connect(), await connect(), Clock()
    simulator = runner(connect, clock=clock)
    await simulator.tick(connection)
    async with person.transaction():
        await person.execute("UPDATE machine_feed_stream SET status = 'warning', reason = 'Hold' "
                             'WHERE machine_id <= 15')
        async with asyncio.timeout(20):
            for _ in range(100):
                clock.now += 5
                await simulator.tick(connection)
    held = await floor(connection)
    clock.now += 0.01
    await simulator.tick(connection)
    assert sum(written == ('warning', 'Hold') for written in held.values()) == 15
    assert sum(written == ('warning', 'Hold') for written in (await floor(connection)).values()) >= 14


async def test_machines_join_and_leave(connect: Connect) -> None:
    connection, clock = await connect(), Clock()
    simulator = runner(connect, clock=clock)
    await simulator.tick(connection)
    await connection.execute("INSERT INTO machine_feed_stream (machine_id, machine_name, type, status) "
                             "VALUES (31, 'Palletizer', 'palletizer', 'warning')")
    await connection.execute('DELETE FROM machine_feed_stream WHERE machine_id = 1')
    await simulator.tick(connection)
    assert (await floor(connection))['Palletizer'] == ('warning', None)
    seen = set[str]()
    for _ in range(500):
        clock.now += 5
        seen |= {update.machine for update in await simulator.tick(connection) or []}
    assert 'Palletizer' in seen
    assert 'Source_Sorter_01_01' not in seen


async def test_a_floor_without_machines_is_no_trouble(connect: Connect) -> None:
    connection, clock = await connect(), Clock()
    simulator = runner(connect, clock=clock)
    await connection.execute('DELETE FROM machine_feed_stream')
    for _ in range(3):
        assert await simulator.tick(connection) == []
        clock.now += 5


async def test_a_lost_database_is_waited_for_and_reported_once(
    connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    """It is not there at first, and later cuts the simulator off."""
    caplog.set_level(logging.INFO, 'simulator')
    onlooker, attempts = await connect(), 0

    async def connect_at_last() -> asyncpg.Connection:
        nonlocal attempts
        attempts += 1
        if attempts <= 2:
            raise DatabaseUnavailableError('the database does not answer: starting')
        return await connect()

    async def has_ticked_more_than(ticks: int) -> bool:
        return bool(await onlooker.fetchval('SELECT tick > $1 FROM simulator_state', ticks))

    def published() -> list[str]:
        return [record.levelname for record in caplog.records if 'the database' in record.getMessage()]

    async with running(runner(connect_at_last, interval=0.1)):
        await until(lambda: has_ticked_more_than(3))
        assert published() == ['WARNING', 'INFO']
        assert 'the database does not answer: starting' in caplog.messages[0]
        await onlooker.fetch('SELECT pg_terminate_backend(pid) FROM pg_stat_activity '
                             'WHERE datname = current_database() AND pid <> pg_backend_pid()')
        ticks = await onlooker.fetchval('SELECT tick FROM simulator_state')
        await until(lambda: has_ticked_more_than(ticks + 3))
    assert published() == ['WARNING', 'INFO', 'WARNING', 'INFO']


async def test_who_leaves_lets_the_others_go_on_at_once(connect: Connect) -> None:
    onlooker, other = await connect(), await connect()
    simulator = runner(connect, 'a', interval=0.1)

    async def plays() -> bool:
        return simulator.playing

    async with running(simulator):
        await until(plays)
        assert await runner(connect, 'b').tick(other) is None
    assert await onlooker.fetchval('SELECT instance FROM simulator_state') is None
    assert await runner(connect, 'b').tick(other) == []
