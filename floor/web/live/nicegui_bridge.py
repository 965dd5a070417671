"""All uses of private or undocumented parts of NiceGUI, python-socketio and python-engineio.

Each is wrapped in a function; no other module uses a private name (ruff SLF001) or imports these parts (ruff TID251).
tests/ui/test_nicegui_bridge.py checks each against the installed version, and pyproject.toml pins the minor version of
NiceGUI.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MethodType, SimpleNamespace
from typing import Any, cast

import nicegui
from engineio.async_socket import AsyncSocket
from engineio.packet import MESSAGE, PING, Packet
from jinja2.ext import Extension
from nicegui import Client, core, helpers, json, ui
from nicegui import client as client_module
from nicegui.awaitable_response import AwaitableResponse, NullResponse
from nicegui.event_listener import EventListener
from nicegui.helpers import event_type_to_camel_case
from nicegui.server import Server
from socketio.exceptions import ConnectionRefusedError as SocketRefusedError
from socketio.packet import EVENT
from starlette.requests import HTTPConnection

NAMESPACE = '/'
INTERNAL_PATH = '/_nicegui'
"""Prefix of the paths of NiceGUI itself, including its sockets."""
SOCKET_PATH = '/_nicegui_ws/'
PAGE_PATH = re.compile(r'/_nicegui/client/([^/]+)/')
"""The path of a request that belongs to a page, with the id of the page."""
FILE_PATH = r'/_nicegui/[^/]+/(?:static|components|esm|libraries)'
"""The start of the paths of NiceGUI's files, which never change: they contain the version of NiceGUI or of the file."""
LAST_MODULE = f'{INTERNAL_PATH}/{nicegui.__version__}/static/dompurify.mjs'
"""The module that NiceGUI's script imports after the browser has read the whole page."""
UPLOAD_PATH = r'/_nicegui/client/[^/]+/upload/[0-9]+'
POPSTATE_COMPONENT = Path(nicegui.__file__).parent / 'elements' / 'sub_pages.js'
"""The component that reports Back and Forward to the server."""
MESSAGES_OF_PAGES = ('event', 'javascript_response', 'ack', 'log')
"""The messages that contain the id of a page."""
RELOAD_REASON = 'Implicit handshake failed'
"""The error of a refused connection after which NiceGUI's script reloads the page."""
SHOW_VALUE = 'updateValue'
"""The method of the text field component that shows the value of its element."""

SocketHandler = Callable[..., Any]


# elements

class ComputedElement(ui.element):
    """An element whose message to the browser is computed when it is sent, by `message`."""

    def message(self) -> dict[str, Any]:
        """The message to the browser: tag, attributes (`props`), text and listeners."""
        return super()._to_dict()

    def _to_dict(self) -> dict[str, Any]:
        return self.message()


class FilledAtOnce:
    """Mixin for a text field of NiceGUI that sends a new value in one message.

    NiceGUI sends two messages: the element, and a call of the method that shows its value. Text typed between the two
    would be replaced by the old value.
    """

    _is_filled = False

    def run_method(self, name: str, *args: Any, timeout: float = 1) -> AwaitableResponse:
        """As in NiceGUI, except for the method that it calls after each new value."""
        if name == SHOW_VALUE:
            self._is_filled = True
            return NullResponse()
        return cast(AwaitableResponse, super().run_method(name, *args, timeout=timeout))  # type: ignore[misc]

    def _to_dict(self) -> dict[str, Any]:
        element: dict[str, Any] = super()._to_dict()  # type: ignore[misc]
        if self._is_filled:
            self._is_filled = False
            element['update_method'] = SHOW_VALUE
        return element


def identify_listeners(element: ui.element, prefix: str) -> None:
    """Give the listeners ids that are the same on all pages: the prefix and the name of the event."""
    for listener in list(element._event_listeners.values()):
        del element._event_listeners[listener.id]
        listener.id = sys.intern(f'{prefix}-{listener.type}')  # every page has one for each machine
        element._event_listeners[listener.id] = listener


def listener_of(element: ui.element, listener_id: str) -> EventListener | None:
    """The listener with this id; None: the element does not have it, or no longer."""
    return element._event_listeners.get(listener_id)


def value_event(value_property: str) -> str:
    """The event type for new values of this property."""
    return event_type_to_camel_case(f'update:{value_property}')


def number_of_options(choice: ui.select | ui.radio | ui.toggle) -> int:
    """Number of options of the element; browsers send the index of an option."""
    return len(choice._values)


def remember_signatures() -> None:
    """Let NiceGUI inspect a method once. It does so three times for each element, always for the same three methods,
    which was a third of the time to build a page."""
    inspected = helpers.expects_arguments

    @cache
    def of_method(function: Callable[..., Any]) -> bool:
        return inspected(MethodType(function, object()))

    def expects_arguments(func: Callable[..., Any]) -> bool:
        return of_method(func.__func__) if isinstance(func, MethodType) else inspected(func)

    helpers.expects_arguments = expects_arguments


# pages

class OutboxMarker:
    """An empty message after all messages that NiceGUI is about to send to a page."""

    def __init__(self, client: Client) -> None:
        self._message: dict[str, Any] = {}
        client.outbox.enqueue_message('update', self._message, client.id)

    @property
    def is_sent(self) -> bool:
        """Whether it was sent, and therefore all messages before it: NiceGUI adds the number when it sends a
        message."""
        return '_id' in self._message


