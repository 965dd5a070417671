"""The rules of work orders as psql meets them: who goes round the program goes by the same rules."""

from __future__ import annotations

import asyncio
import itertools
import re
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from database.postgres import Connect, Psql
from together import together

PRESS = 'Injection_Molder_02_01'
STATES = ('open', 'in_progress', 'on_hold', 'completed', 'cancelled')
ALLOWED = {('open', 'in_progress'), ('open', 'on_hold'), ('open', 'completed'), ('open', 'cancelled'),
           ('in_progress', 'open'), ('in_progress', 'on_hold'), ('in_progress', 'completed'),
           ('in_progress', 'cancelled'), ('on_hold', 'open'), ('on_hold', 'in_progress'), ('on_hold', 'completed'),
           ('on_hold', 'cancelled'), ('completed', 'open'), ('cancelled', 'open')}
WORDS = "hold_reason = 'parts', cause = 'Seal worn', action_taken = 'Replaced', cancel_reason = 'Reported twice'"


@pytest.fixture
async def writer(connect: Connect) -> asyncpg.Connection:
    return await connect()


async def new_order(writer: asyncpg.Connection, status: str = 'open', **values: Any) -> str:
    """The id of an order that stands there."""
    values = {'machine_id': PRESS, 'issue_description': 'Leak', 'hold_reason': 'parts', 'cause': 'Seal',
              'action_taken': 'Replaced', 'cancel_reason': 'Twice', 'status': status, **values}
    places = ', '.join(f'${place}' for place in range(1, len(values) + 1))
    return str(await writer.fetchval(
        f'INSERT INTO work_orders ({", ".join(values)}) VALUES ({places}) RETURNING id', *values.values()))


async def row_of(writer: asyncpg.Connection, order_id: str) -> asyncpg.Record:
    return await writer.fetchrow('SELECT * FROM work_orders WHERE id = $1', order_id)


async def events_of(writer: asyncpg.Connection, order_id: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await writer.fetch(
        'SELECT kind, field, old_value, new_value FROM work_order_events '
        'WHERE work_order_id = $1 ORDER BY event_id', order_id)]


# moves

@together(('before', 'after'), [*itertools.permutations(STATES, 2)])
async def test_psql_obeys_the_table_of_moves(writer: asyncpg.Connection, before: str, after: str) -> None:
    order_id = await new_order(writer, before)
    move = f"UPDATE work_orders SET status = '{after}', {WORDS} WHERE id = '{order_id}'"
    if (before, after) in ALLOWED:
        await writer.execute(move)
        assert (await events_of(writer, order_id))[-1] == ('status_changed', 'status', before, after)
    else:
        with pytest.raises(asyncpg.CheckViolationError, match='the allowed statuses are') as refusal:
            await writer.execute(move)
        assert refusal.value.column_name == 'status'
        assert await events_of(writer, order_id) == [('created', None, None, before)]


REASONS = ('hold_reason', 'cause', 'action_taken', 'cancel_reason')


async def reasons_of(writer: asyncpg.Connection, order_id: str) -> list[tuple[Any, ...]]:
    """What each event of an order says about why, and the note beside it."""
    return [tuple(row) for row in await writer.fetch(
        f'SELECT coalesce(new_value, kind), {", ".join(REASONS)}, note FROM work_order_events '
        'WHERE work_order_id = $1 ORDER BY event_id', order_id)]


