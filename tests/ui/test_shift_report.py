"""The hand-over sheet: what it says of a shift, and which shift it is about."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ui.harness import MINUTE_MS, NOW, Floor, OpenPage, Screen
from ui.services import Recorded

from floor.analytics import Cause, Kpis, Stop, StopList, Window
from floor.analytics.kpis import Sums
from floor.core.errors import DatabaseUnavailableError
from floor.core.machines import MachineName
from floor.core.orders import OrderId, Priority, WorkOrder, WorkOrderStatus
from floor.core.tasks import happens_within
from floor.orders.order_pages import ShiftOrders
from floor.web.reports import shared_sheet, shift_report_page
from floor.web.reports.shift_sheet import ShiftSheet

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NIGHT_START, NIGHT_END = datetime(2026, 11, 22, 22, tzinfo=UTC), datetime(2026, 11, 23, 6, tzinfo=UTC)
NIGHT = '/reports/shift?date=2026-11-22&shift=Night'
US = 1_000_000
HOSTILE = '<img src=x onerror="alert(1)">'


def stop(number: int, since: datetime, until: datetime | None, reason: str | None = 'Hydraulic leak', *,
         micro: bool = False, order: str | None = None) -> Stop:
    lasted = ((until or NOW) - since).total_seconds()
    return Stop(number, MachineName('Valve_01_01'), since, until, reason, True, micro, lasted, lasted, None, None, None,
                None, OrderId(order) if order else None, None)


def order(number: int, *, due: datetime = NIGHT_END + HOUR, created: datetime = NIGHT_START + HOUR,
          completed: datetime | None = None, state: str = 'open', what: str = 'Leak',
          priority: str = 'high') -> WorkOrder:
    values: dict[str, Any] = dict.fromkeys(field.name for field in fields(WorkOrder))
    return WorkOrder(**values | {
        'id': OrderId(f'WO-20261123-{number:08x}'), 'machine': MachineName('Valve_01_01'), 'description': what,
        'priority': Priority(priority), 'status': WorkOrderStatus(state), 'created_at': created, 'reported_at': created,
        'due_at': due, 'completed_at': completed, 'assignee': 'Lisa Garcia', 'action_taken': 'Seal replaced',
        'updated_at': created, 'version': 1})


@pytest.fixture
def recorded(shop_floor: Floor) -> Recorded:
    recorded = Recorded()
    sums = Sums(machines=1, possible=8 * 3600 * US, operational=6 * 3600 * US, down=3600 * US, failures=2,
                micro_stops=3, repairs=2, repair=1800 * US, ongoing=1, ongoing_length=840 * US)
    recorded.answers = {
        'kpis': lambda window: Kpis.of(window, sums), 'causes': (Cause('Hydraulic leak', 3600, 2, 1.0, 1.0, True),),
        'stops': StopList((), 0)}
    shop_floor.order_list.answers['of_shift'] = ShiftOrders((), ())
    shift_report_page.register(shop_floor.services, recorded)
    return recorded


def headings(screen: Screen) -> list[str]:
    return [element['text'] for element in screen.all() if element['tag'] == 'h3']


def rows(screen: Screen) -> list[list[str]]:
    """The cells of each row of all tables, heads left out."""
    def text(id_: int) -> str:
        cell = screen.elements[id_]
        return cell.get('text') or ''.join(text(child) for child in cell.get('children', ()))
    return [[text(id_) for id_ in row['children']] for row in screen.all() if row['tag'] == 'tr'
            and screen.elements[row['children'][0]]['tag'] == 'td']


async def test_it_is_about_the_shift_that_the_address_names(recorded: Recorded, open_page: OpenPage) -> None:
    screen = await open_page(NIGHT)
    assert 'Shift report: Night, Sun 2026-11-22' in screen.texts
    assert recorded.asked[0] == ('kpis', (Window(NIGHT_START, NIGHT_END),), {})
    links = {link['text']: link['props']['href'] for link in screen.all() if 'href' in link.get('props', {})}
    assert links['Link to this report'] == NIGHT
    assert links['Floor at the end'] == '/past?at=2026-11-23T06:00:00Z'


async def test_without_one_it_is_about_the_shift_that_goes_on_so_far(recorded: Recorded, open_page: OpenPage) -> None:
    screen = await open_page('/reports/shift')
    assert 'Shift report: Early, Mon 2026-11-23' in screen.texts
    assert '06:00 to 14:00, 8 h 00 min, as of 10:42:07' in screen.texts
    assert recorded.asked[0] == ('kpis', (Window(NIGHT_END, NOW),), {})
    assert next_shift(screen)['props'].get('disable') is True


def next_shift(screen: Screen) -> dict[str, Any]:
    button, = screen.all(aria_label='Next shift')
    return button


def enter(screen: Screen, label: str, value: Any) -> None:
    """Somebody chooses this in a field."""
    id_, field = next((id_, element) for id_, element in screen.elements.items()
                      if element.get('props', {}).get('label') == label)
    for event in field['events']:
        if event['type'] in {'update:model-value', 'update:modelValue', 'update:value'}:
            screen.client.handle_event({'id': id_, 'listener_id': event['listener_id'], 'args': [json.dumps(value)]})


@pytest.fixture
def pushed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The entries of the browser's history."""
    found: list[str] = []
    monkeypatch.setattr('nicegui.functions.navigate.History.push', lambda self, url: found.append(str(url)))
    return found


