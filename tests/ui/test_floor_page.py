"""The floor page: what a browser holds after it was opened, and after the store has changed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from nicegui import app, binding
from nicegui.testing import User
from ui.harness import LINES, Floor, OpenPage, Screen, Switchboard, settled
from ui.services import person_at

from floor.core.errors import DatabaseUnavailableError
from floor.core.icons import FloorIcons, OwnIcon, TypeIcon
from floor.core.machines import DisplayNames, MachineName, Status, StatusEvent
from floor.web.floor_view import attention_list, event_stream, machine_orders
from floor.web.floor_view.machine_search import find_machines
from floor.web.floor_view.machine_tile import MachineTile
from floor.web.shell.theme import STORED_AS

HOSTILE = ['<img src=x onerror="alert(1)">', '"><script>alert(1)</script>', "O'Brien & Söhne \\ {{ 7*7 }} ${x}",
           '机器🤖\u202egnirts', ':onclick=alert(1)', 'x' * 200]


async def test_a_tile_says_who_how_why_and_since_when(shop_floor: Floor, open_page: OpenPage) -> None:
    shop_floor.put('Injection_Molder_02_01', 'Engine Line', 'down', reason='Hydraulic leak', minutes=125,
                   kind='injection_molder')
    shop_floor.publish()
    screen = await open_page()

    tile = screen.tile('Injection_Molder_02_01')

    assert tile['tag'] == 'button'
    assert tile['props']['data-status'] == 'down'
    assert tile['props']['aria-label'] == 'Injection Molder 02·01, Down, Hydraulic leak, since 08:37:07'
    assert (tile['props']['data-status-label'], tile['props']['data-reason']) == ('Down', 'Hydraulic leak')
    assert tile['text'] == 'Injection Molder\n02·01 · 2 h 05'


async def test_another_icon_of_a_type_is_one_element_for_all_browsers(
        shop_floor: Floor, open_page: OpenPage, switchboard: Switchboard) -> None:
    shop_floor.records['Painter_02_01'] = replace(shop_floor.records['Painter_02_01'], type_id=7)
    shop_floor.icons = FloorIcons((TypeIcon(7, 'painter', None),))
    shop_floor.publish()
    screen = await open_page()
    assert screen.tile('Painter_02_01')['props']['data-icon'] == '7'
    assert rule_of(screen, 7).startswith('/assets/icons/painter.svg?')

    await settled(shop_floor, switchboard)
    switchboard.emitted.clear()
    shop_floor.icons = FloorIcons((TypeIcon(7, 'painter', 'oven'),))
    shop_floor.publish()
    await screen.until(lambda: rule_of(screen, 7).startswith('/assets/icons/oven.svg?'))
    sent = [element['tag'] for message, _ in switchboard.shared for element in message.values()]
    assert 'style' in sent
    assert 'button' not in sent

    shop_floor.icons = FloorIcons((TypeIcon(7, 'painter', 'gizmo'),), (OwnIcon('gizmo', 'abc'),))
    shop_floor.publish()
    await screen.until(lambda: rule_of(screen, 7) == '/api/plant/icons/gizmo/picture?v=abc')


def rule_of(screen: Screen, type_id: int) -> str:
    """The address of the picture of a type, in the page's rules."""
    rules, = screen.of_class('icon-rules')
    return next(rule for rule in rules['text'].split('\n') if f'"{type_id}"' in rule).split('"')[3]


async def test_every_machine_has_one_tile_in_the_order_of_the_flow(shop_floor: Floor, open_page: OpenPage) -> None:
    screen = await open_page()

    tiles = [element['props']['data-machine'] for element in screen.of_class('tile')]

    assert tiles == ['Source_Sorter_01_01', 'Robotic_Arm_01_01', 'Valve_01_01', 'Injection_Molder_02_01',
                     'Painter_02_01']


async def test_a_change_shows_in_every_place_that_speaks_of_the_machine(shop_floor: Floor, open_page: OpenPage) -> None:
    screen = await open_page()

    shop_floor.change('Valve_01_01', 'warning', 'Supply air low')

    await screen.until(lambda: screen.tile('Valve_01_01')['props']['data-status'] == 'warning')
    await screen.until(lambda: screen.line('Transmission Line')[0]['props']['data-worst'] == 'warning')
    _, counts = screen.line('Transmission Line')
    assert counts == {'operational': '2', 'warning': '1', 'down': '0', 'unknown': '0'}
    assert screen.line('Engine Line')[0]['props']['data-worst'] == 'operational'
    assert [figure['props']['aria-label'] for figure in screen.of_class('figure')] == [
        'Running: 4 of 5 machines', 'Warning: 1 of 5 machines', 'Down: 0 of 5 machines', 'No signal: 0 of 5 machines',
        '0 open work orders', '0 critical open work orders']
    await screen.until(lambda: screen.of_class('row-machine'))
    assert screen.of_class('row-machine')[0]['text'] == '01·01 Valve\nSupply air low'
    assert screen.of_class('row-event')[0]['text'] == 'Valve 01·01 Warning: Supply air low'


