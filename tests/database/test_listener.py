"""The listener against a real server and everything that can go wrong with it: the store ends equal to the table.

Whatever happens, no picture is called live that isn't the table's. Waits are for conditions; the deadline is generous.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from database.postgres import SCHEMA, Connect, channel_of, until

from floor.core.errors import DatabaseUnavailableError
from floor.core.machines import MachineName, Status
from floor.db.database import Database
from floor.db.migrations import prepare
from floor.db.query_files import defined_triggers
from floor.feed import change_applier, feed_session
from floor.feed.freshness import Freshness
from floor.feed.listener import Listener
from floor.feed.protocol import parse
from floor.feed.snapshot import PART, in_batches, read_floor
from floor.feed.store import Store
from floor.feed.timing import Timing

pytestmark = pytest.mark.newest_postgres
QUICK = Timing(heartbeat=0.05, heartbeat_timeout=10, audit=0.1, polling=0.05, gap=0.005, first_backoff=0.01)
NO_AUDIT = replace(QUICK, audit=3600)
NEVER = replace(NO_AUDIT, heartbeat=3600)
"""Neither beat nor audit after the start: only what is announced reaches the store."""

VALVE = MachineName('Valve_01_01')


class Watched:
    """The queries, with something done before one of them is asked."""

    def __init__(self, queries: Any, name: str, before: Callable[[], Awaitable[None]]) -> None:
        self._queries = queries
        self._name = name
        self._before = before

    def __getattr__(self, name: str) -> Any:
        query = getattr(self._queries, name)
        if name != self._name:
            return query

        async def watched(*arguments: Any, **named: Any) -> AsyncIterator[Any]:
            await self._before()
            async for row in query(*arguments, **named):
                yield row

        return watched


class Floor:
    """A running listener, its store, and a writer of the table."""

    def __init__(self, database: Database, writer: asyncpg.Connection) -> None:
        self.database = database
        self.writer = writer
        self.store = Store(stale_after=QUICK.stale_after)
        self.listener: Listener
        self.connections: list[Any] = []
        self.refusal: Exception | None = None
        self.open: Callable[[], Awaitable[Any]] = database.connect

    @asynccontextmanager
    async def running(self, timing: Timing = QUICK, queries: Any = None, live: bool = True,
                      **more: Any) -> AsyncIterator[None]:
        self.listener = Listener(self.connect, queries or self.database.queries, self.store,
                                 timing=timing, **more)
        task = asyncio.create_task(self.listener.run())
        try:
            if live:
                await self.live()
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def connect(self) -> asyncpg.Connection:
        if self.refusal is not None:
            raise self.refusal
        self.connections.append(await self.open())
        return self.connections[-1]

    async def live(self) -> None:
        await until(lambda: self.store.connection is Freshness.LIVE)

    async def equal(self) -> None:
        """Until the store shows what the table says."""
        async def shown() -> bool:
            return self.shows() == await self.table()

        await until(shown)

    def shows(self) -> dict[str, tuple[str, str | None, int]]:
        return {name: (machine.status.value, machine.reason, machine.version)
                for name, machine in self.store.machines.items()}

    async def table(self) -> dict[str, tuple[str, str | None, int]]:
        rows = await self.writer.fetch('SELECT machine_name, status, reason, version FROM machine_feed_stream')
        return {row[0]: (row[1], row[2], row[3]) for row in rows}

    async def set(self, status: str, name: str = VALVE) -> None:
        await self.writer.execute('UPDATE machine_feed_stream SET status = $1 WHERE machine_name = $2', status, name)

    def status(self, name: str = VALVE) -> Status | None:
        machine = self.store.machines.get(name)  # type: ignore[call-overload]
        return machine and machine.status

    async def end_connection(self) -> None:
        """The server ends the listener's session, as an administrator or a restart would."""
        pid = self.connections[-1].get_server_pid()
        assert await self.writer.fetchval('SELECT pg_terminate_backend($1)', pid)


@pytest.fixture
async def site(database: Database, connect: Connect) -> Floor:
    return Floor(database, await connect())


# as it should be

async def test_it_is_live_with_the_whole_floor_in_flow_order(site: Floor) -> None:
    assert site.store.connection is Freshness.CONNECTING
    async with site.running():
        assert [(line.name, len(line.machines)) for line in site.store.lines] == [
            ('Transmission Line', 9), ('Engine Line', 7), ('Exterior Line', 9), ('Interior Line', 5)]
        assert [machine.name for machine in site.store.lines[3].machines] == [
            'Injection_Molder_04_01', 'Valve_04_01', 'Robotic_Arm_04_01', 'Painter_04_01', 'Sorter_04_01']
        assert site.shows() == await site.table()
        assert site.store.feed_warning is None


async def test_a_change_is_shown_without_reading_the_table_again(site: Floor) -> None:
    async with site.running(NEVER):
        await site.set('down')
        await until(lambda: site.status() is Status.DOWN)
        assert site.listener.counters.snapshots == 1
        assert site.store.events[0].new is Status.DOWN
        assert site.store.last_lag_ms is not None


