"""Anyone who may connect may notify any channel: a feed's login finds no way to one that a page would believe.

The login is the one that sql/admin/feed_writer.sql makes. It tries to learn the channel's name by everything that
PostgreSQL tells a login, and to forge without it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

import asyncpg
import pytest
from database.postgres import SCHEMA, Connect, Psql, channel_of, until
from together import together

from floor.core.machines import MachineName, Status
from floor.db.database import Database
from floor.db.query_files import SQL
from floor.feed.freshness import Freshness
from floor.feed.listener import Listener
from floor.feed.store import Store
from floor.feed.timing import Timing

VALVE = MachineName('Valve_01_01')
ONLY_BEATS = Timing(heartbeat=0.05, heartbeat_timeout=10, audit=3600, gap=0.005, first_backoff=0.01)
SET_STATUS = f"UPDATE {SCHEMA}.machine_feed_stream SET status = $1 WHERE machine_name = '{VALVE}'"


@pytest.fixture
async def admin(connect: Connect) -> asyncpg.Connection:
    return await connect()


@pytest.fixture
async def plc(connect: Connect, psql: Psql) -> asyncpg.Connection:
    """A feed's login, which has written before, so that nothing of it is new."""
    name = f'gateway_{uuid4().hex[:8]}'
    psql('-f', str(SQL / 'admin' / 'feed_writer.sql'),
         '-c', f'CREATE ROLE {name} LOGIN; GRANT floor_feed_writer TO {name}')
    feed = await connect(name)
    await feed.execute(SET_STATUS, 'operational')
    return feed


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """What a running app knows; nothing but what is announced changes it."""
    async with listening(database) as (store, _):
        yield store


@asynccontextmanager
async def listening(database: Database) -> AsyncIterator[tuple[Store, Listener]]:
    store = Store(stale_after=60)
    listener = Listener(database.connect, database.queries, store, timing=ONLY_BEATS)
    task = asyncio.create_task(listener.run())
    try:
        await until(lambda: store.connection is Freshness.LIVE)
        yield store, listener
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def names_in(text: str, channel: str) -> bool:
    """Whether a text gives the channel away: as it is, or as plans are printed, byte by byte."""
    return channel in text or ' '.join(str(byte) for byte in channel.encode()) in text


async def what_postgresql_says(feed: asyncpg.Connection, *settings: str) -> str:
    """All messages that a writer gets with these settings, about a change of status and one that is refused."""
    lines: list[str] = []
    feed.add_log_listener(lambda _, message: lines.append(json.dumps(message.as_dict())))
    for setting in settings:
        await feed.execute(f'SET {setting}')
    for status in 'down', 'operational', 'broken':
        try:
            await feed.execute(SET_STATUS, status)
        except asyncpg.PostgresError as error:
            lines.append(json.dumps(error.as_dict()))
    await asyncio.sleep(0)
    return '\n'.join(lines)


TALKATIVE = ['client_min_messages = debug5', 'trace_notify = on', 'debug_print_parse = on',
             'debug_print_rewritten = on', 'debug_print_plan = on', 'debug_pretty_print = off',
             "plan_cache_mode = 'force_custom_plan'"]


async def test_no_setting_makes_postgresql_tell_the_channel(
        plc: asyncpg.Connection, admin: asyncpg.Connection) -> None:
    lines = await what_postgresql_says(plc, *TALKATIVE)
    assert 'machine_feed_stream' in lines, 'it does say much'
    assert not names_in(lines, await channel_of(admin))


async def test_without_our_precaution_it_would_tell(plc: asyncpg.Connection, admin: asyncpg.Connection) -> None:
    """That the test above can fail: trace_notify names the channel, and every login may set it."""
    await admin.execute('ALTER FUNCTION announce(text) RESET client_min_messages')
    lines = await what_postgresql_says(plc, *TALKATIVE)
    assert names_in(lines, await channel_of(admin))


async def test_a_statement_that_is_cut_off_does_not_tell_it_either(
        plc: asyncpg.Connection, admin: asyncpg.Connection) -> None:
    """The writer waits for a lock within the announcement, and gives up there: the error says where it was."""
    channel, blocker = await channel_of(admin), admin
    async with blocker.transaction():
        await blocker.execute('LOCK TABLE notification_channel')
        await plc.execute("SET lock_timeout = '200ms'")
        with pytest.raises(asyncpg.LockNotAvailableError) as error:
            await plc.execute(SET_STATUS, 'down')
    assert 'announce' in str(error.value.as_dict())
    assert not names_in(str(error.value.as_dict()), channel)