async def test_a_renamed_machine_keeps_its_element(shop_floor: Floor, open_page: OpenPage,
                                                   switchboard: Switchboard) -> None:
    """A page that builds all its lines again for one name would keep the program busy: seconds with 1,000 machines."""
    screen = await open_page()
    await settled(shop_floor, switchboard)
    tile = next(each for each in screen.client.elements.values() if isinstance(each, MachineTile)
                and each.name == 'Valve_01_01')

    shop_floor.rename('Valve_01_01', 'Press A')
    shop_floor.publish()

    await screen.until(lambda: screen.tile('Press A')['props']['title'] == 'Press A')
    assert screen.client.elements.get(tile.id) is tile and tile.name == 'Press A'


async def test_changes_of_two_lines_at_once_show_on_both(shop_floor: Floor, open_page: OpenPage,
                                                         switchboard: Switchboard) -> None:
    screen = await open_page()
    await settled(shop_floor, switchboard)

    shop_floor.put('Valve_01_01', 'Transmission Line', 'down')
    shop_floor.put('Painter_02_01', 'Engine Line', 'warning')
    shop_floor.publish()

    await screen.until(lambda: [screen.line(name)[0]['props']['data-worst'] for name in LINES] == ['down', 'warning'])
    assert [screen.line(name)[1] for name in LINES] == [
        {'operational': '2', 'warning': '0', 'down': '1', 'unknown': '0'},
        {'operational': '1', 'warning': '1', 'down': '0', 'unknown': '0'}]
    assert [screen.tile(name)['props']['data-status'] for name in ('Valve_01_01', 'Painter_02_01')] == [
        'down', 'warning']


async def test_a_machine_that_never_reported_is_not_running_anywhere(empty: Floor, open_page: OpenPage) -> None:
    empty.put('Valve_01_01', 'Transmission Line')
    empty.add('Valve_01_02', 'Transmission Line')
    empty.publish()

    screen = await open_page()

    tile = screen.tile('Valve_01_02')['props']
    assert (tile['data-status'], tile['data-status-label']) == ('unknown', 'No signal yet')
    assert tile['aria-label'] == 'Valve 01·02, No signal yet, since 10:32:07'
    assert screen.line('Transmission Line')[1] == {'operational': '1', 'warning': '0', 'down': '0', 'unknown': '1'}
    assert [figure['props']['aria-label'] for figure in screen.of_class('figure')][:4] == [
        'Running: 1 of 2 machines', 'Warning: 0 of 2 machines', 'Down: 0 of 2 machines',
        'No signal yet: 1 of 2 machines']
    assert screen.of_class('row-machine')[0]['text'] == '01·02 Valve\nNo signal yet'


async def test_a_machine_that_went_silent_is_not_one_that_never_reported(empty: Floor, open_page: OpenPage) -> None:
    empty.add('Valve_01_01', 'Transmission Line')
    empty.put('Valve_01_02', 'Transmission Line', 'unknown')
    empty.publish()

    screen = await open_page()

    assert screen.tile('Valve_01_02')['props']['data-status-label'] == 'No signal'
    assert 'No signal: 2 of 2 machines' in [figure['props']['aria-label'] for figure in screen.of_class('figure')]


@pytest.mark.parametrize(('statuses', 'worst'), [
    (('operational', 'operational', 'operational'), 'operational'),
    (('operational', 'unknown', 'operational'), 'unknown'),
    (('unknown', 'warning', 'operational'), 'warning'),
    (('warning', 'down', 'unknown'), 'down'),
])
async def test_a_line_is_shown_with_the_worst_of_its_machines(empty: Floor, open_page: OpenPage,
                                                              statuses: tuple[str, ...], worst: str) -> None:
    for number, status in enumerate(statuses):
        empty.put(f'Valve_01_0{number}', 'Transmission Line', status)
    empty.publish()

    header, counts = (await open_page()).line('Transmission Line')

    assert header['props']['data-worst'] == worst
    assert {status: int(count) for status, count in counts.items() if count != '0'} == \
        {status: statuses.count(status) for status in statuses}


