"""One encoding for all browsers: how a change in the store reaches every page.

NiceGUI sends each browser its own message, encoded anew for each; with a hundred browsers that is nearly all the work
there is. What all viewers share on the floor is therefore not sent through their outboxes. A live element holds no copy
of the state: it derives its content from the store when it is sent. Pages that were built alike have the same element
ids, so one message, encoded once, fits them all; a page of another layout only costs a message more.

This leans on what NiceGUI does not promise: Element._to_dict and Element._event_listeners here, its socket in
fanout.py. They are used in these two modules only, and a test fails when a new NiceGUI changes them. The way back is
element.update().
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

from nicegui import Client, ui
from nicegui.events import GenericEventArguments

from ..store import Difference, Store
from .fanout import send_update

SUMS_GAP_S = 0.3
SUMS_DELAY_S = 0.02  # the tile first: a browser renders what comes together in one go, and shows it later
SECOND, FIGURES, LISTS = 'second', 'figures', 'lists'

Topic = str
Content = tuple[dict[str, Any], str | None]
PressHandler = Callable[[GenericEventArguments], Awaitable[None] | None]


def machine_topic(name: str) -> Topic:
    """What shows one machine."""
    return f'machine {name}'


def line_topic(name: str) -> Topic:
    """What shows the state of one line as a whole."""
    return f'line {name}'


class LiveElement(ui.element):
    """An element whose attributes and text come from the store at the moment they are sent. Subclasses say how."""

    def __init__(self, tag: str, topic: Topic) -> None:
        super().__init__(tag)
        self.topic = topic

    def content(self) -> Content:
        """Attributes and text as they are now. Must not depend on who looks."""
        raise NotImplementedError

    def on_press(self, handler: PressHandler) -> None:
        """Call handler on click. The listener's id is made from the element's, so that it is alike on all pages."""
        self.on('click', handler, args=[])
        for listener in list(self._event_listeners.values()):
            del self._event_listeners[listener.id]
            listener.id = f'live-{self.id}-{listener.type}'
            self._event_listeners[listener.id] = listener

    def _to_dict(self) -> dict[str, Any]:
        return self.encode(self.content())

    def encode(self, content: Content) -> dict[str, Any]:
        """What the browser gets for this content."""
        attributes, text = content
        encoded = super()._to_dict()
        encoded['props'] = {**encoded.get('props', {}), **attributes}
        if text is not None:
            encoded['text'] = text
        return encoded


class LiveView:
    """The live elements of one page."""

    def __init__(self, client: Client, rebuild: Callable[[], None]) -> None:
        self.client = client
        self.rebuild = rebuild
        self.elements: dict[Topic, list[LiveElement]] = {}
        self.layout: Hashable = None

    def add(self, element: LiveElement) -> None:
        """Show this element's topic on the page."""
        self.elements.setdefault(element.topic, []).append(element)

    def forget(self, keep: Iterable[Topic] = ()) -> None:
        """Before a rebuild: the elements that are going."""
        kept = set(keep)
        self.elements = {topic: elements for topic, elements in self.elements.items() if topic in kept}

    def settle(self) -> None:
        """After a build: pages of the same layout share their messages."""
        self.layout = tuple((type(element).__name__, topic, element.id, tuple(element.classes),
                             tuple(child.id for child in element.default_slot.children))
                            for topic, elements in self.elements.items() for element in elements)


@dataclass(slots=True)
class Audience:
    """Pages of the same layout, and what was sent to all of them last."""

    views: dict[str, LiveView] = field(default_factory=dict)
    sent: dict[int, Content] = field(default_factory=dict)


