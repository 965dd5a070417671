"""What people do to work orders, through the commands that pages and the REST interface send."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from database.people import CARLOS, JAMES, LISA, MIKE, OF_ROLE, STRANGER, TOM
from database.postgres import Connect, until
from pictures import SECRETS, TURNED, encoded, motif, opened, telling
from together import together

from floor.core.errors import (
    DatabaseUnavailableError,
    EditConflictError,
    FloorError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    OrderAlreadyOpenError,
    ReferenceReusedError,
)
from floor.core.machines import MachineName, Status
from floor.core.orders import HoldReason, Priority, WorkOrder, WorkOrderStatus
from floor.core.people import Identity, Role
from floor.core.settings import Settings
from floor.db.database import Database
from floor.orders.employees import Employees
from floor.orders.order_attachments import MAX_ATTACHMENTS
from floor.orders.order_values import NewOrder, OrderEdit, Transition
from floor.orders.pictures import Picture, Pictures
from floor.orders.work_order_files import MAX_FILE_BYTES, clean_file_name, media_type
from floor.orders.work_orders import WorkOrders

pytestmark = pytest.mark.newest_postgres

State = WorkOrderStatus

PRESS = MachineName('Injection_Molder_02_01')
LEAK = NewOrder(PRESS, 'Hydraulic leak')
TAKE = Transition(State.IN_PROGRESS)
DONE = Transition(State.COMPLETED, cause='Seal worn', action_taken='Seal replaced')
GIVE_UP = Transition(State.CANCELLED, cancel_reason='Reported twice')
MOVES = {State.OPEN: Transition(State.OPEN), State.IN_PROGRESS: TAKE, State.COMPLETED: DONE, State.CANCELLED: GIVE_UP,
         State.ON_HOLD: Transition(State.ON_HOLD, hold_reason=HoldReason.PARTS)}
ALLOWED = {  # from, to: the least role
    ('open', 'in_progress'): Role.TECHNICIAN, ('open', 'on_hold'): Role.TECHNICIAN,
    ('open', 'completed'): Role.TECHNICIAN, ('open', 'cancelled'): Role.SUPERVISOR,
    ('in_progress', 'open'): Role.TECHNICIAN, ('in_progress', 'on_hold'): Role.TECHNICIAN,
    ('in_progress', 'completed'): Role.TECHNICIAN, ('in_progress', 'cancelled'): Role.SUPERVISOR,
    ('on_hold', 'open'): Role.TECHNICIAN, ('on_hold', 'in_progress'): Role.TECHNICIAN,
    ('on_hold', 'completed'): Role.TECHNICIAN, ('on_hold', 'cancelled'): Role.SUPERVISOR,
    ('completed', 'open'): Role.TECHNICIAN, ('cancelled', 'open'): Role.SUPERVISOR}
FORBIDDEN = [pair for pair in itertools.product(State, State) if pair[0] is not pair[1] and pair not in ALLOWED]

HOSTILE = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "'; DROP TABLE work_orders; --",
           '\u202egnp.exe', 'مرحبا \u200f1', '😀 👩\u200d🔧', '{{ 7*7 }}', '%s %(x)s $1 :id',
           'two\nlines\tand \\ that', '=1+1']


@pytest.fixture
def employees(database: Database) -> Employees:
    return Employees(database, default_role=Role.VIEWER)


@pytest.fixture
def book(database: Database, employees: Employees) -> WorkOrders:
    return WorkOrders(database, employees)


@pytest.fixture
async def ids(employees: Employees) -> dict[str, int]:
    return {person.email: person.id for person in await employees.all()}


async def order_in(orders: WorkOrders, state: WorkOrderStatus) -> WorkOrder:
    order = await orders.create(MIKE, LEAK)
    return order if state is State.OPEN else await orders.transition(MIKE, order.id, order.version, MOVES[state])


async def history(orders: WorkOrders, order_id: str) -> list[tuple[Any, ...]]:
    """The events of an order, in short."""
    events = (await orders.details(order_id)).events
    return [(event.who, event.kind, event.field, event.old, event.new) for event in events]


# new orders

async def test_an_order_of_a_machine_that_is_down_is_high_unless_its_priority_is_given(
        book: WorkOrders, connect: Connect) -> None:
    await (await connect()).execute("UPDATE machine_feed_stream SET status = 'down' WHERE machine_name = $1", PRESS)

    assert (await book.create(MIKE, LEAK)).priority is Priority.HIGH
    assert (await book.create(MIKE, replace(LEAK, priority=Priority.LOW))).priority is Priority.LOW
    assert (await book.create(MIKE, replace(LEAK, machine=MachineName('Valve_01_01')))).priority is Priority.MEDIUM


async def test_a_second_order_for_the_same_stop_is_made_only_when_it_is_meant(
        book: WorkOrders, connect: Connect) -> None:
    sql = await connect()
    careful = replace(LEAK, even_if_open=False)
    warned_of = []
    await book.create(MIKE, careful)  # the machine runs: no stop to compare with
    await sql.execute("UPDATE machine_feed_stream SET status = 'down' WHERE machine_name = $1", PRESS)

    first, *others = await asyncio.gather(*(book.create(LISA, careful) for _ in range(3)), return_exceptions=True)
    made, = (each for each in (first, *others) if isinstance(each, WorkOrder))
    for refusal in (first, *others):
        if refusal is not made:
            assert isinstance(refusal, OrderAlreadyOpenError)
            warned_of.append(refusal.order)
    assert warned_of == [made, made]
    assert str(refusal) == f'{made.id} is already open for this stop' or refusal is made

    await book.create(LISA, replace(careful, even_if_open=True))  # another anyway
    await book.create(LISA, replace(careful, machine=MachineName('Valve_01_01')))  # another machine
    await sql.execute("UPDATE machine_feed_stream SET status = 'operational' WHERE machine_name = $1", PRESS)
    await sql.execute("UPDATE machine_feed_stream SET status = 'down' WHERE machine_name = $1", PRESS)
    assert (await book.create(LISA, careful)).stop_since != made.stop_since  # the next stop


async def test_a_new_order_knows_who_reported_it_and_what_the_machine_reported(
        book: WorkOrders, connect: Connect) -> None:
    await (await connect()).execute("UPDATE machine_feed_stream SET status = 'down', reason = 'Oil low' "
                                    'WHERE machine_name = $1', PRESS)
    order = await book.create(CARLOS, NewOrder(PRESS, '  Hydraulic leak\n', Priority.CRITICAL))
    assert (order.description, order.priority, order.status) == ('Hydraulic leak', Priority.CRITICAL, State.OPEN)
    assert (order.reporter_name, order.reporter_email) == ('Carlos Mendez', CARLOS.email)
    assert (order.machine_status, order.machine_reason) == (Status.DOWN, 'Oil low')
    assert order.stop_since is not None
    assert order.due_at - order.reported_at == timedelta(hours=1)
    assert (order.version, order.acknowledged_at, order.started_at, order.completed_at) == (1, None, None, None)
    assert await book.get(order.id) == order
    assert await history(book, order.id) == [('Carlos Mendez', 'created', None, None, 'open')]


@together(('priority', 'hours'), [('critical', 1), ('high', 8), ('medium', 72), ('low', 168)])
async def test_priority_says_how_soon_it_is_due(book: WorkOrders, priority: str, hours: int) -> None:
    order = await book.create(CARLOS, NewOrder(PRESS, 'Leak', Priority(priority)))
    assert order.due_at - order.reported_at == timedelta(hours=hours)


async def test_an_order_may_be_reported_for_somebody_else_and_later(book: WorkOrders) -> None:
    earlier = datetime.now(UTC) - timedelta(hours=2)
    order = await book.create(CARLOS, NewOrder(PRESS, 'Leak', Priority.CRITICAL, reporter_name='Night shift',
                                               reported_at=earlier))
    assert (order.reporter_name, order.reporter_email, order.reported_at) == ('Night shift', None, earlier)
    assert order.is_overdue(datetime.now(UTC))
    assert (await history(book, order.id))[0][0] == 'Carlos Mendez'


async def test_the_day_in_an_id_is_the_plants(connect: Connect, book: WorkOrders) -> None:
    """Two zones that are a day apart at every moment."""
    connection, days = await connect(), set()
    for zone in ('Pacific/Kiritimati', 'Etc/GMT+12'):
        await connection.execute('UPDATE plant_settings SET time_zone = $1', zone)
        days.add((await book.create(CARLOS, LEAK)).id.split('-')[1])
    assert len(days) == 2


async def test_ten_times_the_same_reference_at_once_are_one_order(book: WorkOrders) -> None:
    new = NewOrder(PRESS, 'Leak', client_reference='tablet-7:1', checklist=('Lock out', 'Drain'))
    made = await asyncio.gather(*(book.create(CARLOS, new) for _ in range(10)))
    assert len(set(made)) == 1
    assert [item.text for item in (await book.details(made[0].id)).checklist] == ['Lock out', 'Drain']
    assert await book.create(CARLOS, new) == made[0]
    assert (await book.create(CARLOS, LEAK)).id != made[0].id


async def test_a_reference_is_its_owners_alone(book: WorkOrders) -> None:
    order = await book.create(CARLOS, NewOrder(PRESS, 'Leak', client_reference='1'))
    other = await book.create(TOM, NewOrder(PRESS, 'Something else', client_reference='1'))
    assert (other.id != order.id, other.description) == (True, 'Something else')
    for who, text in (CARLOS, 'It drips'), (TOM, 'Another comment'):
        comments = [event for event in await book.comment(who, order.id, text, '2') if event.kind == 'commented']
    assert [comment.note for comment in comments] == ['It drips', 'Another comment']


@pytest.mark.parametrize('other', [
    {'description': 'Smoke'}, {'machine': MachineName('Valve_01_01')}, {'priority': Priority.CRITICAL},
    {'checklist': ('Lock out',)}, {'reporter_name': 'Night shift'}, {'assignee_id': 1},
    {'reported_at': datetime(2026, 1, 1, tzinfo=UTC)}])
async def test_a_reference_sent_with_something_else_is_refused_and_nothing_of_it_is_kept(
        book: WorkOrders, other: dict[str, Any]) -> None:
    first = NewOrder(PRESS, 'Leak', client_reference='1')
    order = await book.create(MIKE, first)
    with pytest.raises(ReferenceReusedError, match=f'made {order.id}: nothing of this request is saved') as refusal:
        await book.create(MIKE, replace(first, **other))
    assert refusal.value.earlier == order
    assert (await book.create(MIKE, replace(first, **other, client_reference='2'))).id != order.id


async def test_a_reference_of_a_comment_sent_with_something_else_is_refused(book: WorkOrders) -> None:
    order, other = await book.create(CARLOS, LEAK), await book.create(CARLOS, LEAK)
    await book.comment(CARLOS, order.id, 'It drips', '1')
    for order_id, text in (order.id, 'It pours'), (other.id, 'It drips'):
        with pytest.raises(ReferenceReusedError, match='nothing of this request is saved'):
            await book.comment(CARLOS, order_id, text, '1')


@together(('wrong', 'field', 'sentence'), [
    (NewOrder(PRESS, ' \n'), 'issue_description', 'description must not be empty'),
    (NewOrder(PRESS, 'x' * 100_000), 'issue_description', 'has 100,000 characters; at most 10,000 fit'),
    (NewOrder(PRESS, 'a\0b'), 'issue_description', 'NUL'),
    (NewOrder(PRESS, 'a\ud83d'), 'issue_description', 'half a character'),
    (NewOrder(MachineName('Valve_99_01'), 'x'), 'machine_id', "there is no machine 'Valve_99_01'"),
    (NewOrder(MachineName("x'; DROP TABLE machines; --"), 'x'), 'machine_id', 'there is no machine'),
    (NewOrder(MachineName('\0'), 'x'), 'machine_id', 'NUL'),
    (NewOrder(PRESS, 'x', assignee_id=4711), 'assignee', 'there is no employee 4711'),
    (NewOrder(PRESS, 'x', assignee_id=2**40), 'assignee', 'there is no employee'),
    (NewOrder(PRESS, 'x', reporter_name='x' * 201), 'reporter_name', 'at most 200 fit'),
    (NewOrder(PRESS, 'x', reporter_name=' '), 'reporter_name', 'must not be empty'),
    (NewOrder(PRESS, 'x', client_reference='x' * 201), 'client_reference', 'at most 200 fit'),
    (NewOrder(PRESS, 'x', checklist=('ok', '')), 'checklist', 'must not be empty'),
    (NewOrder(PRESS, 'x', checklist=('x' * 501,)), 'checklist', 'at most 500 fit'),
    (NewOrder(PRESS, 'x', checklist=('x',) * 101), 'checklist', 'at most 100 fit'),
    (NewOrder(PRESS, 'x', reported_at=datetime(2026, 1, 1)), 'timestamp', 'time zone'),
    (NewOrder(PRESS, 'x', reported_at=datetime(9999, 12, 31, tzinfo=UTC)), 'timestamp', 'between'),
    (NewOrder(PRESS, 'x', reported_at=datetime.min.replace(tzinfo=UTC)), 'timestamp', 'between'),
])
async def test_what_cannot_be_stored_is_refused_with_a_sentence_and_its_field(
        book: WorkOrders, connect: Connect, wrong: NewOrder, field: str, sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence) as refusal:
        await book.create(MIKE, wrong)
    assert refusal.value.field == field
    assert await (await connect()).fetchval('SELECT count(*) FROM work_orders') == 0


@together('text', HOSTILE)
async def test_a_hostile_text_comes_back_as_it_was_from_every_field(book: WorkOrders, text: str) -> None:
    order = await book.create(Identity(text, 'lisa.garcia@example.com'), NewOrder(PRESS, text, checklist=(text,)))
    await book.comment(LISA, order.id, text)
    order = await book.transition(
        LISA, order.id, 1, Transition(State.COMPLETED, cause=text, action_taken=text, note=text))
    details = await book.details(order.id)
    assert (details.order.description, details.order.cause, details.order.action_taken) == (text, text, text)
    assert details.checklist[0].text == ' '.join(text.split())
    assert [event.note for event in details.events if event.kind == 'commented'] == [text]
    changes = [event for event in details.events if event.kind == 'status_changed']
    assert [(event.cause, event.action_taken, event.note) for event in changes] == [
        (text, text, text)]


NAMES = {' Lisa': 'begins or ends with a space: remove it', 'Lisa\u3000': 'nobody can see (U+3000): remove it',
         'Li\u200bsa': 'nobody can see (U+200B): remove it', '\u202easiL': 'nobody can see (U+202E): remove it',
         'Garci\u0301a': '(Unicode NFC)', 'Li\ud800sa': 'half a character', 'Li\0sa': 'NUL',
         '\u3164': 'must not be empty'}


@together('name', NAMES)
@together(('field', 'column'), [
    ('machine', 'machine_id'), ('reporter_name', 'reporter_name'), ('client_reference', 'client_reference')])
async def test_a_name_is_taken_exactly_or_refused(book: WorkOrders, field: str, column: str, name: str) -> None:
    with pytest.raises(InvalidInputError, match=re.escape(NAMES[name])) as refusal:
        await book.create(LISA, replace(LEAK, **{field: name}))  # type: ignore[arg-type]
    assert refusal.value.field == column


@together('text', ['\u200b', '\u3164\u2800', '\u00ad \ufe0f', '\u00a0\n', '\U000e0041'])
async def test_text_that_nobody_can_see_is_refused(book: WorkOrders, text: str) -> None:
    order = await book.create(LISA, LEAK)
    for act in (book.create(LISA, replace(LEAK, description=text)),
                book.create(LISA, replace(LEAK, checklist=('Lock out', text))),
                book.edit(LISA, order.id, 1, OrderEdit(description=text)),
                book.comment(LISA, order.id, text), book.add_item(LISA, order.id, text),
                book.transition(LISA, order.id, 1, replace(DONE, cause=text)),
                book.transition(LISA, order.id, 1, replace(DONE, action_taken=text)),
                book.transition(MIKE, order.id, 1, replace(GIVE_UP, cancel_reason=text))):
        with pytest.raises(InvalidInputError):
            await act
    moved = await book.transition(LISA, order.id, 1, replace(TAKE, note=text))
    assert [event.note for event in (await book.details(moved.id)).events if event.kind == 'status_changed'] == [None]


# who may do what

async def refused(act: Awaitable[Any]) -> Role | None:
    """The role that the refusal says is needed; None: it was allowed."""
    try:
        await act
    except NotAllowedError as error:
        return Role(str(error).split('requires the role ')[1].split(';')[0])
    return None


@pytest.mark.parametrize('role', list(Role))
async def test_every_command_needs_its_role_and_a_refusal_names_it(
        book: WorkOrders, ids: dict[str, int], role: Role) -> None:
    who = OF_ROLE[role]
    other = ids['lisa.garcia@example.com']
    commands: list[tuple[Role, Callable[[WorkOrder, int], Awaitable[Any]]]] = [
        (Role.OPERATOR, lambda order, item: book.create(who, LEAK)),
        (Role.SUPERVISOR, lambda order, item: book.create(who, NewOrder(PRESS, 'x', assignee_id=other))),
        (Role.OPERATOR, lambda order, item: book.comment(who, order.id, 'Hello')),
        (Role.OPERATOR, lambda order, item: book.attach(who, order.id, 'a.pdf', b'%PDF-1.7')),
        (Role.OPERATOR, lambda order, item: book.attach(who, order.id, 'a.png', encoded(motif(), 'PNG'))),
        (Role.TECHNICIAN, lambda order, item: book.edit(who, order.id, 1, OrderEdit(description='Other'))),
        (Role.TECHNICIAN, lambda order, item: book.edit(who, order.id, 1, OrderEdit(priority=Priority.LOW))),
        (Role.SUPERVISOR, lambda order, item: book.edit(who, order.id, 1, OrderEdit(assignee_id=other))),
        (Role.TECHNICIAN, lambda order, item: book.add_item(who, order.id, 'Drain')),
        (Role.TECHNICIAN, lambda order, item: book.check_item(who, order.id, item, True)),
        (Role.TECHNICIAN, lambda order, item: book.remove_item(who, order.id, item)),
        (Role.SUPERVISOR, lambda order, item: book.set_due_time(who, Priority.LOW, timedelta(days=3))),
    ]
    for needed, act in commands:
        order = await book.create(JAMES, NewOrder(PRESS, 'Leak', checklist=('Lock out',)))
        before = await book.details(order.id)
        refusal = await refused(act(order, before.checklist[0].id))
        if role.may(needed):
            assert refusal is None
        else:
            assert refusal in {needed, Role.OPERATOR}   # who may nothing at all learns the least
            assert not role.may(refusal)
            assert await book.details(order.id) == before


async def test_a_technician_takes_an_order_and_gives_it_back_but_only_a_supervisor_moves_it_between_others(
        book: WorkOrders, ids: dict[str, int]) -> None:
    tom, lisa, carlos = (ids[str(who.email)] for who in (TOM, LISA, CARLOS))
    order = await book.create(TOM, NewOrder(PRESS, 'Leak', assignee_id=tom))
    assert (order.assignee, order.acknowledged_at is not None) == ('Tom Kowalski', True)
    order = await book.edit(TOM, order.id, 1, OrderEdit(assignee_id=None))
    order = await book.edit(LISA, order.id, 2, OrderEdit(assignee_id=lisa))
    assert await refused(book.edit(TOM, order.id, 3, OrderEdit(assignee_id=None))) is Role.SUPERVISOR
    assert await refused(book.edit(TOM, order.id, 3, OrderEdit(assignee_id=carlos))) is Role.SUPERVISOR
    assert await refused(book.edit(CARLOS, order.id, 3, OrderEdit(assignee_id=carlos))) is Role.TECHNICIAN
    assert await refused(book.create(CARLOS, NewOrder(PRESS, 'Leak', assignee_id=carlos))) is Role.TECHNICIAN
    order = await book.edit(TOM, order.id, 3, OrderEdit(assignee_id=tom))
    order = await book.edit(MIKE, order.id, 4, OrderEdit(assignee_id=lisa))
    assert [(who, old, new) for who, _, field, old, new in await history(book, order.id) if field == 'assignee'] == [
        ('Tom Kowalski', 'Tom Kowalski', None), ('Lisa Garcia', None, 'Lisa Garcia'),
        ('Tom Kowalski', 'Lisa Garcia', 'Tom Kowalski'), ('Mike Johnson', 'Tom Kowalski', 'Lisa Garcia')]


async def test_only_who_takes_an_order_acknowledges_it(book: WorkOrders, ids: dict[str, int]) -> None:
    """Not who gives it to somebody, and not who edits it."""
    lisa, tom = ids[str(LISA.email)], ids[str(TOM.email)]
    order = await book.create(MIKE, replace(LEAK, assignee_id=lisa))
    order = await book.edit(MIKE, order.id, order.version, OrderEdit(assignee_id=tom))
    order = await book.edit(LISA, order.id, order.version, OrderEdit(description='Oil leak'))
    order = await book.edit(MIKE, order.id, order.version, OrderEdit(assignee_id=None))
    assert order.acknowledged_at is None

    taken = await book.edit(LISA, order.id, order.version, OrderEdit(assignee_id=lisa))

    assert taken.acknowledged_at is not None
    given_away = await book.edit(MIKE, order.id, taken.version, OrderEdit(assignee_id=tom))
    again = await book.edit(LISA, order.id, given_away.version, OrderEdit(priority=Priority.HIGH))
    assert (again.acknowledged_at, again.status) == (taken.acknowledged_at, State.OPEN)


async def test_an_operator_edits_what_they_reported_and_nothing_else(book: WorkOrders) -> None:
    own = await book.create(CARLOS, LEAK)
    own = await book.edit(CARLOS, own.id, 1, OrderEdit(description='Oil leak', priority=Priority.HIGH))
    assert (own.description, own.priority, own.version) == ('Oil leak', Priority.HIGH, 2)
    await book.add_item(CARLOS, own.id, 'Photo')
    assert await refused(book.transition(CARLOS, own.id, 2, TAKE)) is Role.TECHNICIAN
    others = await book.create(CARLOS, NewOrder(PRESS, 'Leak', reporter_name='Grace Kim'))
    assert await refused(book.edit(CARLOS, others.id, 1, OrderEdit(description='x'))) is Role.TECHNICIAN


async def test_a_new_role_counts_from_the_next_command_on(book: WorkOrders, connect: Connect) -> None:
    connection = await connect()
    order = await book.create(LISA, LEAK)
    await connection.execute("UPDATE employees SET role = 'viewer' WHERE email = $1", LISA.email)
    assert await refused(book.transition(LISA, order.id, 1, TAKE)) is Role.TECHNICIAN
    await connection.execute("UPDATE employees SET role = 'supervisor' WHERE email = $1", LISA.email)
    assert (await book.transition(LISA, order.id, 1, GIVE_UP)).status is State.CANCELLED


async def test_who_was_let_go_may_look_and_nothing_else(book: WorkOrders, connect: Connect) -> None:
    order = await book.create(LISA, LEAK)
    await (await connect()).execute('UPDATE employees SET active = false WHERE email = $1', LISA.email)
    with pytest.raises(NotAllowedError, match='requires the role operator; your role is viewer'):
        await book.comment(LISA, order.id, 'I was here')
    assert await book.get(order.id) == order
    assert (await history(book, order.id))[0][0] == 'Lisa Garcia'


async def test_who_was_let_go_cannot_be_assigned(book: WorkOrders, connect: Connect, ids: dict[str, int]) -> None:
    await (await connect()).execute('UPDATE employees SET active = false WHERE email = $1', LISA.email)
    order = await book.create(MIKE, LEAK)
    lisa = ids['lisa.garcia@example.com']
    for act in (book.create(MIKE, NewOrder(PRESS, 'Leak', assignee_id=lisa)),
                book.edit(MIKE, order.id, 1, OrderEdit(assignee_id=lisa))):
        with pytest.raises(InvalidInputError, match='Lisa Garcia is not active') as refusal:
            await act
        assert refusal.value.field == 'assignee'


async def test_who_is_being_let_go_this_moment_is_not_assigned_either(
        book: WorkOrders, connect: Connect, ids: dict[str, int]) -> None:
    boss, watcher = await connect(), await connect()
    letting_go = boss.transaction()
    await letting_go.start()
    await boss.execute('UPDATE employees SET active = false WHERE email = $1', LISA.email)
    creating = asyncio.create_task(book.create(MIKE, NewOrder(PRESS, 'Leak', assignee_id=ids[str(LISA.email)])))

    async def somebody_waits() -> bool:
        return bool(await watcher.fetchval("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))

    await until(somebody_waits)
    await letting_go.commit()
    with pytest.raises(InvalidInputError, match='not active'):
        await creating


# moves

@together(('before', 'after'), ALLOWED)
async def test_every_allowed_move_is_made_and_recorded(book: WorkOrders, before: str, after: str) -> None:
    order = await order_in(book, State(before))
    needed = ALLOWED[before, after]
    moved = await book.transition(OF_ROLE[needed], order.id, order.version, MOVES[State(after)])
    assert (moved.status, moved.version) == (State(after), order.version + 1)
    assert (moved.completed_at is not None, moved.cancelled_at is not None) == (
        after == 'completed', after == 'cancelled')
    assert moved.acknowledged_at is not None
    *_, last = (each for each in (await book.details(order.id)).events if each.field != 'assignee')
    assert (last.kind, last.old, last.new, last.who_email) == ('status_changed', before, after, OF_ROLE[needed].email)


@together(('before', 'after'), ALLOWED)
async def test_every_move_needs_its_role(book: WorkOrders, before: str, after: str) -> None:
    order = await order_in(book, State(before))
    needed = ALLOWED[before, after]
    for role in Role:
        if not role.may(needed):
            act = book.transition(OF_ROLE[role], order.id, order.version, MOVES[State(after)])
            assert await refused(act) is needed
    assert await book.get(order.id) == order


@together(('before', 'after'), FORBIDDEN)
async def test_every_other_move_is_refused_with_where_it_goes_from_here(
        book: WorkOrders, before: WorkOrderStatus, after: WorkOrderStatus) -> None:
    order = await order_in(book, before)
    sentence = f'{before.word.lower()} cannot become {after.word.lower()}: the allowed statuses are'
    with pytest.raises(InvalidInputError, match=sentence) as no:
        await book.transition(MIKE, order.id, order.version, MOVES[after])
    assert no.value.field == 'status'
    assert await book.get(order.id) == order


@together('state', list(State))
async def test_a_move_to_where_it_is_already_is_refused(book: WorkOrders, state: WorkOrderStatus) -> None:
    order = await order_in(book, state)
    with pytest.raises(InvalidInputError, match='already'):
        await book.transition(MIKE, order.id, order.version, MOVES[state])


async def test_the_table_of_moves_is_what_pages_receive(book: WorkOrders) -> None:
    moves = await book.transitions()
    assert {(move.from_status, move.to_status): move.role for of in moves.values() for move in of} == ALLOWED
    assert [move.within for move in moves[State.COMPLETED]] == [timedelta(days=7)]
    assert all(move.from_status is state for state, of in moves.items() for move in of)


@together(('move', 'field'), [
    (Transition(State.ON_HOLD), 'hold_reason'),
    (Transition(State.COMPLETED, action_taken='Replaced'), 'cause'),
    (Transition(State.COMPLETED, cause='Seal', action_taken='  '), 'action_taken'),
    (Transition(State.CANCELLED), 'cancel_reason'),
    (Transition(State.COMPLETED, cause='x' * 2001, action_taken='x'), 'cause'),
    (Transition(State.CANCELLED, cancel_reason='\0'), 'cancel_reason'),
    (Transition(State.IN_PROGRESS, note='x' * 2001), 'note')])
async def test_a_move_without_its_words_names_the_field(book: WorkOrders, move: Transition, field: str) -> None:
    order = await book.create(MIKE, LEAK)
    with pytest.raises(InvalidInputError) as refusal:
        await book.transition(MIKE, order.id, 1, move)
    assert refusal.value.field == field
    assert await book.get(order.id) == order


async def test_reopening_after_seven_days_is_refused(book: WorkOrders, connect: Connect) -> None:
    order = await order_in(book, State.COMPLETED)
    await long_ago(await connect(), order.id, '7 days 1 minute')
    with pytest.raises(InvalidInputError, match='ended more than 7 days ago: create a new one'):
        await book.transition(MIKE, order.id, order.version, MOVES[State.OPEN])
    await long_ago(await connect(), order.id, '6 days 23 hours')
    before = datetime.now(UTC)
    reopened = await book.transition(MIKE, order.id, order.version, MOVES[State.OPEN])
    assert (reopened.status, reopened.cause, reopened.completed_at) == (State.OPEN, None, None)
    assert before <= reopened.due_at - timedelta(hours=72) <= datetime.now(UTC), 'from when it was reopened'
    written = [(event.cause, event.action_taken) for event in (await book.details(order.id)).events]
    assert ('Seal worn', 'Seal replaced') in written


async def long_ago(connection: asyncpg.Connection, order_id: str, age: str) -> None:
    """Have an order be due and completed that long ago, behind the back of the triggers."""
    async with connection.transaction():
        await connection.execute('SET LOCAL session_replication_role = replica')
        await connection.execute('UPDATE work_orders SET completed_at = clock_timestamp() - $2::text::interval, '
                                 'due_at = clock_timestamp() - $2::text::interval WHERE id = $1', order_id, age)


# two people at once

async def test_of_two_people_who_edit_one_order_the_second_sees_who_did_what_and_nothing_is_lost(
        book: WorkOrders) -> None:
    order = await book.create(MIKE, LEAK)
    now = await book.edit(LISA, order.id, order.version, OrderEdit(description='Oil leak', priority=Priority.HIGH))
    with pytest.raises(EditConflictError) as conflict:
        await book.edit(TOM, order.id, order.version, OrderEdit(description='Water leak'))
    assert str(conflict.value) == ('Lisa Garcia changed this order (description: Hydraulic leak became '
                                   'Oil leak, priority: medium became high): compare both versions')
    assert conflict.value.current == now == await book.get(order.id)
    with pytest.raises(EditConflictError):
        await book.transition(TOM, order.id, order.version, TAKE)
    again = await book.edit(TOM, order.id, now.version, OrderEdit(description='Water and oil leak'))
    assert (again.description, again.priority) == ('Water and oil leak', Priority.HIGH)


async def test_of_ten_edits_at_the_same_moment_one_wins_and_nine_are_refused(book: WorkOrders) -> None:
    order = await book.create(MIKE, LEAK)
    answers = await asyncio.gather(*(book.edit(LISA, order.id, 1, OrderEdit(description=f'Leak {turn}'))
                                     for turn in range(10)), return_exceptions=True)
    [winner] = [answer for answer in answers if isinstance(answer, WorkOrder)]
    conflicts = [answer.current for answer in answers if isinstance(answer, EditConflictError)]
    assert conflicts == [winner] * 9
    assert len([event for event in (await book.details(order.id)).events if event.kind == 'changed']) == 1


async def test_comments_items_and_files_at_the_same_moment_are_all_kept(book: WorkOrders) -> None:
    """None of them changes the order itself, so none is in the way of an edit."""
    order = await book.create(MIKE, LEAK)
    await asyncio.gather(*(act for turn in range(5) for act in (
        book.comment(CARLOS, order.id, f'Comment {turn}'), book.add_item(TOM, order.id, f'Item {turn}'),
        book.attach(LISA, order.id, f'{turn}.pdf', b'%PDF-1.7'))))
    details = await book.details(order.id)
    assert (len(details.events), len(details.checklist), len(details.attachments)) == (16, 5, 5)
    assert (await book.edit(MIKE, order.id, 1, OrderEdit(priority=Priority.LOW))).version == 2


async def test_an_edit_of_nothing_changes_nothing(book: WorkOrders) -> None:
    order = await book.create(MIKE, LEAK)
    assert (await book.edit(MIKE, order.id, 1, OrderEdit(description='Hydraulic leak'))).version == 1
    assert (await book.edit(MIKE, order.id, 1, OrderEdit())).version == 1
    assert len(await history(book, order.id)) == 1


# what belongs to an order

async def test_everything_that_happens_is_recorded_with_who_did_it(book: WorkOrders, ids: dict[str, int]) -> None:
    order = await book.create(CARLOS, LEAK)
    await book.edit(LISA, order.id, 1, OrderEdit(description='Oil leak', assignee_id=ids[str(LISA.email)]))
    await book.add_item(LISA, order.id, 'Drain\nslowly')
    [item] = (await book.details(order.id)).checklist
    for _ in range(2):   # a double click
        await book.check_item(LISA, order.id, item.id, True)
    await book.check_item(TOM, order.id, item.id, False)
    await book.remove_item(TOM, order.id, item.id)
    await book.attach(CARLOS, order.id, 'pump.png', encoded(motif(), 'PNG'))
    await book.transition(
        LISA, order.id, 2, Transition(State.ON_HOLD, hold_reason=HoldReason.VENDOR, note='They come at 3'))
    assert await history(book, order.id) == [
        ('Carlos Mendez', 'created', None, None, 'open'),
        ('Lisa Garcia', 'changed', 'description', 'Hydraulic leak', 'Oil leak'),
        ('Lisa Garcia', 'changed', 'assignee', None, 'Lisa Garcia'),
        ('Lisa Garcia', 'checklist', 'added', None, 'Drain slowly'),
        ('Lisa Garcia', 'checklist', 'done', 'Drain slowly', 'Drain slowly'),
        ('Tom Kowalski', 'checklist', 'not done', 'Drain slowly', 'Drain slowly'),
        ('Tom Kowalski', 'checklist', 'removed', 'Drain slowly', None),
        ('Carlos Mendez', 'attached', None, None, 'pump.png'),
        ('Lisa Garcia', 'status_changed', 'status', 'open', 'on_hold')]
    last = (await book.details(order.id)).events[-1]
    assert (last.hold_reason, last.note, last.who_email) == (HoldReason.VENDOR, 'They come at 3', LISA.email)


async def test_a_ticked_item_knows_who_did_it_first(book: WorkOrders) -> None:
    order = await book.create(MIKE, NewOrder(PRESS, 'Leak', checklist=('Lock out',)))
    [item] = (await book.details(order.id)).checklist
    await book.check_item(LISA, order.id, item.id, True)
    [first] = (await book.details(order.id)).checklist
    await book.check_item(TOM, order.id, item.id, True)
    assert (await book.details(order.id)).checklist == (first,)
    assert (first.done_by, first.done_at is not None) == ('Lisa Garcia', True)


async def test_the_same_comment_sent_twice_is_shown_once(book: WorkOrders) -> None:
    order = await book.create(MIKE, LEAK)
    other = await book.create(MIKE, LEAK)
    await asyncio.gather(*(book.comment(CARLOS, order.id, 'It drips', 'tablet-7:1') for _ in range(5)))
    assert [event.note for event in (await book.details(order.id)).events] == [None, 'It drips']
    with pytest.raises(ReferenceReusedError):   # and a comment on another order is not taken for it
        await book.comment(CARLOS, other.id, 'It drips', 'tablet-7:1')


@together('text', ['', ' \n\t', 'x' * 10_001, 'x\0', '\udc00'])
async def test_a_comment_that_cannot_be_is_refused(book: WorkOrders, text: str) -> None:
    order = await book.create(MIKE, LEAK)
    with pytest.raises(InvalidInputError) as refusal:
        await book.comment(MIKE, order.id, text)
    assert refusal.value.field == 'text'


async def test_a_pdf_comes_back_as_it_was(book: WorkOrders) -> None:
    order = await book.create(MIKE, LEAK)
    file = await book.attach(CARLOS, order.id, 'evidence', b'%PDF-1.7\n')
    assert (file.media_type, file.size, file.added_by) == ('application/pdf', 9, 'Carlos Mendez')
    assert await book.attachment(order.id, file.id) == file
    assert [piece async for piece in book.content(file)] == [b'%PDF-1.7\n']
    assert (await book.details(order.id)).attachments == (file,)
    with pytest.raises(NotFoundError):
        await book.thumbnail(order.id, file.id)


async def test_a_photo_is_stored_without_what_it_tells_and_with_a_small_picture(
        book: WorkOrders, connect: Connect) -> None:
    order = await book.create(MIKE, LEAK)
    file = await book.attach(CARLOS, order.id, 'IMG_0042.HEIC', telling('HEIF', TURNED))
    assert (file.file_name, file.media_type) == ('IMG_0042.jpg', 'image/jpeg')
    row = await (await connect()).fetchrow('SELECT * FROM work_order_attachments')
    assert row['content'] == b''.join([piece async for piece in book.content(file)])
    assert row['thumbnail'] == await book.thumbnail(order.id, file.id)
    for stored in row['content'], row['thumbnail']:
        assert [secret for secret in SECRETS if secret in stored] == []


async def test_a_photo_of_before_there_were_small_pictures_gets_one_when_it_is_looked_at(
        book: WorkOrders, connect: Connect) -> None:
    order, sql = await book.create(MIKE, LEAK), await connect()

    async def stored(content: bytes) -> int:
        return int(await sql.fetchval(
            'INSERT INTO work_order_attachments (work_order_id, file_name, media_type, content, added_by) '
            "VALUES ($1, 'a.png', 'image/png', $2, 'Mike') RETURNING attachment_id", order.id, content))

    old, broken = await stored(encoded(motif(), 'PNG')), await stored(b'\x89PNG\r\n\x1a\n')
    small = await book.thumbnail(order.id, old)
    assert opened(small).size == (400, 300)
    assert await book.thumbnail(order.id, broken) == b''
    assert [bytes(row[0]) for row in await sql.fetch(
        'SELECT thumbnail FROM work_order_attachments ORDER BY attachment_id')] == [small, b'']


async def test_many_who_look_at_a_photo_of_before_have_its_small_picture_made_once(
        book: WorkOrders, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    order, read = await book.create(MIKE, LEAK), []

    async def rewritten(pictures: Pictures, content: bytes, kind: str) -> Picture:
        read.append(content)
        await asyncio.sleep(0)
        return Picture(kind, content, b'small')

    monkeypatch.setattr(Pictures, 'rewritten', rewritten)
    id_ = await (await connect()).fetchval(
        'INSERT INTO work_order_attachments (work_order_id, file_name, media_type, content, added_by) '
        "VALUES ($1, 'a.png', 'image/png', 'old', 'Mike') RETURNING attachment_id", order.id)

    assert await asyncio.gather(*(book.thumbnail(order.id, id_) for _ in range(8))) == [b'small'] * 8
    assert read == [b'old']


async def test_a_photo_that_cannot_be_kept_is_not_read_for_it(book: WorkOrders, monkeypatch: pytest.MonkeyPatch,
                                                              connect: Connect) -> None:
    """A person who may not attach it, and where there is no order or no space, costs no decoding."""
    async def read(*_: object) -> None:
        raise AssertionError('decoded')

    order = await book.create(MIKE, LEAK)
    await (await connect()).execute(
        "INSERT INTO work_order_attachments (work_order_id, file_name, media_type, content, added_by) "
        "SELECT $1, 'a.pdf', 'application/pdf', '%PDF-1.7', 'Mike' FROM generate_series(1, $2)",
        order.id, MAX_ATTACHMENTS)
    monkeypatch.setattr('floor.orders.pictures.Pictures.rewritten', read)
    photo = encoded(motif(), 'PNG')
    with pytest.raises(NotAllowedError):
        await book.attach(Identity('Victor', 'victor@example.com', Role.VIEWER), order.id, 'a.png', photo)
    with pytest.raises(NotFoundError):
        await book.attach(MIKE, 'WO-20261123-00000000', 'a.png', photo)
    with pytest.raises(InvalidInputError, match='the maximum'):
        await book.attach(MIKE, order.id, 'a.png', photo)


async def test_no_connection_is_held_while_a_photo_is_read(book: WorkOrders, database: Database,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    busy = []

    async def read(pictures: Pictures, content: bytes, kind: str) -> Picture:
        busy.append(database.pool_use.busy)
        return Picture(kind, content, b'small')

    order = await book.create(MIKE, LEAK)
    monkeypatch.setattr(Pictures, 'rewritten', read)
    await book.attach(MIKE, order.id, 'a.png', encoded(motif(), 'PNG'))
    assert busy == [0]


@together('content', [
    b'', b'MZ\x90\0', b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', b'<html>', b'RIFF\0\0\0\0WAVEfmt ',
    b' %PDF-1.7', b'\x89PNG', b'GIF89b', b'PK\3\4'])
async def test_what_is_no_photo_and_no_pdf_is_refused_whatever_it_is_called(book: WorkOrders, content: bytes) -> None:
    order = await book.create(MIKE, LEAK)
    with pytest.raises(InvalidInputError, match=r'empty|only photos'):
        await book.attach(MIKE, order.id, 'photo.jpg', content)
    assert (await book.details(order.id)).attachments == ()


async def test_an_order_holds_so_many_files_and_no_more(book: WorkOrders, connect: Connect) -> None:
    order = await book.create(MIKE, LEAK)
    await (await connect()).execute(
        "INSERT INTO work_order_attachments (work_order_id, file_name, media_type, content, added_by) "
        "SELECT $1, 'a.pdf', 'application/pdf', '%PDF-1.7', 'Mike' FROM generate_series(2, $2)",
        order.id, MAX_ATTACHMENTS)
    await book.attach(MIKE, order.id, 'last.pdf', b'%PDF-1.7')
    with pytest.raises(InvalidInputError, match='the maximum'):
        await book.attach(MIKE, order.id, 'one-more.pdf', b'%PDF-1.7')


async def test_a_file_may_have_ten_mebibytes_and_not_one_byte_more(book: WorkOrders) -> None:
    order = await book.create(MIKE, LEAK)
    manual = b'%PDF-1.7'.ljust(MAX_FILE_BYTES, b'\0')
    assert (await book.attach(MIKE, order.id, 'manual.pdf', manual)).size == MAX_FILE_BYTES
    with pytest.raises(InvalidInputError, match='10 MiB'):
        media_type(manual + b'\0')


@pytest.mark.parametrize(('given', 'kept'), [
    ('photo.jpg', 'photo.jpg'), ('../../etc/passwd', 'passwd'), ('C:\\Users\\me\\pump.png', 'pump.png'),
    ('a\nb\0c\x1b.pdf', 'abc.pdf'), ('\u202egnp.exe', 'gnp.exe'), ('.htaccess', 'htaccess'),
    ('  Ölpumpe 1.jpg ', 'Ölpumpe 1.jpg'),
    ('<img src=x onerror=alert(1)>.png', '<img src=x onerror=alert(1)>.png'),
    ('x' * 300 + '.jpeg', 'x' * 195 + '.jpeg'), ('x' * 300, 'x' * 200)])
def test_a_file_name_is_one_name_that_can_be_read(given: str, kept: str) -> None:
    assert clean_file_name(given) == kept


@pytest.mark.parametrize('given', ['', '/', '..', 'folder/', '\0\x1f', '\u200b'])
def test_a_file_without_a_name_is_refused(given: str) -> None:
    with pytest.raises(InvalidInputError):
        clean_file_name(given)


# how soon

async def test_a_supervisor_says_how_soon_orders_are_due(book: WorkOrders) -> None:
    before = await book.create(MIKE, LEAK)
    await book.set_due_time(MIKE, Priority.MEDIUM, timedelta(days=1, minutes=30))
    assert [(due.priority, due.due_within.total_seconds() / 3600) for due in await book.due_times()] == [
        (Priority.CRITICAL, 1), (Priority.HIGH, 8), (Priority.MEDIUM, 24.5), (Priority.LOW, 168)]
    after = await book.create(MIKE, LEAK)
    assert (after.due_at - after.reported_at) == timedelta(days=1, minutes=30)
    assert await book.get(before.id) == before


@together('wrong', [timedelta(0), timedelta(seconds=59), timedelta(days=365, seconds=1), -timedelta(1)])
async def test_a_due_time_that_makes_no_sense_is_refused(book: WorkOrders, wrong: timedelta) -> None:
    with pytest.raises(InvalidInputError, match='between 1 minute and 365 days'):
        await book.set_due_time(MIKE, Priority.LOW, wrong)


async def test_another_priority_is_due_from_when_the_order_was_reported(book: WorkOrders, connect: Connect) -> None:
    """Not from now; and a time that is given with it stays."""
    yesterday, noon = datetime.now(UTC) - timedelta(days=1), datetime(2027, 1, 1, 12, tzinfo=UTC)
    order = await book.create(MIKE, replace(LEAK, reported_at=yesterday))
    order = await book.edit(MIKE, order.id, 1, OrderEdit(priority=Priority.CRITICAL))
    assert order.due_at - timedelta(hours=1) == order.reported_at == yesterday
    await (await connect()).execute("UPDATE work_orders SET priority = 'low', due_at = $1", noon)
    assert (await book.get(order.id)).due_at == noon


# when it can't be done

@together('order_id', ['WO-20260302-3f2a91bc', '', 'x' * 100_000, '\0', '😀', "' OR 1=1 --"])
async def test_an_order_that_is_none_is_not_found_by_any_command(book: WorkOrders, order_id: str) -> None:
    for act in (book.get(order_id), book.details(order_id),
                book.edit(MIKE, order_id, 1, OrderEdit(description='x')),
                book.transition(MIKE, order_id, 1, TAKE), book.comment(MIKE, order_id, 'x'),
                book.add_item(MIKE, order_id, 'x'),
                book.check_item(MIKE, order_id, 1, True), book.remove_item(MIKE, order_id, 1),
                book.attach(MIKE, order_id, 'x', b'%PDF-1'), book.attachment(order_id, 1)):
        with pytest.raises(NotFoundError):
            await act


@together('number', [0, -1, 4711, 2**40])
async def test_an_item_or_a_file_of_no_or_of_another_order_is_not_found(book: WorkOrders, number: int) -> None:
    order = await book.create(MIKE, LEAK)
    for act in (book.check_item(MIKE, order.id, number, True), book.remove_item(MIKE, order.id, number),
                book.attachment(order.id, number)):
        with pytest.raises(NotFoundError):
            await act


async def test_what_belongs_to_another_order_is_out_of_reach(book: WorkOrders) -> None:
    order, other = await book.create(MIKE, NewOrder(PRESS, 'x', checklist=('a',))), await book.create(MIKE, LEAK)
    file = await book.attach(MIKE, order.id, 'a.pdf', b'%PDF-1')
    [item] = (await book.details(order.id)).checklist
    for act in (book.check_item(MIKE, other.id, item.id, True), book.remove_item(MIKE, other.id, item.id),
                book.attachment(other.id, file.id)):
        with pytest.raises(NotFoundError):
            await act


async def test_without_a_database_or_its_tables_every_command_says_so(
        settings: Settings, empty_database_url: str) -> None:
    for url, sentence in (('postgresql://nobody@127.0.0.1:1/nothing', 'does not answer'),
                          (empty_database_url, 'cannot answer')):
        database = Database(url, settings)
        orders = WorkOrders(database, Employees(database, default_role=Role.SUPERVISOR))
        for act in (orders.create(MIKE, LEAK), orders.get('WO-20260302-3f2a91bc'), orders.transitions(),
                    orders.due_times(), orders.transition(MIKE, 'WO-20260302-3f2a91bc', 1, TAKE)):
            with pytest.raises(DatabaseUnavailableError, match=sentence):
                await act
        await database.close()


async def test_nothing_is_kept_of_a_command_that_fails_half_way(book: WorkOrders, connect: Connect) -> None:
    connection = await connect()
    await connection.execute('ALTER TABLE work_order_checklist ADD CHECK (text <> $$Drain$$)')
    with pytest.raises(FloorError):
        await book.create(MIKE, NewOrder(PRESS, 'Leak', checklist=('Lock out', 'Drain')))
    assert await connection.fetchval('SELECT count(*) FROM work_orders') == 0
    assert await connection.fetchval('SELECT count(*) FROM work_order_events') == 0


# who works on orders

async def test_starting_an_order_of_nobody_takes_it(book: WorkOrders, ids: dict[str, int]) -> None:
    order = await book.create(CARLOS, LEAK)

    started = await book.transition(LISA, order.id, order.version, TAKE)

    assert (started.status, started.assignee) == (State.IN_PROGRESS, 'Lisa Garcia')
    assert ('Lisa Garcia', 'changed', 'assignee', None, 'Lisa Garcia') in await history(book, order.id)


async def test_no_other_move_of_an_order_of_nobody_takes_it(book: WorkOrders) -> None:
    order = await book.create(MIKE, LEAK)
    for move in MOVES[State.ON_HOLD], MOVES[State.OPEN], DONE:
        order = await book.transition(LISA, order.id, order.version, move)
        assert order.assignee_id is None, move.to


async def test_a_move_keeps_no_texts_that_belong_to_another(book: WorkOrders) -> None:
    order = await book.create(MIKE, LEAK)
    meant_for_others: dict[str, Any] = {'cause': 'Seal worn', 'action_taken': 'Seal replaced',
                                        'cancel_reason': 'Reported twice'}
    order = await book.transition(LISA, order.id, order.version, Transition(State.IN_PROGRESS, **meant_for_others))
    assert (order.cause, order.action_taken, order.cancel_reason) == (None, None, None)
    order = await book.transition(LISA, order.id, order.version, Transition(State.COMPLETED, **meant_for_others))
    assert (order.cause, order.action_taken, order.cancel_reason) == ('Seal worn', 'Seal replaced', None)


async def test_starting_an_order_of_somebody_else_leaves_it_theirs(book: WorkOrders, ids: dict[str, int]) -> None:
    order = await book.create(MIKE, replace(LEAK, assignee_id=ids['tom.kowalski@example.com']))

    assert (await book.transition(LISA, order.id, order.version, TAKE)).assignee == 'Tom Kowalski'


async def test_an_operator_cannot_be_assigned(book: WorkOrders, ids: dict[str, int], connect: Connect) -> None:
    order = await book.create(MIKE, LEAK)
    carlos = ids['carlos.mendez@example.com']

    for attempt in (book.create(MIKE, replace(LEAK, assignee_id=carlos)),
                    book.edit(MIKE, order.id, order.version, OrderEdit(assignee_id=carlos))):
        with pytest.raises(InvalidInputError,
                           match='Carlos Mendez has the role operator and cannot work on orders') as info:
            await attempt
        assert info.value.field == 'assignee'
    with pytest.raises(asyncpg.CheckViolationError, match='assign a technician or a supervisor'):
        await (await connect()).execute("UPDATE work_orders SET assignee = 'Carlos Mendez'")


async def test_an_order_of_nobody_is_not_started_by_someone_who_cannot_have_it(database: Database) -> None:
    orders = WorkOrders(database, Employees(database, default_role=Role.SUPERVISOR))
    order = await orders.create(STRANGER, LEAK)

    with pytest.raises(InvalidInputError, match='assign it to someone before you start it'):
        await orders.transition(STRANGER, order.id, order.version, TAKE)
