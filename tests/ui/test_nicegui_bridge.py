"""What floor/web/live/nicegui_bridge.py uses of NiceGUI and its sockets, against the installed versions.

If a test here fails after an update, the bridge has to be changed, and nothing else.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import re
from collections.abc import Callable
from pathlib import Path

import nicegui
import pytest
from engineio import AsyncServer
from engineio.async_socket import AsyncSocket
from engineio.packet import PING, PONG, Packet
from nicegui import Client, app, core, helpers, ui
from nicegui import client as client_module
from nicegui.dependencies import generate_resources
from nicegui.event_listener import EventListener
from nicegui.observables import ObservableList
from nicegui.testing import User
from starlette.routing import Mount, Route
from ui.harness import Floor, OpenPage, Socket, Switchboard, settled, tile_of

from floor.core.machines import MachineName
from floor.web.live import nicegui_bridge as bridge
from floor.web.live.socket_fanout import send_update
from floor.web.middleware.file_memory import is_of_file


async def test_the_message_is_what_the_outbox_would_send(shop_floor: Floor, open_page: OpenPage,
                                                         switchboard: Switchboard) -> None:
    """The same elements, once by our one message and once by element.update(), which is NiceGUI's own way."""
    screen = await open_page()
    await settled(shop_floor, switchboard)
    shop_floor.change('Valve_01_01', 'down', 'Leak')
    await screen.until(lambda: len(switchboard.shared) == 2)  # the tile, then counts and lists
    ours = {id_: element for message, _ in switchboard.shared for id_, element in message.items()}
    switchboard.emitted.clear()

    for element_id in ours:
        screen.client.elements[element_id].update()
    await screen.until(lambda: [event for event, _, _ in switchboard.emitted if event == 'update'])

    (_, theirs, room), = (message for message in switchboard.emitted if message[0] == 'update')
    numbering = theirs.pop('_id')
    assert isinstance(numbering, int)
    assert room == screen.client.id
    assert json.dumps(ours, sort_keys=True) == json.dumps(theirs, sort_keys=True)


async def test_the_outbox_asks_each_element_for_its_dict(shop_floor: Floor, open_page: OpenPage) -> None:
    """LiveElement derives its content there, so a full update shows the store as it is now."""
    screen = await open_page()
    name = MachineName(next(iter(shop_floor.records)))
    shop_floor.store.machines[name].reason = 'not reported'  # behind the broadcast's back

    tile_of(screen, name).update()

    await screen.until(lambda: screen.tile(next(iter(shop_floor.records)))['props']['data-reason'] == 'not reported')


async def test_the_dict_of_an_element_has_the_shape_that_we_add_to(shop_floor: Floor, open_page: OpenPage) -> None:
    with (await open_page()).client.layout:
        plain = ui.element('button').props('data-a=1').classes('b')
        plain.on('click', lambda: None, args=[])

    encoded = plain._to_dict()

    assert {key: type(value) for key, value in encoded.items() if key != 'events'} | {'events': list} == \
        {'tag': str, 'class': type(plain.classes), 'props': type(plain.props), 'events': list}
    assert isinstance(encoded['props'], dict)
    assert 'text' not in encoded  # else ours, which goes on top, might be in the wrong place
    assert set(encoded['events'][0]) == {'listener_id', 'type', 'specials', 'modifiers', 'keys', 'args', 'throttle',
                                         'leading_events', 'trailing_events', 'js_handler'}
    assert list(plain._event_listeners) == [encoded['events'][0]['listener_id']]
    assert isinstance(plain._event_listeners[encoded['events'][0]['listener_id']], EventListener)
    assert (plain._classes, plain._style, plain._props) == (['b'], {}, {'data-a': '1'})
    assert encoded['class'] is plain._classes