async def test_a_day_and_a_shift_can_be_chosen_and_shared(recorded: Recorded, open_page: OpenPage,
                                                          pushed: list[str]) -> None:
    screen = await open_page(NIGHT)
    day, = screen.all(label='Day on which it starts')
    assert (day['props']['value'], day['props']['max'], day['props']['type']) == ('2026-11-22', '2026-11-23', 'date')

    enter(screen, 'Day on which it starts', '0002-11-20')  # a year of which one digit is typed
    enter(screen, 'Day on which it starts', '2026-11-20')
    await screen.until(lambda: 'Shift report: Night, Fri 2026-11-20' in screen.texts)
    enter(screen, 'Shift', {'value': 0, 'label': 'Early'})
    await screen.until(lambda: 'Shift report: Early, Fri 2026-11-20' in screen.texts)

    assert pushed == ['/reports/shift?date=2026-11-20&shift=Night', '/reports/shift?date=2026-11-20&shift=Early']


async def test_steps_go_to_the_shift_before_and_after_but_not_to_one_to_come(
        recorded: Recorded, open_page: OpenPage, pushed: list[str]) -> None:
    screen = await open_page(NIGHT)
    screen.click(next_shift(screen))
    await screen.until(lambda: 'Shift report: Early, Mon 2026-11-23' in screen.texts)
    assert next_shift(screen)['props'].get('disable') is True
    for _ in range(2):
        screen.click(screen.all(aria_label='Previous shift')[0])
    await screen.until(lambda: 'Shift report: Late, Sun 2026-11-22' in screen.texts)
    screen.click(screen.all(label='Current shift')[0])
    await screen.until(lambda: 'Shift report: Early, Mon 2026-11-23' in screen.texts)
    assert [address.partition('?')[2] for address in pushed] == [
        'date=2026-11-23&shift=Early', 'date=2026-11-22&shift=Night', 'date=2026-11-22&shift=Late',
        'date=2026-11-23&shift=Early']


async def test_a_shift_to_come_is_not_shown(recorded: Recorded, open_page: OpenPage, pushed: list[str]) -> None:
    screen = await open_page(NIGHT)
    enter(screen, 'Day on which it starts', '2026-11-23')
    await screen.until(
        lambda: 'This shift has not started yet. The latest is Early, Mon 2026-11-23.' in screen.texts)
    assert 'Shift report: Night, Sun 2026-11-22' in screen.texts
    assert not pushed


