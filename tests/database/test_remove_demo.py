"""A demo makes room for a plant, whole and at once; nothing of a plant can be removed so."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from database.postgres import SCHEMA, Connect, until

from floor.access.api_tokens import ApiTokens, NewToken
from floor.access.sessions import Sessions
from floor.analytics import Analytics
from floor.core.errors import DatabaseUnavailableError, FloorError, NotADemoError, NotAllowedError, SignedOutError
from floor.core.people import Identity, Role, SignedIn
from floor.core.scopes import TokenScope
from floor.core.settings import Settings
from floor.db.database import Database
from floor.db.query_files import SQL, load_queries
from floor.feed.freshness import Freshness
from floor.feed.listener import Listener
from floor.feed.store import Store
from floor.feed.timing import Timing
from floor.orders.employees import Employees
from floor.plant import demo_removal as plant_command
from floor.plant.demo_removal import DemoContents, Plant
from simulator.backfill import backfill

pytestmark = pytest.mark.newest_postgres

MIKE = Identity('Mike Johnson', 'mike.johnson@example.com')
LISA = Identity('Lisa Garcia', 'lisa.garcia@example.com')
LOCAL = Identity('Local user', None)
KEPT = {'schema_migrations', 'schema_functions', 'notification_channel', 'plant', 'plant_settings',
        'work_order_priorities', 'work_order_transitions', 'history_upkeep', 'simulator_state', 'access_keys'}
"""Tables with rows that are no part of a demo."""


@pytest.fixture
def reported() -> bool:
    """A demo that was made just now: nothing was reported yet."""
    return False


@pytest.fixture
def site(database: Database) -> Plant:
    """What supervisors use; who is no employee is one, as on a machine of one's own."""
    return Plant(database, Employees(database, default_role=Role.SUPERVISOR))


async def rows(connection: asyncpg.Connection) -> dict[str, int]:
    """How many rows each table of the floor has that has any."""
    tables = await connection.fetch("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = (SELECT oid "
                                    'FROM pg_namespace WHERE nspname = $1)', SCHEMA)
    counts = {row['relname']: await connection.fetchval(f'SELECT count(*) FROM {row["relname"]}') for row in tables}
    return {name: count for name, count in counts.items() if count}


async def lived_in(connection: asyncpg.Connection) -> None:
    """A demo with a history, and everything that people leave on one."""
    await backfill(connection, load_queries(), days=3)
    await connection.execute("""
        UPDATE plant_settings SET machine_silent_after = '1 microsecond';
        UPDATE machine_feed_stream SET status = 'down', reason = 'Leak' WHERE machine_id < 5;
        INSERT INTO work_order_attachments (work_order_id, file_name, media_type, content, added_by)
        SELECT id, 'leak.png', 'image/png', 'x', 'Mike' FROM work_orders LIMIT 1;
        INSERT INTO work_order_checklist (work_order_id, text) SELECT id, 'Close the valve' FROM work_orders LIMIT 1;
        INSERT INTO machine_counts VALUES (1, date_trunc('minute', now()), 1, 0, 1);
        UPDATE machines SET line_id = 2 WHERE machine_id = 1;
        UPDATE machine_feed_stream SET machine_name = 'Another' WHERE machine_id = 2;
        DELETE FROM machine_feed_stream WHERE machine_id = 3;
        INSERT INTO machine_feed_stream (machine_name) VALUES ('Press 9');
        UPDATE history_upkeep SET forgotten_until = '2020-01-01Z';
        INSERT INTO access_keys (kind, name, secret_hash, scopes, made_by)
        VALUES ('token', 'gateway', sha256('secret'), '{feed:write}', 'Mike')""")
    await connection.execute('SELECT report_events(key_id, $1::jsonb) FROM access_keys', json.dumps([
        {'item': item, 'machine': machine, 'status': 'down', 'id': '1'}
        for item, machine in enumerate(('Press 9', '?'))]))
    await connection.execute('SELECT refresh_days(); INSERT INTO changed_days SELECT day FROM history_days LIMIT 1')


async def test_nothing_of_the_demo_is_left(connect: Connect, site: Plant) -> None:
    connection = await connect()
    await lived_in(connection)
    before = await rows(connection)
    assert {'machine_stops', 'machine_days', 'work_order_attachments', 'data_gaps', 'changed_days',
            'former_machine_names', 'machine_placements', 'feed_event_ids', 'feed_totals', 'machine_counts',
            'feed_refusals', 'feed_unknown_names', 'feed_minutes', 'feed_machines', 'feed_tail'} <= before.keys()
    gone = await site.remove_demo(LOCAL)
    assert gone == DemoContents(30, before['machine_status_history'], before['work_orders'], 15)
    assert (await rows(connection)).keys() == KEPT
    assert await connection.fetchval('SELECT kind FROM plant') == 'plant'


