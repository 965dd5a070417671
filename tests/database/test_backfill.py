"""A database that is new gets a history, once; one that has its own history is left alone."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from types import FrameType
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest
from database.postgres import SCHEMA, Connect, Server, channel_of, until
from together import together

from floor.db.migrations import migrate
from floor.db.query_files import load_queries
from floor.db.schema_files import load_schema_files
from simulator import backfill as backfill_module
from simulator.backfill import ROWS_A_TURN, SEED, Backfill, backfill
from simulator.runner import SimulatorRunner
from simulator.simulated_plant import Station
from simulator.timeline import final_states, history, stops

pytestmark = [pytest.mark.newest_postgres, pytest.mark.long]

QUERIES = load_queries()
MAX_LINES_A_TURN = 10 * ROWS_A_TURN
"""A row takes a few lines of Python."""

FLOOR = """SELECT m.machine_name, m.type, m.line_id FROM machine_feed_stream f JOIN machines m USING (machine_id)
           ORDER BY m.line_id, m.position"""
ONE_O_CLOCK = "SELECT date_trunc('day', now(), 'UTC') - interval '11 hours'"
UNTOUCHED = """SELECT (SELECT jsonb_agg(to_jsonb(h) ORDER BY version) FROM machine_status_history h),
                      (SELECT jsonb_agg(to_jsonb(f) ORDER BY machine_id) FROM machine_feed_stream f),
                      (SELECT jsonb_agg(to_jsonb(o) ORDER BY id) FROM work_orders o),
                      (SELECT to_jsonb(s) FROM simulator_state s)"""
SWITCHED_OFF = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled NOT IN ('O', 'A')"
ALWAYS_ON = "SELECT tgname FROM pg_trigger WHERE tgenabled = 'A' ORDER BY tgname, tgrelid"


@pytest.fixture
def reported() -> bool:
    """History is made for a floor on which nothing was reported yet."""
    return False


async def fill(connection: asyncpg.Connection, days: int = 2, **more: Any) -> Backfill:
    """A short history, where a test is not about its length. It always ends at the same time of the day: the late
    shift would make it another one."""
    more.setdefault('now', await connection.fetchval(ONE_O_CLOCK))
    done = await backfill(connection, QUERIES, days=days, **more)
    assert done is not None
    return done


async def untouched(connection: asyncpg.Connection) -> tuple[Any, ...]:
    return tuple(await connection.fetchrow(UNTOUCHED))


async def broken_chains(connection: asyncpg.Connection) -> list[asyncpg.Record]:
    """Rows that do not follow from the row before of their machine."""
    return await connection.fetch("""
        SELECT * FROM (SELECT *, lag(new_status) OVER w AS was, lag(reason) OVER w AS reason_was,
                              lag(happened_at) OVER w AS happened_before
                       FROM machine_status_history WINDOW w AS (PARTITION BY machine_id ORDER BY version)) AS h
        WHERE old_status IS DISTINCT FROM was OR happened_at <= happened_before
           OR (new_status, reason) IS NOT DISTINCT FROM (was, reason_was)""")


@asynccontextmanager
async def running(simulator: SimulatorRunner) -> AsyncIterator[None]:
    task = asyncio.create_task(simulator.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def by_status(connection: asyncpg.Connection, table: str) -> dict[str, int]:
    rows = await connection.fetch(f'SELECT status, count(*) AS count FROM {table} GROUP BY status')
    return {row['status']: row['count'] for row in rows}


class Turns:
    """Counts the lines of Python that the event loop runs in one turn, in this thread: no other work disturbs that."""

    def __init__(self) -> None:
        self.longest = self._lines = 0

    def __enter__(self) -> Turns:
        self._before = sys.gettrace()
        sys.settrace(self._call)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _call(self, frame: FrameType, _event: str, _: Any) -> Any:
        if frame.f_code is asyncio.Handle._run.__code__:
            self._lines = 0
        return self._line

    def _line(self, _frame: FrameType, event: str, _: Any) -> Any:
        if event == 'line':
            self._lines += 1
            self.longest = max(self.longest, self._lines)
        return self._line


async def test_a_new_database_gets_thirty_days_without_holding_anybody_up(connect: Connect) -> None:
    """How long it takes: python -m tests.benchmarks start."""
    connection = await connect()
    with Turns() as turns:
        result = await fill(connection, days=30)
    assert result.changes > 90_000 and 300 < result.orders < 3000
    assert result.until - result.since == timedelta(days=30)
    assert ROWS_A_TURN < turns.longest < MAX_LINES_A_TURN
    counts = await connection.fetchrow("""
        SELECT (SELECT count(*) FROM machine_status_history), (SELECT count(*) FROM work_orders),
               (SELECT count(DISTINCT date_trunc('day', happened_at)) FROM machine_status_history)""")
    assert tuple(counts)[:2] == (result.changes, result.orders)
    assert counts[2] >= 30
    states = await by_status(connection, 'machine_feed_stream')
    assert abs(states['operational'] - 18) <= 1 and abs(states['warning'] - 9) <= 1 and abs(states['down'] - 3) <= 1
    orders = await by_status(connection, 'work_orders')
    assert orders.keys() == {'open', 'in_progress', 'on_hold', 'completed', 'cancelled'}
    assert await connection.fetchval("SELECT count(*) FROM work_orders WHERE due_at < now() AND status IN ('open', "
                                     "'in_progress', 'on_hold')") > 0


async def test_what_grows_with_the_days_may_take_longer_than_other_statements(connect: Connect) -> None:
    """A year of history takes longer than DB_COMMAND_TIMEOUT."""
    connection = await connect()
    patience: dict[str, float | None] = {}

    class Watched:
        def __getattr__(self, name: str) -> Any:
            return getattr(connection, name)

        async def execute(self, statement: str, *arguments: Any, **options: Any) -> Any:
            patience[statement] = options.get('timeout')
            return await connection.execute(statement, *arguments, **options)

        async def copy_records_to_table(self, table: str, **options: Any) -> Any:
            patience[table] = options['timeout']
            return await connection.copy_records_to_table(table, **options)

    await fill(Watched())  # type: ignore[arg-type]
    assert [patience[each] for each in ('machine_status_history', 'SELECT rebuild_history()')] == [
        backfill_module.HISTORY_TIMEOUT_S] * 2


async def test_what_is_written_is_the_timeline_to_the_microsecond(connect: Connect) -> None:
    connection = await connect()
    now = await connection.fetchval("SELECT now() - interval '10 seconds'")
    stations = [Station(*row) for row in await connection.fetch(FLOOR)]
    await fill(connection, now=now)
    simulated, _ = history(stations, SEED, now - timedelta(days=2), now)
    rows = await connection.fetch('SELECT machine_name, old_status, new_status, reason, happened_at, recorded_at, '
                                  'datetime, changed_by FROM machine_status_history JOIN machines USING (machine_id) '
                                  'ORDER BY version')
    assert [tuple(row) for row in rows] == [
        (event.machine, event.old, event.new, event.reason, event.at, event.at, event.at, 'simulator')
        for event in simulated]
    known = {(stop.machine, stop.since): stop.until for stop in stops(simulated)}
    assert known == {(row['machine_name'], row['since']): row['until'] for row in await connection.fetch(
        'SELECT machine_name, since, until FROM machine_stops JOIN machines USING (machine_id) WHERE since > $1',
        now - timedelta(days=2))}
    orders = await connection.fetch('SELECT machine_id, stop_since, recovered_at FROM work_orders')
    assert orders
    for order in orders:
        assert known[order['machine_id'], order['stop_since']] == order['recovered_at']


async def test_the_history_is_one_chain_a_machine(connect: Connect) -> None:
    connection = await connect()
    delivered = await connection.fetchval('SELECT max(version) FROM machine_feed_stream')
    done = await fill(connection)
    assert await connection.fetchval('SELECT min(version) FROM machine_status_history') > delivered
    assert await broken_chains(connection) == []
    assert await connection.fetchval("""
        SELECT bool_and(in_order AND happened_at BETWEEN $1 AND $2)
        FROM (SELECT happened_at, happened_at >= lag(happened_at, 1, happened_at) OVER (ORDER BY version) AS in_order
              FROM machine_status_history) AS h""", done.since, done.until)


async def test_the_floor_stands_as_the_history_ends(connect: Connect) -> None:
    connection = await connect()
    done = await fill(connection)
    stations = [Station(*row) for row in await connection.fetch(FLOOR)]
    events, _ = history(stations, SEED, done.since, done.until)
    final = {state.machine: state for state in final_states(events)}
    rows = await connection.fetch('SELECT f.*, last.version AS last_version FROM machine_feed_stream f JOIN LATERAL '
                                  '(SELECT max(version) AS version FROM machine_status_history h '
                                  'WHERE h.machine_id = f.machine_id) AS last ON true')
    assert len(rows) == 30
    for row in rows:
        state = final[row['machine_name']]
        assert (row['status'], row['reason'], row['status_since'], row['datetime'], row['version']) == (
            state.status, state.reason, state.since, state.at, row['last_version'])
        assert row['reported_at'] >= done.until
    await connection.execute("UPDATE machine_feed_stream SET status = 'down', reason = 'Tea' WHERE machine_id = 5")
    assert await connection.fetchval('SELECT version = (SELECT max(version) FROM machine_status_history) '
                                     'FROM machine_feed_stream WHERE machine_id = 5')


@pytest.mark.parametrize('lived', [
    "UPDATE machine_feed_stream SET status = 'down' WHERE machine_id = 1",
    "INSERT INTO machine_feed_stream (machine_name, type) VALUES ('Palletizer', 'palletizer')",
    'DELETE FROM machine_feed_stream',
    "INSERT INTO work_orders (machine_id, issue_description) VALUES ('Valve_01_01', 'Hisses')",
    'CREATE TABLE adopted_machine_feed_stream ()',
], ids=['a report', 'a machine came', 'all left', 'an order', 'adopted'])
async def test_a_database_that_has_lived_is_left_alone(connect: Connect, lived: str) -> None:
    connection = await connect()
    await connection.execute(lived)
    before = await untouched(connection)
    assert await backfill(connection, QUERIES, days=2) is None
    assert await untouched(connection) == before


async def test_it_happens_once(connect: Connect) -> None:
    connection = await connect()
    await fill(connection)
    before = await untouched(connection)
    assert await backfill(connection, QUERIES, days=2) is None
    assert await untouched(connection) == before


async def test_of_two_at_once_one_makes_it(connect: Connect) -> None:
    first, second = await connect(), await connect()
    both = await asyncio.gather(backfill(first, QUERIES, days=2), backfill(second, QUERIES, days=2))
    made = [done for done in both if done is not None]
    assert len(made) == 1
    assert await first.fetchval('SELECT count(*) FROM machine_status_history') == made[0].changes


async def test_who_writes_meanwhile_comes_first(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway reports while the history is being imagined: then it is not written."""
    connection, gateway = await connect(), await connect()
    imagine = backfill_module._imagine

    async def imagine_slowly(*arguments: Any) -> Any:
        imagined = await imagine(*arguments)
        await gateway.execute("UPDATE machine_feed_stream SET status = 'warning' WHERE machine_id = 7")
        return imagined

    monkeypatch.setattr(backfill_module, '_imagine', imagine_slowly)
    assert await backfill(connection, QUERIES, days=2) is None
    assert await connection.fetchval('SELECT count(*) FROM machine_status_history') == 1