async def test_an_event_has_what_its_status_needs_in_their_own_columns(writer: asyncpg.Connection) -> None:
    order_id = await new_order(writer)
    async with writer.transaction():
        await writer.execute("SELECT set_config('floor.note', E'vendor\\nCause: theirs', true)")
        await writer.execute("UPDATE work_orders SET status = 'on_hold', hold_reason = 'parts' WHERE id = $1", order_id)
    for change in ("status = 'in_progress'",
                   "status = 'completed', cause = E'Seal\\nAction: none', action_taken = 'New'", "status = 'open'",
                   "status = 'cancelled', cancel_reason = 'Reported twice'"):
        await writer.execute(f'UPDATE work_orders SET {change} WHERE id = $1', order_id)
    assert await reasons_of(writer, order_id) == [
        ('open', None, None, None, None, None), ('on_hold', 'parts', None, None, None, 'vendor\nCause: theirs'),
        ('in_progress', None, None, None, None, None), ('completed', None, 'Seal\nAction: none', 'New', None, None),
        ('open', None, None, None, None, None), ('cancelled', None, None, None, 'Reported twice', None)]


async def test_an_order_that_came_completed_keeps_its_cause_when_it_is_reopened(writer: asyncpg.Connection) -> None:
    order_id = await new_order(writer, 'completed')
    await writer.execute("UPDATE work_orders SET status = 'open' WHERE id = $1", order_id)
    row = await row_of(writer, order_id)
    assert (row['cause'], row['action_taken']) == (None, None)
    assert await reasons_of(writer, order_id) == [
        ('completed', None, 'Seal', 'Replaced', None, None), ('open', None, None, None, None, None)]


@together('column', REASONS)
async def test_a_comment_has_no_cause_and_no_other_reason(writer: asyncpg.Connection, column: str) -> None:
    order_id = await new_order(writer)
    with pytest.raises(asyncpg.CheckViolationError):
        await writer.execute(f'INSERT INTO work_order_events (work_order_id, kind, note, {column}) '
                             "VALUES ($1, 'commented', 'Hello', 'parts')", order_id)


def test_psql_moves_an_order_and_the_history_names_the_login(psql: Psql) -> None:
    order_id = psql('-c', 'INSERT INTO work_orders (machine_id, issue_description) '
                    f"VALUES ('{PRESS}', 'Leak') RETURNING id").strip()
    psql('-c', f"UPDATE work_orders SET status = ' In_Progress ', assignee = 'lisa garcia' WHERE id = '{order_id}'")
    assert psql('-c', 'SELECT status, assignee, version FROM work_orders') == 'in_progress|Lisa Garcia|2\n'
    assert psql('-c', 'SELECT who, kind, new_value FROM work_order_events ORDER BY event_id').splitlines() == [
        'postgres|created|open', 'postgres|status_changed|in_progress', 'postgres|changed|Lisa Garcia']
    with pytest.raises(AssertionError, match='needs cause: what was wrong'):
        psql('-c', "UPDATE work_orders SET status = 'completed'")


@pytest.mark.newest_postgres
@together(('change', 'column'), [
    ("status = 'on_hold'", 'hold_reason'), ("status = 'on_hold', hold_reason = ' '", 'hold_reason'),
    ("status = 'completed', action_taken = 'x'", 'cause'),
    ("status = 'completed', cause = 'x', action_taken = ' '", 'action_taken'),
    ("status = 'cancelled'", 'cancel_reason'), ("status = 'asleep'", 'status'), ('status = NULL', 'status'),
    ("priority = 'urgent'", 'priority'), ('priority = NULL', 'priority'), ("assignee = 'Nobody Here'", 'assignee'),
    ('assignee_id = 4711', 'assignee'), ("id = 'WO-20260302-aaaaaaaa'", 'id')])
async def test_what_a_state_needs_and_what_is_not_known_is_refused_by_column(
        writer: asyncpg.Connection, change: str, column: str) -> None:
    order_id = await new_order(writer, hold_reason=None, cause=None, action_taken=None, cancel_reason=None)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refusal:
        await writer.execute(f'UPDATE work_orders SET {change}')
    assert refusal.value.column_name == column
    assert (await row_of(writer, order_id))['version'] == 1