async def test_of_a_burst_every_last_word_is_shown(site: Floor) -> None:
    await site.writer.execute("INSERT INTO machine_feed_stream (machine_name) "
                              "SELECT 'Press_機械_' || n FROM generate_series(1, 970) AS n")
    async with site.running(NO_AUDIT):
        for turn in range(20):
            await site.writer.execute('UPDATE machine_feed_stream SET status = $1, reason = $2',
                                      ['down', 'warning'][turn % 2], f'wave {turn}')
        await site.equal()
        assert len(site.store.machines) == 1000
        assert {machine.reason for machine in site.store.machines.values()} == {'wave 19'}
        assert site.listener.counters.snapshots == 1
        assert site.listener.counters.connections == 1


@pytest.mark.parametrize('statement', [
    "INSERT INTO machine_feed_stream (machine_name, status) VALUES ('Painter_04_02', 'down')",
    "DELETE FROM machine_feed_stream WHERE machine_name = 'Valve_01_01'",
    'TRUNCATE machine_feed_stream',
    "UPDATE machines SET machine_name = '<b>Valve</b>' WHERE machine_name = 'Valve_01_01'",
    "UPDATE machine_feed_stream SET status = 'down', reason = repeat('機', 9000)",
])
async def test_what_a_notification_cannot_say_is_read_from_the_table(site: Floor, statement: str) -> None:
    async with site.running(NEVER):
        await site.writer.execute(statement)
        await site.equal()


async def test_a_machine_that_moves_is_shown_on_its_new_line(site: Floor) -> None:
    async with site.running(NEVER):
        await site.writer.execute('UPDATE machines SET line_id = 2, position = 0 WHERE machine_name = $1', VALVE)
        await until(lambda: site.store.lines[1].machines[0].name == VALVE)
        await site.writer.execute("UPDATE production_lines SET name = 'Motors' WHERE line_id = 2")
        await until(lambda: site.store.lines[1].name == 'Motors')
        await site.writer.execute("UPDATE production_lines SET name = 'Engines' WHERE line_id = 2")
        await until(lambda: site.store.lines[1].name == 'Engines')
        assert [site.store.line_called(name) for name in ('Engine Line', 'Motors', 'Engines', 'Axle')] == [
            'Engines', 'Engines', 'Engines', 'Axle']
        await site.writer.execute("UPDATE production_lines SET name = 'Motors' WHERE line_id = 1")
        await until(lambda: site.store.lines[0].name == 'Motors')
        assert site.store.line_called('Motors') == 'Motors', 'another line has the name now'


async def test_a_machine_that_is_renamed_is_known_by_its_former_names_too(site: Floor) -> None:
    async with site.running(NEVER):
        for name in 'Valve A', 'Valve B':
            await site.writer.execute('UPDATE machines SET machine_name = $2 WHERE machine_id = machine_called($1)',
                                      VALVE, name)
        await until(lambda: 'Valve B' in site.store.machines)
        for name in VALVE, 'Valve A', 'Valve B':
            machine = site.store.called(name)
            assert machine is not None and machine.name == 'Valve B', name
        await site.writer.execute('INSERT INTO machine_feed_stream (machine_name) VALUES ($1)', VALVE)
        await until(lambda: VALVE in site.store.machines)
        assert site.store.called(VALVE) is site.store.machines[VALVE], 'another machine has the name now'


# a connection that breaks

async def test_a_lost_signal_is_shown_at_once_and_after_reading_again_until_the_next_status(site: Floor) -> None:
    async def lose(minutes: int) -> None:
        await site.writer.execute("SELECT report_status($1, 'unknown', NULL, now() + $2 * interval '1 minute')", VALVE,
                                  minutes)

    async with site.running(NEVER):
        await site.set('down')
        await until(lambda: site.status() is Status.DOWN)
        await lose(1)
        await until(lambda: site.status() is Status.UNKNOWN)
        machine = site.store.machines[VALVE]
        assert (machine.status_label, machine.reason) == ('No signal', None)
        assert machine.reported_ms is not None and 50_000 < machine.since_ms - machine.reported_ms < 70_000
        shown = machine.status, machine.reason, machine.since_ms, machine.reported_ms, machine.version
        record = next(each for each in (await read_floor(site.writer, site.database.queries)).machines
                      if each.name == VALVE)
        assert shown == (record.status, record.reason, record.since_ms, record.reported_ms, record.version)
        await site.set('down')
        await until(lambda: site.status() is Status.DOWN)
    await lose(2)
    async with site.running(QUICK):
        await until(lambda: site.status() is Status.UNKNOWN)


async def test_a_broken_connection_is_shown_and_what_was_missed_is_caught_up(site: Floor) -> None:
    async with site.running(NO_AUDIT):
        site.refusal = DatabaseUnavailableError('the database does not answer: it is tea time')
        await site.end_connection()
        await until(lambda: site.store.connection is Freshness.STALE)
        await site.set('down')
        await until(lambda: site.store.connection_error == 'the database does not answer: it is tea time')
        assert site.status() is Status.OPERATIONAL
        site.refusal = None
        await site.live()
        assert site.status() is Status.DOWN
        assert site.store.connection_error is None


