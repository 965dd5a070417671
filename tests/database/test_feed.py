"""The feed as writers know it: what the table accepts, what it makes of it, and what it remembers."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from database.postgres import Psql, channel_of, until
from together import together

from floor.core.machines import Status
from floor.core.text import is_visible
from floor.feed.snapshot import read_floor

SEED_STATEMENT = ("UPDATE machine_feed_stream SET status = 'warning', datetime = NOW() "
                  "WHERE machine_name = 'Injection_Molder_02_01';")
VALVE = 'Valve_01_01'
SETUP_CHANGED = '{"resync": "the set-up changed"}'


class Feed:
    """A writer and a listener on one connection, which asks short questions."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self.execute = connection.execute
        self.value = connection.fetchval
        self.heard: list[str] = []

    async def set(self, assignments: str, *values: object, name: str = VALVE) -> None:
        answer = await self.connection.execute(
            f'UPDATE machine_feed_stream SET {assignments} WHERE machine_name = ${len(values) + 1}', *values, name)
        assert answer == 'UPDATE 1'

    async def machine(self, name: str = VALVE) -> Any:
        return await self.connection.fetchrow('SELECT * FROM machine_feed_stream WHERE machine_name = $1', name)

    async def history(self, name: str = VALVE) -> list[tuple[str | None, str | None, str | None]]:
        """What happened to a machine after it was delivered: old status, new status, reason."""
        rows = await self.connection.fetch(
            'SELECT old_status, new_status, reason FROM machine_status_history '
            'WHERE machine_id = machine_called($1) ORDER BY version OFFSET 1', name)
        return [tuple(row) for row in rows]

    async def announced(self) -> list[str]:
        """What was announced since the last time: all that was sent before the mark arrives before it."""
        await self.execute("SELECT pg_notify('mark', '')")
        await until(lambda: 'mark' in self.heard)
        sent = [payload for payload in self.heard if payload != 'mark']
        self.heard.clear()
        return sent


@pytest.fixture
async def site(connect: Callable[..., Awaitable[asyncpg.Connection]]) -> Feed:
    feed = Feed(await connect())
    channel = await channel_of(feed.connection)
    await feed.connection.add_listener(channel, lambda *message: feed.heard.append(message[3]))
    await feed.connection.add_listener('mark', lambda *message: feed.heard.append('mark'))
    return feed


# what a writer may say

async def test_the_statement_that_everybody_knows_works_to_the_letter_from_psql(psql: Psql, site: Feed) -> None:
    psql('-c', SEED_STATEMENT)
    assert (await site.machine('Injection_Molder_02_01'))['status'] == 'warning'
    assert await site.history('Injection_Molder_02_01') == [('operational', 'warning', None)]
    assert len(await site.announced()) == 1


@pytest.mark.parametrize('sent', ['down', 'DOWN', ' Down ', 'down  '])
async def test_a_status_may_be_written_case_insensitively_and_with_blanks(site: Feed, sent: str) -> None:
    await site.set('status = $1', sent)
    assert (await site.machine())['status'] == 'down'
    assert await site.history() == [('operational', 'down', None)]


@together('sent', ['broken', '', 'unknown', 'down!', "';--", None])
async def test_any_other_status_is_refused_by_naming_the_three(site: Feed, sent: str | None) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match='use operational, warning or down') as update:
        await site.set('status = $1', sent)
    assert update.value.constraint_name == 'machine_feed_stream_status_check'
    if sent is not None:  # an INSERT without one adds a machine that was never reported
        with pytest.raises(asyncpg.CheckViolationError, match='use operational, warning or down'):
            await site.execute("INSERT INTO machine_feed_stream (machine_name, status) VALUES ('New', $1)", sent)
    assert (await site.machine())['status'] == 'operational'
    assert await site.announced() == []


@pytest.mark.parametrize('moment', ['NULL', "'infinity'", "'-infinity'", "'0044-03-15 BC'", "'1970-01-01'",
                                    "'99999-12-31'"])
async def test_any_datetime_is_taken_for_what_it_is_and_orders_nothing(site: Feed, moment: str) -> None:
    before = await site.machine()
    await site.set(f"status = 'down', datetime = {moment}")
    assert await site.value(f'SELECT datetime IS NOT DISTINCT FROM {moment} FROM machine_feed_stream '
                            f"WHERE machine_name = '{VALVE}'")
    after = await site.connection.fetchrow(
        f"SELECT reported_at, version FROM machine_feed_stream WHERE machine_name = '{VALVE}'")
    assert after['reported_at'] > before['reported_at']
    assert after['version'] > before['version']
    assert len(await site.announced()) == 1