async def test_a_new_row_of_the_table_of_moves_is_a_new_allowed_move(writer: asyncpg.Connection) -> None:
    """One place says it all."""
    await writer.execute("INSERT INTO work_order_transitions VALUES ('completed', 'cancelled', 'supervisor')")
    order_id = await new_order(writer, 'completed')
    await writer.execute("UPDATE work_orders SET status = 'cancelled', cancel_reason = 'Twice'")
    row = await row_of(writer, order_id)
    assert (row['status'], row['completed_at'], row['cancelled_at'] is not None) == ('cancelled', None, True)


# times

async def test_times_are_those_of_the_moves_whatever_an_update_says(writer: asyncpg.Connection) -> None:
    order_id = await new_order(writer)
    false = ', '.join(f"{name} = '2001-01-01'" for name in (
        'created_at', 'acknowledged_at', 'started_at', 'completed_at', 'cancelled_at', 'stop_since'))
    before = await row_of(writer, order_id)
    await writer.execute(f"UPDATE work_orders SET {false}, source = 'automatic', reporter_email = 'x@y'")
    assert {**await row_of(writer, order_id), 'updated_at': 0} == {**before, 'updated_at': 0}
    await writer.execute(f"UPDATE work_orders SET status = 'completed', cause = 'x', action_taken = 'y', {false}")
    row = await row_of(writer, order_id)
    assert before['created_at'] < row['acknowledged_at'] <= row['started_at'] <= row['completed_at']


async def test_the_first_start_and_acknowledgement_stay_through_a_whole_life(writer: asyncpg.Connection) -> None:
    order_id = await new_order(writer)
    started = acknowledged = None
    for status in ('on_hold', 'in_progress', 'open', 'in_progress', 'completed', 'open', 'completed'):
        await writer.execute(f'UPDATE work_orders SET status = $1, {WORDS}', status)
        row = await row_of(writer, order_id)
        acknowledged = acknowledged or row['acknowledged_at']
        started = started or row['started_at']
        assert (row['acknowledged_at'], row['started_at']) == (acknowledged, started)
        assert (row['completed_at'] is not None) == (status == 'completed')
        assert (row['hold_reason'] is not None) == (status == 'on_hold')
        if status == 'on_hold':
            assert started is None


async def test_an_order_ended_more_than_seven_days_ago_stays_ended(writer: asyncpg.Connection) -> None:
    old = await new_order(writer, 'cancelled')
    async with writer.transaction():
        await writer.execute('SET LOCAL session_replication_role = replica')
        await writer.execute("UPDATE work_orders SET cancelled_at = clock_timestamp() - interval '7 days 1 second'")
    with pytest.raises(asyncpg.CheckViolationError, match='more than 7 days ago'):
        await writer.execute("UPDATE work_orders SET status = 'open' WHERE id = $1", old)


async def test_orders_of_another_system_may_be_inserted_as_they_are(writer: asyncpg.Connection) -> None:
    order_id = await writer.fetchval("""
        INSERT INTO work_orders (machine_id, issue_description, status, cause, action_taken, timestamp, completed_at)
        VALUES ($1, 'Leak', 'completed', 'Seal', 'Replaced', '2026-01-01 08:00Z', '2026-01-01 09:00Z')
        RETURNING id""", PRESS)
    row = await row_of(writer, order_id)
    assert row['completed_at'] == row['started_at'] == row['acknowledged_at']
    assert (row['completed_at'] - row['timestamp']).total_seconds() == 3600
    assert await events_of(writer, order_id) == [('created', None, None, 'completed')]


@pytest.mark.newest_postgres
@together('column', ['timestamp', 'created_at', 'due_at', 'started_at', 'acknowledged_at',
                                    'completed_at'])
@together('odd', ['infinity', '-infinity', '10000-01-01', '0044-03-15 BC'])
async def test_a_time_that_is_none_is_refused(writer: asyncpg.Connection, column: str, odd: str) -> None:
    with pytest.raises(asyncpg.PostgresError):
        await writer.execute(f'INSERT INTO work_orders (machine_id, issue_description, status, cause, action_taken, '
                             f"{column}) VALUES ('{PRESS}', 'Leak', 'completed', 'x', 'y', '{odd}')")
    assert await writer.fetchval('SELECT count(*) FROM work_orders') == 0