async def test_ten_broken_connections_leave_one_session(site: Floor) -> None:
    async with site.running(NO_AUDIT):
        for turn in range(10):
            await site.set(['down', 'warning'][turn % 2])
            await site.end_connection()
            await until(lambda turn=turn: site.listener.counters.connections == turn + 2)
        await site.equal()

        async def one_session() -> bool:
            return await site.writer.fetchval("SELECT count(*) FROM pg_stat_activity WHERE datname = "
                                              "current_database() AND application_name = 'line-monitor'") == 1

        await until(one_session)


async def test_a_database_that_is_away_at_the_start_is_waited_for(
        site: Floor, caplog: pytest.LogCaptureFixture) -> None:
    site.refusal = DatabaseUnavailableError('the database does not answer: refused')
    async with site.running(live=False):
        await until(lambda: site.store.connection_error is not None)
        assert site.store.connection is Freshness.CONNECTING
        site.refusal = None
        await site.live()
        assert len(site.store.machines) == 30
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1, 'the same error is logged once'


async def test_a_fault_of_the_program_is_survived_and_shown(site: Floor, caplog: pytest.LogCaptureFixture) -> None:
    site.refusal = ZeroDivisionError('a slip')
    async with site.running(live=False):
        await until(lambda: site.store.connection_error == 'a fault in this program: a slip')
        site.refusal = None
        await site.live()
    assert 'the listener failed and restarts' in caplog.text


class Deafening:
    """The queries; once deafen is set, the next heartbeat finds that its connection listens to nothing now."""

    def __init__(self, queries: Any) -> None:
        self._queries = queries
        self.deafen = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queries, name)

    async def say_heartbeat(self, connection: asyncpg.Connection, **named: str) -> None:
        if self.deafen:
            self.deafen = False
            await connection.execute('UNLISTEN *')
        await self._queries.say_heartbeat(connection, **named)


async def test_lost_notifications_are_noticed_by_the_heartbeat(site: Floor) -> None:
    """As behind a pooler: the connection answers every question, but delivers nothing."""
    queries = Deafening(site.database.queries)
    async with site.running(replace(NO_AUDIT, heartbeat_timeout=1), queries):
        deaf = site.connections[-1]
        seen: list[Freshness] = []
        site.store.subscribe(lambda _: seen.append(site.store.connection))
        queries.deafen = True
        await until(lambda: not queries.deafen)
        await site.set('down')
        await until(lambda: site.listener.counters.connections >= 2)
        assert Freshness.STALE in seen
        assert deaf.is_closed()
        await site.equal()


class LateEar:
    """A connection whose heartbeats are heard late, as by a process that stood still meanwhile."""

    def __init__(self, connection: asyncpg.Connection, seconds: float) -> None:
        self._connection = connection
        self._seconds = seconds

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def add_listener(self, channel: str, callback: Any) -> None:
        loop = asyncio.get_running_loop()
        is_beat = channel.startswith('floor_beat_')

        def later(*message: Any) -> None:
            loop.call_later(self._seconds, callback, *message)
        await self._connection.add_listener(channel, later if is_beat else callback)


async def test_a_heartbeat_proves_the_moment_it_was_sent_and_not_the_one_it_is_heard(site: Floor) -> None:
    """What was written while it was on its way may still be missing."""
    async def open_late() -> LateEar:
        return LateEar(await site.database.connect(), seconds=0.5)  # type: ignore[arg-type]

    site.open = open_late
    async with site.running(NEVER):
        assert site.store.age is not None
        assert site.store.age >= 0.5


async def test_a_floor_that_is_read_while_this_process_stands_still_does_not_make_its_clock_late(site: Floor) -> None:
    async def stand_still() -> None:
        if site.listener.counters.snapshots:
            time.sleep(0.5)  # noqa: ASYNC251 (this is what is tested)

    queries = Watched(site.database.queries, 'active_orders', stand_still)
    async with site.running(NEVER, queries):
        known = site.store.clock_error
        assert known is not None
        await site.writer.execute('SELECT announce($1)', '{"resync": "a test"}')
        await until(lambda: site.listener.counters.snapshots == 2)
        before_ms = await site.writer.fetchval('SELECT epoch_ms(clock_timestamp())')
        assert site.store.clock_error is not None
        assert site.store.clock_error < known + 0.2
        assert site.store.now_ms >= before_ms - (known + 0.2) * 1000


# moments that are easy to miss

async def test_a_change_between_listening_and_reading_is_not_lost(site: Floor) -> None:
    async def change() -> None:
        await site.set('down')

    async with site.running(NEVER, Watched(site.database.queries, 'snapshot', change)):
        assert site.status() is Status.DOWN


async def test_a_change_right_after_the_reading_is_not_lost(site: Floor) -> None:
    async def change() -> None:
        await site.set('down')

    async with site.running(NEVER, Watched(site.database.queries, 'recent_events', change)):
        await site.equal()
        assert site.status() is Status.DOWN


async def test_a_change_before_listening_is_not_lost(site: Floor) -> None:
    async def change(_connection: object) -> None:
        await site.set('down')

    async with site.running(NEVER, prepare=change):
        assert site.status() is Status.DOWN