async def test_attention_has_stops_before_warnings_and_the_longest_first(empty: Floor, open_page: OpenPage) -> None:
    empty.put('long_warning', 'A', 'warning', minutes=500)
    empty.put('short_stop', 'A', 'down', minutes=3)
    empty.put('well', 'A')
    empty.put('long_stop', 'A', 'down', minutes=90)
    empty.publish()

    rows = (await open_page()).of_class('row-machine')

    assert [row['props']['data-row-machine'] for row in rows] == ['long_stop', 'short_stop', 'long_warning']
    assert [row['props']['data-state'] for row in rows] == ['1 h 30', '3 min', '8 h 20']


async def test_a_display_name_shows_at_once_wherever_a_machine_does(shop_floor: Floor, open_page: OpenPage) -> None:
    shop_floor.put('Valve_01_01', 'Transmission Line', 'down')
    shop_floor.publish((StatusEvent(9, MachineName('Valve_01_01'), None, Status.DOWN, None, shop_floor.now_ms),))
    screen = await open_page()
    shop_floor.names = DisplayNames({MachineName('Valve_01_01'): 'Einlass am Tor 4'})
    shop_floor.publish(tuple(shop_floor.store.events))

    def tile() -> dict[str, Any]:
        return next(each for each in screen.of_class('tile') if each['props']['data-machine'] == 'Valve_01_01')
    await screen.until(lambda: tile()['text'].startswith('Einlass am Tor\n4'))
    assert tile()['props']['aria-label'].startswith('Einlass am Tor 4, Down')
    assert screen.of_class('row-machine')[0]['text'].startswith('Einlass am Tor 4\n')
    assert 'Einlass am Tor 4 first report, Down' in screen.texts
    for text in 'tor 4', 'valve_01':
        assert [machine.name for machine in find_machines(shop_floor.store, text)] == ['Valve_01_01']


async def test_attention_is_bounded_and_says_how_many_more_there_are(empty: Floor, open_page: OpenPage) -> None:
    for number in range(attention_list.ROWS + 7):
        empty.put(f'Press_{number}', 'A', 'down')
    empty.publish()
    screen = await open_page()

    assert len(screen.of_class('row-machine')) == attention_list.ROWS
    assert '19 machines in total' in screen.texts


async def test_attention_says_that_all_is_well(shop_floor: Floor, open_page: OpenPage) -> None:
    assert 'All machines are running.' in (await open_page()).texts


async def test_the_event_stream_is_newest_first_and_never_grows(shop_floor: Floor, open_page: OpenPage) -> None:
    screen = await open_page()
    elements = len(screen.elements)

    for number in range(event_stream.ROWS + 20):
        shop_floor.change('Valve_01_01', 'down', f'Leak {number}')

    last = f'Valve 01·01 Down: Leak {event_stream.ROWS + 19}'
    await screen.until(lambda: [row['text'] for row in screen.of_class('row-event')][:1] == [last])
    rows = screen.of_class('row-event')
    assert [row['text'].rsplit(' ', 1)[1] for row in rows] == [str(event_stream.ROWS + 19 - rank)
                                                               for rank in range(event_stream.ROWS)]
    assert rows[0]['props']['data-time'] == '10:42:07'
    assert len(screen.elements) == elements


async def test_a_screen_reader_is_notified_of_stops_only(shop_floor: Floor, open_page: OpenPage) -> None:
    screen = await open_page()
    announced = lambda: screen.all(role='status')[0]['text']  # noqa: E731

    shop_floor.change('Valve_01_01', 'down', 'Leak')
    await screen.until(lambda: announced() == 'Valve 01·01 is down. Leak')
    shop_floor.change('Painter_02_01', 'warning', 'Nozzle')
    await screen.until(lambda: 'Nozzle' in screen.of_class('row-event')[0]['text'])

    assert announced() == 'Valve 01·01 is down. Leak'


async def test_before_the_first_word_the_page_is_connecting_and_says_why(empty: Floor, open_page: OpenPage) -> None:
    empty.store.lose('nobody listens at db:5432')
    screen = await open_page()

    assert screen.badge['props']['data-connection'] == 'connecting'
    assert screen.banner == 'Connecting to the database (nobody listens at db:5432). The floor appears automatically.'
    assert 'Waiting for the database.' in screen.texts

    empty.put('Valve_01_01', 'Transmission Line')
    empty.publish()

    await screen.until(lambda: screen.badge['props']['data-connection'] == 'live')
    await screen.until(lambda: screen.of_class('tile') and 'Waiting for the database.' not in screen.texts)
    assert screen.banner == ''


