"""One encoding for all browsers: what each page gets, and when. What this uses of NiceGUI: test_nicegui_bridge.py."""

from __future__ import annotations

import asyncio
import copy
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from nicegui import core, ui
from nicegui.testing import User
from ui.harness import Floor, OpenPage, Screen, Socket, Switchboard, settled, tile_of

from floor.core.machines import MachineChange, MachineName, Status
from floor.web.live import broadcast as broadcast_module
from floor.web.live.live_element import SECOND, LiveElement
from floor.web.live.nicegui_bridge import has_answered
from floor.web.live.socket_fanout import MAX_WAITING, has_read_all, send_update

BEAT = re.compile(r'"data-beat":"(\d+)"')
Hold = Callable[[], tuple[asyncio.Event, asyncio.Event]]


def statuses_shown(screen: Screen, name: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What this machine's tile showed after each message, as it goes on."""
    shown = []

    def receive(message: dict[Any, Any]) -> None:
        Screen.receive(screen, message)
        shown.append(screen.tile(name)['props']['data-status'])
    monkeypatch.setattr(screen, 'receive', receive)
    return shown


async def test_a_change_is_encoded_once_for_all_pages_that_were_built_alike(
        shop_floor: Floor, open_page: OpenPage, switchboard: Switchboard, colleague: User) -> None:
    screens = [await open_page(), await open_page(), await open_page(by=colleague)]
    await settled(shop_floor, switchboard)

    shop_floor.change('Valve_01_01', 'down', 'Leak')

    await screens[0].until(lambda: screens[0].tile('Valve_01_01')['props']['data-status'] == 'down')
    (message, rooms), = switchboard.shared
    assert sorted(rooms) == sorted(screen.client.id for screen in screens)
    assert tile_of(screens[0], 'Valve_01_01').id in message
    assert {screen.tile('Valve_01_01')['props']['data-status'] for screen in screens} == {'down'}


async def test_a_page_of_another_layout_gets_its_own_message(shop_floor: Floor, open_page: OpenPage,
                                                                  switchboard: Switchboard) -> None:
    alike, other = await open_page(), await open_page()
    await settled(shop_floor, switchboard)
    with other.client.layout:
        ui.label('something that only this page has')
    shop_floor.put('Painter_02_02', 'Engine Line')
    shop_floor.publish()
    await other.until(lambda: other.all(data_machine='Painter_02_02') and alike.all(data_machine='Painter_02_02'))
    assert alike.tile('Painter_02_02') is not other.tile('Painter_02_02')
    await settled(shop_floor, switchboard)

    shop_floor.change('Valve_01_01', 'down')

    await other.until(lambda: other.tile('Valve_01_01')['props']['data-status'] == 'down')
    assert alike.tile('Valve_01_01')['props']['data-status'] == 'down'
    assert sorted(rooms for _, rooms in switchboard.shared) == sorted([[alike.client.id], [other.client.id]])


async def test_what_nobody_could_see_is_not_sent(shop_floor: Floor, open_page: OpenPage,
                                                 switchboard: Switchboard) -> None:
    await open_page()
    shop_floor.broadcast.flush([SECOND])
    await settled(shop_floor, switchboard)

    shop_floor.broadcast.flush([SECOND])
    await asyncio.sleep(0)

    assert switchboard.shared == []


async def test_counts_are_not_sent_without_how_fresh_they_are(shop_floor: Floor, open_page: OpenPage,
                                                              switchboard: Switchboard) -> None:
    screen = await open_page()
    await settled(shop_floor, switchboard)

    shop_floor.change('Valve_01_01', 'down')
    await screen.until(lambda: screen.tile('Valve_01_01')['props']['data-status'] == 'down')
    shop_floor.clock.seconds += 9  # the counts are not sent yet, and no tick of the clock follows

    def down() -> str:
        return next(str(element['props']['data-count']) for element in screen.of_class('figure')
                    if element['props'].get('data-status') == 'down')
    before = down()
    await screen.until(lambda: down() != before)
    assert screen.of_class('badge')[0]['props']['data-connection'] == 'stale'


async def test_a_screen_holds_what_a_page_built_now_would_hold(shop_floor: Floor, open_page: OpenPage) -> None:
    """However many messages made it, the picture is the one of the store."""
    screen = await open_page()
    for number, status in enumerate(['down', 'warning', 'operational', 'down'] * 5):
        for name in list(shop_floor.records)[number % 3:]:
            shop_floor.change(name, status, f'reason {number}')
        await asyncio.sleep(0)
    fresh = await open_page()

    def live(screen: Screen) -> str:
        return json.dumps([element for id_, element in sorted(screen.elements.items())
                           if isinstance(screen.client.elements[id_], LiveElement)], sort_keys=True)

    await screen.until(lambda: live(screen) == live(fresh))


async def test_a_page_that_comes_back_receives_everything(shop_floor: Floor, open_page: OpenPage,
                                                          switchboard: Switchboard) -> None:
    screen = await open_page()
    await settled(shop_floor, switchboard)
    switchboard.screens.remove(screen)  # the browser is away and its messages are lost
    shop_floor.change('Valve_01_01', 'down')
    await asyncio.sleep(0)
    assert screen.tile('Valve_01_01')['props']['data-status'] == 'operational'

    switchboard.screens.append(screen)
    for handler in screen.client.connect_handlers:
        handler()

    await screen.until(lambda: screen.tile('Valve_01_01')['props']['data-status'] == 'down')


async def test_a_page_that_has_gone_is_forgotten(shop_floor: Floor, open_page: OpenPage,
                                                 switchboard: Switchboard) -> None:
    leaving, staying = await open_page(), await open_page()
    await settled(shop_floor, switchboard)
    assert shop_floor.broadcast.pages == 2

    leaving.client.delete()
    shop_floor.change('Valve_01_01', 'down')

    await staying.until(lambda: staying.tile('Valve_01_01')['props']['data-status'] == 'down')
    assert shop_floor.broadcast.pages == 1
    assert [rooms for _, rooms in switchboard.shared] == [[staying.client.id]]


async def test_pages_that_come_and_go_leave_nothing_behind(shop_floor: Floor, open_page: OpenPage) -> None:
    for _ in range(3):
        screen = await open_page('/?machine=Valve_01_01')
        await screen.until(lambda screen=screen: screen.drawer)
        screen.client.delete()
    shop_floor.broadcast.flush([SECOND])

    assert shop_floor.broadcast.pages == 0
    assert shop_floor.broadcast._audiences == {}
    assert len(shop_floor.store._subscribers) == 2, 'the broadcast and the alerts, of all pages together'


async def test_an_order_reaches_the_tile_of_its_machine_first_and_only(shop_floor: Floor, open_page: OpenPage,
                                                                       switchboard: Switchboard) -> None:
    screen = await open_page()
    shop_floor.broadcast.flush([SECOND])
    await settled(shop_floor, switchboard)

    shop_floor.order(1, 'Valve_01_01')

    (message, _), = switchboard.shared
    assert [element['props']['data-machine'] for element in message.values()] == ['Valve_01_01']
    await screen.until(lambda: [each['text'] for each in screen.of_class('figure')][4:] == ['1', '0'])


async def test_a_click_on_one_of_many_is_one_on_that_machine(shop_floor: Floor, open_page: OpenPage) -> None:
    screen = await open_page()

    for name in 'Valve_01_01', 'Painter_02_01', 'Source_Sorter_01_01':
        screen.click(screen.tile(name))
        await screen.until(lambda name=name: name in screen.drawer.splitlines())


@pytest.mark.parametrize('time_ms', [10**18, -10**18])
async def test_a_machine_whose_time_cannot_be_shown_takes_no_other_with_it(
        shop_floor: Floor, open_page: OpenPage, user: User, time_ms: int, caplog: pytest.LogCaptureFixture) -> None:
    """Not its neighbour's change, not the clock of the pages, and not the page of who comes later."""
    screen = await open_page()
    running = asyncio.create_task(shop_floor.broadcast.run())
    try:
        shop_floor.store.apply([MachineChange(MachineName('Valve_01_01'), Status.DOWN, None, 10**6, shop_floor.now_ms,
                                              time_ms, shop_floor.now_ms)])
        shop_floor.change('Painter_02_01', 'down')
        await screen.until(lambda: screen.tile('Painter_02_01')['props']['data-status'] == 'down')
        shop_floor.clock.pass_by(60)
        shop_floor.store.prove()
        await screen.until(lambda: '1 min' in screen.tile('Painter_02_01')['text'])
        assert not running.done()
        assert 'Painter 02·01, Down' in (await user.http_client.get('/')).text
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert screen.tile('Valve_01_01')['props']['data-status'] == 'unknown'
    assert 'cannot be shown' in screen.tile('Valve_01_01')['props']['aria-label']
    complaints = [getattr(record, 'topic', None) for record in caplog.records
                  if record.message == 'an element of a page cannot be shown']
    assert 1 <= complaints.count(shop_floor.topic('Valve_01_01')) <= 4, 'each element says it once, and not each second'
    caplog.clear()  # what was logged was to be logged

async def test_the_page_itself_comes_with_the_content_of_the_live_elements(shop_floor: Floor, user: User) -> None:
    response = await user.http_client.get('/')

    assert 'data-machine' in response.text
    assert 'Valve 01·01, Running, since 10:32:07' in response.text


async def test_pages_that_are_built_alike_have_the_same_ids_for_elements_and_listeners(shop_floor: Floor,
                                                                                       open_page: OpenPage) -> None:
    first, second = await open_page(), await open_page()

    def shape(screen: Screen) -> dict[int, tuple[Any, ...]]:
        return {id_: (element['tag'], element.get('children'), element.get('events'))
                for id_, element in screen.elements.items()
                if isinstance(screen.client.elements.get(id_), LiveElement)}

    assert shape(first) == shape(second)
    assert shop_floor.broadcast._views[first.client.id].layout == shop_floor.broadcast._views[second.client.id].layout


async def test_a_browser_that_reads_nothing_holds_a_few_messages_and_gets_the_present_later(
        shop_floor: Floor, open_page: OpenPage, switchboard: Switchboard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its queue does not grow without limit, and what it gets when it reads again is how things stand."""
    slow, quick = await open_page(), await open_page()
    await settled(shop_floor, switchboard)
    sockets = {'slow': Socket(), 'quick': Socket()}
    monkeypatch.setattr(core.sio.eio, 'sockets', sockets)
    monkeypatch.setattr(broadcast_module, 'send_update', send_update)
    for name, screen in ('slow', slow), ('quick', quick):
        await core.sio.manager.enter_room(f'browser-{name}', '/', screen.client.id, eio_sid=name)
    got = 0
    try:
        for number in range(3 * MAX_WAITING):
            shop_floor.change('Valve_01_01', 'down', f'change {number}')
            shop_floor.broadcast.flush([shop_floor.topic('Valve_01_01')])
            got += sockets['quick'].queue.qsize()
            take_all(sockets['quick'])
        assert not has_read_all(slow.client.id)
        waiting = take_all(sockets['slow'])
        assert has_read_all(slow.client.id)
        assert shop_floor.broadcast._lagging == {slow.client.id}
        clock = asyncio.create_task(shop_floor.broadcast.run())
        try:
            await slow.until(lambda: not sockets['slow'].queue.empty())
        finally:
            clock.cancel()
        present, ping = take_all(sockets['slow'])
    finally:
        for screen in slow, quick:
            await core.sio.manager.close_room(screen.client.id, '/')

    assert len(waiting) == MAX_WAITING
    assert got >= 3 * MAX_WAITING
    assert f'change {3 * MAX_WAITING - 1}' in present
    assert ping == '2'
    assert shop_floor.broadcast._lagging == set()


@pytest.fixture
def slow_mail(switchboard: Switchboard, monkeypatch: pytest.MonkeyPatch) -> Hold:
    """NiceGUI's own messages do not arrive before the test says so. They wait in no queue that we could read."""
    on_its_way, may_arrive = asyncio.Event(), asyncio.Event()

    async def slowly(event: str, data: Any = None, **rooms: Any) -> None:
        on_its_way.set()
        await may_arrive.wait()
        await switchboard.emit(event, data, **rooms)

    def hold() -> tuple[asyncio.Event, asyncio.Event]:
        monkeypatch.setattr(core.sio, 'emit', slowly)
        return on_its_way, may_arrive
    return hold


async def test_what_nicegui_is_just_sending_does_not_overtake_what_is_newer(shop_floor: Floor, open_page: OpenPage,
                                                                            switchboard: Switchboard, slow_mail: Hold,
                                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines are built again; between the encoding and the sending of that a machine stops."""
    screen = await open_page()
    await settled(shop_floor, switchboard)
    shown = statuses_shown(screen, 'Valve_01_01', monkeypatch)
    on_its_way, may_arrive = slow_mail()
    shop_floor.put('Painter_02_02', 'Engine Line')
    shop_floor.publish()
    await on_its_way.wait()

    shop_floor.change('Valve_01_01', 'down', 'Leak')
    shop_floor.broadcast.flush([shop_floor.topic('Valve_01_01'), SECOND])
    assert shown == []
    may_arrive.set()

    await screen.until(lambda: 'down' in shown)
    await settled(shop_floor, switchboard)
    assert shown[0] == 'operational'  # what NiceGUI was sending did come
    assert shown == sorted(shown, reverse=True)  # running, then down, and never back


async def test_what_nicegui_replays_late_is_not_shown_after_what_is_newer(shop_floor: Floor, open_page: OpenPage,
                                                                          switchboard: Switchboard, slow_mail: Hold,
                                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser comes back, and NiceGUI is still sending what it has missed."""
    screen = await open_page()
    await settled(shop_floor, switchboard)
    shown = statuses_shown(screen, 'Valve_01_01', monkeypatch)
    before = {tile_of(screen, 'Valve_01_01').id: copy.deepcopy(screen.tile('Valve_01_01'))}
    on_its_way, may_arrive = slow_mail()
    screen.client.outbox.enqueue_message('update', before, screen.client.id)
    await on_its_way.wait()

    for handler in screen.client.connect_handlers:
        handler()
    shop_floor.change('Valve_01_01', 'down', 'Leak')
    shop_floor.broadcast.flush([shop_floor.topic('Valve_01_01'), SECOND])
    may_arrive.set()

    await screen.until(lambda: 'down' in shown)
    await settled(shop_floor, switchboard)
    assert shown[0] == 'operational'
    assert shown == sorted(shown, reverse=True)


async def test_a_page_whose_browser_goes_away_is_not_waited_for(shop_floor: Floor, open_page: OpenPage,
                                                                switchboard: Switchboard, slow_mail: Hold) -> None:
    screen = await open_page()
    await settled(shop_floor, switchboard)
    slow_mail()
    for handler in screen.client.connect_handlers:
        handler()
    assert shop_floor.broadcast._paused

    screen.client.tab_id = None

    await screen.until(lambda: not shop_floor.broadcast._paused and shop_floor.broadcast._inspect_due is None)


async def test_a_page_gets_a_beat_only_after_its_browser_has_answered_the_ping_behind_the_last_one(
        shop_floor: Floor, open_page: OpenPage, switchboard: Switchboard, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = await open_page()
    await settled(shop_floor, switchboard)
    socket = Socket()
    monkeypatch.setattr(core.sio.eio, 'sockets', {'e1': socket})
    for name, original in ('send_update', send_update), ('has_answered', has_answered), ('PING_EVERY_S', 0.01):
        monkeypatch.setattr(broadcast_module, name, original)
    await core.sio.manager.enter_room('browser-1', '/', screen.client.id, eio_sid='e1')
    clock = asyncio.create_task(shop_floor.broadcast.run())

    async def next_messages() -> list[str]:
        await screen.until(lambda: socket.last_ping)
        return take_all(socket)
    try:
        first = await next_messages()
        await asyncio.sleep(0.1)
        assert socket.queue.empty(), 'not answered: neither a beat nor a ping, and the clock stands still here'
        socket.last_ping = None
        second = await next_messages()
    finally:
        clock.cancel()
        await core.sio.manager.close_room(screen.client.id, '/')

    assert first[-1] == second[-1] == '2', 'the ping is the last'
    before, after = ([int(number) for message in messages for number in BEAT.findall(message)]
                     for messages in (first, second))
    assert len(before) == len(after) == 2, 'the notice, and the line through the badge'
    assert set(after) == {before[0] + 1}


def take_all(socket: Socket) -> list[str]:
    """What waits for a browser, as text."""
    return [str(socket.queue.get_nowait().encode()) for _ in range(socket.queue.qsize())]