class EarlyEar:
    """A connection that delivers a payload when the test says so, and not a second time."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._callbacks: dict[str, Any] = {}
        self._delivered: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def add_listener(self, channel: str, callback: Any) -> None:
        self._callbacks[channel] = callback
        await self._connection.add_listener(
            channel, lambda *message: None if message[3] in self._delivered else callback(*message))

    def deliver(self, payload: str) -> None:
        self._delivered.add(payload)
        channel, = (name for name in self._callbacks if not name.startswith('floor_beat_'))
        self._callbacks[channel](self, 0, channel, payload)


@asynccontextmanager
async def read_again_while(plant: Floor, overtake: Callable[[], Awaitable[None]],
                           announced: list[str]) -> AsyncIterator[None]:
    """The audit finds a change that was not announced; overtake runs while the floor is read for it, and announced gets
    what the writer hears."""
    async def open_early() -> EarlyEar:
        return EarlyEar(await plant.database.connect())  # type: ignore[arg-type]

    plant.open = open_early
    async with plant.running(QUICK, Watched(plant.database.queries, 'recent_events', overtake)):
        await plant.writer.add_listener(await channel_of(plant.writer), lambda *message: announced.append(message[3]))
        async with plant.writer.transaction():
            await plant.writer.execute('SET LOCAL session_replication_role = replica')
            await plant.writer.execute("UPDATE machine_feed_stream SET status = 'warning' WHERE machine_id = 1")
        await until(lambda: plant.listener.counters.snapshots == 2)
        yield


async def test_a_notification_that_overtakes_the_reading_is_not_undone_by_it(site: Floor) -> None:
    """What is longer than the server's buffer arrives before the transaction that reads the floor has ended."""
    announced: list[str] = []

    async def overtake() -> None:
        if site.listener.counters.audits_with_difference and not announced:
            await site.set('down')
            await until(lambda: bool(announced))
            site.connections[0].deliver(announced[0])
            await until(lambda: site.status() is Status.DOWN)

    async with read_again_while(site, overtake, announced):
        assert site.status() is Status.DOWN
        assert site.shows() == await site.table()
        assert site.listener.counters.audits_with_difference == 1


async def test_a_wish_to_read_again_is_not_forgotten_when_a_heartbeat_finds_it(site: Floor) -> None:
    """_apply pauses after each write; a beat meanwhile takes the message, and still the floor is read."""
    async with site.running(replace(NO_AUDIT, gap=0.5, heartbeat=0.01)):
        await site.set('down')
        await until(lambda: site.status() is Status.DOWN)
        await site.writer.execute("INSERT INTO machine_feed_stream (machine_name) VALUES ('Oven')")
        await until(lambda: site.status('Oven') is not None)


# messages that aren't ours

@pytest.mark.parametrize('garbage', [
    '', 'hello', '[]x', '{"resync"', '[["Valve_01_01", "broken", null, 1, 2, 3, 4]]', '7',
])
async def test_a_notification_that_is_not_ours_is_counted_and_the_floor_read_again(site: Floor, garbage: str) -> None:
    async with site.running(NEVER):
        await site.writer.execute('SELECT announce($1)', garbage)
        await until(lambda: site.listener.counters.snapshots == 2)
        assert site.listener.counters.unreadable == 1
        await site.set('down')
        await until(lambda: site.status() is Status.DOWN)
        assert site.listener.counters.connections == 1


async def test_a_flood_of_garbage_is_a_line_for_each_reason(site: Floor, caplog: pytest.LogCaptureFixture) -> None:
    async with site.running(NEVER):
        await site.writer.execute("SELECT announce('garbage ' || n), announce('[[' || n || ']]') "
                                  'FROM generate_series(1, 500) AS n')
        await until(lambda: site.listener.counters.unreadable == 1000)
        await site.set('down')
        await until(lambda: site.status() is Status.DOWN)
    lines = [each.reason for each in caplog.records if 'ignored a notification' in each.message]  # type: ignore[attr-defined]
    assert sorted(lines) == ['a change has seven fields', 'it is not JSON']


async def test_a_forged_machine_is_read_again_and_does_not_appear(site: Floor) -> None:
    async with site.running(NEVER):
        await site.writer.execute('SELECT announce($1)', '[["Ghost", "down", null, 999, 2, 3, 4]]')
        await until(lambda: site.listener.counters.snapshots == 2)
        assert site.shows() == await site.table()


# changes that nobody announces

@pytest.mark.parametrize('trigger', ['machine_feed_updated', 'machine_feed_inserted', 'machine_feed_truncated',
                                     'machine_feed_stamp_0', 'machine_feed_stamp_1', 'machine_feed_stamp_2'])
async def test_a_trigger_that_is_off_is_shown_until_it_is_on_again(site: Floor, trigger: str) -> None:
    async with site.running():
        await site.writer.execute(f'ALTER TABLE machine_feed_stream DISABLE TRIGGER {trigger}')
        await until(lambda: trigger in (site.store.feed_warning or ''))
        await site.writer.execute(f'ALTER TABLE machine_feed_stream ENABLE TRIGGER {trigger}')
        await until(lambda: site.store.feed_warning is None)