async def test_the_floor_can_be_read_whatever_datetime_a_writer_gave(site: Feed, database: Any) -> None:
    await site.execute("UPDATE machine_feed_stream SET status = 'down', datetime = "
                       "(ARRAY['infinity', '-infinity', '0044-03-15 BC', '99999-12-31', NULL])"
                       '[1 + machine_id % 5]::timestamptz')
    async with database.acquire() as connection:
        snapshot = await read_floor(connection, database.queries)
    assert {machine.status for machine in snapshot.machines} == {Status.DOWN}
    assert all(machine.since_ms <= snapshot.now_ms for machine in snapshot.machines)


# reasons

async def test_a_reason_goes_with_the_status_it_was_given_for(site: Feed) -> None:
    await site.set("status = 'warning', reason = 'Supply air low'")
    assert (await site.machine())['reason'] == 'Supply air low'
    await site.set("status = 'down'")
    assert (await site.machine())['reason'] is None
    assert await site.history() == [('operational', 'warning', 'Supply air low'), ('warning', 'down', None)]


async def test_a_reason_stays_when_the_new_status_names_it_again(site: Feed) -> None:
    await site.set("status = 'warning', reason = 'Supply air low'")
    await site.set("status = 'down', reason = 'Supply air low'")
    assert (await site.machine())['reason'] == 'Supply air low'


async def test_a_reason_stays_while_the_same_status_is_reported_again(site: Feed) -> None:
    await site.set("status = 'warning', reason = 'Supply air low'")
    await site.set("status = 'Warning', datetime = NOW()")
    assert (await site.machine())['reason'] == 'Supply air low'


@pytest.mark.parametrize('empty', ['', '   ', None])
async def test_an_empty_reason_is_no_reason(site: Feed, empty: str | None) -> None:
    await site.set("status = 'down', reason = 'E-stop'")
    await site.set('reason = $1', empty)
    assert (await site.machine())['reason'] is None
    assert await site.history() == [('operational', 'down', 'E-stop'), ('down', 'down', None)]


@pytest.mark.parametrize('letter', ['x', '§', '機', '\U0001f6d1', '\x01'])
async def test_a_reason_that_is_too_long_is_cut_and_its_status_taken(site: Feed, letter: str) -> None:
    await site.set("status = 'down', reason = $1", 'x' + letter * 3_000)
    machine = await site.machine()
    assert (machine['status'], machine['reason']) == ('down', 'x' + letter * 1_996 + '...')
    assert await site.history() == [('operational', 'down', 'x' + letter * 1_996 + '...')]
    assert len(await site.announced()) == 1
    await site.set('reason = $1', 'x' + letter * 1_999)
    assert (await site.machine())['reason'] == 'x' + letter * 1_999


@pytest.mark.parametrize('statement', [
    "UPDATE machine_feed_stream SET status = 'down', reason = repeat('x', 5000000) WHERE machine_name = 'Valve_01_01'",
    "INSERT INTO machine_feed_stream (machine_name, reason) VALUES ('Oven', repeat('x', 5000000))",
    "INSERT INTO machine_feed_stream (machine_name, type) VALUES ('Oven', repeat('x', 5000000))",
    "UPDATE machine_feed_stream SET type = repeat('x', 5000000) WHERE machine_name = 'Valve_01_01'",
])
async def test_no_text_of_a_feed_makes_the_floor_heavy(site: Feed, statement: str) -> None:
    await site.execute(statement)
    for table in 'machine_feed_stream', 'machines', 'machine_status_history':
        assert await site.value(f'SELECT max(length({table}::text)) FROM {table}') < 3_000


@together('statement', [
    "INSERT INTO machine_feed_stream (machine_name) VALUES (repeat('x', 5000000))",
    "UPDATE machine_feed_stream SET status = repeat('x', 5000000) WHERE machine_name = 'Valve_01_01'",
])
async def test_a_name_or_a_status_that_is_far_too_long_is_refused_in_one_sentence(site: Feed, statement: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match=r'^(machine_name|status) .{10,160}$'):
        await site.execute(statement)


# time and order

async def test_every_report_gets_its_own_version_that_grows(site: Feed) -> None:
    versions = [(await site.machine())['version']]
    for _ in range(3):
        await site.set('datetime = NOW()')
        versions.append((await site.machine())['version'])
    assert versions == sorted(set(versions))