# history

@pytest.mark.parametrize(('change', 'event'), [
    ("issue_description = 'Oil'", ('description', 'Leak', 'Oil')),
    ("priority = ' HIGH '", ('priority', 'medium', 'high')),
    ("assignee = 'tom.kowalski@example.com'", ('assignee', None, 'Tom Kowalski')),
    ("machine_id = 'Valve_01_01'", ('machine', PRESS, 'Valve_01_01')),
    ("due_at = '2030-01-01 00:00Z'", ('due', ..., '2030-01-01 00:00:00+00')),
    ("hold_reason = 'vendor'", ('hold reason', 'parts', 'vendor')),
    ("cause = 'Gasket'", ('cause', 'Seal', 'Gasket')),
    ("action_taken = 'Glued'", ('action', 'Replaced', 'Glued')),
    ("cancel_reason = 'Other'", ('cancel reason', 'Twice', 'Other')),
    ("reporter_name = 'Grace Kim'", ('reporter', 'postgres', 'Grace Kim')),
    ("timestamp = '2026-01-01 00:00Z'", ('reported', ..., '2026-01-01 00:00:00+00'))])
async def test_every_change_by_psql_is_a_version_and_an_event(
        writer: asyncpg.Connection, change: str, event: tuple[Any, ...]) -> None:
    order_id = await new_order(writer, 'cancelled' if 'cancel' in change else 'on_hold')
    await writer.execute(f'UPDATE work_orders SET {change}')
    _, (kind, field, old, new) = await events_of(writer, order_id)
    assert (kind, field, ... if ... in event else old, new) == ('changed', *event)
    assert (await row_of(writer, order_id))['version'] == 2


async def test_an_event_is_written_with_its_change_or_not_at_all(writer: asyncpg.Connection) -> None:
    order_id = await new_order(writer)
    transaction = writer.transaction()
    await transaction.start()
    await writer.execute("UPDATE work_orders SET priority = 'low'")
    assert len(await events_of(writer, order_id)) == 2
    await transaction.rollback()
    assert len(await events_of(writer, order_id)) == 1


@pytest.mark.newest_postgres
@together('statement', [
    'DELETE FROM work_orders', 'TRUNCATE work_orders CASCADE', 'DELETE FROM work_order_events',
    "UPDATE work_order_events SET who = 'somebody else'", 'TRUNCATE work_order_events',
    'DELETE FROM work_order_attachments', "UPDATE work_order_attachments SET file_name = 'x'"])
async def test_nothing_is_ever_lost(writer: asyncpg.Connection, statement: str) -> None:
    await new_order(writer)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match='is append-only'):
        await writer.execute(statement)


async def test_two_people_at_one_checklist_wait_for_each_other_and_never_deadlock(
        connect: Connect, writer: asyncpg.Connection) -> None:
    order_id = await new_order(writer)
    people = [await connect() for _ in range(4)]

    async def add(person: asyncpg.Connection, number: int) -> None:
        for turn in range(10):
            await person.execute('INSERT INTO work_order_checklist (work_order_id, text) VALUES ($1, $2)',
                                 order_id, f'{number}.{turn}')

    await asyncio.gather(*(add(person, number) for number, person in enumerate(people)))
    assert len(await events_of(writer, order_id)) == 41


async def test_an_update_of_an_item_that_changes_nothing_is_no_event(writer: asyncpg.Connection) -> None:
    order_id = await new_order(writer)
    await writer.execute("INSERT INTO work_order_checklist (work_order_id, text) VALUES ($1, 'Drain')", order_id)
    await writer.execute('UPDATE work_order_checklist SET text = text')
    assert len(await events_of(writer, order_id)) == 2


# people