async def test_what_will_hurt_later_is_shown_while_all_is_well(site: Floor) -> None:
    renewal: list[str] = ['the password cannot be renewed']
    async with site.running(also_wrong=lambda: renewal[0] if renewal else None):
        await until(lambda: site.store.feed_warning == 'the password cannot be renewed')
        assert site.store.connection is Freshness.LIVE
        renewal.clear()
        await until(lambda: site.store.feed_warning is None)


async def test_with_the_announcing_trigger_off_the_floor_is_polled(site: Floor) -> None:
    await site.writer.execute('ALTER TABLE machine_feed_stream DISABLE TRIGGER machine_feed_updated')
    async with site.running(replace(QUICK, audit=3600)):
        await until(lambda: 'machine_feed_updated' in (site.store.feed_warning or ''))
        for status in (Status.DOWN, Status.WARNING, Status.OPERATIONAL):
            await site.set(status)
            await until(lambda status=status: site.status() is status)
        assert site.store.connection is Freshness.LIVE


@pytest.mark.parametrize('statement', [
    "UPDATE machine_feed_stream SET status = 'down', version = version + 1000 WHERE machine_id = 4",
    "UPDATE machine_feed_stream SET status = 'down' WHERE machine_id = 4",
    'UPDATE machine_feed_stream SET version = version - 1 WHERE machine_id = 4',
    'DELETE FROM machine_feed_stream WHERE machine_id = 4',
], ids=['newer', 'same version', 'older', 'gone'])
async def test_the_audit_finds_what_was_changed_behind_every_trigger(site: Floor, statement: str) -> None:
    async with site.running():
        async with site.writer.transaction():
            await site.writer.execute('SET LOCAL session_replication_role = replica')
            await site.writer.execute(statement)
        await site.equal()
        assert site.listener.counters.audits_with_difference == 1
        assert site.listener.counters.connections == 1


@pytest.mark.parametrize('statement', [
    f"UPDATE machines SET line_id = 1, position = 99 WHERE machine_name = '{VALVE}'",
    f"UPDATE machines SET line_id = NULL WHERE machine_name = '{VALVE}'",
    f"UPDATE machines SET line_id = 4 WHERE machine_name = '{VALVE}'",
    f"UPDATE machines SET type = 'furnace' WHERE machine_name = '{VALVE}'",
    f"UPDATE machine_feed_stream SET machine_name = 'Ventil' WHERE machine_name = '{VALVE}'",
    "UPDATE production_lines SET name = 'Line of the north' WHERE line_id = 2",
    'UPDATE production_lines SET position = 5 - position',
    "UPDATE machine_feed_stream SET reported_at = now() - interval '1 hour'",
    "UPDATE machine_feed_stream SET status_since = now() - interval '1 hour'",
    "UPDATE machine_feed_stream SET reason = 'Jammed' WHERE machine_id = 1",
], ids=['position', 'no line', 'line', 'type', 'name', 'name of a line', 'order of the lines', 'reported', 'since',
        'reason'])
async def test_the_audit_compares_everything_that_is_shown(site: Floor, statement: str) -> None:
    async def as_in_the_table() -> bool:
        snapshot = await read_floor(site.writer, site.database.queries)
        machines = site.store.machines.values()
        return [(machine.record.name, machine.record.type, machine.record.line, machine.status, machine.reason,
                 machine.since_ms, machine.reported_ms) for machine in machines] == \
            [(record.name, record.type, record.line, record.status, record.reason, record.since_ms,
              record.reported_ms) for record in snapshot.machines]

    async with site.running():
        assert await as_in_the_table()
        async with site.writer.transaction():
            await site.writer.execute('SET LOCAL session_replication_role = replica')
            await site.writer.execute('INSERT INTO machines (machine_id, machine_name, position) '
                                      "VALUES (77, 'Ventil', 7)")
            await site.writer.execute(statement)
        await until(as_in_the_table)
        assert site.listener.counters.audits_with_difference == 1


async def test_the_audit_shows_changes_that_came_too_quickly_to_be_announced_one_by_one(site: Floor) -> None:
    async with site.running(replace(QUICK, gap=0.3, busy_gap=0.3)):
        for status in 'down', 'warning', 'down', 'operational', 'warning':
            await site.set(status)
        rows = await site.writer.fetch('SELECT version FROM machine_status_history WHERE machine_id = 4')
        await until(lambda: {row['version'] for row in rows} <= {event.version for event in site.store.events})
        assert site.listener.counters.audits_with_difference == 0


async def test_a_machine_that_moves_while_the_trigger_is_off_is_moved_on_the_page(site: Floor) -> None:
    async with site.running():
        await site.writer.execute('ALTER TABLE machines DISABLE TRIGGER machines_layout_changed')
        await site.writer.execute('UPDATE machines SET line_id = 4, position = 9 WHERE machine_name = $1', VALVE)
        await until(lambda: site.store.lines[3].machines[-1].name == VALVE)
        await until(lambda: 'machines_layout_changed' in (site.store.feed_warning or ''))