async def test_the_time_in_a_status_runs_until_the_status_changes(site: Feed) -> None:
    delivered = await site.machine()
    await site.set("status = 'operational'")
    repeated = await site.machine()
    assert repeated['status_since'] == delivered['status_since']
    assert repeated['reported_at'] > delivered['reported_at']
    await site.set("status = 'down'")
    stopped = await site.machine()
    assert stopped['status_since'] == stopped['reported_at'] > repeated['reported_at']


async def test_a_writer_cannot_forge_version_or_server_times(site: Feed) -> None:
    delivered = await site.machine()
    await site.set("status = 'down', reported_at = 'infinity', status_since = '-infinity'")
    stopped = await site.machine()
    assert stopped['status_since'] == stopped['reported_at']
    assert await site.value('SELECT $1::timestamptz BETWEEN $2 AND clock_timestamp()',
                            stopped['reported_at'], delivered['reported_at'])


async def test_a_forged_version_never_keeps_a_change_from_the_floor(site: Feed) -> None:
    before = await site.machine()
    await site.set("status = 'down', version = 9223372036854775807")
    after = await site.machine()
    assert before['version'] < after['version'] < 9223372036854775807


# machines come, move and go

async def test_a_new_machine_goes_to_the_end_of_the_line_that_its_name_says(site: Feed) -> None:
    await site.execute("INSERT INTO machine_feed_stream (machine_name, type) VALUES ('Painter_03_02', 'painter')")
    added = await site.connection.fetchrow(
        "SELECT machine_id, status, m.type, name, m.position FROM machine_feed_stream f JOIN machines m "
        "USING (machine_id) JOIN production_lines USING (line_id) WHERE f.machine_name = 'Painter_03_02'")
    assert tuple(added) == (31, None, 'painter', 'Exterior Line', 10)
    assert '{"resync": "a machine was added"}' in await site.announced()


async def test_a_machine_may_come_without_a_number_or_with_one(site: Feed) -> None:
    await site.execute("INSERT INTO machine_feed_stream (machine_id, machine_name) VALUES (NULL, 'A'), (500, 'B')")
    await site.execute("INSERT INTO machine_feed_stream (machine_name) VALUES ('C'), ('D')")
    rows = await site.connection.fetch('SELECT machine_id, machine_name FROM machine_feed_stream '
                                       'WHERE machine_id > 30 ORDER BY machine_name')
    assert [tuple(row) for row in rows] == [(31, 'A'), (500, 'B'), (501, 'C'), (502, 'D')]


@together('name', ['Painter_09_01', 'Compressor', 'Painter_1_1', 'Painter_01'])
async def test_a_name_without_a_known_code_stands_on_no_line(site: Feed, name: str) -> None:
    await site.execute('INSERT INTO machine_feed_stream (machine_name) VALUES ($1)', name)
    assert await site.value('SELECT line_id IS NULL FROM machines WHERE machine_name = $1', name)


async def test_a_machine_that_somebody_has_placed_stays_there(site: Feed) -> None:
    await site.execute("INSERT INTO machines (machine_id, machine_name, line_id, position) VALUES (77, 'Oven', 2, 3)")
    await site.execute("INSERT INTO machine_feed_stream (machine_name, type) VALUES ('Oven', 'oven')")
    assert tuple(await site.connection.fetchrow("SELECT machine_id, type, line_id, position FROM machines "
                                                "WHERE machine_name = 'Oven'")) == (77, 'oven', 2, 3)


async def test_an_upsert_adds_and_then_updates(site: Feed) -> None:
    upsert = ("INSERT INTO machine_feed_stream (machine_name, type, status, datetime) VALUES ($1, 'valve', $2, NOW()) "
              'ON CONFLICT (machine_name) DO UPDATE SET status = excluded.status, datetime = excluded.datetime')
    await site.execute(upsert, 'Valve_04_02', 'warning')
    await site.execute(upsert, 'Valve_04_02', 'Down')
    await site.execute(upsert, VALVE, 'down')
    assert await site.history('Valve_04_02') == [('warning', 'down', None)]
    assert await site.history() == [('operational', 'down', None)]
    assert await site.value('SELECT count(*) FROM machine_feed_stream') == 31


async def test_an_upsert_of_the_status_is_announced_as_a_change_and_leaves_the_type_alone(site: Feed) -> None:
    await site.execute("INSERT INTO machine_feed_stream (machine_name, status) VALUES ($1, 'down') "
                       'ON CONFLICT (machine_name) DO UPDATE SET status = excluded.status', VALVE)
    [change] = json.loads((await site.announced())[0])
    assert change[:2] == [VALVE, 'down']
    assert (await site.machine())['type'] == 'valve'
    assert await site.value('SELECT type FROM machines WHERE machine_name = $1', VALVE) == 'valve'