async def test_a_lost_database_is_shown_with_the_time_of_the_last_proof(shop_floor: Floor, open_page: OpenPage) -> None:
    screen = await open_page()
    shop_floor.clock.pass_by(3)

    shop_floor.store.lose('the database closed the connection')

    await screen.until(lambda: screen.badge['props']['data-connection'] == 'stale')
    assert screen.badge['text'] == 'stale since 10:42:07'
    assert screen.banner == ('No connection to the database (the database closed the connection). The floor is shown '
                             'as of 10:42:07. Retrying automatically.')
    shop_floor.publish()
    await screen.until(lambda: screen.badge['text'] == 'live · 0 s')
    assert screen.banner == ''


async def test_a_missing_heartbeat_alone_makes_the_page_stale(shop_floor: Floor, open_page: OpenPage) -> None:
    """Nobody tells the store that the link hangs: the clock of the pages finds it."""
    screen = await open_page()
    clock = asyncio.create_task(shop_floor.broadcast.run())
    try:
        shop_floor.clock.pass_by(7)
        await screen.until(lambda: screen.badge['text'] == 'live · 7 s')
        shop_floor.clock.pass_by(2)
        await screen.until(lambda: screen.badge['text'] == 'stale since 10:42:07')
    finally:
        clock.cancel()
        await asyncio.gather(clock, return_exceptions=True)


async def test_the_time_in_a_status_goes_on_each_minute(shop_floor: Floor, open_page: OpenPage,
                                                        switchboard: Switchboard) -> None:
    screen = await open_page()
    await settled(shop_floor, switchboard)
    clock = asyncio.create_task(shop_floor.broadcast.run())
    try:
        shop_floor.clock.pass_by(180)
        await screen.until(lambda: screen.tile('Valve_01_01')['text'] == 'Valve\n01·01 · 13 min')
        shop_floor.clock.pass_by(60)
        await screen.until(lambda: screen.tile('Valve_01_01')['text'] == 'Valve\n01·01 · 14 min')
        assert screen.tile('Painter_02_01')['text'] == 'Painter\n02·01 · 14 min'
    finally:
        clock.cancel()
        await asyncio.gather(clock, return_exceptions=True)


async def test_trouble_with_the_feed_is_shown_although_it_answers(shop_floor: Floor, open_page: OpenPage) -> None:
    screen = await open_page()

    shop_floor.store.set_feed_warning('The database does not announce every change.')

    await screen.until(lambda: screen.banner == 'The database does not announce every change.')
    assert screen.badge['props']['data-connection'] == 'live'
    shop_floor.store.set_feed_warning(None)
    await screen.until(lambda: screen.banner == '')


async def test_an_empty_floor_says_so(empty: Floor, open_page: OpenPage) -> None:
    empty.publish()
    screen = await open_page()

    assert 'There are no machines on the floor.' in screen.texts
    assert screen.of_class('tile') == []


async def test_machines_come_and_go_without_a_reload(shop_floor: Floor, open_page: OpenPage,
                                                     switchboard: Switchboard) -> None:
    screen = await open_page()

    shop_floor.put('Painter_02_02', 'Engine Line')
    shop_floor.put('Forklift', None)
    del shop_floor.records['Valve_01_01']
    shop_floor.publish()

    def names() -> set[str]:
        return {element['props']['data-machine'] for element in screen.of_class('tile')}
    await screen.until(lambda: names() == {'Source_Sorter_01_01', 'Robotic_Arm_01_01', 'Injection_Molder_02_01',
                                           'Painter_02_01', 'Painter_02_02', 'Forklift'})
    assert [card['props']['data-line'] for card in screen.of_class('line')] == [
        'Transmission Line', 'Engine Line', 'Not on a line']
    await settled(shop_floor, switchboard)
    shop_floor.change('Forklift', 'down')
    await screen.until(lambda: screen.tile('Forklift')['props']['data-status'] == 'down')
    await screen.until(lambda: screen.line('Not on a line')[0]['props']['data-worst'] == 'down')

    shop_floor.records.clear()
    shop_floor.publish()
    await screen.until(lambda: 'There are no machines on the floor.' in screen.texts)