@pytest.mark.parametrize(('trigger', 'statement'), [
    ('machine_feed_updated', "UPDATE machine_feed_stream SET status = 'down', reason = 'Leak'"),
    ('machine_feed_updated', "UPDATE machine_feed_stream SET reason = 'Slow'"),
    ('machine_feed_deleted', 'DELETE FROM machine_feed_stream WHERE machine_id < 9'),
    ('machine_feed_inserted', "INSERT INTO machine_feed_stream (machine_name, status) VALUES ('Oven', 'down')"),
], ids=['status', 'reason', 'gone', 'added'])
async def test_what_a_trigger_did_not_record_is_in_the_history_once_the_audit_has_found_it(
        site: Floor, trigger: str, statement: str) -> None:
    async def contradictions() -> list[Any]:
        return [tuple(row) for row in await site.writer.fetch("""
            SELECT machine_id, f.status, i.status FROM machine_feed_stream f
            FULL JOIN (SELECT * FROM status_intervals WHERE until = 'infinity') AS i USING (machine_id)
            WHERE (f.status, f.reason) IS DISTINCT FROM (i.status, i.reason)
               OR (f.status = 'down') <> EXISTS (SELECT FROM machine_stops s WHERE s.machine_id = i.machine_id
                                                 AND s.until IS NULL AND s.since = f.status_since)""")]

    await site.writer.execute(f'ALTER TABLE machine_feed_stream DISABLE TRIGGER {trigger}')
    async with site.running():
        await site.writer.execute(statement)
        assert await contradictions()
        await until(lambda: site.listener.counters.audits_with_difference == 1)
        await site.equal()
        assert await contradictions() == []
        await site.writer.execute(f'ALTER TABLE machine_feed_stream ENABLE TRIGGER {trigger}')
        await site.writer.execute("UPDATE machine_feed_stream SET status = 'warning', reason = NULL")
        assert await contradictions() == []
        rebuilt = 'SELECT machine_id, since, until, status, reason FROM status_intervals ORDER BY 1, 2'
        kept = await site.writer.fetch(rebuilt)
        await site.writer.execute('SELECT rebuild_history()')
        assert await site.writer.fetch(rebuilt) == kept


async def test_the_triggers_that_are_looked_for_are_those_of_the_schema(site: Floor) -> None:
    there = await site.writer.fetch(
        'SELECT c.relname AS table_name, t.tgname AS name FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid '
        'WHERE NOT t.tgisinternal AND c.relnamespace = $1::regnamespace', SCHEMA)
    assert defined_triggers() == sorted((row['table_name'], row['name']) for row in there)
    assert len(there) >= 28


@pytest.mark.parametrize('statement', ['ALTER TABLE {table} DISABLE TRIGGER {name}', 'DROP TRIGGER {name} ON {table}',
                                       'ALTER TABLE {table} ENABLE REPLICA TRIGGER {name}'])
async def test_each_of_our_triggers_is_missed(site: Floor, statement: str) -> None:
    queries = site.database.queries
    assert [row async for row in queries.missing_triggers(site.writer)] == []
    for table, name in defined_triggers():
        transaction = site.writer.transaction()
        await transaction.start()
        await site.writer.execute(statement.format(table=table, name=name))
        assert [row['name'] async for row in queries.missing_triggers(site.writer)] == [name]
        await transaction.rollback()


async def test_a_restored_backup_wins_although_its_versions_are_older(site: Floor) -> None:
    backup = await site.writer.fetch('SELECT * FROM machine_feed_stream')
    async with site.running(NO_AUDIT):
        for status in ('down', 'warning', 'down'):
            await site.writer.execute('UPDATE machine_feed_stream SET status = $1', status)
        await site.equal()
        async with site.writer.transaction():
            await site.writer.execute('SET LOCAL session_replication_role = replica')
            await site.writer.execute('DELETE FROM machine_feed_stream')
            await site.writer.copy_records_to_table('machine_feed_stream', records=[tuple(row) for row in backup])
            await site.writer.execute("SELECT setval('machine_feed_version', $1)",
                                      max(row['version'] for row in backup))
        await site.end_connection()
        await site.equal()
        assert set(site.store.counts) == {Status.OPERATIONAL}


@pytest.mark.parametrize('statement', [
    "UPDATE machine_feed_stream SET status = 'down' WHERE machine_id = 1 + $1 % 30",
    "INSERT INTO machine_feed_stream (machine_name) VALUES ('Press ' || $1::integer)",
], ids=['update', 'insert'])
async def test_a_change_while_the_audit_reads_is_no_difference(
        site: Floor, caplog: pytest.LogCaptureFixture, statement: str) -> None:
    turn = itertools.count()

    async def change() -> None:
        await site.writer.execute(statement, next(turn))

    queries = Watched(site.database.queries, 'recent_events', change)
    async with site.running(replace(QUICK, audit=0.001, gap=0), queries):
        beats = site.listener.counters.heartbeats
        await until(lambda: site.listener.counters.heartbeats > beats + 50)
    assert site.listener.counters.audits_with_difference == 0
    assert 'the audit found changes without a notification' not in caplog.text


# work orders and people

