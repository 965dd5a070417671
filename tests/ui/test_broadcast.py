"""One encoding for all browsers: what each page gets, and when. What this uses of NiceGUI: test_nicegui_bridge.py."""

import asyncio
import copy
import json

import pytest
from nicegui import core, ui
from ui.harness import Screen, Socket, settled, tile_of

from floor.core.machines import MachineChange, Status
from floor.web.live import broadcast as broadcast_module
from floor.web.live import stale_overlay
from floor.web.live.live_element import SECOND, LiveElement, machine_topic
from floor.web.live.socket_fanout import MAX_WAITING, has_read_all, send_update
from floor.web.shell import connection_badge


@pytest.fixture(autouse=True)
def within_one_second(monkeypatch):
    """A second that passes between two messages is no difference."""
    for module in stale_overlay, connection_badge:
        monkeypatch.setattr(module, 'beat', lambda: '7')


def statuses_shown(screen, name, monkeypatch):
    """What this machine's tile showed after each message, as it goes on."""
    shown = []

    def receive(message):
        Screen.receive(screen, message)
        shown.append(screen.tile(name)['props']['data-status'])
    monkeypatch.setattr(screen, 'receive', receive)
    return shown


async def test_a_change_is_encoded_once_for_all_pages_that_were_built_alike(floor, look, switchboard, colleague):
    screens = [await look(), await look(), await look(by=colleague)]
    await settled(floor, switchboard)

    floor.change('Valve_01_01', 'down', 'Leak')

    await screens[0].until(lambda: screens[0].tile('Valve_01_01')['props']['data-status'] == 'down')
    (message, rooms), = switchboard.shared
    assert sorted(rooms) == sorted(screen.client.id for screen in screens)
    assert tile_of(screens[0], 'Valve_01_01').id in message
    assert {screen.tile('Valve_01_01')['props']['data-status'] for screen in screens} == {'down'}


async def test_a_page_of_another_layout_gets_a_message_of_its_own(floor, look, switchboard):
    alike, other = await look(), await look()
    await settled(floor, switchboard)
    with other.client.layout:
        ui.label('something that only this page has')
    floor.put('Painter_02_02', 'Engine Line')
    floor.publish()
    await other.until(lambda: other.all(data_machine='Painter_02_02') and alike.all(data_machine='Painter_02_02'))
    assert alike.tile('Painter_02_02') is not other.tile('Painter_02_02')
    await settled(floor, switchboard)

    floor.change('Valve_01_01', 'down')

    await other.until(lambda: other.tile('Valve_01_01')['props']['data-status'] == 'down')
    assert alike.tile('Valve_01_01')['props']['data-status'] == 'down'
    assert sorted(rooms for _, rooms in switchboard.shared) == sorted([[alike.client.id], [other.client.id]])


async def test_what_nobody_could_see_is_not_sent(floor, look, switchboard):
    await look()
    floor.broadcast.flush([SECOND])
    await settled(floor, switchboard)

    floor.broadcast.flush([SECOND])
    await asyncio.sleep(0)

    assert switchboard.shared == []


async def test_a_screen_holds_what_a_page_built_now_would_hold(floor, look):
    """However many messages made it, the picture is the one of the store."""
    screen = await look()
    for number, status in enumerate(['down', 'warning', 'operational', 'down'] * 5):
        for name in list(floor.records)[number % 3:]:
            floor.change(name, status, f'reason {number}')
        await asyncio.sleep(0)
    fresh = await look()

    def live(screen):
        return json.dumps([element for id_, element in sorted(screen.elements.items())
                           if isinstance(screen.client.elements[id_], LiveElement)], sort_keys=True)

    await screen.until(lambda: live(screen) == live(fresh))


async def test_a_page_that_comes_back_is_told_everything(floor, look, switchboard):
    screen = await look()
    await settled(floor, switchboard)
    switchboard.screens.remove(screen)  # the browser is away and its messages are lost
    floor.change('Valve_01_01', 'down')
    await asyncio.sleep(0)
    assert screen.tile('Valve_01_01')['props']['data-status'] == 'operational'

    switchboard.screens.append(screen)
    for handler in screen.client.connect_handlers:
        handler()

    await screen.until(lambda: screen.tile('Valve_01_01')['props']['data-status'] == 'down')


