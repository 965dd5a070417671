"""A view: the floor's page as a browser has it, without a screen, looked at ten times a second and at each message.

What it shows is what the page's own messages say. It counts as live while a browser would call it live: the page says
so, and the connection is neither closed nor silent for longer than a browser's Socket.IO waits for a ping.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from benchmarks.browsers import FloorBrowser

from .history import History, Sample, Shown, number_in

CHECK_EVERY_S = 0.1
COME_BACK_AFTER_S = 0.2
TROUBLE = (OSError, TimeoutError, httpx.HTTPError, AssertionError)
"""What a browser meets when nobody serves the page, or not the page."""


@dataclass(slots=True)
class Page(FloorBrowser):
    """One load of the page."""

    on_news: Callable[[], None] = lambda: None
    connection: str = ''
    """What the page says of itself: live, connecting or stale."""
    clock: str = ''
    """What the plant's clock shows."""
    labels: dict[str, str] = field(default_factory=dict)
    """What a screen reader says of each machine."""
    elements: dict[str, tuple[str, Shown]] = field(default_factory=dict)
    pinged_at: float = 0.0
    patience: float = 0.0
    """Seconds without a ping after which Socket.IO gives the connection up."""
    updates: int = 0
    """Messages that changed something on the page."""
    tile_messages: int = 0
    """Those that changed tiles."""

    def read(self, message: bytes) -> tuple[tuple[str, int], ...]:
        if message.startswith(b'0'):
            terms = json.loads(message[1:])
            self.patience = (terms['pingInterval'] + terms['pingTimeout']) / 1000
        if message[:1] in {b'0', b'2'}:
            self.pinged_at = time.monotonic()
        return FloorBrowser.read(self, message)

    def shown(self, message: bytes) -> tuple[tuple[tuple[str, int], ...], int | None]:
        event, content = json.loads(message[2:])
        if event == 'update':
            self.updates += 1
            self._update(content)
            self.on_news()
        return (), content.get('_id') if isinstance(content, dict) else None

    @property
    def is_silent(self) -> bool:
        """Whether a browser would know by now that the server is out of reach."""
        return self.lost or time.monotonic() - self.pinged_at > self.patience

    def _update(self, content: dict[str, Any]) -> None:
        tiles = 0
        for id_, element in content.items():
            if element is None:
                self.elements.pop(id_, None)
            if not isinstance(element, dict):
                continue
            props = element.get('props', {})
            self.connection = props.get('data-connection', self.connection)
            if element.get('tag') == 'time':
                self.clock = element.get('text', self.clock)
            if 'data-machine' in props and 'data-status-label' in props:
                tiles += 1
                self.labels[props['data-machine']] = props['aria-label']
                self.elements[id_] = (props['data-machine'],
                                      (props['data-status'], number_in(props.get('data-reason'))))
        self.tile_messages += tiles > 0


class View:
    """One browser that stays on the floor: it loads the page again when its connection has ended."""

    def __init__(self, address: str, name: str, history: History) -> None:
        self.name = name
        self.page: Page | None = None
        self.tiles: dict[str, Shown] = {}
        """What it shows; a page that has lost its server goes on showing what it had."""
        self._address = address
        self._history = history
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def live(self) -> bool:
        """Whether a person takes what is shown for the present."""
        return self.page is not None and self.page.connection == 'live' and not self.page.is_silent

    async def open(self) -> None:
        """Open the page and begin to look at it."""
        self._tasks = [asyncio.create_task(self._stay()), asyncio.create_task(self._look())]

    async def close(self) -> None:
        """Close the tab."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def sample(self) -> None:
        """Take down what is shown now."""
        self._history.samples.append(Sample(time.monotonic(), self.name, self.live, self.tiles))

    async def _stay(self) -> None:
        while True:
            page = Page(self._address, on_news=self._note)
            with suppress(*TROUBLE):
                try:
                    async with httpx.AsyncClient(timeout=10) as http:
                        self.page = page
                        await page.open(http)
                    assert page.socket is not None
                    await self._until_lost(page)
                finally:
                    page.close()
            self.sample()
            await asyncio.sleep(COME_BACK_AFTER_S)

    async def _until_lost(self, page: Page) -> None:
        while not page.is_silent:
            assert page.socket is not None
            await asyncio.wait([page.socket.closed], timeout=CHECK_EVERY_S)

    async def _look(self) -> None:
        while True:
            self.sample()
            await asyncio.sleep(CHECK_EVERY_S)

    def _note(self) -> None:
        if self.page is not None and self.page.connection:
            self.tiles = dict(self.page.elements.values())
        self.sample()