async def test_a_click_opens_the_machine_and_what_it_says_follows_the_store(shop_floor: Floor,
                                                                            open_page: OpenPage) -> None:
    valve, painter, now_ms = MachineName('Valve_01_01'), MachineName('Painter_02_01'), shop_floor.now_ms
    shop_floor.history = [StatusEvent(2, valve, Status.OPERATIONAL, Status.DOWN, 'Seat worn', now_ms),
                          StatusEvent(1, painter, None, Status.OPERATIONAL, None, now_ms)]
    screen = await open_page()
    assert screen.drawer == ''

    screen.click(screen.tile('Valve_01_01'))

    await screen.until(lambda: 'Seat worn' in screen.drawer)
    assert screen.drawer.splitlines()[:1] == ['Valve 01·01']
    facts = ['Running', 'Reason', 'Not given', 'Since', '2026-11-23 10:32:07 (10 min)', 'Line', 'Transmission Line',
             'Type', 'valve', 'Name in the database', 'Valve_01_01', 'Latest events',
             '2026-11-23 10:42:07  Down: Seat worn']
    assert [line for line in facts if line not in screen.drawer.splitlines()] == []
    assert 'added' not in screen.drawer

    shop_floor.history.insert(0, StatusEvent(3, valve, Status.OPERATIONAL, Status.WARNING, 'Air low', now_ms))
    shop_floor.change('Valve_01_01', 'warning', 'Air low')

    await screen.until(lambda: 'Warning: Air low' in screen.drawer)
    assert 'Warning' in screen.drawer.splitlines()
    assert 'Air low' in screen.drawer.splitlines()
    del shop_floor.records['Valve_01_01']
    shop_floor.publish()
    await screen.until(lambda: 'Removed from the floor' in screen.drawer)


async def test_a_tile_has_a_badge_while_an_order_is_open(shop_floor: Floor, open_page: OpenPage) -> None:
    screen = await open_page()
    assert 'data-orders' not in screen.tile('Valve_01_01')['props']
    label = screen.tile('Valve_01_01')['props']['aria-label']

    shop_floor.order(1, priority='high')
    await screen.until(lambda: screen.tile('Valve_01_01')['props'].get('data-orders') == '1')
    assert screen.tile('Valve_01_01')['props']['aria-label'] == f'{label}, one open work order, high'
    assert 'data-overdue' not in screen.tile('Valve_01_01')['props']
    assert 'children' not in screen.tile('Valve_01_01')

    shop_floor.order(2, priority='critical', due_in_minutes=-5)
    await screen.until(lambda: screen.tile('Valve_01_01')['props'].get('data-orders') == '2')
    assert screen.tile('Valve_01_01')['props']['aria-label'] == f'{label}, 2 open work orders, critical, overdue'
    assert screen.tile('Valve_01_01')['props']['data-overdue'] == '1'

    shop_floor.order(1, state='completed')
    shop_floor.order(2, state='cancelled')
    await screen.until(lambda: 'data-orders' not in screen.tile('Valve_01_01')['props'])
    assert screen.tile('Valve_01_01')['props']['aria-label'] == label


async def test_an_order_that_moves_to_another_machine_leaves_the_first(shop_floor: Floor, open_page: OpenPage,
                                                                       switchboard: Switchboard) -> None:
    shop_floor.order(1, 'Valve_01_01')
    screen = await open_page()
    await settled(shop_floor, switchboard)
    assert screen.tile('Valve_01_01')['props']['data-orders'] == '1'

    shop_floor.order(1, 'Painter_02_01')

    await screen.until(lambda: screen.tile('Painter_02_01')['props'].get('data-orders') == '1')
    assert 'data-orders' not in screen.tile('Valve_01_01')['props']


async def test_an_order_becomes_overdue_automatically(shop_floor: Floor, open_page: OpenPage) -> None:
    shop_floor.order(1, due_in_minutes=30)
    screen = await open_page()
    clock = asyncio.create_task(shop_floor.broadcast.run())
    try:
        shop_floor.clock.pass_by(31 * 60)
        await screen.until(lambda: screen.tile('Valve_01_01')['props'].get('data-overdue') == '1')
    finally:
        clock.cancel()
        await asyncio.gather(clock, return_exceptions=True)


async def test_the_figures_count_open_and_critical_orders(shop_floor: Floor, open_page: OpenPage) -> None:
    screen = await open_page()
    shop_floor.order(1, priority='critical')
    shop_floor.order(2, 'Painter_02_01')
    shop_floor.order(3, state='completed')

    def figures() -> list[str]:
        return [f'{each["props"]["data-label"]} {each["text"]}' for each in screen.of_class('figure')][4:]
    await screen.until(lambda: figures() == ['Open work orders 2', 'Critical 1'])