async def test_a_page_that_has_gone_is_forgotten(floor, look, switchboard):
    leaving, staying = await look(), await look()
    await settled(floor, switchboard)
    assert floor.broadcast.pages == 2

    leaving.client.delete()
    floor.change('Valve_01_01', 'down')

    await staying.until(lambda: staying.tile('Valve_01_01')['props']['data-status'] == 'down')
    assert floor.broadcast.pages == 1
    assert [rooms for _, rooms in switchboard.shared] == [[staying.client.id]]


async def test_pages_that_come_and_go_leave_nothing_behind(floor, look):
    for _ in range(3):
        screen = await look('/?machine=Valve_01_01')
        await screen.until(lambda screen=screen: screen.drawer)
        screen.client.delete()
    floor.broadcast.flush([SECOND])

    assert floor.broadcast.pages == 0
    assert floor.broadcast._audiences == {}
    assert len(floor.store._subscribers) == 2, 'the broadcast and the alerts, of all pages together'


async def test_an_order_reaches_the_tile_of_its_machine_first_and_only(floor, look, switchboard):
    screen = await look()
    floor.broadcast.flush([SECOND])
    await settled(floor, switchboard)

    floor.order(1, 'Valve_01_01')

    (message, _), = switchboard.shared
    assert [element['props']['data-machine'] for element in message.values()] == ['Valve_01_01']
    await screen.until(lambda: [each['text'] for each in screen.of_class('figure')][4:] == ['1', '0'])


async def test_a_click_on_one_of_many_is_one_on_that_machine(floor, look):
    screen = await look()

    for name in 'Valve_01_01', 'Painter_02_01', 'Source_Sorter_01_01':
        screen.click(screen.tile(name))
        await screen.until(lambda name=name: name in screen.drawer.splitlines())


@pytest.mark.parametrize('time_ms', [10**18, -10**18])
async def test_a_machine_whose_time_cannot_be_shown_takes_no_other_with_it(floor, look, user, time_ms, caplog):
    """Not its neighbour's change, not the clock of the pages, and not the page of who comes later."""
    screen = await look()
    running = asyncio.create_task(floor.broadcast.run())
    try:
        floor.store.apply([MachineChange('Valve_01_01', Status.DOWN, None, 10**6, floor.now_ms, time_ms)])
        floor.change('Painter_02_01', 'down')
        await screen.until(lambda: screen.tile('Painter_02_01')['props']['data-status'] == 'down')
        floor.clock.pass_by(60)
        floor.store.prove()
        await screen.until(lambda: '1 min' in screen.tile('Painter_02_01')['text'])
        assert not running.done()
        assert 'Painter 02·01, Down' in (await user.http_client.get('/')).text
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert screen.tile('Valve_01_01')['props']['data-status'] == 'unknown'
    assert 'cannot be shown' in screen.tile('Valve_01_01')['props']['aria-label']
    complaints = [record.topic for record in caplog.records if record.message == 'an element of a page cannot be shown']
    assert 1 <= complaints.count('machine Valve_01_01') <= 4, 'each element says it once, and not each second'
    caplog.clear()  # what was logged was to be logged

async def test_the_page_itself_comes_with_the_content_of_the_live_elements(floor, user):
    response = await user.http_client.get('/')

    assert 'data-machine' in response.text
    assert 'Valve 01·01, Running, since 10:32:07' in response.text


async def test_pages_that_are_built_alike_have_the_same_ids_for_elements_and_listeners(floor, look):
    first, second = await look(), await look()

    def shape(screen):
        return {id_: (element['tag'], element.get('children'), element.get('events'))
                for id_, element in screen.elements.items()
                if isinstance(screen.client.elements.get(id_), LiveElement)}

    assert shape(first) == shape(second)
    assert floor.broadcast._views[first.client.id].layout == floor.broadcast._views[second.client.id].layout


