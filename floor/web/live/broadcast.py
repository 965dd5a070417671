"""Broadcasts changes in the store to all pages, with one encoding for all browsers.

NiceGUI encodes a separate message for each browser, which dominates the cost of a change with a hundred browsers. The
shared content of the floor therefore bypasses the outboxes of the pages: pages with the same layout have the same
element ids, so that one message, encoded once, fits all of them. Each further layout costs one more message.
live_element.py has the elements, live_view.py the pages of one layout, socket_fanout.py the queues of the sockets.
element.update() still sends a message of NiceGUI.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Hashable, Iterable
from collections.abc import Set as AbstractSet
from typing import Any

from ...core.machines import MachineName
from ...feed.difference import Difference
from ...feed.store import Store
from .frame_scheduler import FrameScheduler
from .live_element import (
    BEAT,
    FIGURES,
    LISTS,
    SECOND,
    TURNS,
    Topic,
    line_topic,
    machine_topic,
)
from .live_view import Audience, LiveView
from .nicegui_bridge import OutboxMarker, has_answered, ping_sockets
from .ping_times import PING_EVERY_S
from .socket_fanout import has_read_all, send_update

log = logging.getLogger(__name__)

TOTALS_GAP_S = 0.3
TOTALS_DELAY_S = 0.02  # tiles first: a browser renders messages that arrive together in one frame, and later
INSPECT_GAP_S = 0.02  # less than NiceGUI takes to register a new connection
CATCH_UP_BEATS = 2
"""Beats that a page gets, each as soon as the last one has arrived, after a gap: two hide its notice."""


class Broadcast:
    """Sends what changed in the store to all pages."""

    def __init__(self, store: Store, after_change: Callable[[], None] = lambda: None) -> None:
        """after_change: called after a change has been sent."""
        self._store = store
        self._after_change = after_change
        self._announced_ms = store.written_ms
        self._arrangement = store.arrangement, store.is_demo
        self._views: dict[str, LiveView] = {}
        self._audiences: dict[Hashable, Audience] = {}
        self._lagging: set[str] = set()
        """Slow clients, which get no updates until they have read all earlier ones."""
        self._paused: dict[str, OutboxMarker] = {}
        """Clients that get no updates while messages of NiceGUI and a marker after them are in transit."""
        self._catching_up: dict[str, int] = {}
        """How many more beats these clients get as soon as the last one has arrived, instead of each second."""
        self._inspect_due: asyncio.TimerHandle | None = None
        self._scheduler = FrameScheduler(self.flush)
        self._totals: set[Topic] = set()
        self._totals_sent_at = -TOTALS_GAP_S
        self._totals_due: asyncio.TimerHandle | None = None
        self.pages_gone = 0
        """Number of closed pages."""
        store.subscribe(self._on_difference)

    @property
    def pages(self) -> int:
        """Number of pages with a connected browser."""
        return sum(view.client.has_socket_connection for view in self._views.values())

    def join(self, view: LiveView) -> None:
        """Keep this page up to date until its client is deleted."""
        client = view.client
        self._views[client.id] = view
        self._attach(view)
        client.on_connect(lambda: self._pause(view))
        client.on_delete(lambda: self._leave(client.id))

    async def run(self) -> None:
        """Update freshness and clock each second, and the time in status each minute. Send beats and pings."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        minute = None
        while True:
            due = max(due + PING_EVERY_S, loop.time())
            await asyncio.sleep(due - loop.time())
            self._store.tick()
            topics: Iterable[Topic] = [SECOND, TURNS]
            if minute != (minute := self._store.now_ms // 60_000):
                topics = [SECOND, TURNS, LISTS, *self._topics_of(self._store.machines)]
            current = self._views.keys() - self._paused.keys() - self._lagging
            arrived = {client_id for client_id in current if has_answered(client_id)}
            self.flush(topics, beats=arrived)
            self._catch_up(current - arrived)
            self._send_all([client_id for client_id in self._lagging if has_read_all(client_id)])
            ping_sockets()

    def flush(self, topics: Iterable[Topic], beats: AbstractSet[str] = frozenset()) -> None:
        """Send what these topics show now, where it differs from what was sent last.

        beats: clients that get their next beat with it
        """
        topics = list(topics)
        for client_id in beats:
            self._views[client_id].beat += 1
        for audience in self._audiences.values():
            view = next(iter(audience.views.values()))
            message: dict[int, dict[str, Any]] = {}
            for topic in topics:
                for element in view.of(topic):
                    content = element.current()
                    if audience.sent.get(element.id) != content:
                        audience.sent[element.id] = content
                        message[element.id] = element.encode(content)
            current = audience.views.keys() - self._paused.keys() - self._lagging
            if message:
                self._lagging |= send_update(message, current - beats)
            for here in audience.by_beat(current & beats):
                first = audience.views[here[0]]
                late = send_update(message | {element.id: element.message() for element in first.of(BEAT)}, here)
                for client_id in late:
                    self._views[client_id].beat -= 1
                self._lagging |= late

    # internals

    def _topics_of(self, names: Iterable[MachineName]) -> list[Topic]:
        """Of the machines with these names that are on the floor."""
        found = map(self._store.machines.get, names)
        return [machine_topic(machine.record.machine_id) for machine in found if machine is not None]

    def _on_difference(self, difference: Difference) -> None:
        if difference.layout and self._arrangement != (arranged := (self._store.arrangement, self._store.is_demo)):
            self._arrangement = arranged
            self._rebuild()
        if not self._views:
            return
        if difference.plant:  # its name and times are everywhere
            self._scheduler.want([SECOND, LISTS, *self._topics_of(self._store.machines)])
        concerned = {order.machine for change in difference.orders for order in (change.before, change.after) if order}
        self._scheduler.want([*self._topics_of({*difference.machines, *concerned}), SECOND])
        if self._announced_ms != (written := self._store.written_ms):
            self._announced_ms = written
            self._after_change()
        self._totals |= {line_topic(machine.record.line or '') for name in difference.machines
                         if (machine := self._store.machines.get(name)) is not None} | {FIGURES, LISTS}
        if self._totals_due is None:
            loop = asyncio.get_running_loop()
            self._totals_due = loop.call_later(max(TOTALS_DELAY_S, self._totals_sent_at + TOTALS_GAP_S - loop.time()),
                                               self._flush_totals)

    def _flush_totals(self) -> None:
        """Update counts and lists after the tiles: immediately when idle, a few times a second under load."""
        topics, self._totals, self._totals_due = self._totals, set(), None
        self._totals_sent_at = asyncio.get_running_loop().time()
        self._scheduler.want([SECOND, *topics])  # data is always sent together with its freshness

    def _rebuild(self) -> None:
        """Machines or lines were added, removed or moved: each page rebuilds its lines, through NiceGUI's own
        messages. A machine that is renamed, or of another type, keeps its element."""
        self._audiences.clear()
        for view in tuple(self._views.values()):
            try:
                with view.client:
                    view.rebuild()
            except Exception:  # an error on one page must not affect the others
                log.exception('a page could not be rebuilt')
            self._attach(view)
            if view.client.has_socket_connection:
                self._pause(view)

    def _attach(self, view: LiveView) -> None:
        view.settle(self._audiences).views[view.client.id] = view

    def _pause(self, view: LiveView) -> None:
        """NiceGUI computes an update, or replays missed messages, some time before the socket of the page gets them. A
        broadcast sent in between would be overwritten by older content. The page therefore gets no broadcast until a
        marker after those messages was sent, and then the complete current content."""
        self._paused[view.client.id] = OutboxMarker(view.client)
        self._inspect_soon()

    def _inspect(self) -> None:
        """Resume the pages whose marker was sent, and those without a browser; send beats to those that catch up."""
        self._inspect_due = None
        gone = {client_id for client_id in self._paused.keys() | self._catching_up.keys()
                if not self._views[client_id].client.has_socket_connection}
        free = {client_id for client_id, marker in self._paused.items()
                if client_id in gone or (marker.is_sent and has_answered(client_id))}
        arrived = {client_id for client_id in self._catching_up.keys() - self._paused.keys() - self._lagging - gone
                   if has_answered(client_id)}
        for client_id in free:
            del self._paused[client_id]
        self._send_all(free)
        self.flush((), beats=arrived)
        for client_id in arrived | free:
            ping_sockets(client_id)
        self._catching_up = {client_id: left for client_id, beats in self._catching_up.items()
                         if client_id not in gone and (left := beats - (client_id in arrived))}
        self._catch_up(free - gone)
        if self._paused or self._catching_up:
            self._inspect_soon()

    def _catch_up(self, client_ids: Iterable[str]) -> None:
        """Send the next beats as soon as possible to these pages, which may show their notice."""
        self._catching_up.update(dict.fromkeys(client_ids, CATCH_UP_BEATS))
        if self._catching_up:
            self._inspect_soon()

    def _inspect_soon(self) -> None:
        if self._inspect_due is None:
            self._inspect_due = asyncio.get_running_loop().call_later(INSPECT_GAP_S, self._inspect)

    def _send_all(self, client_ids: Iterable[str]) -> None:
        """Send the complete current content to clients that may have missed updates."""
        self._lagging -= (wanted := set(client_ids))
        for audience in self._audiences.values() if wanted else ():
            for here in audience.by_beat(audience.views.keys() & wanted):
                elements = audience.views[here[0]].all()
                self._lagging |= send_update({element.id: element.message() for element in elements}, here)

    def _leave(self, client_id: str) -> None:
        self._lagging.discard(client_id)
        self._paused.pop(client_id, None)
        self._catching_up.pop(client_id, None)
        if (view := self._views.pop(client_id, None)) is None:
            return
        self.pages_gone += 1
        if (audience := self._audiences.get(view.layout)) is not None:
            audience.views.pop(client_id, None)
            if not audience.views:
                del self._audiences[view.layout]