@together('given', ['Lisa Garcia', 'lisa GARCIA', 'LISA.GARCIA@example.com'])
async def test_an_assignee_may_be_given_by_name_or_address(writer: asyncpg.Connection, given: str) -> None:
    row = await row_of(writer, await new_order(writer, assignee=given))
    assert row['assignee'] == 'Lisa Garcia'
    assert row['assignee_id'] == await writer.fetchval("SELECT id FROM employees WHERE last_name = 'Garcia'")


@together('given', [' Lisa Garcia', 'Lisa Garcia ', 'Lisa\u00a0Garcia', 'Lisa\u200b Garcia', ' '])
async def test_an_assignee_is_taken_exactly(writer: asyncpg.Connection, given: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match='no active employee is called'):
        await new_order(writer, assignee=given)


UNSEEN = ['', ' ', '\u00a0\n\t', '\u200b\u200d', '\u3164', '\u2800', '\u00ad', '\ufe0f', '\U000e0041']


@together('text', UNSEEN)
@together('statement', [
    "INSERT INTO work_orders (machine_id, issue_description) VALUES ('Valve_01_01', $1)",
    "INSERT INTO work_orders (machine_id, issue_description, reporter_name) VALUES ('Valve_01_01', 'Leak', $1)",
    'UPDATE work_orders SET issue_description = $1',
    "UPDATE work_orders SET status = 'completed', cause = $1, action_taken = 'Sealed'",
    "UPDATE work_orders SET status = 'completed', cause = 'Worn', action_taken = $1",
    "UPDATE work_orders SET status = 'cancelled', cancel_reason = $1",
    "INSERT INTO work_order_events (work_order_id, kind, note) SELECT id, 'commented', $1 FROM work_orders",
    'INSERT INTO work_order_checklist (work_order_id, text) SELECT id, $1 FROM work_orders',
    'UPDATE employees SET first_name = $1', 'UPDATE employees SET last_name = $1',
    'UPDATE employees SET department = $1'])
async def test_text_that_nobody_can_see_is_refused(writer: asyncpg.Connection, statement: str, text: str) -> None:
    await new_order(writer)
    with pytest.raises(asyncpg.CheckViolationError):
        await writer.execute(statement, text)


@together(('column', 'name', 'problem'), [
    ('first_name', 'Lisa ', 'first name begins or ends with a space: remove it'),
    ('last_name', 'Garci\u0301a', 'last name has letters and accents as separate characters'),
    ('email', 'lisa\u200b@example.com', r'email has a character in it that nobody can see \(U\+200B\): remove it'),
    ('email', '\u212aim@example.com', 'email has letters and accents as separate characters')])
async def test_a_person_is_named_exactly(writer: asyncpg.Connection, column: str, name: str, problem: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match=problem):
        await writer.execute(f"UPDATE employees SET {column} = $1 WHERE last_name = 'Garcia'", name)


async def test_a_name_that_two_people_have_asks_for_the_address(writer: asyncpg.Connection) -> None:
    await writer.execute("INSERT INTO employees (first_name, last_name, email, department, role) "
                         "VALUES ('Lisa', 'Garcia', 'lisa2@example.com', 'Quality', 'technician')")
    with pytest.raises(asyncpg.CheckViolationError, match='2 active employees are called'):
        await new_order(writer, assignee='Lisa Garcia')
    await new_order(writer, assignee='lisa2@example.com')


async def test_a_name_of_two_people_means_the_one_who_is_active(writer: asyncpg.Connection) -> None:
    await writer.execute("INSERT INTO employees (first_name, last_name, email, department, role, active) "
                         "VALUES ('Lisa', 'Garcia', 'lisa2@example.com', 'Quality', 'technician', false)")
    order_id = await new_order(writer, assignee='Lisa Garcia')
    assert await writer.fetchval('SELECT e.email FROM work_orders o JOIN employees e ON e.id = o.assignee_id '
                                 'WHERE o.id = $1', order_id) == 'lisa.garcia@example.com'
    with pytest.raises(asyncpg.CheckViolationError, match='no active employee is called'):
        await new_order(writer, assignee='lisa2@example.com')