async def test_a_browser_that_reads_nothing_holds_a_few_messages_and_gets_the_present_later(floor, look, switchboard,
                                                                                            monkeypatch):
    """Its queue does not grow for ever, and what it gets when it reads again is how things stand."""
    slow, quick = await look(), await look()
    await settled(floor, switchboard)
    sockets = {'slow': Socket(), 'quick': Socket()}
    monkeypatch.setattr(core.sio.eio, 'sockets', sockets)
    monkeypatch.setattr(broadcast_module, 'send_update', send_update)
    for name, screen in ('slow', slow), ('quick', quick):
        await core.sio.manager.enter_room(f'browser-{name}', '/', screen.client.id, eio_sid=name)
    got = 0
    try:
        for number in range(3 * MAX_WAITING):
            floor.change('Valve_01_01', 'down', f'change {number}')
            floor.broadcast.flush([machine_topic('Valve_01_01')])
            got += sockets['quick'].queue.qsize()
            take_all(sockets['quick'])
        assert not has_read_all(slow.client.id)
        waiting = take_all(sockets['slow'])
        assert has_read_all(slow.client.id)
        assert floor.broadcast._lagging == {slow.client.id}
        clock = asyncio.create_task(floor.broadcast.run())
        try:
            await slow.until(lambda: not sockets['slow'].queue.empty())
        finally:
            clock.cancel()
        present, = take_all(sockets['slow'])
    finally:
        for screen in slow, quick:
            await core.sio.manager.close_room(screen.client.id, '/')

    assert len(waiting) == MAX_WAITING
    assert got >= 3 * MAX_WAITING
    assert f'change {3 * MAX_WAITING - 1}' in present
    assert floor.broadcast._lagging == set()


@pytest.fixture
def slow_mail(switchboard, monkeypatch):
    """NiceGUI's own messages do not arrive before the test says so. They wait in no queue that we could look into."""
    on_its_way, may_arrive = asyncio.Event(), asyncio.Event()

    async def slowly(event, data=None, **rooms):
        on_its_way.set()
        await may_arrive.wait()
        await switchboard.emit(event, data, **rooms)

    def hold():
        monkeypatch.setattr(core.sio, 'emit', slowly)
        return on_its_way, may_arrive
    return hold


async def test_what_nicegui_is_just_sending_does_not_overtake_what_is_newer(floor, look, switchboard, slow_mail,
                                                                            monkeypatch):
    """The lines are built anew; between the encoding and the sending of that a machine stops."""
    screen = await look()
    await settled(floor, switchboard)
    shown = statuses_shown(screen, 'Valve_01_01', monkeypatch)
    on_its_way, may_arrive = slow_mail()
    floor.put('Painter_02_02', 'Engine Line')
    floor.publish()
    await on_its_way.wait()

    floor.change('Valve_01_01', 'down', 'Leak')
    floor.broadcast.flush([machine_topic('Valve_01_01'), SECOND])
    assert shown == []
    may_arrive.set()

    await screen.until(lambda: 'down' in shown)
    await settled(floor, switchboard)
    assert shown[0] == 'operational'  # what NiceGUI was sending did come
    assert shown == sorted(shown, reverse=True)  # running, then down, and never back


async def test_what_nicegui_replays_late_is_not_shown_after_what_is_newer(floor, look, switchboard, slow_mail,
                                                                          monkeypatch):
    """A browser comes back, and NiceGUI is still sending what it has missed."""
    screen = await look()
    await settled(floor, switchboard)
    shown = statuses_shown(screen, 'Valve_01_01', monkeypatch)
    before = {tile_of(screen, 'Valve_01_01').id: copy.deepcopy(screen.tile('Valve_01_01'))}
    on_its_way, may_arrive = slow_mail()
    screen.client.outbox.enqueue_message('update', before, screen.client.id)
    await on_its_way.wait()

    for handler in screen.client.connect_handlers:
        handler()
    floor.change('Valve_01_01', 'down', 'Leak')
    floor.broadcast.flush([machine_topic('Valve_01_01'), SECOND])
    may_arrive.set()

    await screen.until(lambda: 'down' in shown)
    await settled(floor, switchboard)
    assert shown[0] == 'operational'
    assert shown == sorted(shown, reverse=True)


async def test_a_page_whose_browser_goes_away_is_not_waited_for(floor, look, switchboard, slow_mail):
    screen = await look()
    await settled(floor, switchboard)
    slow_mail()
    for handler in screen.client.connect_handlers:
        handler()
    assert floor.broadcast._paused

    screen.client.tab_id = None

    await screen.until(lambda: not floor.broadcast._paused and floor.broadcast._inspect_due is None)


def take_all(socket):
    """What waits for a browser, as text."""
    return [str(socket.queue.get_nowait().encode()) for _ in range(socket.queue.qsize())]
