"""The page of work orders: what a browser holds of the list and the board, and what it asks the database for."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from nicegui import app
from nicegui.testing import User
from ui.harness import Floor, OpenPage, Screen, Switchboard

from floor.core.errors import DatabaseUnavailableError, InvalidInputError, NotAllowedError, QueryError
from floor.core.machines import MachineName
from floor.core.names import name_key
from floor.core.orders import AllowedTransition, OrderId, Priority, WorkOrder, WorkOrderStatus
from floor.core.people import Role
from floor.orders.order_cursor import OrderCursor
from floor.orders.order_filter import Done, OrderFilter, SortKey
from floor.orders.order_pages import OrderCounts, OrderPage
from floor.web.api.problems import answer_problems
from floor.web.orders import board, reader, work_orders_page
from floor.web.orders.transitions import OrderTransitions

NOW = datetime(2026, 11, 23, 10, 42, 7, tzinfo=UTC)  # of the floor of these tests
HOSTILE = '<img src=x onerror="alert(1)"> {{ 7*7 }} ${x} \' :onclick=alert(1)'


def work_order(number: int, state: str = 'open', *, priority: str = 'high', machine: str = 'Valve_01_01',
               what: str = 'Oil leak', due: float = 1.0, reported: float = -2.0, version: int = 1,
               changed: float = -60.0, assignee: str | None = None, assignee_id: int | None = None) -> WorkOrder:
    """An order; due, reported and changed in hours from now."""
    def at(hours: float) -> datetime:
        return NOW + timedelta(hours=hours)
    ended = at(-0.5)
    return WorkOrder(
        id=OrderId(f'WO-20261123-{number:08x}'), machine=MachineName(machine), description=what,
        priority=Priority(priority), status=WorkOrderStatus(state), reporter_name='Lisa Garcia',
        reporter_email=None, assignee_id=assignee_id, assignee=assignee, source='person',
        machine_status=None, machine_reason=None, stop_since=None,
        recovered_at=None, reported_at=at(reported), created_at=at(reported), due_at=at(due), acknowledged_at=None,
        started_at=None, completed_at=ended if state == 'completed' else None, cancelled_at=None,
        hold_reason=None, cause=None, action_taken=None, cancel_reason=None, updated_at=at(changed), version=version)


class Orders:
    """The orders that the database would find: by state and machine, in the order in which they were put."""

    def __init__(self, shop_floor: Floor) -> None:
        self.found: list[WorkOrder] = []
        self.total: int | None = None
        self.problem: Exception | None = None
        shop_floor.order_list.answers |= {'page': self.page, 'counts': self.counts, 'former_assignees': frozenset(),
                                          'checked': self.checked}
        shop_floor.orders.answers['transitions'] = {
            WorkOrderStatus.OPEN: (
                AllowedTransition(WorkOrderStatus.OPEN, WorkOrderStatus.IN_PROGRESS, Role.TECHNICIAN, None),
                AllowedTransition(WorkOrderStatus.OPEN, WorkOrderStatus.CANCELLED, Role.SUPERVISOR, None))}
        shop_floor.orders.answers['transition'] = None
        self._list = shop_floor.order_list
        work_orders_page.register(shop_floor.services)

    def put(self, number: int, state: str = 'open', **fields: Any) -> WorkOrder:
        order = work_order(number, state, **fields)
        self.found = [each for each in self.found if each.id != order.id] + [order]
        return order

    def checked(self, order_filter: OrderFilter) -> OrderFilter:
        if order_filter.machine == 'Valve_1':
            raise QueryError({'machine': 'There is no machine Valve_1. Did you mean Valve_01_01?'},
                             replace(order_filter, machine=None))
        return order_filter

    def page(self, order_filter: OrderFilter, revision: int | None = None) -> OrderPage:
        if self.problem is not None:
            raise self.problem
        states = order_filter.statuses | ({WorkOrderStatus.COMPLETED} if order_filter.done else frozenset())
        found = [order for order in self.found if order.status in (states or set(WorkOrderStatus))
                 and order_filter.machine in (None, order.machine) and order_filter.text in order.description]
        first = (order_filter.page - 1) * order_filter.per_page
        counts = self.counts(order_filter)
        total = len(found) if self.total is None else self.total
        shown = found[first:first + order_filter.per_page]
        return OrderPage(tuple(shown), total, counts,
                         OrderCursor(shown[-1].id, NOW, '1:1:') if shown and first + len(shown) < total else None,
                         OrderCursor(shown[0].id, NOW, '1:1:', back=True) if shown and first else None)

    def counts(self, order_filter: OrderFilter, revision: int | None = None) -> OrderCounts:
        if self.problem is not None:
            raise self.problem
        by_status: dict[str, Any] = {
            state.value: sum(order.status is state for order in self.found) for state in WorkOrderStatus}
        return OrderCounts(
            **by_status,
            overdue=sum(order.is_overdue(NOW) for order in self.found), completed_today=4,
            completed_this_week=sum(order.status is WorkOrderStatus.COMPLETED for order in self.found))

    @property
    def asked(self) -> list[OrderFilter]:
        """The filters of the pages that were asked for."""
        return [arguments[0] for name, arguments, _ in self._list.asked if name == 'page']


@pytest.fixture
def book(shop_floor: Floor) -> Orders:
    return Orders(shop_floor)


@pytest.fixture
def see(open_page: OpenPage, switchboard: Switchboard) -> OpenPage:
    """Open /work-orders, and wait for what it shows."""
    async def see(query: str = '', *, has: str = 'q-table') -> Screen:
        screen = await open_page(f'/work-orders{query}')
        await screen.until(lambda: [e for e in screen.all() if has in (e['tag'], *e.get('class', ()))])
        return screen
    return see


def rows(screen: Screen) -> list[dict[str, Any]]:
    table, = (element for element in screen.all() if element['tag'] == 'q-table')
    return table['props']['rows']


def chip(screen: Screen, word: str) -> dict[str, Any]:
    found, = (e for e in screen.of_class('chip') if e.get('text', '').rstrip('0123456789, ') == word)
    return found


def head(screen: Screen, column: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The head of a column, and the button in it that sorts."""
    table, = (element for element in screen.all() if element['tag'] == 'q-table')
    row = screen.elements[table['slots']['header']['ids'][0]]
    found, = (e for e in map(screen.elements.__getitem__, row['children']) if e['props']['data-column'] == column)
    return found, screen.elements[found['children'][0]]