@pytest.mark.parametrize('change', ["active = false, last_name = 'Brown'",
                                    "first_name = 'Tom', last_name = 'Kowalski'"])
async def test_orders_follow_a_new_name_and_nobodys_edit_is_refused_for_it(
        writer: asyncpg.Connection, change: str) -> None:
    """Even of somebody who has left, or to a name that somebody else has too."""
    order_id = await new_order(writer, assignee='Lisa Garcia')
    name = await writer.fetchval(f"UPDATE employees SET {change} WHERE last_name = 'Garcia' "
                                 "RETURNING first_name || ' ' || last_name")
    row = await row_of(writer, order_id)
    assert (row['assignee'], row['version']) == (name, 1)


@pytest.mark.parametrize('email', ['Lisa.Garcia@Example.com', 'lisa.garcia@example.com'])
async def test_an_address_belongs_to_one_person_case_insensitively(writer: asyncpg.Connection, email: str) -> None:
    with pytest.raises(asyncpg.UniqueViolationError):
        await writer.execute("INSERT INTO employees (first_name, last_name, email, department) "
                             "VALUES ('L', 'G', $1, 'Quality')", email)


@pytest.mark.newest_postgres
@together('statement', [
    "INSERT INTO work_order_priorities VALUES ('urgent', 5, '1 hour')",
    "UPDATE work_order_priorities SET due_within = '0 s'", "UPDATE work_order_priorities SET due_within = '366 days'",
    "UPDATE employees SET role = 'king'"])
