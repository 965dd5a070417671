"""What the database says on its channel: in order, in as few messages as fit, and never at the writer's cost."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest
from database.postgres import Connect, channel_of, until

from floor.core.machines import MachineName
from floor.core.orders import OrderBrief, Priority, WorkOrderStatus
from floor.feed.protocol import MAX_REASON_LENGTH, Changes, OrderChanges, Resync, parse

pytestmark = pytest.mark.newest_postgres
MAX_BYTES = 7_999  # of a payload; one more and the writer's statement would fail


class Ear:
    """Hears everything on the feed's channel, in order."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._channel = ''
        self._heard: list[str] = []
        self._marks = 0

    async def listen(self) -> None:
        self._channel = await channel_of(self._connection)
        await self._connection.add_listener(self._channel, lambda *message: self._heard.append(message[3]))

    async def payloads(self) -> list[str]:
        """All that was committed before this call: what is sent now arrives after it."""
        self._marks += 1
        mark = f'mark {self._marks}'
        await self._connection.execute('SELECT pg_notify($1, $2)', self._channel, mark)
        await until(lambda: mark in self._heard)
        heard, self._heard = self._heard[:self._heard.index(mark)], []
        return heard


@pytest.fixture
async def writer(connect: Connect) -> asyncpg.Connection:
    return await connect()


@pytest.fixture
async def ear(connect: Connect) -> Ear:
    ear = Ear(await connect())
    await ear.listen()
    return ear


async def add_machines(writer: asyncpg.Connection, number: int, name: str = 'Press_09_') -> None:
    await writer.execute('INSERT INTO machine_feed_stream (machine_name) '
                         'SELECT $2 || n FROM generate_series(1, $1::integer) AS n', number, name)


def changes_in(payloads: list[str]) -> list[Any]:
    messages = [parse(payload) for payload in payloads]
    return [change for message in messages if isinstance(message, Changes) for change in message.machines]


def orders_in(payloads: list[str]) -> list[OrderBrief]:
    messages = [parse(payload) for payload in payloads]
    return [order for message in messages if isinstance(message, OrderChanges) for order in message.orders]


async def open_order(writer: asyncpg.Connection, description: str = 'Leak', machine: str = 'Valve_01_01') -> str:
    return await writer.fetchval('INSERT INTO work_orders (machine_id, issue_description) VALUES ($1, $2) RETURNING id',
                                 machine, description)


async def test_a_change_says_all_that_the_floor_shows(writer: asyncpg.Connection, ear: Ear) -> None:
    row = await writer.fetchrow("UPDATE machine_feed_stream SET status = 'down', reason = 'Air “low”' "
                                "WHERE machine_name = 'Valve_01_01' RETURNING version, "
                                'epoch_ms(reported_at) AS reported, epoch_ms(status_since) AS since')
    [change] = changes_in(await ear.payloads())
    assert change.written_ms - change.reported_ms in range(1_000)
    assert (change.name, change.status, change.reason) == ('Valve_01_01', 'down', 'Air “low”')
    assert (change.version, change.reported_ms, change.since_ms) == (row['version'], row['reported'], row['since'])