def fire(screen: Screen, element: dict[str, Any], type_: str) -> None:
    """As a browser does when something happens to an element."""
    id_, = (id_ for id_, known in screen.elements.items() if known is element)
    for event in element['events']:
        if event['type'] == type_:
            screen.client.handle_event({'id': id_, 'listener_id': event['listener_id'], 'args': [json.dumps(None)]})


def search_for(screen: Screen, text: str) -> None:
    """Somebody has typed this, and paused."""
    field, = screen.of_class('chip-search')
    id_, = (id_ for id_, known in screen.elements.items() if known is field)
    for event in field['events']:
        if event['type'] == 'update:value':
            screen.client.handle_event({'id': id_, 'listener_id': event['listener_id'], 'args': [json.dumps(text)]})


def addresses(switchboard: Switchboard, *functions: str) -> list[str]:
    """What the page put into the address bar, oldest first: as new entries of the history, and in their place."""
    codes = [data['code'] for event, data, _ in switchboard.emitted if event == 'run_javascript']
    calls = [re.fullmatch(r'history\.(pushState|replaceState)\({}, "", (.*)\);', code) for code in codes]
    return [json.loads(call[2]) for call in calls if call and call[1] in (functions or ('pushState', 'replaceState'))]


# the list

async def test_a_row_says_what_where_how_pressing_who_and_when(book: Orders, see: OpenPage) -> None:
    book.put(0x3f2a91bc, 'in_progress', priority='critical', machine='Injection_Molder_02_02', assignee='Lisa Garcia',
             due=0.305, reported=-0.24)
    screen = await see()

    row, = rows(screen)

    shown = {'machine': 'Injection Molder 02·02', 'short': '3f2a91bc', 'description': 'Oil leak',
             'priority': 'critical', 'status': 'In progress', 'assignee': 'Lisa Garcia', 'due': 'due in 18 min',
             'age': '14 min'}
    assert {name: row[name] for name in shown} == shown
    assert row['href'] == '/work-orders/WO-20261123-3f2a91bc'


async def test_what_is_overdue_is_marked_and_counted(book: Orders, see: OpenPage) -> None:
    book.put(1, due=-2.1)
    book.put(2)
    screen = await see()

    assert [(row['due'], row['overdue']) for row in rows(screen)] == [('overdue 2 h', 'true'), ('due in 1 h', 'false')]
    assert chip(screen, 'Overdue')['text'] == 'Overdue 1'


async def test_what_people_typed_is_data_and_no_expression_of_the_page(book: Orders, see: OpenPage) -> None:
    book.put(1, what=HOSTILE, machine=HOSTILE, assignee=HOSTILE)
    screen = await see()

    assert rows(screen)[0]['description'] == HOSTILE
    expressions = {value for element in screen.elements.values() for name, value in element.get('props', {}).items()
                   if name.startswith(':')}
    assert expressions
    assert all(value == 'undefined' or value.removeprefix('props.row.').isidentifier() for value in expressions)
    templates = [slot.get('template') for element in screen.elements.values()
                 for slot in element.get('slots', {}).values()]
    assert HOSTILE not in ''.join(filter(None, templates))


async def test_an_order_that_changed_just_now_is_marked_differently_each_time(book: Orders, see: OpenPage) -> None:
    book.put(1, changed=-0.001, version=4)
    book.put(2, changed=-0.001, version=5)
    book.put(3, changed=-1, version=6)
    screen = await see()

    assert [row['changed'] for row in rows(screen)] == ['even', 'odd', '']


async def test_chips_count_each_state(book: Orders, see: OpenPage) -> None:
    for number, state in enumerate(['open', 'open', 'in_progress', 'on_hold', 'completed', 'cancelled']):
        book.put(number, state)
    screen = await see()

    assert [e['text'] for e in screen.of_class('chip') if 'aria-pressed' in e['props']] == [
        'Open 2', 'In progress 1', 'On hold 1', 'Overdue 0', 'Completed today 4', 'Completed 1', 'Cancelled 1']


# the filter and the address

async def test_the_page_shows_what_its_address_asks_for(shop_floor: Floor, book: Orders, see: OpenPage) -> None:
    lisa = shop_floor.hire('Lisa', 'Garcia')
    shop_floor.publish()
    book.put(1)
    screen = await see(f'?state=open,on_hold&priority=high&machine=Valve_01_01&assignee={lisa.id}&q=leak&sort=-due')

    assert book.asked[-1] == OrderFilter(
        statuses=frozenset({WorkOrderStatus.OPEN, WorkOrderStatus.ON_HOLD}), priorities=frozenset({Priority.HIGH}),
        machine='Valve_01_01', assignee=lisa.id, text='leak', sort=SortKey.DUE, descending=True)
    pressed = [e['text'] for e in screen.of_class('chip') if e['props'].get('aria-pressed') == 'true']
    assert pressed == ['Open 1', 'On hold 0']
    assert {e['props']['aria-label'] for e in screen.all(data_set='true')} == {'Priority', 'Machine', 'Assignee'}
    assert head(screen, 'due')[0]['props']['aria-sort'] == 'descending'


@pytest.mark.parametrize(('query', 'sentence'), [
    ('?status=closed', 'Cannot understand status=closed: use open, in_progress, on_hold, completed or cancelled.'),
    ('?stauts=open', 'There is no parameter stauts. Did you mean status?'),
    ('?view=grid', 'Cannot understand view=grid: use table or board.'),
    ('?page=first', 'Cannot understand page=first: use a number from 1 to 1,000,000.'),
    ('?machine=Valve_1', 'There is no machine Valve_1. Did you mean Valve_01_01?'),
    ('?view=board&priority=urgent', 'Cannot understand priority=urgent: use critical, high, medium or low.')])
async def test_an_address_that_is_not_understood_says_so_and_shows_no_orders(book: Orders, see: OpenPage, query: str,
                                                                             sentence: str) -> None:
    book.put(1)
    screen = await see(query, has='problem')

    alert, = (e for e in screen.of_class('problem') if e['props'].get('role') == 'alert' and e.get('text'))
    assert alert['text'] == sentence
    assert not book.asked
    assert 'No work orders are shown.' in screen.texts
    assert 'CSV' not in screen.texts  # of what is not shown there is no file

    clear, = screen.all(label='Clear filters')
    screen.click(clear)

    await screen.until(lambda: sentence not in screen.texts and book.asked)