async def test_an_update_reaches_each_browser_as_socketio_itself_would_send_it(shop_floor: Floor,
                                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    """send_update against core.sio.emit: the same packet in the same queues, and nobody else's."""
    sockets = {f'e{number}': Socket() for number in range(3)}
    monkeypatch.setattr(core.sio.eio, 'sockets', sockets)
    for number in range(3):
        await core.sio.manager.enter_room(f'browser-{number}', '/', f'client-{number}', eio_sid=f'e{number}')
    message = {7: {'tag': 'button', 'text': 'Valve\n02·01'}}
    try:
        send_update(message, ['client-0', 'client-1'])
        ours = {name: [socket.queue.get_nowait().encode() for _ in range(socket.queue.qsize())]
                for name, socket in sockets.items()}
        await core.sio.emit('update', message, room=['client-0', 'client-1'])
        theirs = {name: [socket.queue.get_nowait().encode() for _ in range(socket.queue.qsize())]
                  for name, socket in sockets.items()}
    finally:
        for number in range(3):
            await core.sio.manager.close_room(f'client-{number}', '/')
    assert ours == theirs
    assert [len(packets) for packets in ours.values()] == [1, 1, 0]


async def test_engineio_leaves_pings_to_us_and_notes_the_answer(shop_floor: Floor,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AsyncSocket, 'schedule_ping', AsyncSocket.schedule_ping)
    for name in 'ping_interval', 'ping_timeout':
        monkeypatch.setattr(core.sio.eio, name, 0.001)
    old, socket = AsyncSocket(core.sio.eio, 'e0'), AsyncSocket(core.sio.eio, 'e1')
    monkeypatch.setattr(core.sio.eio, 'sockets', {'e0': old, 'e1': socket})
    for number in range(2):
        await core.sio.manager.enter_room(f'browser-{number}', '/', 'client', eio_sid=f'e{number}')
    try:
        bridge.set_ping_times(0.001, 60)
        assert 's.schedule_ping()' in inspect.getsource(AsyncServer), 'once it is open'
        assert not bridge.has_answered('client')
        socket.schedule_ping()
        assert bridge.has_answered('client'), 'the older socket does not count'

        bridge.ping_sockets()
        bridge.ping_sockets('client')
        assert [socket.queue.get_nowait().packet_type for _ in range(socket.queue.qsize())] == [PING]
        assert not bridge.has_answered('client')

        await socket.receive(Packet(PONG))
        await asyncio.sleep(0.05)
        assert bridge.has_answered('client')
        assert socket.queue.empty()
    finally:
        await core.sio.manager.close_room('client', '/')


@pytest.mark.parametrize('name', ['connect_handlers', 'delete_handlers', 'outbox'])
def test_a_client_has_what_we_ask_of_it(name: str) -> None:
    assert name in inspect.getsource(Client)


def test_the_browser_applies_an_update_without_a_number() -> None:
    """Our message is outside the outbox's numbering: the client's handler must let it pass."""
    source = (Path(inspect.getfile(ui)).parent / 'static' / 'nicegui.js').read_text(encoding='utf-8')

    assert 'if (args.length > 0 && args[0]._id !== undefined)' in source
    assert 'update: async (msg) =>' in source


async def test_a_page_is_found_by_its_id_and_waits_until_a_browser_connects(shop_floor: Floor, open_page: OpenPage,
                                                                            user: User) -> None:
    await user.http_client.get('/')
    waiting, screen = bridge.unconnected_pages()[-1], await open_page()

    assert bridge.page_of(waiting.id) is waiting
    assert bridge.page_of('nobody') is None
    assert bridge.page_of(screen.client.id) is screen.client


async def test_options_and_values_are_counted_and_named_as_browsers_send_them(shop_floor: Floor,
                                                                              open_page: OpenPage) -> None:
    with (await open_page()).client.layout:
        choice = ui.select({'a': 'A', 'b': 'B'})

    assert bridge.number_of_options(choice) == 2
    heard = {listener.type for listener in choice._event_listeners.values()}
    assert bridge.value_event(choice.VALUE_PROP) in heard


def test_nicegui_handles_the_messages_that_we_check() -> None:
    handlers = bridge.socket_handlers()

    assert {'connect', 'handshake', *bridge.MESSAGES_OF_PAGES} <= set(handlers)
    source = (Path(nicegui.__file__).parent / 'static' / 'nicegui.js').read_text(encoding='utf-8')
    assert bridge.RELOAD_REASON in source, 'the page loads itself again on this refusal'


def test_the_component_of_sub_pages_tells_of_back_and_forward() -> None:
    source = bridge.POPSTATE_COMPONENT.read_text(encoding='utf-8')

    assert 'popstate' in source and 'sub_pages_open' in source


async def test_pages_uploads_and_sockets_are_at_the_paths_that_we_check(shop_floor: Floor, open_page: OpenPage) -> None:
    screen = await open_page()
    with screen.client.layout:
        address = ui.upload().props['url']

    assert re.fullmatch(bridge.UPLOAD_PATH, address)
    found = bridge.PAGE_PATH.search(address)
    assert found and found[1] == screen.client.id
    mounts = {getattr(route, 'path', '') for route in app.routes}
    assert bridge.SOCKET_PATH.rstrip('/') in {path.rstrip('/') for path in mounts}
    assert bridge.SOCKET_PATH.startswith(bridge.INTERNAL_PATH)


def test_nicegui_inspects_a_method_once(monkeypatch: pytest.MonkeyPatch) -> None:
    inspected: list[object] = []

    def inspect_it(func: Callable[..., object]) -> bool:
        inspected.append(func)
        return bool(inspect.signature(func).parameters)

    monkeypatch.setattr(helpers, 'expects_arguments', inspect_it)
    bridge.remember_signatures()
    Handlers.called.clear()
    colours, names = ObservableList(), ObservableList()
    for each in colours, names:
        each.on_change(Handlers().without)
        each.on_change(Handlers().with_event)
    assert len(inspected) == 2

    colours.append('red')
    assert Handlers.called == ['without', 'with_event']


def test_a_page_is_escaped_as_nicegui_does(monkeypatch: pytest.MonkeyPatch) -> None:
    elements = {1: {'text': 'Valve 01·01 <b>`${x}` && "Öl" \\ & </script>'}}
    names = vars(client_module)
    expected = names['json'].dumps(elements).translate(client_module.HTML_ESCAPE_TABLE)
    monkeypatch.setitem(names, 'json', names['json'])
    bridge.escape_pages_fast()
    assert '&' in expected and '<' not in expected
    used = set(re.findall(r'\bjson\.(\w+)', inspect.getsource(client_module)))
    assert used == {'dumps', 'loads'} <= vars(names['json']).keys()
    assert names['json'].dumps(elements).translate(client_module.HTML_ESCAPE_TABLE) == expected


class Handlers:
    called: list[str] = []  # noqa: RUF012

    def without(self) -> None:
        self.called.append('without')

    def with_event(self, event: object) -> None:
        self.called.append('with_event')


async def test_the_module_that_pages_name_early_is_that_of_nicegui(shop_floor: Floor, open_page: OpenPage) -> None:
    await open_page()
    template = (Path(nicegui.__file__).parent / 'templates' / 'index.html').read_text()
    assert 'import DOMPurify from "dompurify"' in template
    imports = generate_resources('', [])[3]
    assert imports['dompurify'] == bridge.LAST_MODULE


def test_the_files_that_stay_in_memory_are_those_of_nicegui_that_never_change() -> None:
    paths = [route.path for route in app.routes if isinstance(route, Mount | Route)]
    kinds = {path.split('/')[3]: re.sub(r'{.*?}', 'file.js', path) for path in paths if path.startswith('/_nicegui/')}
    kinds['static'] += '/file.js'
    assert {kind for kind, path in kinds.items() if is_of_file(path)} == {'static', 'components', 'esm', 'libraries'}
    assert {kind for kind, path in kinds.items() if not is_of_file(path)} >= {'resources', 'dynamic_resources'}