ORDER = ("INSERT INTO work_orders (machine_id, issue_description, priority) "
         "VALUES ('Valve_01_01', 'Leak', 'high') RETURNING id")


async def test_an_order_of_psql_is_shown_without_reading_the_table_again(
        site: Floor, psql: Callable[..., str]) -> None:
    async with site.running(NEVER):
        id_ = psql('-c', ORDER).strip()
        await until(lambda: id_ in site.store.orders)
        [order] = site.store.orders_of(VALVE)
        assert (order.machine, order.priority, order.status, order.description, order.by) == \
            (VALVE, 'high', 'open', 'Leak', None)
        psql('-c', f"INSERT INTO work_order_events (work_order_id, kind, note) VALUES ('{id_}', 'commented', 'Soon')")
        await until(lambda: site.store.orders[id_].event > order.event)  # type: ignore[index]
        assert site.store.orders[id_].version == order.version  # type: ignore[index]
        psql('-c', f"UPDATE work_orders SET status = 'cancelled', cancel_reason = 'twice' WHERE id = '{id_}'")
        await until(lambda: id_ not in site.store.orders)
        assert site.listener.counters.snapshots == 1


MANY_ORDERS = ("INSERT INTO work_orders (machine_id, issue_description) "
               "SELECT 'Valve_01_01', 'Leak ' || number FROM generate_series(1, 2000) AS number")


async def test_thousands_of_orders_of_one_statement_are_read_and_not_handled_one_by_one(
        site: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_session, 'MAX_WAITING', 20)
    understood: list[str] = []
    monkeypatch.setattr(change_applier, 'parse', lambda payload: understood.append(payload) or parse(payload))
    notified: list[int] = []
    async with site.running(NEVER):
        site.store.subscribe(lambda difference: notified.append(len(difference.orders)))
        for statement in MANY_ORDERS, "UPDATE work_orders SET priority = 'critical'":
            await site.writer.execute(statement)
            await until(lambda: len(site.store.orders) == 2000)
        await until(lambda: site.store.order_counts['critical'] == 2000)  # type: ignore[index]
        await until(lambda: site.listener.counters.notifications == 4000)  # the last after the reading that shows them
        assert len(understood) < 1000
        assert len(notified) < 50
        assert 2 <= site.listener.counters.snapshots <= 20


async def test_after_a_burst_changes_are_shown_as_they_are_announced(
        site: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_session, 'MAX_WAITING', 20)
    async with site.running(NEVER):
        await site.writer.execute(MANY_ORDERS)
        await until(lambda: len(site.store.orders) == 2000)
        await until(lambda: site.listener.counters.notifications == 2000)  # the last after the reading that shows them
        snapshots = site.listener.counters.snapshots
        await site.set('down')
        id_ = await site.writer.fetchval(ORDER)
        await until(lambda: site.status() is Status.DOWN and id_ in site.store.orders)
        assert site.listener.counters.snapshots <= snapshots + 1


async def test_many_rows_leave_turns_to_others() -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    assert await in_batches(str, list(range(10 * PART))) == tuple(map(str, range(10 * PART)))
    task.cancel()
    assert turns >= 10


async def test_of_many_changes_of_one_order_the_last_is_shown(site: Floor) -> None:
    async with site.running(NO_AUDIT):
        id_ = await site.writer.fetchval(ORDER)
        async with site.writer.transaction():
            for number in range(30):
                await site.writer.execute('UPDATE work_orders SET issue_description = $1 WHERE id = $2',
                                          f'Leak {number}', id_)
        await until(lambda: id_ in site.store.orders and site.store.orders[id_].description == 'Leak 29')
        assert site.listener.counters.snapshots == 1
        assert site.listener.counters.unreadable == 0


async def test_what_is_read_of_an_order_is_what_was_announced(site: Floor) -> None:
    """Else the audit would find a difference where there is none."""
    async with site.running():
        await site.writer.execute("SELECT set_config('floor.person_email', 'mike.johnson@example.com', false)")
        for description in 'Leak', 'é🏭' * 3_000:
            id_ = await site.writer.fetchval('INSERT INTO work_orders (machine_id, issue_description, assignee) '
                                             'VALUES ($1, $2, $3) RETURNING id', VALVE, description, 'Lisa Garcia')
            await until(lambda id_=id_: id_ in site.store.orders)
        announced = dict(site.store.orders)
        snapshot = await read_floor(site.writer, site.database.queries)
        assert {order.id: order for order in snapshot.orders} == announced
        beats = site.listener.counters.heartbeats
        await until(lambda: site.listener.counters.heartbeats > beats + 10)
        assert site.listener.counters.audits_with_difference == 0


async def test_orders_that_were_there_before_are_read_and_those_that_have_ended_are_not(site: Floor) -> None:
    open_, done = await site.writer.fetchval(ORDER), await site.writer.fetchval(ORDER)
    await site.writer.execute("UPDATE work_orders SET status = 'completed', cause = 'a', action_taken = 'b' "
                              'WHERE id = $1', done)
    async with site.running(NEVER):
        assert set(site.store.orders) == {open_}