async def test_attention_says_who_is_on_it(shop_floor: Floor, open_page: OpenPage) -> None:
    lisa = shop_floor.hire('Lisa', 'Garcia')
    for name, status in ('Valve_01_01', 'down'), ('Painter_02_01', 'down'), ('Robotic_Arm_01_01', 'warning'), \
            ('Source_Sorter_01_01', 'warning'):
        shop_floor.put(name, 'Transmission Line', status, reason='Leak', minutes=len(name))
    shop_floor.publish()
    shop_floor.order(0x3f2a91bc, 'Valve_01_01', assignee=lisa)
    shop_floor.order(0x91c00000, 'Robotic_Arm_01_01', priority='low')
    shop_floor.order(0x91c10000, 'Robotic_Arm_01_01')
    screen = await open_page()

    rows = {row['props']['data-row-machine']: row['text'].split('\n')[1] for row in screen.of_class('row-machine')}

    assert rows == {'Valve_01_01': 'Leak · WO-3f2a · Lisa Garcia', 'Painter_02_01': 'Leak · no work order',
                    'Robotic_Arm_01_01': 'Leak · WO-91c1 +1 · unassigned', 'Source_Sorter_01_01': 'Leak'}


async def test_of_many_orders_of_a_machine_the_drawer_lists_the_most_pressing_and_leads_to_all(
        shop_floor: Floor, open_page: OpenPage) -> None:
    for number in range(25):
        shop_floor.order(number, 'Valve_01_01', due_in_minutes=number)
    screen = await open_page('/?machine=Valve_01_01')
    await screen.until(lambda: screen.of_class('drawer-order'))

    assert len(screen.of_class('drawer-order')) == machine_orders.MAX_ROWS
    more, = (e for e in screen.all(href='/work-orders?status=open,in_progress,on_hold&machine=Valve_01_01'))
    assert more['text'] == 'and 5 more'
    shop_floor.order(30, 'Valve_01_01', due_in_minutes=90)
    await screen.until(lambda: 'and 6 more' in screen.drawer)


async def test_the_drawer_lists_the_orders_of_the_machine_and_follows_them(shop_floor: Floor,
                                                                           open_page: OpenPage) -> None:
    lisa = shop_floor.hire('Lisa', 'Garcia')
    shop_floor.publish()
    shop_floor.order(1, assignee=lisa, due_in_minutes=-130)
    shop_floor.order(2, 'Painter_02_01', description='Nozzle')
    screen = await open_page('/?machine=Valve_01_01')
    await screen.until(lambda: 'WO-00000001' in screen.drawer)

    for line in 'Work orders', 'high', 'Open', 'overdue 2 h', 'Lisa Garcia · Hydraulic leak':
        assert line in screen.drawer.splitlines()
    assert 'Nozzle' not in screen.drawer
    links = {link.get('text'): link['props']['href'] for link in screen.all()
             if 'href' in link.get('props', {})}
    assert links['WO-00000001'] == '/work-orders/WO-20261123-00000001'
    assert links['All work orders of this machine'] == '/work-orders?machine=Valve_01_01'

    shop_floor.order(3, state='on_hold', priority='critical', description='Seat worn')
    await screen.until(lambda: 'unassigned · Seat worn' in screen.drawer.splitlines())
    assert 'On hold' in screen.drawer.splitlines()

    shop_floor.order(1, state='completed')
    shop_floor.order(3, state='completed')
    await screen.until(lambda: 'No open work orders.' in screen.drawer.splitlines())


async def test_two_clicks_from_a_tile_to_a_new_order(shop_floor: Floor, open_page: OpenPage) -> None:
    shop_floor.put('Valve_01_01', 'Transmission Line', 'down', reason='Seat worn')
    shop_floor.publish()
    screen = await open_page()

    screen.click(screen.tile('Valve_01_01'))
    await screen.until(lambda: 'New work order' in screen.drawer_buttons())
    screen.click(screen.drawer_buttons()['New work order'])

    await screen.until(lambda: screen.all(aria_label='New work order', model_value=True))
    values = [element.get('props', {}).get('value') for element in screen.all()]
    assert 'Seat worn' in values


async def test_who_may_only_look_learns_what_role_a_new_order_needs(shop_floor: Floor, open_page: OpenPage,
                                                                    user: User) -> None:
    person_at(user, shop_floor.hire('Vera', 'Viewer', 'viewer'))
    shop_floor.publish()
    screen = await open_page('/?machine=Valve_01_01')
    await screen.until(lambda: 'New work order' in screen.drawer_buttons())

    button = screen.drawer_buttons()['New work order']

    assert button['props']['disable'] is True
    assert button['props']['title'] == 'Requires the role operator; your role is viewer.'