async def test_many_upserts_at_once_all_succeed(site: Feed, connect: Callable[..., Awaitable[Any]]) -> None:
    writers = [await connect() for _ in range(5)]
    await asyncio.gather(*(writer.execute(
        'INSERT INTO machine_feed_stream (machine_name, status) VALUES ($1, $2) '
        'ON CONFLICT (machine_name) DO UPDATE SET status = excluded.status', VALVE, status)
        for writer, status in zip(writers, ['down', 'warning'] * 3, strict=False)))
    assert [new for _, new, _ in await site.history()][-1] == (await site.machine())['status']


async def test_a_machine_that_leaves_is_remembered_and_announced(site: Feed) -> None:
    await site.execute('DELETE FROM machine_feed_stream WHERE machine_name = $1', VALVE)
    assert await site.history() == [('operational', None, None)]
    assert await site.announced() == [SETUP_CHANGED, '{"resync": "a machine was removed"}']
    await site.execute("INSERT INTO machine_feed_stream (machine_name, status) VALUES ($1, 'warning')", VALVE)
    assert await site.history() == [('operational', None, None), (None, 'warning', None)]
    assert await site.value('SELECT position FROM machines WHERE machine_name = $1', VALVE) == 4


async def test_an_emptied_feed_is_remembered_and_announced(site: Feed) -> None:
    await site.execute('TRUNCATE machine_feed_stream')
    assert await site.value('SELECT count(*) FROM machine_status_history WHERE new_status IS NULL') == 30
    assert await site.announced() == [SETUP_CHANGED, '{"resync": "the feed was emptied"}']


async def test_a_renamed_machine_keeps_its_place(site: Feed) -> None:
    await site.execute("UPDATE machines SET machine_name = 'Valve_01_09' WHERE machine_name = $1", VALVE)
    assert (await site.machine('Valve_01_09'))['machine_id'] == 4
    assert '{"resync": "a machine was renamed"}' in await site.announced()


@pytest.mark.parametrize('statement', [
    "UPDATE machines SET line_id = 2 WHERE machine_name = 'Valve_01_01'",
    "UPDATE production_lines SET name = 'Gearboxes' WHERE line_id = 1",
    "INSERT INTO production_lines VALUES (5, '05', 'Battery Line', 5)",
])
async def test_a_change_of_the_layout_is_announced(site: Feed, statement: str) -> None:
    await site.execute(statement)
    assert set(await site.announced()) == {SETUP_CHANGED, '{"resync": "the layout changed"}'}


@together('statement', [
    'DELETE FROM machine_feed_stream WHERE false', "UPDATE machine_feed_stream SET status = 'down' WHERE false",
    "INSERT INTO machine_feed_stream (machine_name) VALUES ('Valve_01_01') ON CONFLICT DO NOTHING",
])
async def test_a_statement_that_changes_nothing_says_nothing(site: Feed, statement: str) -> None:
    rows = await site.value('SELECT count(*) FROM machine_status_history')
    await site.execute(statement)
    assert await site.announced() == []
    assert await site.value('SELECT count(*) FROM machine_status_history') == rows


# history

@together('statement', [
    "UPDATE machine_status_history SET reason = 'nothing happened'", 'DELETE FROM machine_status_history',
    'TRUNCATE machine_status_history', 'DELETE FROM machine_status_history WHERE false',
])
async def test_history_is_only_ever_added_to(site: Feed, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match='machine_status_history is append-only'):
        await site.execute(statement)
    assert await site.value('SELECT count(*) FROM machine_status_history') == 30


async def test_each_change_of_status_or_reason_makes_exactly_one_row(site: Feed) -> None:
    await site.set("status = 'warning'")
    await site.set("status = 'warning', datetime = NOW()")
    await site.set("reason = 'Oil low'")
    await site.set("reason = 'Oil low'")
    await site.set("status = 'down', reason = 'Oil low'")
    await site.set('type = type')
    await site.set("status = 'operational'")
    assert await site.history() == [('operational', 'warning', None), ('warning', 'warning', 'Oil low'),
                                    ('warning', 'down', 'Oil low'), ('down', 'operational', None)]
    last = await site.connection.fetchrow('SELECT h.version, f.version, h.happened_at, f.reported_at, changed_by '
                                          'FROM machine_status_history h JOIN machine_feed_stream f '
                                          'USING (version) WHERE f.machine_name = $1', VALVE)
    assert last is not None and last[2] == last[3] and last['changed_by'] == 'postgres'