async def test_each_figure_says_what_stands_behind_it(recorded: Recorded, open_page: OpenPage) -> None:
    screen = await open_page(NIGHT)
    texts = [element['text'] for element in screen.all() if element['tag'] in {'dt', 'dd'}]
    assert texts == [
        'Uptime', '85.7 %', 'of 1 machine, coverage 87.5 %', 'Availability', '85.7 %', 'coverage 87.5 %',
        'Stops', '5', '2 failures + 3 micro-stops, coverage 87.5 %',
        'MTBF', '3 h 00 min', 'of 2 failures, coverage 87.5 %',
        'MTTR', '15 min 00 s', 'to restore: mean of 2 failures, 1 still down, 14 min, coverage 87.5 %',
        'Response', '–', '0 of 2 failures acknowledged, coverage 87.5 %']


async def test_new_cleared_and_running_stops_are_distinguished(recorded: Recorded, open_page: OpenPage) -> None:
    recorded.answers['stops'] = StopList((
        stop(4, NIGHT_END - 2 * MINUTE, NIGHT_END + MINUTE, 'Part lost', micro=True),
        stop(3, NIGHT_END - HOUR, NIGHT_END + HOUR, HOSTILE, order='WO-20261123-3f2a91bc'),
        stop(2, NIGHT_START + HOUR, NIGHT_START + 2 * HOUR),
        stop(1, NIGHT_START - HOUR, NIGHT_START + MINUTE)), 4)
    screen = await open_page(NIGHT)
    assert headings(screen) == ['Figures', 'Still down at the end: 2', 'Top causes of downtime',
                                'Open work orders at the end: 0, 0 overdue', 'Completed work orders: 0',
                                'Failures: 2 new, 2 cleared; 3 micro-stops not listed']
    found = rows(screen)
    assert found[:2] == [['Valve 01·01', 'Mon 23 Nov 05:00', '1 h 00 min', HOSTILE, 'WO-3f2a91bc'],
                         ['Valve 01·01', 'Mon 23 Nov 05:58', '2 min', 'Part lost', '']]
    assert found[2] == ['Hydraulic leak', '60', '2', '100.0 %']
    assert [row[1:3] for row in found[3:]] == [['05:00', 'still down'], ['earlier: Sun 22 Nov 21:00', '22:01'],
                                               ['23:00', '00:00']]


async def test_orders_that_were_open_at_the_end_the_overdue_ones_first_and_those_that_were_completed(
        shop_floor: Floor, recorded: Recorded, open_page: OpenPage) -> None:
    shop_floor.order_list.answers['of_shift'] = ShiftOrders(
        (order(1), order(2, due=NIGHT_END - MINUTE, what='Late one', priority='low')),
        (order(4, completed=NIGHT_END - HOUR, state='completed', what='Done in it'),))
    screen = await open_page(NIGHT)
    assert shop_floor.order_list.asked == [('of_shift', (NIGHT_START, NIGHT_END), {})]
    assert headings(screen)[3:5] == ['Open work orders at the end: 2, 1 overdue', 'Completed work orders: 1']
    found = [row for row in rows(screen) if row[0].startswith('WO-')]
    assert [row[2] for row in found] == ['Late one', 'Leak', 'Done in it']
    assert found[0][4] == 'Mon 23 Nov 05:59 overdue'
    assert found[2] == ['WO-00000004', 'Valve 01·01', 'Done in it', '05:00', 'Lisa Garcia', 'Seal replaced']


async def test_a_long_list_says_how_many_more_there_are(recorded: Recorded, open_page: OpenPage) -> None:
    recorded.answers['stops'] = StopList(tuple(stop(n, NIGHT_START + n * MINUTE, NIGHT_START + (n + 10) * MINUTE)
                                               for n in range(55)), 55)
    screen = await open_page(NIGHT)
    assert 'and 15 more' in screen.texts