async def test_it_is_counted_before_it_is_done(connect: Connect, site: Plant) -> None:
    assert await site.contents(LOCAL) == DemoContents(30, 0, 0, 15)
    connection = await connect()
    await connection.execute("UPDATE machine_feed_stream SET status = 'down' WHERE machine_id = 1")
    assert str(await site.contents(LOCAL)) == '30 machines, 1 status change, 0 work orders and 15 people'
    assert (await rows(connection))['machine_feed_stream'] == 30


async def test_the_person_who_does_it_stays(connect: Connect, site: Plant) -> None:
    """Who is allowed by their row would otherwise be locked out."""
    assert (await site.contents(MIKE)).people == 14
    assert (await site.remove_demo(MIKE)).people == 14
    assert await (await connect()).fetchval('SELECT array_agg(email) FROM employees') == [MIKE.email]


async def test_who_tried_the_demo_has_no_access_to_the_plant(connect: Connect, site: Plant,
                                                             database: Database) -> None:
    """Except the person who removes it, also where they are no employee."""
    connection, employees = await connect(), Employees(database, default_role=Role.SUPERVISOR)
    def sessions() -> Sessions:
        return Sessions(database, employees, idle=timedelta(hours=1), life=timedelta(days=1))
    other = Identity('Anna Berg', 'anna.berg@example.com', role=Role.SUPERVISOR)
    kept, ended = [await sessions().start(SignedIn(each.name, each.email, each.name, each.role), 'Firefox')
                   for each in (other, LISA)]
    tokens = ApiTokens(database, employees)
    made = await tokens.make(MIKE, NewToken('MES', [TokenScope.FEED], machines=['Valve_01_01']))
    await site.remove_demo(other)
    with pytest.raises(SignedOutError, match='this token was revoked'):
        await tokens.identity(made.secret)
    assert [await sessions().find(secret) is None for secret in (kept, ended)] == [False, True]
    assert await connection.fetchval('SELECT revoked_by FROM access_keys') == 'Anna Berg'