async def test_one_statement_over_the_floor_makes_one_row_for_each_machine(site: Feed) -> None:
    await site.execute("UPDATE machine_feed_stream SET status = 'down' WHERE machine_id > 5")
    assert await site.value("SELECT count(*), count(DISTINCT machine_id) FROM machine_status_history "
                            "WHERE new_status = 'down' HAVING count(DISTINCT machine_id) = 25") == 25


async def test_what_is_rolled_back_never_happened(site: Feed) -> None:
    transaction = site.connection.transaction()
    await transaction.start()
    await site.set("status = 'down'")
    await transaction.rollback()
    assert await site.history() == []
    assert await site.announced() == []


# names

@pytest.mark.parametrize('name', [
    '<script>alert(1)</script>', "O'Brien's \"press\" \\ ; --", '🏭 Прес 機械', 'x' * 200, '機' * 200,
], ids=['html', 'quotes', 'emoji', 'long', 'long and wide'])
async def test_a_name_is_text_and_comes_out_as_it_went_in(site: Feed, name: str) -> None:
    await site.execute('INSERT INTO machine_feed_stream (machine_name, type) VALUES ($1, $2)', name, name[:200])
    await site.set("status = 'down', reason = $1", name * 2, name=name)
    assert (await site.machine(name))['reason'] == (name * 2).strip(' ')
    assert await site.value('SELECT machine_name FROM machine_status_history JOIN machines USING (machine_id) '
                            'ORDER BY version DESC LIMIT 1') == name


@together(('name', 'problem'), [
    ('', 'must not be empty'), ('   ', 'must not be empty'), ('\u3164\u200b', 'must not be empty'),
    ('x' * 201, 'has 201 characters: at most 200 fit'), (' Valve', 'begins or ends with a space: remove it'),
    ('Valve ', 'begins or ends with a space: remove it'), ('Val\tve', 'nobody can see (U+0009): remove it'),
    ('Val\u200bve', 'nobody can see (U+200B): remove it'), ('\u202eevlaV', 'nobody can see (U+202E): remove it'),
    ('Valve\U000e0041', 'nobody can see (U+E0041): remove it'), ('Sa\u0308ge', r'(Unicode NFC)'),
])
@together('statement', [
    'INSERT INTO machine_feed_stream (machine_name) VALUES ($1)', 'INSERT INTO machines VALUES (77, $1, DEFAULT, 1, 9)',
    "UPDATE machines SET machine_name = $1 WHERE machine_name = 'Valve_01_01'",
    'UPDATE production_lines SET name = $1 WHERE line_id = 1'])
async def test_a_name_that_another_could_look_like_is_refused(
        site: Feed, statement: str, name: str, problem: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match=re.escape(problem)):
        await site.execute(statement, name)


async def test_sql_and_python_see_the_same_characters(site: Feed) -> None:
    unseen = await site.value('SELECT array_agg(n) FROM generate_series(1, 1114111) n '
                              'WHERE n NOT BETWEEN 55296 AND 57343 AND NOT is_visible(chr(n))')  # but half characters
    assert unseen == [n for n in range(1, 0x110000) if not 0xd800 <= n <= 0xdfff and not is_visible(chr(n))]


@pytest.mark.parametrize('reason', ['\u200b\u3164', '\u00a0', '\t\n'], ids=ascii)
async def test_a_reason_that_nobody_can_see_is_none(site: Feed, reason: str) -> None:
    await site.set("status = 'down', reason = $1", reason)
    assert (await site.machine())['reason'] is None


# what is asked of many rows

@pytest.mark.parametrize(('function', 'of', 'value', 'column'), [
    ('epoch_ms', "timestamptz '2026-10-25 01:30:00.0015+00'", 1792891800002, 'reported_at'),
    ('micros', "interval '1 hour 1 microsecond'", 3_600_000_001, 'reported_at - status_since'),
])
async def test_what_reckons_with_times_is_no_call_for_each_row(
        site: Feed, function: str, of: str, value: int, column: str) -> None:
    assert await site.value(f'SELECT {function}({of})') == value
    plan = await site.connection.fetch(f'EXPLAIN (VERBOSE) SELECT {function}({column}) FROM machine_feed_stream')
    assert function not in str(plan), 'its volatility is less than that of its body: PostgreSQL does not inline it'
