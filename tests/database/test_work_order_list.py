"""The list of work orders: what an address asks for, what the database answers, and the file for Excel."""

from __future__ import annotations

import asyncio
import csv
import io
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from database.postgres import Connect
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams
from together import together

from floor.core.errors import DatabaseUnavailableError, QueryError
from floor.core.orders import Priority, WorkOrderStatus
from floor.core.settings import Settings
from floor.db.database import Database
from floor.orders.order_cursor import OrderCursor
from floor.orders.order_filter import UNASSIGNED, Done, OrderFilter, SortKey
from floor.orders.order_pages import OrderCounts
from floor.orders.work_order_list import WorkOrderList

pytestmark = pytest.mark.newest_postgres

DETROIT = ZoneInfo('America/Detroit')
EXCEL_MARK = '\ufeff'
ADD = """
    INSERT INTO work_orders (id, machine_id, issue_description, priority, status, assignee_id, timestamp, due_at,
                             completed_at, cancelled_at, hold_reason, cause, action_taken, cancel_reason, reporter_name)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, CASE WHEN $5 = 'on_hold' THEN 'parts' END,
            CASE WHEN $5 = 'completed' THEN 'worn' END, CASE WHEN $5 = 'completed' THEN 'replaced' END,
            CASE WHEN $5 = 'cancelled' THEN 'twice' END, 'Lisa Garcia')
"""

filters = st.builds(
    OrderFilter, statuses=st.frozensets(st.sampled_from(WorkOrderStatus)),
    priorities=st.frozensets(st.sampled_from(Priority)),
    machine=st.none() | st.text(st.characters(exclude_categories=['Cs'], exclude_characters='\0'),
                                max_size=200).filter(str.strip),
    assignee=st.none() | st.just(UNASSIGNED) | st.integers(1, 2**31 - 1),
    text=st.text(st.characters(exclude_categories=['Cs'], exclude_characters='\0'), max_size=200).map(str.strip),
    overdue=st.booleans(), sort=st.sampled_from([key for key in SortKey if key is not SortKey.PRESSING]),
    descending=st.booleans(), page=st.integers(1, 1_000_000), per_page=st.integers(1, 500),
    done=st.none() | st.sampled_from(Done))