async def test_an_address_that_is_not_understood_can_be_fixed_with_a_chip(book: Orders, see: OpenPage,
                                                                          switchboard: Switchboard) -> None:
    book.put(1)
    screen = await see('?status=closed&q=leak', has='problem')

    screen.click(chip(screen, 'Open'))

    await screen.until(lambda: book.asked and book.asked[-1].statuses == {WorkOrderStatus.OPEN})
    await screen.until(lambda: addresses(switchboard) == ['/work-orders?status=open&q=leak'])


def go_back_to(screen: Screen, path: str) -> None:
    """As NiceGUI's script says that the browser went back or forward."""
    screen.client.handle_event({'id': screen.client.layout.id, 'args': [json.dumps(path)], 'listener_id': next(
        id_ for id_, listener in screen.client.layout._event_listeners.items() if listener.type == 'sub_pages_open')})


async def test_a_search_leaves_out_what_no_database_can_hold(book: Orders, see: OpenPage,
                                                             switchboard: Switchboard) -> None:
    book.put(1)
    screen = await see()

    search_for(screen, 'le\0ak oil')

    await screen.until(lambda: addresses(switchboard) == ['/work-orders?q=leak+oil'])
    await screen.until(lambda: book.asked[-1] == OrderFilter(text='leak oil'))


async def test_each_choice_is_one_entry_of_the_history_but_not_each_letter(book: Orders, see: OpenPage,
                                                                           switchboard: Switchboard) -> None:
    book.put(1)
    screen = await see()

    screen.click(chip(screen, 'Open'))
    for text in 'l', 'le', 'leak':
        search_for(screen, text)
        await screen.until(lambda text=text: book.asked[-1].text == text)
    screen.click(chip(screen, 'Overdue'))

    await screen.until(lambda: book.asked[-1].overdue)
    await screen.until(lambda: addresses(switchboard, 'pushState') == [
        '/work-orders?status=open', '/work-orders?status=open&q=l', '/work-orders?status=open&overdue=1&q=leak'])
    assert addresses(switchboard, 'replaceState') == [
        '/work-orders?status=open&q=le', '/work-orders?status=open&q=leak']


async def test_back_shows_what_the_entry_asks_for_without_a_new_one(book: Orders, see: OpenPage,
                                                                    switchboard: Switchboard) -> None:
    book.put(1)
    screen = await see('?q=leak')
    screen.click(chip(screen, 'Open'))
    await screen.until(lambda: addresses(switchboard) == ['/work-orders?status=open&q=leak'])

    go_back_to(screen, '/work-orders?q=leak')

    await screen.until(lambda: book.asked[-1] == OrderFilter(text='leak'))
    await screen.until(lambda: chip(screen, 'Open')['props']['aria-pressed'] == 'false')
    assert addresses(switchboard) == ['/work-orders?status=open&q=leak']


async def test_a_machine_that_is_renamed_is_followed_by_an_open_list(book: Orders, shop_floor: Floor, see: OpenPage,
                                                                     switchboard: Switchboard) -> None:
    screen = await see('?machine=Valve_01_01')
    record = shop_floor.records.pop('Valve_01_01')
    shop_floor.records['Main'] = replace(record, name=MachineName('Main'), former_names=('Valve_01_01',))
    shop_floor.publish()
    await screen.until(lambda: book.asked[-1:] == [OrderFilter(machine='Main')])
    await screen.until(lambda: addresses(switchboard, 'replaceState')[-1:] == ['/work-orders?machine=Main'])


async def test_a_page_after_the_last_one_gets_no_its_own_entry(book: Orders, see: OpenPage,
                                                                  switchboard: Switchboard) -> None:
    for number in range(60):
        book.put(number)
    screen = await see('?page=9')

    await screen.until(lambda: 'Showing 51 to 60 of 60' in screen.texts)
    assert addresses(switchboard, 'pushState') == []


async def test_a_pressed_chip_filters_at_once_and_is_in_every_address(book: Orders, see: OpenPage,
                                                                      switchboard: Switchboard) -> None:
    book.put(1, 'open')
    book.put(2, 'on_hold')
    screen = await see('?q=leak&page=1')

    screen.click(chip(screen, 'On hold'))

    await screen.until(lambda: [row['id'] for row in rows(screen)] == ['WO-20261123-00000002'])
    await screen.until(lambda: addresses(switchboard)[-1:] == ['/work-orders?status=on_hold&q=leak'])
    hrefs = {e['text']: e['props']['href'] for e in screen.of_class('chip') if 'href' in e['props']}
    assert hrefs == {'Board': '/work-orders?status=on_hold&q=leak&view=board',
                     'Table': '/work-orders?status=on_hold&q=leak',
                     'CSV': '/work-orders.csv?status=on_hold&q=leak'}

    screen.click(chip(screen, 'On hold'))

    await screen.until(lambda: len(rows(screen)) == 2)
    await screen.until(lambda: addresses(switchboard)[-1:] == ['/work-orders?q=leak'])


async def test_overdue_and_completed_today_are_chips_too(book: Orders, see: OpenPage) -> None:
    book.put(1)
    screen = await see()

    screen.click(chip(screen, 'Overdue'))
    await screen.until(lambda: book.asked[-1] == OrderFilter(overdue=True))
    screen.click(chip(screen, 'Completed today'))
    await screen.until(lambda: book.asked[-1] == OrderFilter(overdue=True, done=Done.TODAY))


async def test_a_head_sorts_up_then_down_then_not(book: Orders, see: OpenPage) -> None:
    book.put(1)
    screen = await see('?page=1')

    for asked, direction in [(OrderFilter(sort=SortKey.MACHINE), 'ascending'),
                             (OrderFilter(sort=SortKey.MACHINE, descending=True), 'descending'),
                             (OrderFilter(), 'none')]:
        screen.click(head(screen, 'machine')[1])
        await screen.until(lambda asked=asked: book.asked[-1] == asked)
        await screen.until(lambda direction=direction: head(screen, 'machine')[0]['props']['aria-sort'] == direction)