async def test_when_it_was_written_is_announced_beside_when_it_happened(writer: asyncpg.Connection, ear: Ear) -> None:
    await writer.execute("INSERT INTO machine_feed_stream (machine_name) VALUES ('Oven')")
    for ago in '1 hour', '30 minutes':
        await writer.execute(f"SELECT report_status('Oven', 'down', '{ago} ago', now() - interval '{ago}')")
    reported = [change.written_ms - change.reported_ms for change in changes_in(await ear.payloads())]
    assert [lag // 60_000 for lag in reported] == [60, 30]


async def test_a_report_without_a_change_is_announced_too_because_the_machine_was_heard_of(
        writer: asyncpg.Connection, ear: Ear) -> None:
    await writer.execute('UPDATE machine_feed_stream SET datetime = NOW() WHERE machine_id = 1')
    assert len(changes_in(await ear.payloads())) == 1


async def test_changes_arrive_in_the_order_of_their_commits(connect: Connect, ear: Ear) -> None:
    async def write(machine: int) -> None:
        connection = await connect()
        for turn in range(20):
            await connection.execute('UPDATE machine_feed_stream SET status = $1 WHERE machine_id = $2',
                                     ['down', 'operational'][turn % 2], 1 + (machine + turn) % 3)

    await asyncio.gather(*(write(machine) for machine in range(4)))
    versions: dict[str, list[int]] = {}
    for change in changes_in(await ear.payloads()):
        versions.setdefault(change.name, []).append(change.version)
    assert sum(map(len, versions.values())) == 80
    for of_a_machine in versions.values():
        assert of_a_machine == sorted(set(of_a_machine))


async def test_one_statement_over_thirty_machines_is_one_message(writer: asyncpg.Connection, ear: Ear) -> None:
    await writer.execute("UPDATE machine_feed_stream SET status = 'down', reason = 'Power cut'")
    [payload] = await ear.payloads()
    changes = changes_in([payload])
    assert len(changes) == 30
    assert [change.version for change in changes] == sorted(change.version for change in changes)


@pytest.mark.parametrize('reason', ['Supply air low', '供給空気圧低下 🏭 "\\'], ids=['plain', 'wide'])
async def test_a_thousand_machines_come_in_chunks_that_fit(
        writer: asyncpg.Connection, ear: Ear, reason: str) -> None:
    await add_machines(writer, 970, '機械_')
    await ear.payloads()
    await writer.execute("UPDATE machine_feed_stream SET status = 'warning', reason = $1", reason)
    payloads = await ear.payloads()
    assert max(len(payload.encode()) for payload in payloads) <= MAX_BYTES
    assert len(payloads) < 40
    changes = changes_in(payloads)
    assert len({change.name for change in changes}) == 1000
    assert {change.reason for change in changes} == {reason}


@pytest.mark.parametrize('letter', ['x', '"', '\\', '機', '🏭', '\u0001'],
                         ids=['one byte', 'quote', 'backslash', 'three bytes', 'four bytes', 'escaped'])
async def test_no_reason_is_so_long_that_the_writer_fails(
        writer: asyncpg.Connection, ear: Ear, letter: str) -> None:
    """Around the edge, letter by letter: a row that fits is announced, a longer one has the floor read again."""
    size = {'"': 2, '\\': 2, '\u0001': 6}.get(letter, len(letter.encode()))
    edge = min(7_800 // size, MAX_REASON_LENGTH)
    kinds = []
    for length in (*range(edge - 70, edge + 12, 1 if size > 2 else 3), 10 * edge):
        stored = await writer.fetchval("UPDATE machine_feed_stream SET status = 'down', reason = $1 "
                                       "WHERE machine_name = 'Valve_01_01' RETURNING reason", 'x' + letter * length)
        [payload] = await ear.payloads()
        assert len(payload.encode()) <= MAX_BYTES
        message = parse(payload)
        kinds.append(type(message))
        if isinstance(message, Changes):
            assert message.machines[0].reason == stored
    assert kinds[0] is Changes
    assert kinds[-1] is (Resync if size > 3 else Changes)
    assert kinds == sorted(kinds, key=lambda kind: kind is Resync)


async def test_one_row_that_is_too_long_does_not_hold_back_the_others(writer: asyncpg.Connection, ear: Ear) -> None:
    await writer.execute("UPDATE machine_feed_stream SET status = 'down', "
                         "reason = CASE WHEN machine_id = 15 THEN repeat('🏭', 2000) ELSE 'short' END")
    messages = [parse(payload) for payload in await ear.payloads()]
    assert any(isinstance(message, Resync) for message in messages)
    assert sum(len(message.machines) for message in messages if isinstance(message, Changes)) == 29


async def test_many_rows_that_nearly_fill_a_message_each_get_their_own(writer: asyncpg.Connection, ear: Ear) -> None:
    await writer.execute("UPDATE machine_feed_stream SET status = 'down', reason = repeat('🏭', 1880 + machine_id)")
    payloads = await ear.payloads()
    assert len(changes_in(payloads)) == len(payloads) == 30
    assert max(len(payload.encode()) for payload in payloads) <= MAX_BYTES


async def test_saying_the_same_twice_in_a_transaction_announces_each_version(
        writer: asyncpg.Connection, ear: Ear) -> None:
    """The server drops identical payloads of one transaction; ours differ by their versions."""
    async with writer.transaction():
        for _ in range(3):
            await writer.execute("UPDATE machine_feed_stream SET status = 'down' WHERE machine_id = 1")
    assert len(changes_in(await ear.payloads())) == 3


async def test_identical_resyncs_of_a_transaction_are_announced_once(writer: asyncpg.Connection, ear: Ear) -> None:
    async with writer.transaction():
        await writer.execute('DELETE FROM machine_feed_stream WHERE machine_id = 1')
        await writer.execute('DELETE FROM machine_feed_stream WHERE machine_id = 2')
    assert await ear.payloads() == ['{"resync": "the set-up changed"}', '{"resync": "a machine was removed"}']


async def test_a_rolled_back_change_is_never_announced(writer: asyncpg.Connection, ear: Ear) -> None:
    transaction = writer.transaction()
    await transaction.start()
    await writer.execute("UPDATE machine_feed_stream SET status = 'down'")
    await transaction.rollback()
    assert await ear.payloads() == []


async def test_nothing_is_announced_before_it_can_be_read(writer: asyncpg.Connection, ear: Ear) -> None:
    transaction = writer.transaction()
    await transaction.start()
    await writer.execute("UPDATE machine_feed_stream SET status = 'down' WHERE machine_id = 1")
    assert await ear.payloads() == []
    await transaction.commit()
    assert len(await ear.payloads()) == 1


# work orders

async def test_an_order_says_all_that_the_floor_shows(writer: asyncpg.Connection, ear: Ear) -> None:
    await writer.execute("SELECT set_config('floor.person_email', 'Mike.Johnson@example.com', false)")
    lisa = await writer.fetchrow('SELECT id, email, first_name, last_name FROM employees WHERE id = 1')
    row = await writer.fetchrow(
        "INSERT INTO work_orders (machine_id, issue_description, priority, assignee) "
        "VALUES ('Valve_01_01', 'Air “low”', 'critical', $1) RETURNING id, version, epoch_ms(due_at) AS due",
        lisa['email'])
    event = await writer.fetchval('SELECT max(event_id) FROM work_order_events')
    [order] = orders_in(await ear.payloads())
    assert order == OrderBrief(row['id'], event, row['version'], MachineName('Valve_01_01'),
                               WorkOrderStatus.OPEN, Priority.CRITICAL, lisa['id'],
                               f'{lisa["first_name"]} {lisa["last_name"]}', row['due'], 'Air “low”',
                               'mike.johnson@example.com')


@pytest.mark.parametrize('statement', [
    "UPDATE work_orders SET priority = 'critical' WHERE id = $1",
    "UPDATE work_orders SET status = 'completed', cause = 'seal', action_taken = 'replaced' WHERE id = $1",
    "INSERT INTO work_order_events (work_order_id, kind, note) VALUES ($1, 'commented', 'On my way')",
    "INSERT INTO work_order_checklist (work_order_id, text) VALUES ($1, 'Lock out')",
])
async def test_whatever_happens_to_an_order_is_announced_with_its_latest_event(
        writer: asyncpg.Connection, ear: Ear, statement: str) -> None:
    id_ = await open_order(writer)
    [before] = orders_in(await ear.payloads())
    await writer.execute(statement, id_)
    *_, after = orders_in(await ear.payloads())
    row = await writer.fetchrow('SELECT status, priority, version FROM work_orders WHERE id = $1', id_)
    assert after.event == await writer.fetchval('SELECT max(event_id) FROM work_order_events') > before.event
    assert (after.status, after.priority, after.version) == tuple(row)


async def test_many_orders_of_one_statement_come_in_messages_that_fit(writer: asyncpg.Connection, ear: Ear) -> None:
    await writer.execute("INSERT INTO work_orders (machine_id, issue_description) "
                         "SELECT 'Valve_01_01', repeat('機', 10000) FROM generate_series(1, 200)")
    payloads = await ear.payloads()
    assert max(len(payload.encode()) for payload in payloads) <= MAX_BYTES
    assert len({order.id for order in orders_in(payloads)}) == 200


async def test_a_change_of_people_has_the_floor_read_again(writer: asyncpg.Connection, ear: Ear) -> None:
    await writer.execute("UPDATE employees SET role = 'viewer' WHERE id = 1")
    payloads = await ear.payloads()
    assert payloads and all(isinstance(parse(payload), Resync) for payload in payloads)
