"""Simulated browsers: what a page does on the wire, without a screen.

Each loads the page, opens the socket with the page's own parameters, answers pings, acknowledges every 3 s, and notes
when which change of which machine arrived.
"""

from __future__ import annotations

import ast
import asyncio
import json
import re
import time
import uuid
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlencode, urlsplit

import httpx

from .changes import MARK
from .websocket import WebSocketClient

ACKNOWLEDGE_EVERY_S = 3
QUERY = re.compile(r"query: (\{'client_id'.*\}),")
Shown = tuple[tuple[str, int], ...]


@dataclass(slots=True)
class Browser:
    """One simulated browser."""

    address: str
    seen: list[tuple[float, Shown]] = field(default_factory=list)
    """When (seconds since 1970) which machines showed which change."""
    socket: WebSocketClient | None = None
    messages: int = 0
    received: int = 0
    """Bytes."""

    async def open(self, http: httpx.AsyncClient) -> None:
        """Load the page and connect its socket."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the tab."""
        if self.socket is not None:
            self.socket.close()

    @property
    def lost(self) -> bool:
        """It was thrown out, which must not happen."""
        return self.socket is None or self.socket.closed.done()

    async def connect(self, path: str) -> WebSocketClient:
        """Open a socket and note what comes in."""
        url = self.address + path
        parts = urlsplit(url)
        _, client = await asyncio.get_running_loop().create_connection(
            lambda: WebSocketClient(url, self.on_message), parts.hostname, parts.port)
        return client

    def on_message(self, message: bytes) -> None:
        """One message came in."""
        now = time.time()
        self.messages += 1
        self.received += len(message)
        if shown := self.read(message):
            self.seen.append((now, shown))

    def read(self, message: bytes) -> Shown:
        """Which machines show which change by this message."""
        raise NotImplementedError


@dataclass(slots=True)
class FloorBrowser(Browser):
    """A browser on the floor's page."""

    path: str = '/'
    client_id: str = ''
    next_message_id: int = 0
    acknowledged: int = -1
    tab: uuid.UUID = field(default_factory=uuid.uuid4)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    ping_interval: float = 0.0
    ping_timeout: float = 0.0
    """Seconds, as the server announces them."""
    pinged_at: float = 0.0
    gave_up: bool = False
    """Whether no ping came for so long that a browser would have closed its socket."""

    async def open(self, http: httpx.AsyncClient) -> None:
        html = (await http.get(self.address + self.path, headers={'Connection': 'close'})).raise_for_status().text
        found = QUERY.search(html)
        assert found is not None, 'the page has changed: it does not say how to connect'
        query = ast.literal_eval(found[1])
        self.client_id, self.next_message_id = query['client_id'], query['next_message_id']
        parameters = {**query, 'implicit_handshake': 'true', 'document_id': uuid.uuid4(), 'tab_id': self.tab,
                      'old_tab_id': 'null', 'EIO': 4, 'transport': 'websocket'}
        self.socket = await self.connect(f'/_nicegui_ws/socket.io/?{urlencode(parameters)}')
        async with asyncio.timeout(20):
            await self.ready.wait()
        self.task = asyncio.create_task(self._acknowledge())

    def close(self) -> None:
        if self.task is not None:
            self.task.cancel()
        Browser.close(self)

    def read(self, message: bytes) -> Shown:
        if message.startswith(b'42'):
            shown, message_id = self.shown(message)
            if message_id is not None:
                self.next_message_id = message_id + 1
            return shown
        assert self.socket is not None
        if message.startswith(b'0'):
            terms = json.loads(message[1:])
            self.ping_interval, self.ping_timeout = terms['pingInterval'] / 1000, terms['pingTimeout'] / 1000
            self.pinged_at = time.monotonic()
            self.socket.send('40')
        elif message.startswith(b'40'):
            self.ready.set()
        elif message.startswith(b'2'):
            self.gave_up |= self.unpinged_s > self.ping_interval + self.ping_timeout
            self.pinged_at = time.monotonic()
            self.socket.send('3')
        return ()

    @property
    def lost(self) -> bool:
        return self.gave_up or super(FloorBrowser, self).lost

    @property
    def unpinged_s(self) -> float:
        """Since the last ping."""
        return time.monotonic() - self.pinged_at

    def shown(self, message: bytes) -> tuple[Shown, int | None]:
        """Which machines show which change by this message, and its number."""
        return _floor_message(message)

    async def _acknowledge(self) -> None:
        while True:
            await asyncio.sleep(ACKNOWLEDGE_EVERY_S)
            if self.acknowledged < self.next_message_id:
                content = {'client_id': self.client_id, 'next_message_id': self.next_message_id}
                self.socket.send(f'42{json.dumps(["ack", content])}')
                self.acknowledged = self.next_message_id


@dataclass(slots=True)
class OrdersBrowser(FloorBrowser):
    """A browser on the list of work orders, the newest first. Each order stands for its own machine."""

    path: str = '/work-orders?sort=age'

    def shown(self, message: bytes) -> tuple[Shown, int | None]:
        return _orders_message(message)


@dataclass(slots=True)
class NamesBrowser(FloorBrowser):
    """A browser on the floor, where machines are renamed to the names of changes. Each stands for its own machine."""

    def shown(self, message: bytes) -> tuple[Shown, int | None]:
        return _orders_message(message)


@dataclass(slots=True)
class YardstickBrowser(Browser):
    """A browser on the yardstick's page."""

    async def open(self, http: httpx.AsyncClient) -> None:
        (await http.get(self.address, headers={'Connection': 'close'})).raise_for_status()
        self.socket = await self.connect('/socket')

    def read(self, message: bytes) -> Shown:
        return _yardstick_message(message)


# Browsers get the same bytes; taking them apart once keeps the load generator out of the figures.
@lru_cache(maxsize=256)
def _floor_message(message: bytes) -> tuple[Shown, int | None]:
    event, content = json.loads(message[2:])
    message_id = content.get('_id') if isinstance(content, dict) else None
    if event != 'update':
        return (), message_id
    elements = [element.get('props', {}) for element in content.values() if isinstance(element, dict)]
    return tuple((props['data-machine'], int(mark[1])) for props in elements
                 if 'data-machine' in props and (mark := MARK.match(props.get('data-reason', '')))), message_id


@lru_cache(maxsize=256)
def _orders_message(message: bytes) -> tuple[Shown, int | None]:
    content = json.loads(message[2:])[1]
    numbers = map(int, MARK.findall(message.decode()))
    return tuple((f'order {number}', number) for number in numbers), \
        content.get('_id') if isinstance(content, dict) else None


@lru_cache(maxsize=256)
def _yardstick_message(message: bytes) -> Shown:
    return tuple((name, int(mark[1])) for name, _, reason, *_ in json.loads(message)
                 if (mark := MARK.match(reason or '')))