class Orders:
    """Adds orders to a fresh database; hours are relative to now."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._count = 0

    async def add(self, what: str = 'Oil leak', *, machine: str = 'Valve_01_01', priority: str = 'medium',
                  state: str = 'open', assignee: int | None = None, reported: float = -1.0, due: float = 8.0,
                  ended: float = -0.5, order_id: str | None = None) -> str:
        self._count += 1
        order_id = order_id or f'WO-20261123-{self._count:08x}'
        now = datetime.now(UTC)
        at = now + timedelta(hours=ended)
        reported_at, due_at = now + timedelta(hours=reported), now + timedelta(hours=due)
        await self._connection.execute(
            ADD, order_id, machine, what, priority, state, assignee, reported_at, due_at,
            at if state == 'completed' else None, at if state == 'cancelled' else None)
        return order_id


@pytest.fixture
async def book(connect: Connect) -> Orders:
    return Orders(await connect())


@pytest.fixture
def lists(database: Database) -> WorkOrderList:
    return WorkOrderList(database, lambda: DETROIT)


async def whats(lists: WorkOrderList, **query: str) -> list[str]:
    page = await lists.page(OrderFilter.from_query(query))
    return [order.description for order in page.orders]


# what an address asks for

@given(filters)
def test_an_address_says_all_of_a_filter(order_filter: OrderFilter) -> None:
    assert OrderFilter.from_query(order_filter.to_query()) == order_filter


def test_the_plain_address_asks_for_everything_that_presses_most_first() -> None:
    plain = OrderFilter.from_query({})

    assert plain == OrderFilter()
    assert (plain.statuses, plain.sort, plain.page, plain.per_page) == (frozenset(), SortKey.PRESSING, 1, 50)
    assert plain.to_query() == {}
    assert not plain.narrows


@given(st.dictionaries(st.sampled_from(['status', 'priority', 'machine', 'assignee', 'q', 'overdue', 'sort', 'page',
                                        'per_page', 'done']), st.text()))
def test_nonsense_in_an_address_is_refused_or_asks_for_what_is_possible(query: dict[str, str]) -> None:
    try:
        order_filter = OrderFilter.from_query(query)
    except QueryError as error:
        assert error.faults.keys() <= query.keys()
        order_filter = error.understood  # type: ignore[assignment]

    assert 1 <= order_filter.page <= 1_000_000
    assert 1 <= order_filter.per_page <= 500
    assert '\0' not in order_filter.text + (order_filter.machine or '') + order_filter.person
    (order_filter.text + (order_filter.machine or '') + order_filter.person).encode()


@together(('query', 'sentence'), [
    ({'status': 'closed'}, 'Cannot understand status=closed: use open, in_progress, on_hold, completed or cancelled.'),
    ({'status': 'open,closed'},
     'Cannot understand status=closed: use open, in_progress, on_hold, completed or cancelled.'),
    ({'state': 'closed'},
     'Cannot understand state=closed: use open, in_progress, on_hold, completed or cancelled.'),
    ({'machine_id': '\0'}, 'Cannot understand machine_id: it holds a NUL character or half a character.'),
    ({'machine_id': 'a' * 201}, 'Cannot use machine_id: it has 201 characters, and 200 at most are allowed.'),
    (QueryParams('machine_id=a&machine_id=b'),
     'Cannot understand machine_id, which is there more than once: use it once.'),
    (QueryParams('machine=a&machine=b'), 'Cannot understand machine, which is there more than once: use it once.'),
    ({'priority': 'urgent'}, 'Cannot understand priority=urgent: use critical, high, medium or low.'),
    ({'done': 'ever'}, 'Cannot understand done=ever: use today or week.'),
    ({'overdue': 'maybe'}, 'Cannot understand overdue=maybe: use 1 or 0.'),
    ({'page': '0'}, 'Cannot understand page=0: use a number from 1 to 1,000,000.'),
    ({'page': '-1'}, 'Cannot understand page=-1: use a number from 1 to 1,000,000.'),
    ({'page': '\N{ARABIC-INDIC DIGIT THREE}'},
     'Cannot understand page=\N{ARABIC-INDIC DIGIT THREE}: use a number from 1 to 1,000,000.'),
    ({'per_page': '501'}, 'Cannot understand per_page=501: use a number from 1 to 500.'),
    ({'q': 'a' * 201}, 'Cannot use q: it has 201 characters, and 200 at most are allowed.'),
    ({'q': '\0'}, 'Cannot understand q: it holds a NUL character or half a character.'),
    ({'stauts': 'open'}, 'There is no parameter stauts. Did you mean status?'),
    ({'colour': 'red'}, 'There is no parameter colour. Use status, done, overdue, priority, '
                        'machine, assignee, q, sort, page, per_page or cursor.'),
])
def test_what_is_not_understood_is_named_with_what_is_allowed(query: dict[str, str], sentence: str) -> None:
    with pytest.raises(QueryError) as refusal:
        OrderFilter.from_query(query)
    assert str(refusal.value) == sentence


def test_all_that_is_wrong_is_named_and_the_rest_is_understood() -> None:
    with pytest.raises(QueryError) as refusal:
        OrderFilter.from_query({'status': 'shut', 'page': 'x', 'priority': 'high'})
    assert list(refusal.value.faults) == ['status', 'page']
    assert refusal.value.understood == OrderFilter(priorities=frozenset({Priority.HIGH}))


def test_pressing_has_no_reverse() -> None:
    with pytest.raises(QueryError, match='use pressing, machine'):
        OrderFilter.from_query({'sort': '-pressing'})


@pytest.mark.parametrize('query', [
    {'status': 'open,on_hold'}, {'state': 'open,on_hold'}, {'status': ' Open, On hold '},
    QueryParams('status=open&status=on_hold'), QueryParams('status=OPEN&status=on-hold&o=1234&utm_source=mail')])
def test_the_same_can_be_asked_for_in_several_ways(query: dict[str, str]) -> None:
    assert OrderFilter.from_query(query).statuses == {WorkOrderStatus.OPEN, WorkOrderStatus.ON_HOLD}


@pytest.mark.parametrize(('former', 'sort'), [
    ('state', SortKey.STATUS), ('-state', SortKey.STATUS),
    ('what', SortKey.DESCRIPTION), ('-what', SortKey.DESCRIPTION)])
def test_an_old_link_sorts_by_the_name_of_today(former: str, sort: SortKey) -> None:
    order_filter = OrderFilter.from_query({'sort': former, 'state': 'open'})
    assert (order_filter.sort, order_filter.descending) == (sort, former.startswith('-'))
    assert order_filter.to_query() == {'sort': former.replace('state', 'status').replace('what', 'description'),
                                       'status': 'open'}


def test_what_can_be_there_once_is_not_taken_from_two() -> None:
    with pytest.raises(QueryError, match='Machine and machine_id mean the same: use one of them'):
        OrderFilter.from_query(QueryParams('machine=Valve_01_01&machine_id=Valve_02_01'))


async def test_an_unknown_machine_or_person_is_named_with_what_is_meant_perhaps(lists: WorkOrderList,
                                                                                book: Orders) -> None:
    with pytest.raises(QueryError) as refusal:
        await lists.checked(OrderFilter.from_query({'machine': 'Valve_1_01', 'assignee': 'Nobody Known', 'q': 'leak'}))
    assert 'There is no machine Valve_1_01. Did you mean Valve_01_01' in refusal.value.faults['machine']
    assert refusal.value.faults['assignee'].startswith('No employee is called Nobody Known. Use the e-mail address')
    assert refusal.value.understood == OrderFilter(text='leak')
    with pytest.raises(QueryError) as refusal:   # the name that the address has, also a former one
        await lists.checked(OrderFilter.from_query({'machine_id': 'Valve_1_01'}))
    assert list(refusal.value.faults) == ['machine_id']


async def test_a_renamed_machine_is_found_by_its_former_name(lists: WorkOrderList, book: Orders,
                                                            connect: Connect) -> None:
    await book.add('Oil leak')
    await (await connect()).execute(
        "UPDATE machines SET machine_name = 'Main valve' WHERE machine_name = 'Valve_01_01'")
    known = await lists.checked(OrderFilter.from_query({'machine': 'Valve_01_01'}))
    assert known == OrderFilter(machine='Main valve')
    assert [order.description for order in (await lists.page(known)).orders] == ['Oil leak']


@pytest.mark.parametrize('typed', ['id', 'name', 'email'])
async def test_a_person_is_asked_for_by_id_name_or_address(lists: WorkOrderList, book: Orders, connect: Connect,
                                                           typed: str) -> None:
    person = await (await connect()).fetchrow(
        "SELECT id, first_name || ' ' || last_name AS name, upper(email) AS email FROM employees ORDER BY id LIMIT 1")
    asked = OrderFilter.from_query({'assignee': str(person[typed])})
    assert (await lists.checked(asked)).assignee == person['id']


# which orders

async def test_each_part_of_a_filter_leaves_out_what_does_not_match(lists: WorkOrderList, book: Orders) -> None:
    like_mine: dict[str, Any] = {'machine': 'Valve_01_01', 'priority': 'high', 'state': 'in_progress', 'assignee': 1,
                                 'due': -2}
    await book.add('mine', **like_mine)
    await book.add('of another machine', **like_mine | {'machine': 'Valve_02_01'})
    await book.add('of no one', **like_mine | {'assignee': None})
    await book.add('less pressing', **like_mine | {'priority': 'low'})
    await book.add('in time', **like_mine | {'due': 2})
    await book.add('waiting', **like_mine | {'state': 'on_hold'})
    query = {'state': 'in_progress', 'priority': 'high', 'machine': 'Valve_01_01', 'assignee': '1', 'overdue': '1'}

    assert await whats(lists, **query) == ['mine']
    for part, also in {'state': 'waiting', 'priority': 'less pressing', 'machine': 'of another machine',
                       'assignee': 'of no one', 'overdue': 'in time'}.items():
        without = {name: value for name, value in query.items() if name != part}
        assert set(await whats(lists, **without)) == {'mine', also}
    assert await whats(lists, assignee='none') == ['of no one']


async def test_an_order_that_has_ended_is_not_overdue(lists: WorkOrderList, book: Orders) -> None:
    await book.add('done late', state='completed', due=-2)
    await book.add('given up late', state='cancelled', due=-2)
    await book.add('late', due=-2)

    assert await whats(lists, overdue='1') == ['late']


async def test_a_search_finds_exactly_these_characters(lists: WorkOrderList, book: Orders) -> None:
    await book.add("4 % of a_b \\ it's Ölt, Leaks under the <b> 🔧")
    await book.add('4 and of axb / its Gelt, Leak below the b')

    for words in '4 %', 'a_b', '\\', "it's", 'Ölt', 'LEAKS', 'leaks under', '🔧', '<b>':
        assert await whats(lists, q=words) == ["4 % of a_b \\ it's Ölt, Leaks under the <b> 🔧"], words


async def test_a_search_looks_at_number_description_assignee_and_machine_as_people_see_it(lists: WorkOrderList,
                                                                                          book: Orders) -> None:
    await book.add('the one', machine='Injection_Molder_02_02', assignee=1, order_id='WO-20261123-abcd1234')
    await book.add('the other', machine='Painter_03_01')
    name, = [await book._connection.fetchval("SELECT first_name || ' ' || last_name FROM employees WHERE id = 1")]

    for words in 'abcd', '20261123-ABCD', 'one', name, 'Injection_Molder_02', 'injection molder 02·02', 'Molder 02':
        assert await whats(lists, q=words) == ['the one'], words
    assert await whats(lists, q='Injection%02') == []


@pytest.fixture
async def pump_beside_the_cafe(book: Orders) -> None:
    await book.add("The pump's seal is leaking 3 mm into the filter, Straße 5 beside the Café")
    await book.add('leaking valve, Str. 5')


@pytest.mark.usefixtures('pump_beside_the_cafe')
@together('words', ['leaking pump', 'PUMP  leaking', 'pump\u00a0leaking', 'leak pum', 'strasse',
                    'STRAẞE', 'straße', 'cafe', 'CAFÉ', 'cafe\u0301', 'café strasse pump', 'Ｐｕｍｐ',
                    'ﬁlter', 'pump’s', '\u200bpump', '3\u202fmm'])
async def test_a_search_finds_words_in_any_order_however_they_are_written(lists: WorkOrderList, words: str) -> None:
    assert await whats(lists, q=words) == ["The pump's seal is leaking 3 mm into the filter, Straße 5 beside the Café"]
    assert (await lists.counts(OrderFilter(text=words))).all == 1


async def test_a_search_needs_all_of_its_words_and_none_at_all_asks_for_everything(lists: WorkOrderList,
                                                                                   book: Orders) -> None:
    await book.add('pump leaks')

    assert await whats(lists, q='pump broken') == []
    assert await whats(lists, q='\u200b\u0301') == ['pump leaks']


@pytest.fixture
async def pump(book: Orders) -> None:
    await book.add('Pump leaking on Straße 4: motor M-12, 3.5 mm, 50% (fuite) beside valve of WO-1043')
    await book.add('M12, 35 mm, 500 of WO1044', machine='Painter_03_01')


@pytest.mark.usefixtures('pump')
@together('words', [
    'Strasse!', '(pump)', '"pump"', '„Pump“', '«pump»', 'leaking,', 'leaking.', 'leaking...', 'leaking…', 'leaking?!',
    '¿leaking?', "'pump'", '[pump]', 'pump*', '#1043', '- leaking', '-leaking', 'pump -', 'pump –', 'Fuite !', 'motor/',
    'Straße；', 'pump。', 'valve_', 'pump, motor; strasse', 'WO-1043', 'wo-1043.', '(M-12)', 'M-12,', '3.5', '3.5!',
    '50%!'])
async def test_punctuation_at_the_ends_of_a_word_does_not_hide_it(lists: WorkOrderList, words: str) -> None:
    assert [what[:4] for what in await whats(lists, q=words)] == ['Pump']
    assert (await lists.counts(OrderFilter(text=words))).all == 1


@pytest.mark.parametrize(('words', 'found'), [('?', ['what?']), ('!', []), ('? !', []), ('%', ['5%']), ('? %', ['5%'])])
async def test_a_search_for_nothing_but_punctuation_looks_for_it(lists: WorkOrderList, book: Orders, words: str,
                                                                 found: list[Any]) -> None:
    await book.add('what?')
    await book.add('5%')

    assert await whats(lists, q=words) == found


@pytest.mark.parametrize('most', [0, 1, 2, 3, 1000])
async def test_many_and_few_that_are_found_make_the_same_list(lists: WorkOrderList, book: Orders,
                                                              monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr('floor.orders.work_order_list.MAX_MATCHES', most)
    for number in range(3):
        await book.add(f'leak {number}', priority='high', due=number + 1)
    await book.add('leak of low', priority='low')
    await book.add('leak, completed', priority='high', state='completed')
    await book.add('noise', priority='high')
    query = {'q': 'LEAK', 'priority': 'high', 'status': 'open', 'sort': 'due', 'per_page': '2'}

    first = await lists.page(OrderFilter.from_query(query))
    second = await lists.page(OrderFilter.from_query({**query, 'cursor': str(first.next)}))
    none = await lists.page(OrderFilter.from_query({**query, 'q': 'leak of nothing'}))

    assert [order.description for order in first.orders + second.orders] == ['leak 0', 'leak 1', 'leak 2']
    assert (first.total, first.counts.completed, second.total) == (3, 1, 3)
    assert (none.orders, none.counts.all) == ((), 0)


class ReportingDatabase(Database):
    """One whose statistics hold at once what each use of a connection has read."""

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Any]:
        async with super().acquire() as connection:
            yield connection
            await connection.execute('SELECT pg_stat_force_next_flush()')


@pytest.fixture
async def reporting(settings: Settings) -> AsyncIterator[Database]:
    database = ReportingDatabase(settings.database_url, settings)
    yield database
    await database.close()


@pytest.fixture
async def many_orders(connect: Connect) -> asyncpg.Connection:
    """A connection to a floor with 3,000 orders; how many texts of orders have been read is in its statistics."""
    connection = await connect()
    await connection.execute("INSERT INTO work_orders (id, machine_id, issue_description, priority) "
                             "SELECT 'WO-20261123-' || lpad(n::text, 8, '0'), 'Valve_01_01', 'Lager ' || n, 'low' "
                             'FROM generate_series(1, 3000) AS n; ANALYZE work_orders, work_order_texts')
    return connection


TEXTS_READ = "SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'work_order_texts'"


@pytest.mark.parametrize(('words', 'found'), [('lager 1714', 1), ('nothing like it', 0)])
async def test_a_search_that_finds_few_orders_compares_the_texts_once(
        reporting: Database, many_orders: asyncpg.Connection, words: str, found: int) -> None:
    before = await many_orders.fetchval(TEXTS_READ)

    page = await WorkOrderList(reporting, lambda: DETROIT).page(OrderFilter(text=words))

    assert page.total == page.counts.all == len(page.orders) == found
    assert 3000 <= await many_orders.fetchval(TEXTS_READ) - before < 4500  # and a sample


async def test_a_word_of_most_orders_is_not_collected(reporting: Database, many_orders: asyncpg.Connection) -> None:
    before = await many_orders.fetchval(TEXTS_READ)

    async with reporting.acquire() as connection:
        assert await reporting.queries.work_orders_with_words(connection, words='LAGER', max_matches=5000) is None

    assert await many_orders.fetchval(TEXTS_READ) - before < 1500  # the sample


async def test_a_search_covers_all_that_was_written_about_an_order(lists: WorkOrderList, book: Orders,
                                                                   connect: Connect) -> None:
    order_id = await book.add('the one', state='completed')
    await book.add('the other', state='completed')
    psql = await connect()
    await psql.execute("INSERT INTO work_order_events (work_order_id, kind, note) VALUES ($1, 'commented', $2)",
                       order_id, 'Gebrauchtes Lager, bräunlich')
    item = await psql.fetchval("INSERT INTO work_order_checklist (work_order_id, text) VALUES ($1, 'Drain the tank') "
                               'RETURNING item_id', order_id)
    await psql.execute("INSERT INTO work_order_attachments (work_order_id, file_name, media_type, content, added_by) "
                       "VALUES ($1, 'Manómetro.png', 'image/png', 'x', 'Lisa')", order_id)
    await psql.execute("UPDATE work_orders SET cause = 'Corroded flange', action_taken = 'Welded it', "
                       "reporter_name = 'Zoë Ångström' WHERE id = $1", order_id)

    for words in ('braunlich', 'tank drain', 'manometro', 'FLANGE', 'welded', 'zoe angstrom', 'one lager flange tank'):
        assert await whats(lists, q=words) == ['the one'], words

    await psql.execute('DELETE FROM work_order_checklist WHERE item_id = $1', item)
    await psql.execute("UPDATE work_orders SET cause = 'Worn' WHERE id = $1", order_id)
    assert await whats(lists, q='drain') == []
    assert await whats(lists, q='braunlich worn') == ['the one']  # a comment stays


async def test_a_search_finds_what_was_written_before_an_order_was_reopened(lists: WorkOrderList, book: Orders,
                                                                            connect: Connect) -> None:
    order_id = await book.add('the one')
    await book.add('the other')
    psql = await connect()
    for change in ("status = 'on_hold', hold_reason = 'vendor'",
                   "status = 'completed', cause = 'Corroded flange', action_taken = 'Welded it'", "status = 'open'",
                   "status = 'cancelled', cancel_reason = 'Scrapped'", "status = 'open'"):
        await psql.execute(f'UPDATE work_orders SET {change} WHERE id = $1', order_id)

    for words in ('flange', 'WELDED', 'scrapped', 'vendor welded flange'):
        assert await whats(lists, q=words) == ['the one'], words
    await psql.execute('SELECT prepare_work_order_texts(NULL)')
    assert await whats(lists, q='vendor flange welded scrapped') == ['the one']


async def test_a_search_finds_what_was_loaded_without_the_triggers_of_an_origin(lists: WorkOrderList, book: Orders,
                                                                                connect: Connect) -> None:
    psql = await connect()
    await psql.execute("SET session_replication_role = replica; "
                       "INSERT INTO work_orders (id, machine_id, issue_description, priority, due_at) "
                       "VALUES ('WO-20261123-00000001', 'Valve_01_01', 'Loaded', 'low', now()); "
                       "INSERT INTO work_order_events (event_id, work_order_id, who, kind, note) "
                       "VALUES (1, 'WO-20261123-00000001', 'Lisa', 'commented', 'by night')")

    assert await whats(lists, q='night loaded') == ['Loaded']


async def test_a_search_follows_a_new_name_of_a_machine_and_of_a_person(lists: WorkOrderList, book: Orders,
                                                                        connect: Connect) -> None:
    await book.add('renamed', assignee=1)
    psql = await connect()
    await psql.execute("UPDATE machines SET machine_name = 'Öfen 1' WHERE machine_name = 'Valve_01_01'; "
                       "UPDATE employees SET last_name = 'Núñez' WHERE id = 1")

    assert await whats(lists, q='ofen nunez') == ['renamed']
    assert await whats(lists, q='valve') == []
    await psql.execute("UPDATE machines SET display_name = 'Brennofen am Tor' WHERE machine_name = 'Öfen 1'")
    assert await whats(lists, q='brennofen') == await whats(lists, q='ofen 1') == ['renamed']
    assert [(row['Machine'], row['Machine on pages']) for row in (await written(lists))[1]] == [
        ('Öfen 1', 'Brennofen am Tor')]


async def test_completed_recently_goes_by_the_day_of_the_plant(database: Database, book: Orders) -> None:
    kiritimati = ZoneInfo('Pacific/Kiritimati')
    midnight = datetime.now(kiritimati).replace(hour=0, minute=0, second=0, microsecond=0)
    hours_today = (midnight - datetime.now(UTC)).total_seconds() / 3600
    await book.add('today', state='completed', ended=hours_today + 0.001)
    await book.add('yesterday', state='completed', ended=hours_today - 0.001)
    await book.add('long ago', state='completed', ended=-24 * 7 - 1)
    await book.add('open')
    lists = WorkOrderList(database, lambda: kiritimati)

    assert await whats(lists, done='today') == ['today']
    assert await whats(lists, done='week') == ['today', 'yesterday']
    assert set(await whats(lists, done='today', state='open')) == {'today', 'open'}
    counts = await lists.counts(OrderFilter())
    assert (counts.completed_today, counts.completed_this_week, counts.completed) == (1, 2, 3)


async def test_completed_recently_does_not_ask_the_clock_of_this_machine(lists: WorkOrderList, book: Orders,
                                                                         wrong_clock: Callable[[str], None]) -> None:
    await book.add('an hour ago', state='completed', ended=-1)
    wrong_clock('floor.orders.work_order_list')

    assert await whats(lists, done='week') == ['an hour ago']
    assert (await lists.counts(OrderFilter())).completed_this_week == 1


# sorted how

async def test_what_presses_most_comes_first(lists: WorkOrderList, book: Orders) -> None:
    await book.add('done long ago', state='completed', ended=-5)
    await book.add('given up just now', state='cancelled', ended=-0.1)
    await book.add('low', priority='low', due=1)
    await book.add('high, later', priority='high', due=5)
    await book.add('high, soon', priority='high', due=2)
    await book.add('critical', priority='critical', due=3)
    await book.add('low, late', priority='low', due=-1)
    await book.add('medium, late', priority='medium', due=-0.5, state='on_hold')
    await book.add('medium, very late', priority='medium', due=-9)

    assert await whats(lists) == ['critical', 'medium, very late', 'low, late', 'medium, late', 'high, soon',
                                  'high, later', 'low', 'given up just now', 'done long ago']


@pytest.mark.parametrize(('sort', 'first', 'last'), [
    ('machine', 'b', 'c'), ('description', 'a', 'c'), ('priority', 'c', 'a'), ('status', 'a', 'c'),
    ('assignee', 'b', 'a'), ('due', 'c', 'b'), ('age', 'b', 'a')])
async def test_every_column_sorts_both_ways(lists: WorkOrderList, book: Orders, sort: str, first: str,
                                            last: str) -> None:
    await book.add('a', machine='Robotic_Arm_01_02', priority='low', state='open', reported=-9, due=2)
    await book.add('b', machine='Painter_03_01', priority='high', state='in_progress', assignee=1, reported=-1, due=3)
    await book.add('c', machine='Valve_01_01', priority='critical', state='on_hold', assignee=2, reported=-5, due=1)
    names = [row['name'] for row in await book._connection.fetch(
        "SELECT first_name || ' ' || last_name AS name FROM employees WHERE id IN (1, 2) ORDER BY id")]
    if sort == 'assignee' and names != sorted(names, key=str.lower):
        first = 'c'

    up, down = await whats(lists, sort=sort), await whats(lists, sort=f'-{sort}')

    assert (up[0], up[-1]) == (first, last)
    if sort == 'assignee':
        assert down == [up[1], up[0], 'a']  # nobody's come last either way
    else:
        assert down == up[::-1]


@pytest.fixture
async def alike(book: Orders) -> set[str]:
    """Their ids."""
    return {await book.add('alike', priority=priority, state=state, reported=-1, due=due)
            for priority in ('high', 'low') for state in WorkOrderStatus for due in (-1, 1, 1)}


@together('sort', ['', *SortKey, *(f'-{key}' for key in SortKey if key is not SortKey.PRESSING)])
async def test_the_pages_hold_every_order_exactly_once(lists: WorkOrderList, alike: set[str], sort: str) -> None:
    seen = []
    for number in range(1, 7):
        page = await lists.page(OrderFilter.from_query({'sort': sort, 'page': str(number), 'per_page': '7'}))
        seen += [order.id for order in page.orders]
        assert page.total == len(alike)

    assert sorted(seen) == sorted(alike)


async def test_names_are_sorted_with_numbers_as_numbers_and_accents_beside_their_letters(lists: WorkOrderList,
                                                                                         book: Orders) -> None:
    for what in 'valve 10', 'Valve 9', 'Émile', 'Zange', 'emil', 'Emilia', 'valve 10a':
        await book.add(what)

    assert await whats(lists, sort='description') == [
        'emil', 'Émile', 'Emilia', 'Valve 9', 'valve 10', 'valve 10a', 'Zange']


async def walked(lists: WorkOrderList, meanwhile: Callable[[int], Awaitable[None]] | None = None, *, back: bool = False,
                 **query: str) -> Any:
    """The ids of all pages, from each to the next by its cursor; meanwhile(number) is awaited between two pages."""
    order_filter = OrderFilter.from_query({'per_page': '4', **query})
    ids = []
    for number in itertools.count():
        page = await lists.page(order_filter)
        ids += [order.id for order in page.orders]
        if page.next is None:
            return ids, order_filter
        if meanwhile:
            await meanwhile(number)
        order_filter = OrderFilter.from_query(order_filter.on_page(number + 2, page.next).to_query())


SORTS = ['', *(key.value for key in SortKey if key is not SortKey.PRESSING),
         *(f'-{key}' for key in SortKey if key is not SortKey.PRESSING)]


@pytest.fixture
async def various(book: Orders) -> None:
    for number in range(23):
        await book.add(f'Émile {number % 5}', machine=('Valve_01_01', 'Painter_03_01')[number % 2],
                       priority=list(Priority)[number % 4], state=list(WorkOrderStatus)[number % 5],
                       assignee=(None, 1, 2)[number % 3], reported=-(number % 7), due=number % 3 - 1,
                       ended=-0.1 - number % 4)


@pytest.mark.usefixtures('various')
@together('sort', SORTS)
async def test_cursors_lead_through_the_same_list_as_page_numbers_there_and_back(
        lists: WorkOrderList, sort: str) -> None:
    whole = [order.id async for order in lists.every(OrderFilter.from_query({'sort': sort}))]

    there, order_filter = await walked(lists, sort=sort)
    back: list[Any] = []
    while True:
        page = await lists.page(order_filter)
        back = [order.id for order in page.orders] + back
        if page.previous is None:
            break
        order_filter = order_filter.on_page(1, page.previous)

    assert there == back == whole


@pytest.mark.parametrize('sort', SORTS)
async def test_nothing_is_skipped_or_comes_twice_while_others_write(lists: WorkOrderList, book: Orders,
                                                                    connect: Connect, sort: str) -> None:
    ids = [await book.add(f'Order {number % 5}', machine=('Valve_01_01', 'Painter_03_01')[number % 2],
                          priority=list(Priority)[number % 4], assignee=(None, 1, 2)[number % 3],
                          reported=-number, due=number % 3 - 1.5) for number in range(24)]
    psql = await connect()

    async def meanwhile(page: int) -> None:
        """Changes orders of all pages, in all that lists are sorted by, so that their places are others."""
        for number in range(page % 3, 24, 3):
            await psql.execute("""UPDATE work_orders SET priority = $2, issue_description = $3, machine_id = $4,
                assignee_id = $5, due_at = now() + $6 * interval '1 hour', timestamp = now() - $6 * interval '1 hour'
                WHERE id = $1""", ids[number], list(Priority)[(number + page) % 4], f'Order {(number + page) % 7}',
                ('Painter_03_01', 'Valve_01_01', 'Sorter_01_01')[(number + page) % 3],
                (1, None, 2)[(number + page) % 3], (number * 7 + page * 5) % 11 - 5)
            status = ('on_hold', 'in_progress', 'open', 'completed')[(number // 3 + page) % 4]
            if await psql.fetchval('SELECT status FROM work_orders WHERE id = $1', ids[number]) == 'completed':
                status = 'open'
            await psql.execute("""UPDATE work_orders SET status = $2, hold_reason = 'parts', cause = 'c',
                action_taken = 'a' WHERE id = $1 AND status <> $2""", ids[number], status)
        await book.add('new', priority='critical', reported=0)

    seen, _ = await walked(lists, meanwhile, sort=sort)

    assert sorted(order_id for order_id in seen if order_id in ids) == sorted(ids)
    assert len(seen) == len(set(seen))


async def test_a_page_of_numbers_alone_skips_what_the_writers_moved(lists: WorkOrderList, book: Orders,
                                                                    connect: Connect) -> None:
    """Why there are cursors: the control to the test above."""
    ids = [await book.add(str(number), reported=-number) for number in range(8)]
    first = await lists.page(OrderFilter.from_query({'sort': 'age', 'per_page': '4', 'state': 'open'}))
    await (await connect()).execute("UPDATE work_orders SET status = 'in_progress' WHERE id = $1", ids[0])
    query = {'sort': 'age', 'per_page': '4', 'state': 'open', 'page': '2'}

    by_number = await lists.page(OrderFilter.from_query(query))
    by_cursor = await lists.page(OrderFilter.from_query({**query, 'cursor': str(first.next)}))

    assert [order.id for order in by_number.orders] == ids[5:]  # the fifth was shown to nobody
    assert [order.id for order in by_cursor.orders] == ids[4:]


@pytest.mark.parametrize(('ahead', 'ago'), [(10**12, '1 minute'), (2, '2 hours')],
                         ids=['of numbers far ahead', 'of numbers that come up now'])
async def test_what_another_server_kept_of_its_transactions_moves_no_page_of_a_restored_one(
        lists: WorkOrderList, book: Orders, connect: Connect, ahead: int, ago: str) -> None:
    """A restored database has its rows, and numbers its own transactions from the beginning."""
    ids = [await book.add(f'Order {number}', reported=-number) for number in range(6)]
    await (await connect()).execute("""
        INSERT INTO work_order_sort_history (xid, replaced_at, work_order_id, machine_key, description_key, priority,
                                             status, due_at, reported_at)
        SELECT (pg_snapshot_xmax(pg_current_snapshot())::text::bigint + $1::bigint)::text::xid8,
               now() - $2::text::interval, id, '', '', 'low', 'open', due_at, now() - interval '1 year'
        FROM work_orders WHERE id = $3""", ahead, ago, ids[4])

    async def meanwhile(_page: int) -> None:
        for _ in range(3):
            await book.add('new', reported=0)

    seen, _ = await walked(lists, meanwhile, sort='age')

    assert seen == ids


@pytest.mark.parametrize('text', ['', 'x', '!!!', 'YX5XTw', 'é', 'a' * 9000])
def test_what_is_no_cursor_is_known_as_none(text: str) -> None:
    with pytest.raises(ValueError, match='cursor'):
        OrderCursor.parse(text)


@given(st.from_regex(r'WO-[0-9]{8}-[0-9a-z]{4,32}', fullmatch=True),
       st.datetimes(datetime(1970, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC)),
       st.sampled_from(['1:1:', '700:750:701,740', '9223372036854775807:9223372036854775807:']), st.booleans())
def test_a_cursor_comes_through_an_address_as_it_was(order_id: str, at: Any, snapshot: Any, back: bool) -> None:
    cursor = OrderCursor(order_id, at, snapshot, back)

    assert OrderCursor.parse(str(cursor)) == cursor


@pytest.mark.parametrize('snapshot', ['0:0:', '5:4:', '5:9:4', '5:9:9', '5:9:7,6', '5:9:6,6', f'{2**63}:{2**63}:'])
def test_a_cursor_that_postgresql_would_refuse_is_refused_before(snapshot: Any) -> None:
    with pytest.raises(ValueError, match='cursor'):
        OrderCursor.parse(str(OrderCursor('WO-20261123-0000', datetime(2026, 1, 1, tzinfo=UTC), snapshot)))


async def test_what_lists_were_sorted_by_is_kept_for_a_day(book: Orders, connect: Connect) -> None:
    psql = await connect()
    await psql.execute("UPDATE work_orders SET priority = 'high' WHERE id = $1", await book.add('old'))
    await psql.execute("UPDATE work_order_sort_history SET replaced_at = now() - interval '25 hours'")

    await psql.execute("UPDATE work_orders SET priority = 'high' WHERE id = $1", await book.add('new'))

    assert await psql.fetchval('SELECT array_agg(description_key) FROM work_order_sort_history') == ['new']


# how many

async def test_counts_are_those_of_the_whole_filter_but_for_its_states(lists: WorkOrderList, book: Orders) -> None:
    for state, count in {'open': 3, 'in_progress': 2, 'on_hold': 1, 'completed': 4, 'cancelled': 1}.items():
        for number in range(count):
            await book.add(state=state, due=-1 if number == 0 else 1)
    await book.add(machine='Painter_03_01')

    page = await lists.page(OrderFilter.from_query({'machine': 'Valve_01_01', 'state': 'open', 'overdue': '1'}))

    counts = page.counts
    assert [counts.of(state) for state in WorkOrderStatus] == [3, 2, 1, 4, 1]
    assert (counts.overdue, counts.all) == (3, 11)
    assert page.total == len(page.orders) == 1


async def test_midnight_is_computed_once_and_not_for_each_order(database: Database, book: Orders) -> None:
    sql = database.queries.work_order_counts.sql  # type: ignore[attr-defined]
    async with database.acquire() as connection:
        rows = await connection.fetch(f'EXPLAIN (VERBOSE) {sql}', 'UTC', None, None, None, False, None, None, None)

    per_order = [row[0] for row in rows if 'FILTER' in row[0]]
    assert per_order
    assert not [line for line in per_order if 'date_trunc' in line or 'now()' in line]


@given(st.sampled_from(['', 'open', 'open,on_hold', 'completed', 'cancelled,completed']), st.sampled_from(['', '1']),
       st.sampled_from(['', 'today', 'week']))
def test_a_total_is_what_the_counts_say(state: str, overdue: str, done: str) -> None:
    """Against the rows themselves, without a database: the arithmetic of unions."""
    rows = list(itertools.product(WorkOrderStatus, (False, True), ('today', 'week', 'older')))
    order_filter = OrderFilter.from_query({'state': state, 'overdue': overdue, 'done': done})

    def shows(each: WorkOrderStatus, late: bool, age: str) -> bool:
        in_state = not (order_filter.statuses or order_filter.done) or each in order_filter.statuses or (
            each is WorkOrderStatus.COMPLETED and (age == 'today' or (age == 'week' and order_filter.done is Done.WEEK))
            and order_filter.done is not None)
        return in_state and (not order_filter.overdue or (late and each.is_active))

    counts = counted(rows)
    assert counts.total(order_filter) == sum(shows(*row) for row in rows)


def counted(rows: list[tuple[WorkOrderStatus, bool, str]]) -> OrderCounts:
    completed = [age for each, _, age in rows if each is WorkOrderStatus.COMPLETED]
    late = {state: sum(is_late for each, is_late, _ in rows if each is state) if state.is_active else 0
            for state in WorkOrderStatus}
    return OrderCounts(**{state.value: sum(each is state for each, *_ in rows) for state in WorkOrderStatus},
                       overdue=sum(late.values()), completed_today=completed.count('today'),
                       completed_this_week=completed.count('today') + completed.count('week'), overdue_by_status=late)


async def test_an_order_holds_all_that_the_database_knows_of_it(lists: WorkOrderList, book: Orders) -> None:
    order_id = await book.add('Oil leak', priority='critical', state='on_hold', assignee=1)

    order, = (await lists.page(OrderFilter())).orders

    assert (order.id, order.machine, order.description, order.priority, order.status, order.hold_reason) == \
        (order_id, 'Valve_01_01', 'Oil leak', Priority.CRITICAL, WorkOrderStatus.ON_HOLD, 'parts')
    assert order.machine_status is not None
    assert order.assignee_id == 1
    assert order.version == 1


async def test_who_has_left_and_has_orders_can_still_be_asked_for(lists: WorkOrderList, book: Orders,
                                                                  connect: Connect) -> None:
    await book.add(assignee=3)
    await (await connect()).execute('UPDATE employees SET active = false WHERE id IN (3, 4)')

    assert await lists.former_assignees() == {3}


# one question for many

class CountingDatabase(Database):
    """Knows how often it was asked."""

    asked = 0

    def acquire(self) -> Any:
        self.asked += 1
        return super().acquire()


@pytest.fixture
async def counting(settings: Settings) -> AsyncIterator[CountingDatabase]:
    database = CountingDatabase(settings.database_url, settings)
    yield database
    await database.close()


async def test_a_hundred_browsers_with_the_same_filter_ask_once(counting: CountingDatabase, book: Orders) -> None:
    await book.add()
    lists = WorkOrderList(counting, lambda: DETROIT)

    pages = await asyncio.gather(*(lists.page(OrderFilter(), revision=7) for _ in range(100)))

    assert counting.asked == 2  # the orders and the counts
    assert all(page is pages[0] for page in pages)
    assert len(pages[0].orders) == 1


async def test_another_revision_and_another_filter_are_other_questions(counting: CountingDatabase,
                                                                       book: Orders) -> None:
    lists = WorkOrderList(counting, lambda: DETROIT)
    before = await lists.page(OrderFilter(), revision=7)
    await book.add()

    assert (await lists.page(OrderFilter(), revision=7)).total == 0
    assert (await lists.page(OrderFilter(), revision=8)).total == 1
    assert (await lists.page(OrderFilter(machine='Painter_03_01'), revision=8)).total == 0
    assert (await lists.page(OrderFilter())).total == 1  # who names no revision asks again
    assert before.total == 0


async def test_another_page_of_the_same_filter_does_not_count_again(counting: CountingDatabase, book: Orders) -> None:
    lists = WorkOrderList(counting, lambda: DETROIT)
    await lists.page(OrderFilter(), revision=7)
    asked = counting.asked

    await lists.page(OrderFilter(sort=SortKey.DUE, page=2), revision=7)

    assert counting.asked == asked + 1


async def test_who_leaves_does_not_take_the_answer_from_the_others(lists: WorkOrderList, book: Orders) -> None:
    await book.add()
    hasty = asyncio.ensure_future(lists.page(OrderFilter(), revision=7))
    patient = asyncio.ensure_future(lists.page(OrderFilter(), revision=7))
    await asyncio.sleep(0)
    hasty.cancel()

    assert (await patient).total == 1


async def test_a_failure_reaches_all_and_is_not_kept(lists: WorkOrderList, book: Orders, connect: Connect) -> None:
    admin = await connect()
    await admin.execute('ALTER TABLE work_orders RENAME TO away')
    answers = await asyncio.gather(*(lists.page(OrderFilter(), revision=7) for _ in range(3)), return_exceptions=True)
    await admin.execute('ALTER TABLE away RENAME TO work_orders')

    assert [type(answer) for answer in answers] == [DatabaseUnavailableError] * 3
    assert (await lists.page(OrderFilter(), revision=7)).total == 0


# the file for Excel

async def written(lists: WorkOrderList, **query: str) -> tuple[str, list[dict[str, str]]]:
    text = ''.join([piece async for piece in lists.csv(OrderFilter.from_query(query))])
    assert text.startswith(EXCEL_MARK)
    return text, list(csv.DictReader(io.StringIO(text.removeprefix(EXCEL_MARK), newline='')))


async def test_the_file_holds_all_pages_of_the_filter_in_its_order(lists: WorkOrderList, book: Orders) -> None:
    for number in range(120):
        await book.add(f'number {number:03}')
    await book.add('of another machine', machine='Painter_03_01')

    text, rows = await written(lists, machine='Valve_01_01', sort='-description', page='2', per_page='10')

    assert [row['Description'] for row in rows] == [f'number {number:03}' for number in reversed(range(120))]
    assert text.count('\r\n') == 121
    assert '\n' not in text.replace('\r\n', '')


async def test_texts_come_back_as_they_were(lists: WorkOrderList, book: Orders) -> None:
    hostile = 'reads "no", then;\nleft\r\n機器🔧 <script>'
    await book.add(hostile)

    _, (row,) = await written(lists)

    assert row['Description'] == hostile


@pytest.mark.parametrize('text', ['- bearing noisy', '- bearing noisy\n- oil low', '+ oil refilled'])
async def test_a_line_of_a_list_is_no_formula(lists: WorkOrderList, book: Orders, text: str) -> None:
    await book.add(text)

    _, (row,) = await written(lists)

    assert row['Description'] == text


@pytest.mark.parametrize('formula', ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', ' =1', '\n=1', '＝1', '="a",b'])
async def test_no_text_is_a_formula(lists: WorkOrderList, book: Orders, formula: str) -> None:
    await book.add(formula + ' x')

    _, (row,) = await written(lists)

    assert row['Description'] == f"'{formula} x"


async def test_times_are_those_of_the_plant(lists: WorkOrderList, book: Orders, connect: Connect) -> None:
    order_id = await book.add()
    await (await connect()).execute("UPDATE work_orders SET due_at = '2026-07-01 03:30:09Z' WHERE id = $1", order_id)

    _, (row,) = await written(lists)

    assert (row['Due'], row['Time zone']) == ('2026-06-30 23:30:09-04:00', 'America/Detroit')
    assert row['Completed'] == ''
    assert row['Status'] == 'Open'


async def test_an_empty_list_is_a_file_with_a_head(lists: WorkOrderList) -> None:
    text, rows = await written(lists)

    assert rows == []
    assert text.startswith(f'{EXCEL_MARK}Id,Machine,Description,Priority,Status,Assignee,Due,')


async def test_a_file_that_cannot_be_read_says_so_before_its_first_piece(lists: WorkOrderList,
                                                                         connect: Connect) -> None:
    await (await connect()).execute('ALTER TABLE work_orders RENAME TO away')

    with pytest.raises(DatabaseUnavailableError):
        await anext(lists.csv(OrderFilter()))