async def test_a_history_that_cannot_be_read_is_shown_in_the_drawer(shop_floor: Floor, open_page: OpenPage) -> None:
    shop_floor.problem = DatabaseUnavailableError('the database cannot answer: there is no such table')
    screen = await open_page('/?machine=Valve_01_01')

    problem = 'The database cannot answer: there is no such table. Close this panel and open it again.'
    await screen.until(lambda: problem in screen.drawer)
    assert 'Transmission Line' in screen.drawer.splitlines()


async def test_a_machine_that_needs_attention_opens_from_the_list(shop_floor: Floor, open_page: OpenPage) -> None:
    shop_floor.put('Valve_01_01', 'Transmission Line', 'down', reason='Leak')
    shop_floor.publish()
    screen = await open_page()

    screen.click(screen.of_class('row-machine')[0])

    await screen.until(lambda: screen.drawer.startswith('Valve 01·01'))


async def test_the_address_names_a_machine(shop_floor: Floor, open_page: OpenPage) -> None:
    screen = await open_page('/?machine=Painter_02_01')

    await screen.until(lambda: screen.drawer.startswith('Painter 02·01'))


async def test_a_machine_is_opened_by_its_former_name_and_followed_to_a_new_one(shop_floor: Floor,
                                                                                open_page: OpenPage) -> None:
    def rename(before: str, after: str) -> None:
        record = shop_floor.records.pop(before)
        former = *record.former_names, before
        shop_floor.records[after] = replace(record, name=MachineName(after), former_names=former)
        shop_floor.publish()

    rename('Painter_02_01', 'Painter A')
    screen = await open_page('/?machine=Painter_02_01')
    await screen.until(lambda: screen.drawer.startswith('Painter A'))
    rename('Painter A', 'Painter B')
    await screen.until(lambda: screen.drawer.startswith('Painter B'))
    assert 'Removed from the floor' not in screen.drawer


async def test_an_area_is_shown_alone_on_the_floor_and_on_a_wall(shop_floor: Floor, open_page: OpenPage) -> None:
    for name, record in list(shop_floor.records.items()):
        shop_floor.records[name] = replace(record, area='Halle Süd' if record.line == 'Engine Line' else None)
    shop_floor.publish()

    def lines(screen: Screen) -> set[str]:
        machines = {each['props']['data-machine'] for each in screen.of_class('tile')}
        return {shop_floor.records[name].line or '' for name in machines}
    everything = await open_page('/')
    link, = everything.of_class('chapter-only')
    assert lines(everything) > {'Engine Line'}
    floor = await open_page(link['props']['href'])
    assert lines(floor) == {'Engine Line'}
    assert floor.of_class('chapter-only') == []
    wall, = [each for each in floor.of_class('wall-link') if each['text'] == 'Wall screen']
    assert wall['props']['href'] == '/?kiosk&area=Halle+S%C3%BCd'
    assert lines(await open_page(wall['props']['href'])) == {'Engine Line'}
    unknown = await open_page('/?kiosk&area=Hall+9')
    assert any('There is no area Hall 9' in text or 'no area Hall 9' in text for text in unknown.texts)


@pytest.mark.parametrize('kiosk', ['', 'kiosk&'])
async def test_figures_of_a_part_of_the_plant_name_it_and_count_its_machines_and_orders(
        shop_floor: Floor, open_page: OpenPage, kiosk: str) -> None:
    shop_floor.put('Sorter_03_01', 'Interior Line')

    def set_areas(lines: set[str]) -> None:
        for name, record in list(shop_floor.records.items()):
            shop_floor.records[name] = replace(record, area='Hall 2' if record.line in lines else None)
        shop_floor.publish()
    for number, name in enumerate(('Painter_02_01', 'Valve_01_01', 'Robotic_Arm_01_01')):
        shop_floor.put(name, shop_floor.records[name].line, 'down')
        shop_floor.order(number, name, priority='critical')
    set_areas({'Interior Line'})

    def figures(screen: Screen) -> list[str]:
        return [each['text'] for each in screen.of_class('figure')]
    screen = await open_page(f'/?{kiosk}area=hall+2&line=Engine+Line')
    assert figures(screen) == ['2 / 3', '0', '1', '0', '1', '1']
    assert [each['text'] for each in screen.of_class('figures-of')] == ['Hall 2, Engine Line']
    assert ' whole plant' in screen.texts   # needs attention
    plant = await open_page(f'/?{kiosk}')
    assert figures(plant) == ['3 / 6', '0', '3', '0', '3', '3']
    assert ' whole plant' not in plant.texts
    set_areas({'Interior Line', 'Engine Line', 'Transmission Line'})
    await screen.until(lambda: figures(screen) == ['3 / 6', '0', '3', '0', '3', '3'])
    assert [each['text'] for each in screen.of_class('figures-of')] == ['Hall 2']