async def test_an_order_opened_while_the_floor_is_read_is_not_lost(site: Floor) -> None:
    async def open_order() -> None:
        await site.writer.fetchval(ORDER)

    async with site.running(NEVER, Watched(site.database.queries, 'active_orders', open_order)):
        await until(lambda: len(site.store.orders) == 1)


async def test_an_announcement_of_an_order_that_overtakes_the_reading_is_not_undone_by_it(site: Floor) -> None:
    announced: list[str] = []

    async def overtake() -> None:
        if site.listener.counters.audits_with_difference and not announced:
            await site.writer.fetchval(ORDER)
            await until(lambda: bool(announced))
            site.connections[0].deliver(announced[0])
            await until(lambda: bool(site.store.orders))

    async with read_again_while(site, overtake, announced):
        assert len(site.store.orders) == 1


@pytest.mark.parametrize('statement', [
    "UPDATE work_orders SET priority = 'critical'",
    "UPDATE work_orders SET status = 'completed', cause = 'a', action_taken = 'b'",
    "INSERT INTO work_orders (id, machine_id, issue_description, priority, due_at) "
    "VALUES ('WO-20261123-abcd', 'Valve_01_01', 'Leak', 'medium', now())",
    "UPDATE employees SET first_name = 'Liz' WHERE id = 1",
], ids=['changed', 'ended', 'new', 'a person'])
async def test_the_audit_finds_what_happened_to_orders_and_people_unannounced(site: Floor, statement: str) -> None:
    await site.writer.execute(ORDER)
    async with site.running():
        async with site.writer.transaction():
            await site.writer.execute('SET LOCAL session_replication_role = replica')
            await site.writer.execute(statement)

        async def equal() -> bool:
            snapshot = await read_floor(site.writer, site.database.queries)
            return (dict(site.store.orders), site.store.people) == \
                ({order.id: order for order in snapshot.orders}, {each.id: each for each in snapshot.people})

        await until(equal)
        assert site.listener.counters.audits_with_difference == 1


@pytest.mark.parametrize(('table', 'trigger'), [
    ('work_orders', 'work_order_register'), ('work_orders', 'work_order_check_change'),
    ('work_orders', 'work_order_record'), ('work_order_events', 'work_order_event_register'),
    ('work_order_events', 'work_order_events_announce'), ('employees', 'people_changed')])
async def test_a_trigger_of_orders_that_is_off_is_shown_until_it_is_on_again(
        site: Floor, table: str, trigger: str) -> None:
    async with site.running():
        await site.writer.execute(f'ALTER TABLE {table} DISABLE TRIGGER {trigger}')
        await until(lambda: trigger in (site.store.feed_warning or ''))
        await site.writer.execute(f'ALTER TABLE {table} ENABLE TRIGGER {trigger}')
        await until(lambda: site.store.feed_warning is None)


async def test_people_are_known_and_follow_the_table(site: Floor) -> None:
    async with site.running(NEVER):
        assert len(site.store.people) == await site.writer.fetchval('SELECT count(*) FROM employees')
        notified: list[bool] = []
        site.store.subscribe(lambda difference: notified.append(difference.people))
        await site.writer.execute("UPDATE employees SET role = 'supervisor', active = false WHERE id = 1")
        await until(lambda: not site.store.people[1].active)
        assert site.store.people[1].role == 'supervisor'
        assert True in notified


async def test_a_new_name_reaches_the_orders_of_that_person(site: Floor) -> None:
    id_ = await site.writer.fetchval("INSERT INTO work_orders (machine_id, issue_description, assignee_id) "
                                     "VALUES ('Valve_01_01', 'Leak', 1) RETURNING id")
    async with site.running(NEVER):
        await site.writer.execute("UPDATE employees SET first_name = 'Elisabeth' WHERE id = 1")
        await until(lambda: (site.store.orders[id_].assignee or '').startswith('Elisabeth '))


# beside that

async def test_it_sets_up_an_empty_database_automatically(database: Database, connect: Connect) -> None:
    writer = await connect()
    await writer.execute(f'DROP SCHEMA {SCHEMA} CASCADE')
    plant = Floor(database, writer)
    async with plant.running(prepare=prepare(database)):
        assert plant.store.machines == {}
        assert await writer.fetchval('SELECT count(*) FROM machine_feed_stream') == 0


async def test_a_floor_without_machines_is_live_and_empty(site: Floor) -> None:
    await site.writer.execute('TRUNCATE machine_feed_stream')
    async with site.running():
        assert site.store.machines == {}
        assert site.store.lines == []


async def test_two_instances_each_hear_everything(site: Floor, connect: Connect) -> None:
    other = Floor(site.database, await connect())
    async with site.running(NEVER), other.running(NEVER):
        await site.set('down')
        await until(lambda: site.status() is other.status() is Status.DOWN)


async def test_the_floor_is_read_as_of_one_moment(site: Floor, connect: Connect) -> None:
    connection = await connect()

    async def change() -> None:
        await site.set('down')

    snapshot = await read_floor(connection, Watched(site.database.queries, 'recent_events', change))
    assert {machine.status for machine in snapshot.machines} == {Status.OPERATIONAL}
    assert {event.new for event in snapshot.events} == {Status.OPERATIONAL}