class Broadcast:
    """Sends what changed in the store to all pages."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._views: dict[str, LiveView] = {}
        self._audiences: dict[Hashable, Audience] = {}
        self._catching_up: set[str] = set()
        self._sums: set[Topic] = set()
        self._sums_sent_at = -SUMS_GAP_S
        self._sums_due: asyncio.TimerHandle | None = None
        store.subscribe(self._on_difference)

    @property
    def pages(self) -> int:
        """How many pages are open."""
        return len(self._views)

    def join(self, view: LiveView) -> None:
        """Keep this page up to date until its client goes."""
        client = view.client
        self._views[client.id] = view
        self._seat(view)
        client.on_connect(lambda: self._catch_up(client.id))
        client.on_delete(lambda: self._leave(client.id))

    async def run(self) -> None:
        """The clock of the pages: each second freshness and time, each minute the time in state."""
        loop = asyncio.get_running_loop()
        beat = loop.time()
        minute = None
        while True:
            beat = max(beat + 1, loop.time())
            await asyncio.sleep(beat - loop.time())
            self._store.tick()
            topics: Iterable[Topic] = [SECOND]
            if minute != (minute := self._store.now_ms // 60_000):
                topics = [SECOND, LISTS, *map(machine_topic, self._store.machines)]
            self.flush(topics)
            for client_id in tuple(self._catching_up):
                self._catch_up_again(client_id)

    def flush(self, topics: Iterable[Topic]) -> None:
        """Send what these topics show now, where it differs from what was sent last."""
        topics = list(topics)
        for audience in self._audiences.values():
            view = next(iter(audience.views.values()))
            message: dict[int, dict[str, Any]] = {}
            for topic in topics:
                for element in view.elements.get(topic, ()):
                    content = element.content()
                    if audience.sent.get(element.id) != content:
                        audience.sent[element.id] = content
                        message[element.id] = element.encode(content)
            if message:
                send_update(message, list(audience.views))

    # within

    def _on_difference(self, difference: Difference) -> None:
        if difference.layout:
            self._rebuild()
        concerned = {order.machine for change in difference.orders for order in (change.before, change.after) if order}
        self.flush([*map(machine_topic, {*difference.machines, *concerned}), SECOND])
        self._sums |= {line_topic(machine.record.line or '') for name in difference.machines
                       if (machine := self._store.machines.get(name)) is not None} | {FIGURES, LISTS}
        if self._views and self._sums_due is None:
            loop = asyncio.get_running_loop()
            self._sums_due = loop.call_later(max(SUMS_DELAY_S, self._sums_sent_at + SUMS_GAP_S - loop.time()),
                                             self._flush_sums)

    def _flush_sums(self) -> None:
        """Counts and lists follow the tiles: at once after a quiet moment, a few times a second under load."""
        topics, self._sums, self._sums_due = self._sums, set(), None
        self._sums_sent_at = asyncio.get_running_loop().time()
        self.flush(topics)

    def _rebuild(self) -> None:
        """Machines or lines came, went or moved: each page builds its lines anew, through NiceGUI's own messages."""
        self._audiences.clear()
        for view in tuple(self._views.values()):
            with view.client:
                view.rebuild()
            self._seat(view)
            self._catching_up.add(view.client.id)  # NiceGUI's message may arrive after a newer one of ours

    def _seat(self, view: LiveView) -> None:
        view.settle()
        self._audiences.setdefault(view.layout, Audience()).views[view.client.id] = view

    def _catch_up(self, client_id: str) -> None:
        """What changed since the page was built, or while its browser was away."""
        if (view := self._views.get(client_id)) is None:
            return
        self._catching_up.add(client_id)
        send_update({element.id: element._to_dict() for elements in view.elements.values() for element in elements},
                    [client_id])

    def _catch_up_again(self, client_id: str) -> None:
        """Once NiceGUI has replayed what the browser missed: the replay may hold older content than ours."""
        view = self._views.get(client_id)
        if view is None:
            self._catching_up.discard(client_id)
        elif not view.client.outbox.messages and not view.client.outbox.updates:
            self._catch_up(client_id)
            self._catching_up.discard(client_id)

    def _leave(self, client_id: str) -> None:
        self._catching_up.discard(client_id)
        if (view := self._views.pop(client_id, None)) is None:
            return
        if (audience := self._audiences.get(view.layout)) is not None:
            audience.views.pop(client_id, None)
            if not audience.views:
                del self._audiences[view.layout]