@pytest.mark.parametrize(('query', 'sentence'), [
    ('date=2026-13-01&shift=Late', 'Cannot understand date=2026-13-01: write a day as 2026-11-23.'),
    ('date=2026-11-22&shift=Graveyard', 'Cannot understand shift=Graveyard: use Early, Late or Night.'),
    ('date=2026-11-22', 'Cannot use date without shift: add shift=Early, shift=Late or shift=Night.'),
    ('date=0001-01-01&shift=Late', 'Cannot use date=0001-01-01: the year can be 1970 to 2200.'),
    ('date=9999-12-31&shift=Late', 'Cannot use date=9999-12-31: the year can be 1970 to 2200.'),
    ('date=2026-11-22x&shift=Late', 'Cannot understand date=2026-11-22x: write a day as 2026-11-23.'),
    ('shift=Late',
     'Cannot use shift without date: add the day on which the shift begins, as date=2026-11-23.'),
    ('day=2026-11-22&shift=Late', 'There is no parameter day. Use date or shift. '
     'Cannot use shift without date: add the day on which the shift begins, as date=2026-11-23.'),
    ('date=2026-11-23&shift=Late', 'This shift has not started yet: the latest is date=2026-11-23, shift=Early.'),
])
async def test_a_shift_that_cannot_be_shown_is_answered_with_a_sentence(recorded: Recorded, open_page: OpenPage,
                                                                        query: str, sentence: str) -> None:
    screen = await open_page(f'/reports/shift?{query}')
    assert sentence in screen.texts
    assert recorded.asked == []


async def test_a_database_that_is_away_is_shown_and_the_sheet_comes_once_it_answers(
        shop_floor: Floor, recorded: Recorded, open_page: OpenPage) -> None:
    figures = recorded.answers['kpis']
    recorded.answers['kpis'] = DatabaseUnavailableError('the database does not answer')
    screen = await open_page(NIGHT)
    problem = ('Cannot load the shift report. The database does not answer. The page retries as soon as the database '
               'responds; you can also try again now.')
    assert problem in screen.texts
    recorded.answers['kpis'] = figures
    shop_floor.store.lose('gone')
    shop_floor.store.prove()
    await screen.until(lambda: 'Shift report: Night, Sun 2026-11-22' in screen.texts)
    assert problem not in screen.texts


# while the shift goes on

@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readings follow each other at once."""
    monkeypatch.setattr(shared_sheet, 'GAP_S', 0.0)
    monkeypatch.setattr(shared_sheet, 'REST', 0)


async def test_a_stop_shows_on_the_open_sheet_of_the_shift_that_goes_on(shop_floor: Floor, recorded: Recorded,
                                                                        open_page: OpenPage, quick: None) -> None:
    screen = await open_page('/reports/shift')
    assert 'No machine was down.' in screen.texts
    recorded.answers['stops'] = StopList((stop(1, NOW - MINUTE, None),), 1)
    shop_floor.change('Valve_01_01', 'down', 'Hydraulic leak')
    await screen.until(lambda: 'Still down now: 1' in screen.texts)
    assert 'No machine was down.' not in screen.texts
    shop_floor.order_list.answers['of_shift'] = ShiftOrders((order(1, due=NOW + HOUR),), ())
    shop_floor.order(1)
    await screen.until(lambda: 'Open work orders now: 1, 0 overdue' in screen.texts)


async def test_its_end_is_by_the_clock_of_the_database(shop_floor: Floor, recorded: Recorded,
                                                       open_page: OpenPage) -> None:
    """This program's idea of now may be late: a stop that was committed before it asked is on the sheet."""
    shop_floor.store.set_clock(shop_floor.now_ms - MINUTE_MS, shop_floor.store.moment, shop_floor.store.moment)
    screen = await open_page('/reports/shift')
    assert recorded.asked[0] == ('kpis', (Window(NIGHT_END, NOW),), {})
    assert '06:00 to 14:00, 8 h 00 min, as of 10:42:07' in screen.texts