async def test_pages_are_turned_and_say_where_they_are(book: Orders, see: OpenPage, switchboard: Switchboard) -> None:
    for number in range(120):
        book.put(number)
    screen = await see('?state=open')
    assert 'Showing 1 to 50 of 120' in screen.texts
    assert chip(screen, 'Previous')['props']['disabled'] is True

    screen.click(chip(screen, 'Next'))
    await screen.until(lambda: 'Showing 51 to 100 of 120' in screen.texts)
    screen.click(chip(screen, 'Next'))
    await screen.until(lambda: 'Showing 101 to 120 of 120' in screen.texts)

    after = OrderCursor(book.found[99].id, NOW, '1:1:')
    assert book.asked[-1] == OrderFilter(statuses=frozenset({WorkOrderStatus.OPEN}), page=3, cursor=after)
    await screen.until(lambda: addresses(switchboard)[-1:] == [f'/work-orders?status=open&page=3&cursor={after}'])
    assert chip(screen, 'Next')['props']['disabled'] is True
    screen.click(chip(screen, 'Previous'))
    await screen.until(lambda: 'Showing 51 to 100 of 120' in screen.texts)
    assert book.asked[-1].cursor == OrderCursor(book.found[100].id, NOW, '1:1:', back=True)
    screen.click(chip(screen, 'Previous'))
    await screen.until(lambda: book.asked[-1] == OrderFilter(statuses=frozenset({WorkOrderStatus.OPEN})))
    screen.click(chip(screen, 'Next'))
    await screen.until(lambda: 'Showing 51 to 100 of 120' in screen.texts)
    screen.click(chip(screen, 'In progress'))
    await screen.until(lambda: (book.asked[-1].page, book.asked[-1].cursor) == (1, None))


async def test_a_page_after_the_last_one_shows_the_last_one(book: Orders, see: OpenPage,
                                                            switchboard: Switchboard) -> None:
    for number in range(60):
        book.put(number)
    screen = await see('?page=9')

    await screen.until(lambda: 'Showing 51 to 60 of 60' in screen.texts)
    await screen.until(lambda: addresses(switchboard) == ['/work-orders?page=2'])


async def test_people_and_machines_are_offered_by_name(shop_floor: Floor, book: Orders, see: OpenPage) -> None:
    for first, last in ('Zoë', 'Öst'), ('Max', 'Zange'), ('anna', 'öst'), ('Max', 'Ost 10'), ('Max', 'ost 2'):
        shop_floor.hire(first, last)
    shop_floor.publish()
    book.put(1)
    screen = await see()

    def offered(label: str) -> list[str]:
        select, = (e for e in screen.of_class('chip-select') if e['props']['aria-label'] == label)
        return [option['label'] for option in select['props']['options']]

    await screen.until(lambda: offered('Assignee') == ['Unassigned', 'anna öst', 'Zoë Öst', 'Max ost 2', 'Max Ost 10',
                                                       'Max Zange'])
    assert len(offered('Machine')) > 1
    assert offered('Machine') == sorted(offered('Machine'), key=name_key)


async def test_who_has_left_can_be_asked_for_as_long_as_they_have_orders(shop_floor: Floor, book: Orders,
                                                                         see: OpenPage) -> None:
    shop_floor.hire('Lisa', 'Garcia')
    gone = shop_floor.hire('Kevin', 'Taylor', active=False)
    shop_floor.hire('Nobody', 'Knows', active=False)
    shop_floor.publish()
    shop_floor.order_list.answers['former_assignees'] = frozenset({gone.id})
    book.put(1)
    screen = await see()

    select, = (e for e in screen.of_class('chip-select') if e['props']['aria-label'] == 'Assignee')
    assert [option['label'] for option in select['props']['options']] == [
        'Unassigned', 'Lisa Garcia', 'Kevin Taylor (inactive)']


# live

async def test_a_new_order_is_shown_without_a_question_of_the_person(shop_floor: Floor, book: Orders,
                                                                     see: OpenPage) -> None:
    book.put(1)
    screen = await see()

    book.put(2, what='Brand new')
    shop_floor.order(2, description='Brand new')

    await screen.until(lambda: [row['description'] for row in rows(screen)] == ['Oil leak', 'Brand new'])
    assert chip(screen, 'Open')['text'] == 'Open 2'


async def test_a_burst_of_changes_is_read_a_few_times_and_its_end_is_shown(
        shop_floor: Floor, book: Orders, see: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, 'MIN_INTERVAL_S', 0.05)
    screen = await see()
    asked = len(book.asked)

    for number in range(40):
        book.put(number)
        shop_floor.order(number)
        await asyncio.sleep(0)

    await screen.until(lambda: len(rows(screen)) == 40)
    assert len(book.asked) - asked <= 3


@pytest.mark.parametrize(('query', 'machine', 'reads'), [
    ('?machine=Valve_01_01', 'Painter_02_01', False), ('?machine=Valve_01_01', 'Valve_01_01', True),
    ('?priority=low', 'Valve_01_01', False), ('?priority=high', 'Valve_01_01', True),
    ('?assignee=1', 'Valve_01_01', False), ('?assignee=none', 'Valve_01_01', True), ('?q=x', 'Valve_01_01', True)])
def test_a_change_of_what_is_not_shown_is_not_read(shop_floor: Floor, query: str, machine: str, reads: bool) -> None:
    order_filter = OrderFilter.from_query(dict([query.removeprefix('?').split('=')]))
    changes: list[Any] = []
    shop_floor.store.subscribe(lambda difference: changes.extend(difference.orders))

    shop_floor.order(1, machine=machine, priority='high')
    shop_floor.order(1, machine=machine, priority='high')

    assert [work_orders_page.concerns(order_filter, change.before, change.after) for change in changes][1] is reads