async def test_if_it_fails_nothing_is_left_of_it(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = await connect()
    before = await untouched(connection)

    async def fail(*_: Any) -> None:
        raise ConnectionError('the cable')

    with monkeypatch.context() as patch, pytest.raises(ConnectionError):
        patch.setattr(backfill_module, '_set_floor', fail)
        await backfill(connection, QUERIES, days=2)
    assert await untouched(connection) == before
    assert await connection.fetch(SWITCHED_OFF) == []
    await fill(connection)


async def test_afterwards_everything_is_guarded_as_before(connect: Connect) -> None:
    connection = await connect()
    always = await connection.fetch(ALWAYS_ON)
    await fill(connection)
    assert await connection.fetch(SWITCHED_OFF) == []
    assert await connection.fetch(ALWAYS_ON) == always != []
    assert await connection.fetchval('SELECT count(*) FROM work_order_texts') == \
        await connection.fetchval('SELECT count(*) FROM work_orders') > 0
    for statement in ('DELETE FROM machine_status_history', "UPDATE machine_status_history SET reason = 'x'",
                      'DELETE FROM work_orders', 'DELETE FROM work_order_events'):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match='refused'):
            await connection.execute(statement)


async def test_who_listens_is_asked_to_look_again_when_the_state_of_the_history_changes(connect: Connect) -> None:
    connection, onlooker, heard = await connect(), await connect(), list[str]()
    await onlooker.add_listener(await channel_of(onlooker), lambda *beat: heard.append(beat[-1]))
    await fill(connection, days=4)  # two days that are not summed up yet are ordinary
    await until(lambda: len(heard) > 2)
    await onlooker.fetch('SELECT 1')
    assert heard == ['{"resync": "the layout changed"}'] * 3