async def test_what_the_program_does_not_know_is_kept_out(writer: asyncpg.Connection, statement: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await writer.execute(statement)


# orders that open themselves

async def stop(writer: asyncpg.Connection, machine: str, reason: str | None = 'Pin position error') -> None:
    await writer.execute("UPDATE machine_feed_stream SET status = 'down', reason = $2 WHERE machine_name = $1",
                         machine, reason)


async def opened(writer: asyncpg.Connection, after: str = '0 s') -> list[str]:
    return [row['id'] for row in await writer.fetch(
        'SELECT * FROM open_work_orders_for_stops($1::text::interval) AS id', after)]


async def test_a_long_stop_opens_one_order_and_the_next_stop_another(writer: asyncpg.Connection) -> None:
    await stop(writer, PRESS)
    assert await opened(writer, '1 hour') == []
    [order_id] = await opened(writer)
    assert await opened(writer) == []
    row = await row_of(writer, order_id)
    assert {name: row[name] for name in ('machine_id', 'issue_description', 'priority', 'reporter_name', 'source',
                                         'status', 'machine_reason')} == {
        'machine_id': PRESS, 'issue_description': 'Pin position error', 'priority': 'high',
        'reporter_name': 'Line Monitor', 'source': 'automatic', 'status': 'open',
        'machine_reason': 'Pin position error'}
    reporter = await writer.fetchval('SELECT who FROM work_order_events WHERE work_order_id = $1', order_id)
    assert reporter == 'Line Monitor'
    await writer.execute("UPDATE machine_feed_stream SET status = 'operational' WHERE machine_name = $1", PRESS)
    await stop(writer, PRESS)
    assert len(await opened(writer)) == 1


@pytest.mark.parametrize('reason', ['Starved', 'starved: no parts', ' Blocked downstream', 'BLOCKED'])
async def test_a_machine_that_waits_for_others_needs_no_order(writer: asyncpg.Connection, reason: str) -> None:
    await stop(writer, PRESS, reason)
    assert await opened(writer) == []


async def test_a_stop_without_a_reason_is_a_stop(writer: asyncpg.Connection) -> None:
    await stop(writer, PRESS, None)
    [order_id] = await opened(writer)
    assert (await row_of(writer, order_id))['issue_description'] == 'Down, no reason given'


@pytest.mark.parametrize('status', ['open', 'cancelled'])
async def test_a_stop_that_a_person_has_an_order_for_needs_no_second_one(
        writer: asyncpg.Connection, status: str) -> None:
    await stop(writer, PRESS)
    await new_order(writer, status)
    assert await opened(writer) == []


async def test_a_warning_opens_nothing(writer: asyncpg.Connection) -> None:
    await writer.execute("UPDATE machine_feed_stream SET status = 'warning', reason = 'Hot'")
    assert await opened(writer) == []


async def test_several_looks_at_the_same_moment_open_one_order(connect: Connect, writer: asyncpg.Connection) -> None:
    for machine in (PRESS, 'Valve_01_01', 'Painter_02_01'):
        await stop(writer, machine)
    several = [await connect() for _ in range(4)]
    ids = await asyncio.gather(*(opened(one) for one in several))
    assert sorted(map(len, ids)) == [0, 0, 0, 3]
    assert await writer.fetchval('SELECT count(*) FROM work_orders') == 3


async def test_a_recovery_is_written_on_the_order_and_does_not_close_it(writer: asyncpg.Connection) -> None:
    await stop(writer, PRESS)
    [automatic], by_a_person = await opened(writer), await new_order(writer)
    assert await writer.fetch('SELECT note_recoveries()') == []
    since = await writer.fetchval("UPDATE machine_feed_stream SET status = 'warning' WHERE machine_name = $1 "
                                  'RETURNING status_since', PRESS)
    assert {row[0] for row in await writer.fetch('SELECT note_recoveries()')} == {automatic, by_a_person}
    assert await writer.fetch('SELECT note_recoveries()') == []
    for order_id in (automatic, by_a_person):
        row = await row_of(writer, order_id)
        assert (row['status'], row['version'], row['recovered_at']) == ('open', 1, since)
        assert [event[0] for event in await events_of(writer, order_id)] == ['created', 'recovered']
    assert {row[0] for row in await writer.fetch("SELECT who FROM work_order_events WHERE kind = 'recovered'")} == {
        'Line Monitor'}


async def test_a_recovery_that_nobody_looked_at_is_noted_though_the_machine_is_down_again(
        writer: asyncpg.Connection) -> None:
    await stop(writer, PRESS)
    [order_id] = await opened(writer)
    since = await writer.fetchval("UPDATE machine_feed_stream SET status = 'operational' WHERE machine_name = $1 "
                                  'RETURNING status_since', PRESS)
    await stop(writer, PRESS, 'Something else')
    await writer.fetch('SELECT note_recoveries()')
    assert (await row_of(writer, order_id))['recovered_at'] == since


async def test_a_recovery_waits_for_nobody(connect: Connect, writer: asyncpg.Connection) -> None:
    """An order that somebody is changing is noted at the next look."""
    await stop(writer, PRESS)
    [order_id] = await opened(writer)
    await writer.execute("UPDATE machine_feed_stream SET status = 'operational'")
    somebody = await connect()
    async with somebody.transaction():
        await somebody.execute("UPDATE work_orders SET priority = 'low'")
        assert await writer.fetch('SELECT note_recoveries()', timeout=20) == []
    assert [row[0] for row in await writer.fetch('SELECT note_recoveries()')] == [order_id]


async def test_the_reason_is_in_the_order_as_it_was_given(writer: asyncpg.Connection) -> None:
    reason = "<script>alert(1)</script> \u202e '; DROP TABLE machines; --"
    await stop(writer, PRESS, reason)
    [order_id] = await opened(writer)
    assert (await row_of(writer, order_id))['issue_description'] == reason


# the history of a demo

STEPS = """[{"at": "2026-01-02T03:04:05Z", "order_id": "WO-20260102-00000001", "action": "report", "who": "Grace Kim",
             "machine_id": "Valve_01_01", "description": "Leak", "priority": "low",
             "stop_since": "2026-01-02T03:00:00Z"},
            {"at": "2026-01-02T04:05:06Z", "order_id": "WO-20260102-00000001", "action": "change", "who": "Lisa Garcia",
             "status": "%s", "hold_reason": "%s", "note": "Monday"}]"""


async def created(writer: asyncpg.Connection, steps: str) -> None:
    """Write steps as a session does that is creating a demo's history."""
    async with writer.transaction():
        await writer.execute('SELECT begin_history_creation(1)')
        await writer.execute('SELECT write_order_steps($1::jsonb, false)', steps)
        await writer.execute('DELETE FROM history_creation')


async def test_the_steps_of_a_demo_have_their_own_moments_and_people(writer: asyncpg.Connection) -> None:
    await created(writer, STEPS % ('on_hold', 'parts'))
    [row] = await writer.fetch('SELECT * FROM work_orders')
    began = row['stop_since']
    reported, held = began.replace(minute=4, second=5), began.replace(hour=4, minute=5, second=6)
    assert (row['timestamp'], row['created_at'], row['updated_at'], row['acknowledged_at']) == (
        reported, reported, held, held)
    assert (row['version'], row['machine_status'], row['hold_reason']) == (2, 'down', 'parts')
    assert [tuple(event) for event in await writer.fetch(
        'SELECT at, who, new_value, hold_reason, note FROM work_order_events ORDER BY event_id')] == [
        (reported, 'Grace Kim', 'open', None, None), (held, 'Lisa Garcia', 'on_hold', 'parts', 'Monday')]


@pytest.mark.parametrize(('status', 'reason', 'refusal'), [
    ('asleep', 'parts', 'status .asleep. is not known'), ('on_hold', '', 'needs hold_reason'),
    ('completed', 'parts', 'needs cause: what was wrong')])
async def test_the_rules_hold_for_the_steps_of_a_demo(
        writer: asyncpg.Connection, status: str, reason: str, refusal: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match=refusal):
        await created(writer, STEPS % (status, reason))
    assert await writer.fetchval('SELECT count(*) FROM work_orders') == 0


async def test_nobody_else_writes_into_the_past(writer: asyncpg.Connection) -> None:
    """Neither by the steps nor by the setting behind them, and not even in its session once the history is there."""
    await created(writer, '[]')
    with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError, match='only be written while the history of a demo'):
        await writer.execute('SELECT write_order_steps($1::jsonb, false)', STEPS % ('on_hold', 'parts'))
    await writer.execute("SET floor.acting_time = '2026-01-02 03:04:05Z'")
    order_id = await new_order(writer)
    await writer.execute("UPDATE work_orders SET status = 'in_progress' WHERE id = $1", order_id)
    assert await writer.fetchval(
        "SELECT least((SELECT min(at) FROM work_order_events), started_at, updated_at) > now() - interval '1 hour' "
        'FROM work_orders')


async def test_a_plant_has_no_steps_of_a_demo(writer: asyncpg.Connection) -> None:
    await writer.execute("UPDATE plant SET kind = 'plant'")
    with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError, match='only be written while the history of a demo'):
        await created(writer, STEPS % ('on_hold', 'parts'))


async def test_every_column_raises_the_version_or_is_kept_from_people(connect: Connect) -> None:
    """A column that people change without a new version would be overwritten by the next person who saves."""
    rules = (Path(__file__).parents[2] / 'sql/functions/22_work_order_changes.sql').read_text()
    raise_the_version = set(re.findall(r'NEW\.(\w+)', rules.split('NEW.version :=')[1].split('IS DISTINCT FROM')[0]))
    kept = set(re.findall(r'NEW\.(\w+) := OLD\.\1;', rules))
    names = {'assignee'}  # of the person whose number is assignee_id
    others = {'id', 'version', 'updated_at', 'recovered_at'}  # set by the database, or refused to change
    connection = await connect()
    columns = {row['column_name'] for row in await connection.fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'work_orders' "
        'AND table_schema = current_schema()')}
    assert columns == raise_the_version | kept | names | others