async def test_thousands_of_changes_are_not_looked_at_one_by_one_on_each_page(
        shop_floor: Floor, book: Orders, see: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = []
    monkeypatch.setattr(work_orders_page, 'concerns', lambda *change: looked_at.append(change))
    screen = await see('?machine=Valve_01_01', has='empty-title')
    asked = len(book.asked)

    for number in range(1000):
        shop_floor.order(number, 'Painter_02_01', announced=False)
    shop_floor.publish()

    await screen.until(lambda: len(book.asked) > asked)
    assert looked_at == []


async def test_due_times_move_on_although_nothing_happens(shop_floor: Floor, book: Orders, see: OpenPage,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, 'MINUTE_MS', 50)
    monkeypatch.setattr(reader, 'MIN_INTERVAL_S', 0.01)
    book.put(1, due=0.01)
    screen = await see()
    assert rows(screen)[0]['overdue'] == 'false'

    shop_floor.clock.pass_by(60)

    await screen.until(lambda: rows(screen)[0]['overdue'] == 'true')


@pytest.mark.parametrize('problem', [DatabaseUnavailableError('the database does not answer: refused'),
                                     ZeroDivisionError('a fault of this program')])
async def test_without_the_database_the_page_says_so_keeps_its_rows_and_comes_back(
        shop_floor: Floor, book: Orders, see: OpenPage, monkeypatch: pytest.MonkeyPatch, *,
        caplog: pytest.LogCaptureFixture, problem: Exception) -> None:
    monkeypatch.setattr(reader, 'RETRY_S', 0.02)
    book.put(1)
    screen = await see()
    book.problem = problem

    shop_floor.order(1)

    await screen.until(lambda: [text for text in screen.texts if 'Cannot load' in text])
    assert [row['description'] for row in rows(screen)] == ['Oil leak']
    assert [text for text in screen.texts if 'What you see is as of 10:42:07.' in text]

    book.problem = None
    book.put(2)

    await screen.until(lambda: len(rows(screen)) == 2)
    assert not [text for text in screen.texts if 'Cannot load' in text]
    caplog.clear()  # a fault is logged


async def test_a_page_that_is_opened_without_the_database_fills_itself(
        shop_floor: Floor, book: Orders, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, 'RETRY_S', 0.02)
    book.put(1)
    book.problem = DatabaseUnavailableError('the database does not answer: refused')

    screen = await open_page('/work-orders')
    assert 'Waiting for the database.' in screen.texts
    book.problem = None

    await screen.until(lambda: rows(screen))


async def test_a_page_that_is_gone_asks_no_more(shop_floor: Floor, book: Orders, see: OpenPage) -> None:
    screen = await see()
    subscribed = len(shop_floor.store._subscribers)
    screen.client.delete()
    asked = len(book.asked)

    shop_floor.order(1)
    await asyncio.sleep(0)

    assert len(shop_floor.store._subscribers) < subscribed
    assert len(book.asked) == asked


async def test_a_page_that_is_gone_shows_no_more_of_what_it_was_reading(
        shop_floor: Floor, book: Orders, see: OpenPage, caplog: pytest.LogCaptureFixture) -> None:
    book.put(1)
    screen = await see('?view=board', has='order-card')
    is_asked, may_answer = asyncio.Event(), asyncio.Event()

    async def page(order_filter: OrderFilter, revision: int | None = None) -> OrderPage:
        is_asked.set()
        await may_answer.wait()
        return book.page(order_filter, revision)

    shop_floor.order_list.answers['page'] = page
    book.found.clear()
    search_for(screen, 'leak')
    await is_asked.wait()
    [reading] = [task for task in asyncio.all_tasks() if task.get_name() == 'work orders']
    screen.client.delete()
    may_answer.set()
    await asyncio.wait([reading])

    assert caplog.messages == []


# nothing to show

async def test_no_orders_at_all_says_what_to_do(book: Orders, see: OpenPage) -> None:
    screen = await see(has='empty-title')

    await screen.until(lambda: 'There are no work orders.' in screen.texts)
    assert [text for text in screen.texts if 'New work order' in text]
    assert 'Clear filters' not in labels(screen)


async def test_none_under_this_filter_offers_to_clear_it(book: Orders, see: OpenPage,
                                                         switchboard: Switchboard) -> None:
    book.put(1)
    screen = await see('?q=nothing+like+it', has='empty-title')
    await screen.until(lambda: 'No work order matches this filter.' in screen.texts)

    button, = screen.all(label='Clear filters')
    assert 'Clear filters' in labels(screen)
    screen.click(button)

    await screen.until(lambda: len(rows(screen)) == 1)
    await screen.until(lambda: addresses(switchboard)[-1:] == ['/work-orders'])


def visible(screen: Screen) -> list[dict[str, Any]]:
    return [element for element in screen.all() if 'hidden' not in element.get('class', ())]


def labels(screen: Screen) -> list[str | None]:
    return [element.get('props', {}).get('label') for element in visible(screen)]


# the board

def cards(screen: Screen) -> dict[str, tuple[str, list[str]]]:
    """What is in each column that is shown: the count, and what is wrong on each card."""
    found = {}
    for column in (c for c in screen.of_class('board-column') if 'hidden' not in c['class']):
        header, place, _ = (screen.elements[child] for child in column['children'])
        count = screen.elements[header['children'][1]]['text']
        shown = [screen.elements[id_]['children'] for id_ in place.get('children', ())]
        found[column['props']['data-order-status']] = (count, [screen.elements[what]['text'] for _, what, *_ in shown])
    return found


def card(screen: Screen, what: str) -> dict[str, Any]:
    found, = (c for c in screen.of_class('order-card') if screen.elements[c['children'][1]]['text'] == what)
    return found


async def test_the_board_has_a_column_for_each_state_that_work_goes_through(book: Orders, see: OpenPage) -> None:
    book.put(1, 'open', what='a')
    book.put(2, 'in_progress', what='b')
    book.put(3, 'completed', what='c')
    book.put(4, 'cancelled', what='d')
    screen = await see('?view=board', has='order-card')

    assert cards(screen) == {'open': ('1', ['a']), 'in_progress': ('1', ['b']), 'on_hold': ('0', []),
                             'completed': ('1', ['c'])}
    assert {asked.done for asked in book.asked} == {None, Done.WEEK}


async def test_a_full_column_says_how_many_more_there_are_and_where(book: Orders, see: OpenPage) -> None:
    book.put(1)
    book.total = 53
    screen = await see('?view=board&machine=Valve_01_01', has='order-card')

    more = [e for e in screen.of_class('column-more') if 'hidden' not in e['class']]
    assert (more[0]['text'], more[0]['props']['href']) == (
        'Show 52 more in the table', '/work-orders?status=open&machine=Valve_01_01')


async def test_a_card_goes_to_its_new_column_without_being_made_again(shop_floor: Floor, book: Orders,
                                                                      see: OpenPage) -> None:
    book.put(1, 'open', what='a')
    book.put(2, 'open', what='b')
    screen = await see('?view=board', has='order-card')
    before = {id_ for id_, element in screen.elements.items() if 'order-card' in element.get('class', ())}

    book.put(1, 'in_progress', what='a', priority='critical')
    shop_floor.order(1, state='in_progress')

    await screen.until(lambda: cards(screen)['in_progress'] == ('1', ['a']))
    assert cards(screen)['open'] == ('1', ['b'])
    assert {id_ for id_, e in screen.elements.items() if e and 'order-card' in e.get('class', ())} == before
    assert screen.elements[card(screen, 'a')['children'][2]]['text'] == 'critical'


async def test_a_dropped_card_moves_its_order_and_itself_only_when_the_order_did(shop_floor: Floor, book: Orders,
                                                                                 see: OpenPage, user: User) -> None:
    order = book.put(1, 'open', what='a')
    screen = await see('?view=board', has='order-card')
    shop_floor.orders.answers['transition'] = InvalidInputError('open orders cannot become purple')

    drop(screen, 'a', 'in_progress')

    await screen.until(lambda: ['purple' in shown_row for shown_row in user.notify.messages] == [True])
    assert cards(screen)['open'] == ('1', ['a'])
    (_, id_, version, move), = [arguments for name, arguments, _ in shop_floor.orders.asked if name == 'transition']
    assert (id_, version, move.to) == (order.id, 1, WorkOrderStatus.IN_PROGRESS)


async def test_a_card_that_is_dropped_again_while_its_order_changes_moves_it_once(
        shop_floor: Floor, book: Orders, see: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    book.put(1, 'open', what='a', assignee='Lisa Garcia', assignee_id=1)
    make, change, made = OrderTransitions.make, asyncio.Event(), list[bool]()

    async def noted(*arguments: Any, **named: Any) -> bool:
        made.append(await make(*arguments, **named))
        return made[-1]

    monkeypatch.setattr(OrderTransitions, 'make', noted)
    shop_floor.orders.answers['transition'] = lambda *_: change.wait()
    screen = await see('?view=board', has='order-card')

    drop(screen, 'a', 'in_progress')
    await screen.until(lambda: 'transition' in [name for name, *_ in shop_floor.orders.asked])
    drop(screen, 'a', 'in_progress')
    await screen.until(lambda: made == [False])
    change.set()

    await screen.until(lambda: made == [False, True])
    assert [name for name, *_ in shop_floor.orders.asked].count('transition') == 1


def drop(screen: Screen, what: str, state: str) -> None:
    fire(screen, card(screen, what), 'dragstart')
    column, = screen.all(data_order_status=state, role='region')
    fire(screen, column, 'drop')


async def test_while_a_card_is_dragged_the_columns_say_whether_they_take_it(book: Orders, see: OpenPage) -> None:
    book.put(1, 'open', what='a', assignee='Lisa Garcia', assignee_id=1)
    screen = await see('?view=board', has='order-card')

    fire(screen, card(screen, 'a'), 'dragstart')
    await screen.until(lambda: screen.all(data_drop='yes'))

    assert {c['props']['data-order-status']: c['props']['data-drop'] for c in screen.of_class('board-column')} == {
        'open': '', 'in_progress': 'yes', 'on_hold': 'no', 'completed': 'no'}
    fire(screen, card(screen, 'a'), 'dragend')
    await screen.until(lambda: not screen.all(data_drop='yes'))


async def test_no_column_takes_an_order_that_this_person_cannot_start(book: Orders, see: OpenPage) -> None:
    book.put(1, 'open', what='a')  # of nobody, and who looks is not one of the employees
    screen = await see('?view=board', has='order-card')

    fire(screen, card(screen, 'a'), 'dragstart')
    await screen.until(lambda: screen.all(data_drop='no'))

    assert not screen.all(data_drop='yes')


async def test_a_card_dropped_where_it_was_asks_for_nothing(shop_floor: Floor, book: Orders, see: OpenPage) -> None:
    book.put(1, 'open', what='a')
    screen = await see('?view=board', has='order-card')

    drop(screen, 'a', 'open')
    await asyncio.sleep(0)

    assert 'transition' not in [name for name, *_ in shop_floor.orders.asked]


async def test_the_menu_of_a_card_does_what_dragging_does(shop_floor: Floor, book: Orders, see: OpenPage) -> None:
    book.put(1, 'open', what='a', assignee='Lisa Garcia', assignee_id=1)
    screen = await see('?view=board', has='order-card')

    screen.click(screen.of_class('card-more')[0])
    await screen.until(lambda: [t for t in screen.texts if t == 'Start'])
    start, = (e for e in screen.all(role='menuitem') if 'Start' in screen._texts_within(e))
    screen.click(start)

    await screen.until(lambda: 'transition' in [name for name, *_ in shop_floor.orders.asked])


async def test_the_board_has_five_hundred_cards_shared_out_and_says_how_many_more_there_are(book: Orders,
                                                                                            see: OpenPage) -> None:
    for number in range(480):
        book.put(number, 'open', what=f'open {number}')
    for number in range(480, 640):
        book.put(number, 'on_hold', what=f'waits {number}')
    screen = await see('?view=board', has='order-card')

    await screen.until(lambda: len(screen.of_class('order-card')) == 500)
    assert {state: (count, len(shown)) for state, (count, shown) in cards(screen).items()} == {
        'open': ('480', 340), 'in_progress': ('0', 0), 'on_hold': ('160', 160), 'completed': ('0', 0)}
    assert [e['text'] for e in screen.of_class('column-more') if 'hidden' not in e['class']] == [
        'Show 140 more in the table']


async def test_back_to_an_address_that_is_not_understood_while_cards_are_built_shows_none(
        book: Orders, see: OpenPage, *, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    book.put(0, 'open', what='leak 0')
    screen = await see('?view=board', has='order-card')
    for number in range(1, 100):
        book.put(number, 'open', what=f'leak {number}')
    monkeypatch.setattr(board, 'BUILD_BATCH', 1)
    made: list[Any] = []
    row_of = board.row_of  # type: ignore[attr-defined]

    def back_after_thirty(*arguments: Any) -> Any:
        made.append(arguments)
        if len(made) == 30:
            go_back_to(screen, '/work-orders?view=board&status=closed')
        return row_of(*arguments)

    monkeypatch.setattr(board, 'row_of', back_after_thirty)
    go_back_to(screen, '/work-orders?view=board&q=leak')
    await screen.until(lambda: len(made) >= 100)

    await screen.until(lambda: not screen.of_class('order-card'))
    assert 'No work orders are shown.' in screen.texts
    assert 'cannot read' not in caplog.text


async def test_a_board_that_no_browser_comes_for_costs_what_a_window_shows(book: Orders, user: User,
                                                                           see: OpenPage) -> None:
    for number in range(500):
        book.put(number, ['open', 'in_progress', 'on_hold', 'completed'][number % 4])

    answer = await user.http_client.get('/work-orders?view=board')

    assert answer.text.count('order-card') == 4 * board.INITIAL_CARDS
    screen = await see('?view=board', has='order-card')
    await screen.until(lambda: len(screen.of_class('order-card')) == 500)


async def test_of_five_hundred_cards_a_change_sends_the_one_that_changed(
        shop_floor: Floor, book: Orders, see: OpenPage, switchboard: Switchboard) -> None:
    for number in range(500):
        book.put(number, ['open', 'in_progress', 'on_hold', 'completed'][number % 4], what=f'order {number}')
    screen = await see('?view=board', has='order-card')
    await screen.until(lambda: len([text for text in screen.texts if text.startswith('order ')]) == 500)
    article = card(screen, 'order 8')
    texts, sent = set(article['children']), len(switchboard.emitted)

    book.put(8, 'open', what='order 8, again')
    shop_floor.order(8, description='order 8, again')

    await screen.until(lambda: 'order 8, again' in screen.texts)
    changed = {id_ for event, data, _ in switchboard.emitted[sent:] if event == 'update' for id_ in data}
    within_cards = {child for each in screen.of_class('order-card') for child in each['children']}
    assert changed & within_cards <= texts
    assert not [each for each in screen.of_class('order-card') if each is not article
                and any(known is each and id_ in changed for id_, known in screen.elements.items())]


async def test_a_card_that_is_moved_by_anybody_keeps_the_focus(shop_floor: Floor, book: Orders, see: OpenPage,
                                                               switchboard: Switchboard) -> None:
    book.put(1, 'open', what='a')
    book.put(2, 'open', what='b')
    screen = await see('?view=board', has='order-card')
    fire(screen, card(screen, 'b'), 'focusin')

    book.put(1, 'open', what='a, another text')
    shop_floor.order(1)
    await screen.until(lambda: cards(screen)['open'] == ('2', ['b', 'a, another text']))
    asked = focus_asked(switchboard)
    book.put(2, 'in_progress', what='b')
    shop_floor.order(2, state='in_progress')

    await screen.until(lambda: cards(screen)['in_progress'] == ('1', ['b']))
    await screen.until(lambda: focus_asked(switchboard) > asked)
    link = card(screen, 'b')['children'][0]
    assert f'{link}, "focus"' in focus_codes(switchboard)[-1]


async def test_the_neighbour_of_a_card_that_leaves_the_board_takes_its_focus(
        shop_floor: Floor, book: Orders, see: OpenPage, switchboard: Switchboard) -> None:
    for number, what in enumerate('abc'):
        book.put(number, 'open', what=what)
    screen = await see('?view=board', has='order-card')
    fire(screen, card(screen, 'b'), 'focusin')

    book.put(1, 'cancelled', what='b')
    shop_floor.order(1, state='cancelled')

    await screen.until(lambda: focus_asked(switchboard))
    assert f'{card(screen, "c")["children"][0]}, "focus"' in focus_codes(switchboard)[-1]


async def test_nobody_gets_the_focus_who_did_not_have_it(shop_floor: Floor, book: Orders, see: OpenPage,
                                                         switchboard: Switchboard) -> None:
    book.put(1, 'open', what='a')
    screen = await see('?view=board', has='order-card')
    fire(screen, card(screen, 'a'), 'focusin')
    fire(screen, screen.of_class('board')[0], 'focusout')

    book.put(1, 'in_progress', what='a')
    shop_floor.order(1, state='in_progress')

    await screen.until(lambda: cards(screen)['in_progress'] == ('1', ['a']))
    assert not focus_asked(switchboard)


async def test_what_a_browser_reports_late_takes_no_focus_away(shop_floor: Floor, book: Orders, see: OpenPage,
                                                               switchboard: Switchboard) -> None:
    book.put(1, 'open', what='a')
    book.put(2, 'open', what='b')
    screen = await see('?view=board', has='order-card')
    board_element, = screen.of_class('board')
    fire(screen, card(screen, 'a'), 'focusin')
    press(screen, board_element, 'arrow-down')
    fire(screen, board_element, 'focusout')  # of the first card
    await screen.until(lambda: focus_asked(switchboard) == 1)
    link = card(screen, 'b')['children'][0]

    book.put(2, 'in_progress', what='b')
    shop_floor.order(2, state='in_progress')

    await screen.until(lambda: cards(screen)['in_progress'] == ('1', ['b']))
    await screen.until(lambda: focus_asked(switchboard) == 2)
    assert all(f'{link}, "focus"' in code for code in focus_codes(switchboard))

    for request in [data for event, data, _ in switchboard.emitted if 'request_id' in data]:
        screen.client.handle_javascript_response({'request_id': request['request_id'], 'result': None})
    await screen.until(lambda: 'focus of the board' not in [task.get_name() for task in asyncio.all_tasks()])
    fire(screen, board_element, 'focusout')  # the person has gone on
    book.put(2, 'open', what='b')
    shop_floor.order(2, state='open')
    await screen.until(lambda: cards(screen)['in_progress'] == ('0', []))
    assert focus_asked(switchboard) == 2


def press(screen: Screen, element: dict[str, Any], key: str) -> None:
    id_, = (id_ for id_, known in screen.elements.items() if known is element)
    listener, = (event['listener_id'] for event in element['events'] if event['keys'] == [key])
    screen.client.handle_event({'id': id_, 'listener_id': listener, 'args': [json.dumps(None)]})


def focus_codes(switchboard: Switchboard) -> list[str]:
    return [data['code'] for event, data, _ in switchboard.emitted
            if event == 'run_javascript' and '"focus"' in data['code']]


def focus_asked(switchboard: Switchboard) -> int:
    return len(focus_codes(switchboard))


async def test_a_move_can_be_undone_and_gives_back_what_starting_took(shop_floor: Floor, book: Orders,
                                                                      see: OpenPage) -> None:
    before = book.put(1, 'open', what='a', assignee_id=None)
    shop_floor.orders.answers['transitions'][WorkOrderStatus.IN_PROGRESS] = (
        AllowedTransition(WorkOrderStatus.IN_PROGRESS, WorkOrderStatus.OPEN, Role.TECHNICIAN, None),)
    started = work_order(1, 'in_progress', what='a', assignee='Lisa Garcia', assignee_id=1, version=2)
    shop_floor.orders.answers['transition'] = lambda identity, id_, version, move: replace(started, status=move.to)
    shop_floor.orders.answers['edit'] = started
    screen = await see('?view=board', has='order-card')
    drop(screen, 'a', 'in_progress')
    await screen.until(lambda: screen.all(label='Undo'))
    book.put(1, 'in_progress', what='a', assignee='Lisa Garcia', assignee_id=1, version=2)
    shop_floor.order(1, state='in_progress')
    await screen.until(lambda: cards(screen)['in_progress'] == ('1', ['a']))

    screen.click(screen.all(label='Undo')[0])

    await screen.until(lambda: 'edit' in [name for name, *_ in shop_floor.orders.asked])
    (_, started_first, _), (_, undone, _), = [each for each in shop_floor.orders.asked if each[0] == 'transition']
    assert (started_first[2], undone[2], undone[3].to) == (before.version, 2, WorkOrderStatus.OPEN)
    edit, = [arguments for name, arguments, _ in shop_floor.orders.asked if name == 'edit']
    assert edit[3].assignee_id is None


async def test_a_move_without_a_way_back_offers_none(shop_floor: Floor, book: Orders, see: OpenPage) -> None:
    book.put(1, 'open', what='a', assignee='Lisa Garcia', assignee_id=1)
    shop_floor.orders.answers['transition'] = work_order(1, 'in_progress', version=2)
    screen = await see('?view=board', has='order-card')

    drop(screen, 'a', 'in_progress')

    await screen.until(lambda: 'transition' in [name for name, *_ in shop_floor.orders.asked])
    book.put(1, 'in_progress', what='a')
    shop_floor.order(1, state='in_progress')
    await screen.until(lambda: cards(screen)['in_progress'] == ('1', ['a']))
    assert not screen.all(label='Undo')


async def test_the_board_leaves_out_columns_that_the_filter_leaves_out(book: Orders, see: OpenPage) -> None:
    book.put(1, 'open', what='a')
    screen = await see('?view=board&state=open', has='order-card')

    assert cards(screen) == {'open': ('1', ['a'])}


# the file

class File:
    """Stands for the list where it is read as a file."""

    def __init__(self, *pieces: Any) -> None:
        self.pieces = pieces
        self.asked: OrderFilter | None = None

    async def csv(self, order_filter: OrderFilter) -> AsyncIterator[str]:
        self.asked = order_filter
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece


    async def checked(self, order_filter: OrderFilter) -> OrderFilter:
        if order_filter.machine == 'Valve_1':
            raise QueryError({'machine': 'There is no machine Valve_1. Did you mean Valve_01_01?'}, order_filter)
        return order_filter


@pytest.fixture
def file_of(shop_floor: Floor, user: User) -> Callable[..., Awaitable[httpx.Response]]:
    """Ask for the file that a list would write."""
    async def file_of(order_list: Any, query: str = '', **changes: Any) -> httpx.Response:
        answer_problems(app)
        work_orders_page.register(replace(shop_floor.services, order_list=order_list, **changes))
        return await user.http_client.get(f'/work-orders.csv{query}')
    return file_of


async def test_the_file_is_what_the_filter_shows_and_is_offered_as_a_download(
        file_of: Callable[..., Awaitable[httpx.Response]]) -> None:
    order_list = File('\ufeffId\r\n', 'WO-1\r\n', 'WO-2\r\n')

    answer = await file_of(order_list, '?state=open&sort=-due&view=board')

    assert order_list.asked == OrderFilter(
        statuses=frozenset({WorkOrderStatus.OPEN}), sort=SortKey.DUE, descending=True)
    assert answer.content == '\ufeffId\r\nWO-1\r\nWO-2\r\n'.encode()
    assert answer.headers['content-type'] == 'text/csv; charset=utf-8'
    assert answer.headers['content-disposition'].startswith('attachment; filename="work-orders_')
    assert answer.headers['cache-control'] == 'no-store'


@pytest.mark.parametrize(('query', 'sentence'), [
    ('?status=closed', 'Cannot understand status=closed: use open, in_progress, on_hold, completed or cancelled.'),
    ('?stauts=open', 'There is no parameter stauts. Did you mean status?'),
    ('?machine=Valve_1', 'There is no machine Valve_1. Did you mean Valve_01_01?')])
async def test_a_file_of_what_is_not_understood_is_refused_with_the_sentence_of_the_page(
        file_of: Callable[..., Awaitable[httpx.Response]], query: str, sentence: str) -> None:
    order_list = File('everything')

    answer = await file_of(order_list, query)

    assert (answer.status_code, answer.json()['detail']) == (422, sentence)


async def test_without_the_database_there_is_a_sentence_and_no_file(
        file_of: Callable[..., Awaitable[httpx.Response]]) -> None:
    answer = await file_of(File(DatabaseUnavailableError('the database does not answer: refused')))

    assert (answer.status_code, answer.json()['detail']) == (503, 'the database does not answer: refused')
    assert 'content-disposition' not in answer.headers


async def test_nobody_gets_no_file(file_of: Callable[..., Awaitable[httpx.Response]]) -> None:
    def nobody(headers: Mapping[str, str]) -> None:
        raise NotAllowedError('nobody is signed in')

    answer = await file_of(File('Id\r\n'), identify=nobody)

    assert (answer.status_code, answer.json()['detail']) == (403, 'nobody is signed in')