def page_of(client_id: str) -> Client | None:
    """The page with this id; None: it does not exist, or no longer."""
    return Client.instances.get(client_id)


def complete_pages(client_id: str | None = None) -> list[Client]:
    """All pages that are built; or the one with this id, if there still is one."""
    return [client for client in Client.instances.values()
            if client._response_built and client_id in {None, client.id}]


def unconnected_pages() -> list[Client]:
    """Complete pages to which no browser has connected yet, oldest first."""
    return [client for client in Client.instances.values() if client.environ is None and client._response_built]


def on_path_change(client: Client, changed: Callable[[str], None]) -> None:
    """Call changed with the path after Back or Forward. Links of the page open as usual."""
    async def follow(path: str) -> None:
        client.open(path)

    client.sub_pages_router.on_path_changed(changed)
    client.sub_pages_router._handle_navigate = follow  # type: ignore[method-assign]


def extend_page_template(extension: type[Extension]) -> None:
    """Add a Jinja extension that processes the template of every page."""
    client_module.templates.env.add_extension(extension)


class _PageText(str):
    """JSON of a page, whose characters are replaced two hundred times as fast as by str.translate."""

    __slots__ = ()

    def translate(self, table: Mapping[int, str], /) -> str:  # type: ignore[override]
        text = str(self)
        for character, replacement in table.items():  # the ampersand is the first
            text = text.replace(chr(character), replacement)
        return text


def escape_pages_fast() -> None:
    """Escape what NiceGUI writes into a page faster; it was a quarter of the time to build one."""
    vars(client_module)['json'] = SimpleNamespace(loads=json.loads, dumps=lambda page: _PageText(json.dumps(page)))


def is_stopping() -> bool:
    """Whether the web server is shutting down."""
    return bool(Server.instance.should_exit)


# sockets

def set_ping_times(interval: float, timeout: float) -> None:
    """Set the seconds between pings and the time-out for the pong; overrides what NiceGUI set at startup. Pings are no
    longer sent by engine.io, in a task for each, but by ping_sockets."""
    core.sio.eio.ping_interval = interval
    core.sio.eio.ping_timeout = timeout
    AsyncSocket.schedule_ping = _await_next_ping


def _await_next_ping(socket: AsyncSocket) -> None:
    """Called by engine.io after it has opened a socket, and after each pong."""
    socket.last_ping = None


def ping_sockets(client_id: str | None = None) -> None:
    """Send a ping behind all that was queued, to the sockets of a page or to all, unless the last one is unanswered."""
    for socket in tuple(core.sio.eio.sockets.values()) if client_id is None else _sockets_of(client_id):
        if not socket.last_ping and not socket.closed:
            socket.last_ping = time.time()
            socket.queue.put_nowait(Packet(PING))


def has_answered(client_id: str) -> bool:
    """Whether the browser of a page has answered the last ping, and so has got all that was sent before it."""
    *_, newest = (None, *_sockets_of(client_id))
    return newest is not None and not newest.last_ping


def socket_handlers() -> Mapping[str, SocketHandler]:
    """NiceGUI's handlers of socket messages, by message name."""
    return cast(Mapping[str, SocketHandler], core.sio.handlers[NAMESPACE])


def replace_socket_handler(name: str, handler: SocketHandler) -> None:
    """Replace the handler of the messages with this name."""
    core.sio.on(name, handler)


def refused_socket() -> Exception:
    """The exception for a handler of 'connect' that makes the browser reload its page."""
    return cast(Exception, SocketRefusedError(RELOAD_REASON))


def is_socket_of_page(sid: str, client_id: str) -> bool:
    """Whether this socket has connected to this page."""
    return sid in core.sio.manager.rooms.get(NAMESPACE, {}).get(client_id, ())


def connection_of_socket(sid: str) -> HTTPConnection | None:
    """The request that opened a socket; None: there is no such socket."""
    return _connection_of(core.sio.get_environ(sid))


def connection_of_session(session: str) -> HTTPConnection | None:
    """The request that opened an engine.io session; None: there is no such session."""
    return _connection_of(core.sio.environ.get(session))


def open_sessions() -> Collection[str]:
    """The ids of all open engine.io sessions."""
    return cast(Collection[str], core.sio.eio.sockets.keys())


def message_packet(name: str, data: Any) -> Packet | None:
    """An encoded socket.io message for any number of sockets; None: no browser has connected yet."""
    if NAMESPACE not in core.sio.manager.rooms:
        return None
    return Packet(MESSAGE, core.sio.packet_class(EVENT, namespace=NAMESPACE, data=[name, data]).encode())


def queues_of(client_id: str) -> Iterator[asyncio.Queue[Packet]]:
    """The queues of the sockets of a page."""
    return (socket.queue for socket in _sockets_of(client_id))


def all_queues() -> Iterator[asyncio.Queue[Packet]]:
    """The queues of all sockets."""
    return (socket.queue for socket in core.sio.eio.sockets.values())


def _sockets_of(client_id: str) -> Iterator[AsyncSocket]:
    """The open sockets of a page, the newest last."""
    for _, session in core.sio.manager.get_participants(NAMESPACE, client_id):  # NiceGUI has a room for each page
        socket = core.sio.eio.sockets.get(session)
        if socket is not None and not socket.closed:
            yield socket


def _connection_of(environ: Mapping[str, Any] | None) -> HTTPConnection | None:
    scope = (environ or {}).get('asgi.scope')
    return HTTPConnection(scope) if scope else None