async def test_many_pages_share_one_reading(shop_floor: Floor, recorded: Recorded, open_page: OpenPage,
                                            quick: None) -> None:
    screens = [await open_page('/reports/shift') for _ in range(3)]
    recorded.asked.clear()
    recorded.answers['stops'] = StopList((stop(1, NOW - MINUTE, None),), 1)
    shop_floor.change('Valve_01_01', 'down')
    for screen in screens:
        await screen.until(lambda screen=screen: 'Still down now: 1' in screen.texts)
    assert [name for name, *_ in recorded.asked].count('stops') == 1


@pytest.mark.usefixtures('quick')
async def test_a_page_that_cannot_show_it_says_so_and_takes_no_other_with_it(
        shop_floor: Floor, recorded: Recorded, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture) -> None:
    broken, other = await open_page('/reports/shift'), await open_page('/reports/shift')
    show, sheets = ShiftSheet.show, []

    def fail_on_the_first(sheet: Any, report: Any) -> None:
        sheets.append(sheet)
        if sheet is sheets[0]:
            raise ZeroDivisionError('a slip')
        show(sheet, report)

    monkeypatch.setattr(ShiftSheet, 'show', fail_on_the_first)
    for number, name in enumerate(['Valve_01_01', 'Painter_02_01'], 1):
        recorded.answers['stops'] = StopList((stop(1, NOW - MINUTE, None),) * number, number)
        shop_floor.change(name, 'down')
        await other.until(lambda number=number: f'Still down now: {number}' in other.texts)
    await broken.until(lambda: 'Cannot load the shift report. A fault in this program: ZeroDivisionError; its log says '
                       'more. You can try again now.' in broken.texts)
    assert 'a page could not show a shift report' in caplog.text
    caplog.clear()  # what was logged was to be logged


@pytest.mark.usefixtures('quick')
async def test_a_reading_that_has_ended_by_a_fault_begins_again(shop_floor: Floor, recorded: Recorded,
                                                                open_page: OpenPage, monkeypatch: pytest.MonkeyPatch,
                                                                caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(shared_sheet, 'RETRY_S', 0.0)
    faults = [ZeroDivisionError('a slip')]

    async def fail_once(*arguments: Any) -> bool:
        if faults:
            raise faults.pop()
        return await happens_within(*arguments)

    screen = await open_page('/reports/shift')
    monkeypatch.setattr(shared_sheet, 'happens_within', fail_once)
    for number, name in enumerate(['Valve_01_01', 'Painter_02_01'], 1):
        recorded.answers['stops'] = StopList((stop(1, NOW - MINUTE, None),) * number, number)
        shop_floor.change(name, 'down')
        await screen.until(lambda number=number: f'Still down now: {number}' in screen.texts)
    assert not faults
    assert 'updating the shift report failed' in caplog.text
    caplog.clear()  # what was logged was to be logged


async def test_what_has_not_changed_is_not_sent_again(shop_floor: Floor, recorded: Recorded, open_page: OpenPage,
                                                      quick: None) -> None:
    screen = await open_page('/reports/shift')
    before = {id_ for id_, element in screen.elements.items() if element and element['tag'] == 'h3'}
    recorded.answers['stops'] = StopList((stop(1, NOW - MINUTE, None),), 1)
    shop_floor.change('Valve_01_01', 'down')
    await screen.until(lambda: 'Still down now: 1' in screen.texts)
    after = {id_ for id_, element in screen.elements.items() if element and element['tag'] == 'h3'}
    assert len(before & after) == 4  # figures, losses and both lists of orders


async def test_a_shift_that_is_over_is_read_once(shop_floor: Floor, recorded: Recorded, open_page: OpenPage,
                                                 quick: None) -> None:
    screen = await open_page(NIGHT)
    recorded.asked.clear()
    shop_floor.change('Valve_01_01', 'down')
    running = await open_page('/reports/shift')
    await running.until(lambda: 'Shift report: Early, Mon 2026-11-23' in running.texts)
    assert {window for _, (window, *_), _ in recorded.asked if isinstance(window, Window)} == {Window(NIGHT_END, NOW)}
    assert 'Shift report: Night, Sun 2026-11-22' in screen.texts