async def test_who_reads_the_floor_for_long_only_delays_it(
        connect: Connect, site: Plant, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the refresh of the dashboard does in the first minutes of a demo."""
    other = await connect()
    reader = other.transaction()
    await reader.start()
    await other.fetch('SELECT FROM machine_status_history')
    attempts = 0

    async def wait_briefly(connection: asyncpg.Connection) -> None:
        nonlocal attempts
        attempts += 1
        if attempts > 1:
            await reader.rollback()
        await connection.execute("SET LOCAL lock_timeout = '20ms'")
    monkeypatch.setattr(database.queries, 'wait_briefly_for_locks', wait_briefly)

    assert (await site.remove_demo(LOCAL)).machines == 30
    assert attempts == 2


async def test_only_a_supervisor_may(connect: Connect, site: Plant) -> None:
    for attempt in site.contents, site.remove_demo:
        with pytest.raises(NotAllowedError, match='requires the role supervisor; your role is technician'):
            await attempt(LISA)
    assert (await rows(await connect()))['machine_feed_stream'] == 30


async def test_a_plant_is_refused(connect: Connect, site: Plant) -> None:
    connection = await connect()
    await connection.execute("UPDATE plant SET kind = 'plant'")
    before = await rows(connection)
    for attempt in site.contents, site.remove_demo:
        with pytest.raises(NotADemoError, match='this floor is a plant: its data cannot be removed'):
            await attempt(LOCAL)
    with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError):
        await connection.execute('SELECT remove_demo()')
    assert await rows(connection) == before


async def test_afterwards_everything_is_guarded_and_announced(connect: Connect, site: Plant) -> None:
    await site.remove_demo(LOCAL)
    connection = await connect()
    assert await connection.fetch("SELECT tgname FROM pg_trigger "
                                  "WHERE NOT tgisinternal AND tgenabled NOT IN ('O', 'A')") == []
    for table in 'machine_status_history', 'work_orders', 'work_order_events':
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f'DELETE FROM {table}')


async def test_the_feeds_login_cannot_remove_it(connect: Connect, psql: Callable[..., str]) -> None:
    psql('-c', 'CREATE ROLE nobody_1 LOGIN', '-c', f'GRANT USAGE ON SCHEMA {SCHEMA} TO nobody_1')
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match='permission denied for function remove_demo'):
        await (await connect('nobody_1')).execute('SELECT remove_demo()')
    psql('-c', 'DROP OWNED BY nobody_1', '-c', 'DROP ROLE nobody_1')


async def test_an_app_that_does_not_own_the_tables_may_by_its_grants(
        connect: Connect, psql: Callable[..., str]) -> None:
    login = f'app_{uuid4().hex[:8]}'
    psql('-c', f'CREATE ROLE {login} LOGIN', '-v', f'app={login}', '-f', str(SQL / 'admin' / 'grants.sql'))
    gone = await (await connect(login)).fetchrow('SELECT * FROM remove_demo()')
    assert tuple(gone) == (30, 0, 0, 15)


async def test_of_two_who_do_it_at_once_one_does(site: Plant) -> None:
    answers = await asyncio.gather(site.remove_demo(LOCAL), site.remove_demo(LOCAL), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ['DemoContents', 'NotADemoError']


async def test_while_the_floor_is_saved_it_says_so_and_removes_nothing(
        connect: Connect, site: Plant, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plant_command, 'ATTEMPTS', 1)
    saver, onlooker = await connect(), await connect()
    async with saver.transaction(isolation='repeatable_read'):
        await saver.execute('SELECT count(*) FROM work_orders')
        with pytest.raises(DatabaseUnavailableError, match='nothing was removed: try again'):
            await site.remove_demo(LOCAL)
    assert (await rows(onlooker))['machine_feed_stream'] == 30
    await site.remove_demo(LOCAL)


async def test_every_instance_shows_the_empty_floor_at_once(connect: Connect, site: Plant, database: Database) -> None:
    """By the announcement: the audit would come after an hour."""
    await lived_in(await connect())
    stores = [Store(), Store()]
    tasks = [asyncio.create_task(Listener(database.connect, database.queries, store,
                                          timing=Timing(audit=3600)).run()) for store in stores]
    try:
        await until(lambda: all(store.connection is Freshness.LIVE for store in stores))
        assert all(store.is_demo and store.orders and len(store.machines) == 30 for store in stores)
        await site.remove_demo(LOCAL)
        await until(lambda: not any(store.is_demo or store.machines or store.orders or store.people or store.events
                                    for store in stores))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_history_and_reports_begin_with_the_first_machine(
        connect: Connect, site: Plant, database: Database) -> None:
    connection = await connect()
    await lived_in(connection)
    await site.remove_demo(LOCAL)
    await connection.execute('UPDATE plant_settings SET machine_silent_after = NULL')
    await connection.execute('SELECT refresh_days()')
    assert (await rows(connection)).keys() == KEPT
    await connection.execute("INSERT INTO machine_feed_stream (machine_name, type) VALUES ('Press 1', 'press')")
    for status in 'operational', 'down', 'operational':
        await connection.execute('UPDATE machine_feed_stream SET status = $1', status)
    stops = await connection.fetch(
        'SELECT machine_id, machine_name FROM machine_stops JOIN machines USING (machine_id)')
    assert [tuple(row) for row in stops] == [(1, 'Press 1')]
    assert await connection.fetchval('SELECT array_agg(machine_name) FROM known_machines') == ['Press 1']
    assert Analytics(database) is not None


# the command

def test_the_command_asks_and_takes_only_the_words_it_asks_for(
        settings: Settings, server: object, psql: Callable[..., str], capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('builtins.input', lambda question: 'yes')
    with pytest.raises(FloorError, match='nothing was removed'):
        plant_command.new(settings, ask=plant_command.ask_in_terminal)
    assert 'This permanently removes the demo: 30 machines, 0 status changes, 0 work orders and 15 people. Everybody' \
        in capsys.readouterr().out
    assert psql('-c', 'SELECT kind, count(*) FROM plant, machine_feed_stream GROUP BY 1') == 'demo|30\n'
    monkeypatch.setattr('builtins.input', lambda question: 'Remove the demo')
    plant_command.new(settings, ask=plant_command.ask_in_terminal)
    assert psql('-c', 'SELECT kind, (SELECT count(*) FROM machine_feed_stream) FROM plant') == 'plant|0\n'
    plant_command.new(settings, ask=None)
    assert 'This floor is an empty plant already' in capsys.readouterr().out


def test_the_command_refuses_a_plant_with_machines(settings: Settings, psql: Callable[..., str]) -> None:
    psql('-c', "UPDATE plant SET kind = 'plant'")
    with pytest.raises(NotADemoError, match='this floor is a plant with 30 machines: its data cannot be removed'):
        plant_command.new(settings, ask=None)
    assert psql('-c', 'SELECT count(*) FROM machine_feed_stream') == '30\n'


def test_the_command_removes_nothing_where_nobody_can_be_asked(
        settings: Settings, monkeypatch: pytest.MonkeyPatch, psql: Callable[..., str]) -> None:
    def nobody(question: str) -> str:
        raise EOFError

    monkeypatch.setattr('builtins.input', nobody)
    with pytest.raises(FloorError, match='there is no terminal to confirm it'):
        plant_command.new(settings, ask=plant_command.ask_in_terminal)
    assert psql('-c', 'SELECT kind FROM plant') == 'demo\n'