@pytest.mark.parametrize('path', ['/?line=Engine+Line', '/?kiosk&line=Engine+Line'])
async def test_a_link_to_a_line_follows_it_to_a_new_name(shop_floor: Floor, open_page: OpenPage, path: str) -> None:
    screen = await open_page(path)
    shop_floor.former_lines = {'Engine Line': 'Hall 1'}
    for name, record in shop_floor.records.items():
        if record.line == 'Engine Line':
            shop_floor.records[name] = replace(record, line='Hall 1')
    shop_floor.publish()
    await screen.until(lambda: [card['props'].get('data-line') for card in screen.of_class('line')] == ['Hall 1'])


@pytest.mark.parametrize(('query', 'sentence'), [
    ('machine=Painter_02_02', 'There is no machine Painter_02_02. Did you mean Painter_02_01?'),
    ('machin=Painter_02_01', 'There is no parameter machin. Did you mean machine?'),
    ('rotate=20', 'Cannot use rotate on this page: it belongs to the wall screen, /?kiosk&rotate=…'),
    ('machine=Painter_02_01&machine=Valve_01_01', 'Cannot understand machine, which is there more than once: use it '
                                                  'once.')])
async def test_an_address_of_what_is_not_there_says_so(shop_floor: Floor, open_page: OpenPage, query: str,
                                                       sentence: str) -> None:
    screen = await open_page(f'/?{query}')

    note, = screen.of_class('address-note')
    await screen.until(lambda: sentence in screen._texts_within(note))
    assert screen.of_class('address-note')   # it is not hidden
    assert screen.drawer == ''


async def test_nothing_is_shown_of_an_address_that_is_understood(shop_floor: Floor, open_page: OpenPage) -> None:
    screen = await open_page('/?machine=Painter_02_01&utm_source=mail&o=1')

    assert not screen.of_class('address-note')


async def test_the_machine_of_an_address_is_opened_when_it_appears(shop_floor: Floor, open_page: OpenPage) -> None:
    screen = await open_page('/?machine=Press_1')
    await screen.until(lambda: any('There is no machine Press_1' in text for text in screen.texts))

    shop_floor.put('Press_1', 'Engine Line')
    shop_floor.publish()

    await screen.until(lambda: screen.drawer.startswith('Press_1'))
    assert not screen.of_class('address-note')


async def test_the_theme_is_remembered_for_the_person_and_nobody_else(shop_floor: Floor, open_page: OpenPage,
                                                                      colleague: User) -> None:
    screen = await open_page()
    assert screen.of_class('frame')[0]['props']['data-theme'] == 'auto'

    screen.click(screen.all(role='menuitemradio')[-1])

    await screen.until(lambda: screen.of_class('frame')[0]['props']['data-theme'] == 'isa-101')
    assert [item['props']['aria-checked'] for item in screen.all(role='menuitemradio')] == ['false'] * 3 + ['true']
    assert (await open_page()).of_class('frame')[0]['props']['data-theme'] == 'isa-101'
    assert (await open_page(by=colleague)).of_class('frame')[0]['props']['data-theme'] == 'auto'


async def test_a_theme_that_an_older_version_knew_is_no_reason_to_fail(shop_floor: Floor, open_page: OpenPage) -> None:
    screen = await open_page()
    with screen.client:
        app.storage.user[STORED_AS] = 'solarized'

    assert (await open_page()).of_class('frame')[0]['props']['data-theme'] == 'auto'


async def test_nothing_is_polled(shop_floor: Floor, open_page: OpenPage) -> None:
    """An active link would be looked at ten times a second, for every page."""
    screen = await open_page('/?machine=Painter_02_01')
    await screen.until(lambda: screen.drawer)

    assert binding.active_links == []


@pytest.mark.parametrize('name', HOSTILE)
async def test_names_and_reasons_are_shown_as_text(empty: Floor, open_page: OpenPage, name: str) -> None:
    empty.put(name, 'Engine <b>Line</b>', 'down', reason=name)
    empty.publish()
    screen = await open_page()

    tile = screen.tile(name)
    screen.click(tile)
    await screen.until(lambda: name in screen.drawer.splitlines())

    assert name in tile['props']['aria-label']
    assert tile['props']['data-reason'] == name
    assert tile['text'].startswith(name)
    assert screen.line('Engine <b>Line</b>')
    assert not [element for element in screen.elements.values() if 'innerHTML' in element.get('props', {})]
    assert not [key for element in screen.elements.values() for key, value in element.get('props', {}).items()
                if key.startswith(':') and name in str(value)]