async def test_people_read_the_floor_meanwhile(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    connection, onlooker, seen = await connect(), await connect(), list[int]()
    set_floor = backfill_module._set_floor

    async def look_first(*arguments: Any) -> None:
        seen.append(await onlooker.fetchval('SELECT count(*) FROM machine_status_history', timeout=20))
        await set_floor(*arguments)

    monkeypatch.setattr(backfill_module, '_set_floor', look_first)
    await fill(connection)
    assert seen == [0]


# rights

@pytest.fixture
async def owner(empty_database_url: str, server: Server) -> AsyncIterator[asyncpg.Connection]:
    """An ordinary login in a schema that it has set up itself."""
    name = f'app_{uuid4().hex[:8]}'
    database = urlsplit(empty_database_url).path.removeprefix('/')
    server.psql(empty_database_url, '-c', f'CREATE ROLE {name} LOGIN; GRANT CREATE ON DATABASE {database} TO {name}')
    connection = await asyncpg.connect(empty_database_url.replace('//postgres@', f'//{name}@'))
    await migrate(connection, SCHEMA, load_schema_files(), new_floor='demo')
    yield connection
    connection.terminate()


async def test_an_ordinary_owner_of_the_schema_is_enough(owner: asyncpg.Connection) -> None:
    assert await owner.fetchval('SELECT NOT usesuper FROM pg_user WHERE usename = current_user')
    done = await fill(owner)
    assert await owner.fetchval('SELECT count(*) FROM machine_status_history') == done.changes


async def test_who_does_not_own_the_tables_goes_on_without(
        connect: Connect, psql: Callable[..., str], caplog: pytest.LogCaptureFixture) -> None:
    name = f'app_{uuid4().hex[:8]}'
    psql('-c', f'CREATE ROLE {name} LOGIN', '-c', f'GRANT ALL ON SCHEMA {SCHEMA} TO {name}',
         '-c', f'GRANT ALL ON ALL TABLES IN SCHEMA {SCHEMA} TO {name}',
         '-c', f'GRANT ALL ON ALL SEQUENCES IN SCHEMA {SCHEMA} TO {name}')
    onlooker = await connect()
    simulator = SimulatorRunner(lambda: connect(name), QUERIES, interval=0.1, instance='a', backfill_days=2)
    async with running(simulator):
        await until(lambda: simulator.playing)
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [
        'no history was created for this new database: must be owner of table machine_feed_stream '
        '(BACKFILL_DAYS=0 disables it)']
    assert await onlooker.fetchval('SELECT count(*) FROM machine_status_history') > 0


# work orders

async def test_orders_fit_the_history_and_the_people(connect: Connect) -> None:
    connection = await connect()
    await fill(connection, days=10)
    unfit = await connection.fetch("""
        SELECT o.id FROM work_orders o LEFT JOIN employees e ON e.id = o.assignee_id
        WHERE NOT EXISTS (SELECT FROM machine_status_history h JOIN machines m USING (machine_id)
                          WHERE m.machine_name = o.machine_id AND h.happened_at = o.stop_since AND h.new_status = 'down'
                            AND h.old_status <> 'down' AND h.reason IS NOT DISTINCT FROM o.machine_reason)
           OR o.created_at <= o.stop_since OR o.acknowledged_at < o.created_at OR o.started_at < o.acknowledged_at
           OR o.completed_at < o.started_at OR greatest(o.updated_at, o.completed_at, o.cancelled_at) > now()
           OR o.due_at <> (SELECT o.timestamp + due_within FROM work_order_priorities p WHERE p.priority = o.priority)
           OR o.recovered_at IS DISTINCT FROM (SELECT min(h.happened_at)
                                               FROM machine_status_history h JOIN machines m USING (machine_id)
                                               WHERE m.machine_name = o.machine_id AND h.happened_at > o.stop_since
                                                 AND h.new_status <> 'down')
           OR e.role <> 'technician' OR o.assignee <> e.first_name || ' ' || e.last_name
           OR NOT EXISTS (SELECT FROM employees r WHERE lower(r.email) = o.reporter_email
                          AND r.first_name || ' ' || r.last_name = o.reporter_name)""")
    assert unfit == []
    orders = await connection.fetchval('SELECT count(*) FROM work_orders')
    assert await connection.fetchval("SELECT count(*) FROM work_orders WHERE client_reference = 'simulator/' || id") \
        == orders > 100
    strangers = await connection.fetch("""SELECT DISTINCT who FROM work_order_events ev WHERE NOT EXISTS (
        SELECT FROM employees e WHERE e.first_name || ' ' || e.last_name = ev.who AND lower(e.email) = ev.who_email)""")
    assert [row['who'] for row in strangers] == ['Line Monitor']
    assert await connection.fetchval('SELECT bool_and(in_order) FROM (SELECT at >= lag(at, 1, at) OVER (ORDER BY '
                                     'event_id) AS in_order FROM work_order_events) AS e')
    last = await connection.fetchval('SELECT max(event_id) FROM work_order_events')
    assert await connection.fetchval("SELECT nextval('work_order_event_number')") == last + 1


async def retrace(connection: asyncpg.Connection, order: asyncpg.Record, events: list[asyncpg.Record]) -> str:
    """Do by ordinary statements, as the same people, what the events say was done to an order."""
    async def as_person(event: asyncpg.Record, statement: str, *values: Any) -> Any:
        async with connection.transaction():
            await connection.execute("SELECT set_config('floor.person_name', $1, true), "
                                     "set_config('floor.person_email', $2, true), set_config('floor.note', $3, true)",
                                     event['who'], event['who_email'] or '', event['note'] or '')
            return await connection.fetchval(statement, *values)

    order_id = await as_person(events[0], 'INSERT INTO work_orders (machine_id, issue_description, priority, '
                               'reporter_name, reporter_email) VALUES ($1, $2, $3, $4, $5) RETURNING id',
                               order['machine_id'], order['issue_description'],
                               order['priority'], order['reporter_name'], order['reporter_email'])
    for event in events[1:]:
        match event['kind'], event['field'], event['new_value']:
            case 'changed', 'assignee', name:
                await as_person(event, 'UPDATE work_orders SET assignee = $2 WHERE id = $1', order_id, name)
            case 'status_changed', _, 'on_hold':
                await as_person(event, "UPDATE work_orders SET status = 'on_hold', hold_reason = $2 WHERE id = $1",
                                order_id, event['hold_reason'])
            case 'status_changed', _, 'completed':
                await as_person(event, "UPDATE work_orders SET status = 'completed', cause = $2, action_taken = $3 "
                                'WHERE id = $1', order_id, order['cause'], order['action_taken'])
            case 'status_changed', _, 'cancelled':
                await as_person(event, "UPDATE work_orders SET status = 'cancelled', cancel_reason = $2 WHERE id = $1",
                                order_id, order['cancel_reason'])
            case 'status_changed', _, status:
                await as_person(event, 'UPDATE work_orders SET status = $2 WHERE id = $1', order_id, status)
            case 'commented', _, _:
                await as_person(event, 'INSERT INTO work_order_events (work_order_id, kind, note) '
                                "VALUES ($1, 'commented', $2)", order_id, event['note'])
            case 'checklist', 'added', text:
                await as_person(event, 'INSERT INTO work_order_checklist (work_order_id, text) VALUES ($1, $2)',
                                order_id, text)
            case 'checklist', 'done', text:
                await as_person(event, 'UPDATE work_order_checklist SET done_at = now(), done_by = $3 '
                                'WHERE work_order_id = $1 AND text = $2', order_id, text, event['who'])
            case 'recovered', _, moment:
                await as_person(event, 'UPDATE work_orders SET recovered_at = $2 WHERE id = $1', order_id,
                                datetime.fromisoformat(moment))
    return str(order_id)


@pytest.fixture
async def filled(connect: Connect) -> asyncpg.Connection:
    connection = await connect()
    await fill(connection, days=10)
    return connection


@together('which', [
    "EXISTS (SELECT FROM work_order_events e WHERE e.work_order_id = o.id AND e.new_value = 'on_hold') "
    "AND status = 'completed'",
    "EXISTS (SELECT FROM work_order_checklist c WHERE c.work_order_id = o.id) AND status = 'completed'",
    "EXISTS (SELECT FROM work_order_events e WHERE e.work_order_id = o.id AND kind = 'commented')",
    "status = 'cancelled'", "status = 'on_hold'",
])
async def test_an_order_reads_as_if_people_had_written_it(filled: asyncpg.Connection, which: str) -> None:
    """The same moves by ordinary statements leave the same events and the same row, but for the times."""
    connection = filled
    order = await connection.fetchrow(f'SELECT * FROM work_orders o WHERE {which} ORDER BY created_at LIMIT 1')
    events = 'SELECT * FROM work_order_events WHERE work_order_id = $1 ORDER BY event_id'
    written = await connection.fetch(events, order['id'])
    twin = await retrace(connection, order, written)
    same = ('kind', 'field', 'old_value', 'new_value', 'note', 'hold_reason', 'cause', 'action_taken', 'cancel_reason',
            'who', 'who_email')
    retraced = [tuple(event[name] for name in same) for event in await connection.fetch(events, twin)]
    wanted = [tuple(event[name] for name in same) for event in written]
    moments = [index for index, event in enumerate(written) if event['kind'] == 'recovered']
    for index in moments:  # how a moment is spelled is the session's business
        assert datetime.fromisoformat(retraced[index][3]) == datetime.fromisoformat(wanted[index][3])
        retraced[index] = wanted[index]
    assert retraced == wanted
    row = await connection.fetchrow('SELECT * FROM work_orders WHERE id = $1', twin)
    names = ('issue_description', 'priority', 'status', 'assignee', 'assignee_id', 'hold_reason', 'cause',
             'action_taken', 'cancel_reason', 'version', 'source')
    assert {name: row[name] for name in names} == {name: order[name] for name in names}
    times = ('acknowledged_at', 'started_at', 'completed_at', 'cancelled_at', 'recovered_at')
    assert {name: row[name] is None for name in times} == {name: order[name] is None for name in times}


# the simulator

async def test_the_simulator_makes_it_first_and_goes_on_without_a_jump(
        connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, 'simulator')
    onlooker, simulated = await connect(), list[Any]()
    simulator = SimulatorRunner(connect, QUERIES, interval=0.01, instance='a', backfill_days=2, report=simulated.append)
    async with running(simulator):
        await until(lambda: len(simulated) > 20)
    assert caplog.messages[0] == 'creating 2 days of history for a new database ...'
    assert caplog.messages[1].startswith('created 2 days of history in ')
    # a floor without a picture would have been given one: 30 changes in one transaction
    most = await onlooker.fetchval('SELECT max(count) FROM (SELECT count(*) FROM machine_status_history '
                                   'GROUP BY xmin::text HAVING count(*) < 1000) AS tick')
    assert most < 30
    assert await broken_chains(onlooker) == []


async def test_a_simulator_that_finds_a_history_makes_none(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, 'simulator')
    connection = await connect()
    await fill(connection)
    caplog.clear()
    simulator = SimulatorRunner(connect, QUERIES, interval=0.1, instance='a', backfill_days=30)
    async with running(simulator):
        await until(lambda: simulator.playing)
    assert not any('history' in message for message in caplog.messages)