@together('catalogue', [
    'SELECT query FROM pg_stat_activity',
    'SELECT * FROM pg_listening_channels()',
    'SELECT prosrc FROM pg_proc',
    "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE prokind = 'f' AND pronamespace = "
    f"'{SCHEMA}'::regnamespace",
    'SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef',
    'SELECT most_common_vals::text, histogram_bounds::text FROM pg_stats',
    'SELECT description FROM pg_description',
    'SELECT setting FROM pg_settings',
    'SELECT statement FROM pg_prepared_statements',
    'SELECT statement FROM pg_cursors',
    f'SELECT t::text FROM {SCHEMA}.machine_feed_stream t',
])
async def test_nothing_that_it_can_read_has_the_channel(
        plc: asyncpg.Connection, admin: asyncpg.Connection, store: Store, catalogue: str) -> None:
    await admin.execute('ANALYZE')
    await plc.execute(SET_STATUS, 'down')
    await until(lambda: store.machines[VALVE].status is Status.DOWN)
    rows = await plc.fetch(catalogue)
    assert not names_in(str([tuple(row) for row in rows]), await channel_of(admin))


@together('statement', [
    'SELECT name FROM notification_channel', 'SELECT xmin FROM notification_channel',
    'COPY notification_channel TO STDOUT',
    "SELECT announce('[]')", "SELECT announce_items('[', ARRAY['7'::jsonb], ']')",
    'UPDATE notification_channel SET name = DEFAULT', 'DELETE FROM notification_channel',
    'ALTER FUNCTION announce(text) RESET client_min_messages', 'SELECT * FROM pg_statistic',
])
async def test_what_has_the_channel_is_not_for_it(plc: asyncpg.Connection, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await plc.execute(f'SET search_path = {SCHEMA}; {statement}')


FORGERIES = [
    json.dumps([[VALVE, 'down', 'Forged', 10**9, *[1_800_000_000_000] * 3]]),
    json.dumps({'orders': [['WO-20261123-3f2a91bc', 10**9, 1, VALVE, 'open', 'critical', None, None, 1_800_000_000_000,
                            'Forged', None]]}),
    '{"resync": "forged"}', '[[]]', 'hello',
]


@pytest.mark.parametrize('payload', FORGERIES, ids=['status', 'order', 'resync', 'nearly', 'garbage'])
async def test_a_forgery_changes_nothing_and_is_not_even_heard(
        database: Database, plc: asyncpg.Connection, payload: str) -> None:
    async with listening(database) as (store, listener):
        revision, heard = store.revision, listener.counters.notifications
        for channel in f'{SCHEMA}.machine_feed', 'machine_feed', f'{SCHEMA}.heartbeat', 'notification_channel', 'floor':
            await plc.execute('SELECT pg_notify($1, $2)', channel, payload)
        beats = listener.counters.heartbeats
        await until(lambda: listener.counters.heartbeats >= beats + 2)  # what was sent before has arrived
        assert listener.counters.notifications == heard
        assert store.revision == revision
        assert store.orders == {}
        await plc.execute(SET_STATUS, 'down')
        await until(lambda: store.machines[VALVE].status is Status.DOWN)


@pytest.mark.parametrize('statement', [
    'UPDATE notification_channel SET name = DEFAULT', 'DELETE FROM notification_channel',
    'TRUNCATE notification_channel',
])
async def test_every_instance_follows_to_a_new_channel(
        database: Database, admin: asyncpg.Connection, plc: asyncpg.Connection, statement: str) -> None:
    async with listening(database) as (store, listener), listening(database) as (other_store, other):
        before = await channel_of(admin)
        await admin.execute(statement)
        await plc.execute(SET_STATUS, 'down')  # never refused, also where there is no channel
        await until(lambda: listener.counters.connections >= 2 and other.counters.connections >= 2)
        for each in store, other_store:
            await until(lambda each=each: each.connection is Freshness.LIVE)
            await until(lambda each=each: each.machines[VALVE].status is Status.DOWN)
        assert await channel_of(admin) not in {before, 'None'}
        await plc.execute(SET_STATUS, 'warning')
        for each in store, other_store:
            await until(lambda each=each: each.machines[VALVE].status is Status.WARNING)


@together('name', ['manufacturing_line.machine_feed', 'x' * 64])
async def test_a_channel_that_can_be_guessed_or_is_too_long_is_refused(admin: asyncpg.Connection, name: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await admin.execute('UPDATE notification_channel SET name = $1', name)
