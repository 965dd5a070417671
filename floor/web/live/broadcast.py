"""One encoding for all browsers: how a change in the store reaches every page.

NiceGUI sends each browser its own message, encoded anew for each; with a hundred browsers that is nearly all the work
there is. What all viewers share on the floor is therefore not sent through their outboxes. A live element holds no copy
of the state: it derives its content from the store when it is sent. Pages that were built alike have the same element
ids, so one message, encoded once, fits them all; a page of another layout only costs a message more.

A page of a thousand tiles is a thousand NiceGUI elements. What they have in common is held once: their looks and
listeners by the page, which element shows what by all pages of the same layout.

This leans on what NiceGUI does not promise: Element._to_dict, _event_listeners, _classes, _style and _props here, its
socket in fanout.py. They are used in these two modules only, and a test fails when a new NiceGUI changes them. The way
back is element.update().
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nicegui import Client, ui
from nicegui.events import GenericEventArguments

from ...feed.store import Difference, Store
from .frame_scheduler import FramePace
from .socket_fanout import has_read_all, send_update

log = logging.getLogger(__name__)

SUMS_GAP_S = 0.3
SUMS_DELAY_S = 0.02  # the tile first: a browser renders what comes together in one go, and shows it later
LOOK_GAP_S = 0.02  # less than NiceGUI takes to notice that a browser has come
SECOND, FIGURES, LISTS, TURNS = 'second', 'figures', 'lists', 'turns'

Topic = str
Content = tuple[dict[str, Any], str | None]
PressHandler = Callable[[GenericEventArguments], Awaitable[None] | None]


def machine_topic(name: str) -> Topic:
    """What shows one machine."""
    return sys.intern(f'machine {name}')  # every page has one for each machine


def line_topic(name: str) -> Topic:
    """What shows the state of one line as a whole."""
    return f'line {name}'


class LiveElement(ui.element):
    """An element whose attributes and text come from the store at the moment they are sent. Subclasses say how."""

    is_one_of_many = False
    """Whether its class, style, attributes and listeners never change once it stands, and may be held in common with
    the elements of its page that have the same."""
    fault: str | None = None
    """Why it could not be shown when it was last looked at."""

    def __init__(self, tag: str, topic: Topic) -> None:
        super().__init__(tag)
        self.topic = topic

    def content(self) -> Content:
        """Attributes and text as they are now. Must not depend on who looks."""
        raise NotImplementedError

    def content_of_a_fault(self) -> Content:
        """What is shown where `content` fails."""
        return {'data-failed': '1', 'title': 'This cannot be shown: see the log of the program'}, None

    def current(self) -> Content:
        """`content`, without its faults: what cannot be shown never takes another element or the page with it."""
        try:
            content, fault = self.content(), None
        except Exception as error:
            content, fault = self.content_of_a_fault(), f'{type(error).__name__}: {error}'
            if fault != self.fault:
                log.exception('an element of a page cannot be shown', extra={'topic': self.topic})
        if fault != self.fault:
            self.fault = fault
        return content

    def on_press(self, handler: PressHandler) -> None:
        """Call handler on click. The listener's id is made from the element's, so that it is alike on all pages."""
        self.on('click', handler, args=[])
        for listener in list(self._event_listeners.values()):
            del self._event_listeners[listener.id]
            listener.id = f'live-{self.id}-{listener.type}'
            self._event_listeners[listener.id] = listener

    def _to_dict(self) -> dict[str, Any]:
        return self.encode(self.current())

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
        self.layout: Hashable = None
        self._topics: Mapping[Topic, tuple[int, ...]] = {}
        self._added: dict[Topic, list[LiveElement]] = {}
        self._looks: dict[Hashable, LiveElement] = {}

    def add(self, element: LiveElement) -> None:
        """Show this element's topic on the page."""
        self._added.setdefault(element.topic, []).append(element)
        if element.is_one_of_many:
            self._share(element)

    def of(self, topic: Topic) -> list[LiveElement]:
        """What shows this topic."""
        elements = self.client.elements
        return [element for id_ in self._topics.get(topic, ()) if isinstance(element := elements.get(id_), LiveElement)]

    def all(self) -> list[LiveElement]:
        """Everything that is kept up to date."""
        return [element for topic in self._topics for element in self.of(topic)]

    def forget(self, keep: Iterable[Topic] = ()) -> None:
        """Before a rebuild: the elements that are going."""
        kept = set(keep)
        self._added = {topic: self._added.get(topic) or self.of(topic) for topic in {**self._topics, **self._added}
                       if topic in kept}
        self._topics = {}
        self._looks.clear()

    def settle(self, layouts: dict[Hashable, Audience]) -> Audience:
        """After a build: pages of the same layout share their messages, and the memory of what shows which topic."""
        shown = {topic: self.of(topic) for topic in self._topics}  # of a page that is not built again: all it has
        for topic, added in self._added.items():
            shown[topic] = shown.get(topic, []) + added
        layout = tuple((type(element).__name__, topic, element.id, tuple(element.classes),
                        tuple(child.id for child in element.default_slot.children))
                       for topic, elements in shown.items() for element in elements)
        if (audience := layouts.get(layout)) is None:
            topics = {topic: tuple(element.id for element in elements) for topic, elements in shown.items()}
            audience = layouts[layout] = Audience(layout, topics)
        self.layout, self._topics, self._added = audience.layout, audience.topics, {}
        return audience

    def _share(self, element: LiveElement) -> None:
        listeners = tuple((listener.type, listener.handler) for listener in element._event_listeners.values())
        like = self._looks.setdefault((type(element), tuple(element._classes), tuple(element._style.items()),
                                       tuple(element._props.items()), listeners), element)
        element._classes, element._style, element._props = like._classes, like._style, like._props
        element._event_listeners = like._event_listeners


@dataclass(slots=True)
class Audience:
    """Pages of the same layout, which of their elements show which topic, and what was sent to all of them last."""

    layout: Hashable
    topics: Mapping[Topic, tuple[int, ...]]
    views: dict[str, LiveView] = field(default_factory=dict)
    sent: dict[int, Content] = field(default_factory=dict)


class Broadcast:
    """Sends what changed in the store to all pages."""

    def __init__(self, store: Store, behind_change: Callable[[], None] = lambda: None) -> None:
        """behind_change: is called right behind a change that was announced and has been sent."""
        self._store = store
        self._behind_change = behind_change
        self._said_ms = store.written_ms
        self._views: dict[str, LiveView] = {}
        self._audiences: dict[Hashable, Audience] = {}
        self._behind: set[str] = set()
        """Clients that read so slowly that they get nothing from us until they have read all that was sent."""
        self._held: dict[str, dict[str, Any]] = {}
        """Clients that get nothing from us while NiceGUI's own messages are on their way, and the mark behind these."""
        self._look_due: asyncio.TimerHandle | None = None
        self._pace = FramePace(self.flush)
        self._sums: set[Topic] = set()
        self._sums_sent_at = -SUMS_GAP_S
        self._sums_due: asyncio.TimerHandle | None = None
        self.pages_gone = 0
        """How many pages have been closed."""
        store.subscribe(self._on_difference)

    @property
    def pages(self) -> int:
        """How many pages are open in a browser; one whose browser is away waits for it and does not count."""
        return sum(view.client.has_socket_connection for view in self._views.values())

    def join(self, view: LiveView) -> None:
        """Keep this page up to date until its client goes."""
        client = view.client
        self._views[client.id] = view
        self._seat(view)
        client.on_connect(lambda: self._hold(view))
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
            topics: Iterable[Topic] = [SECOND, TURNS]
            if minute != (minute := self._store.now_ms // 60_000):
                topics = [SECOND, TURNS, LISTS, *map(machine_topic, self._store.machines)]
            self.flush(topics)
            self._send_all([client_id for client_id in self._behind if has_read_all(client_id)])

    def flush(self, topics: Iterable[Topic]) -> None:
        """Send what these topics show now, where it differs from what was sent last."""
        topics = list(topics)
        for audience in self._audiences.values():
            view = next(iter(audience.views.values()))
            message: dict[int, dict[str, Any]] = {}
            for topic in topics:
                for element in view.of(topic):
                    content = element.current()
                    if audience.sent.get(element.id) != content:
                        audience.sent[element.id] = content
                        message[element.id] = element.encode(content)
            if message:
                self._behind |= send_update(message, audience.views.keys() - self._held.keys() - self._behind)

    # within

    def _on_difference(self, difference: Difference) -> None:
        if difference.layout:
            self._rebuild()
        if not self._views:
            return
        concerned = {order.machine for change in difference.orders for order in (change.before, change.after) if order}
        self._pace.want([*map(machine_topic, {*difference.machines, *concerned}), SECOND])
        if self._said_ms != (written := self._store.written_ms):
            self._said_ms = written
            self._behind_change()
        self._sums |= {line_topic(machine.record.line or '') for name in difference.machines
                       if (machine := self._store.machines.get(name)) is not None} | {FIGURES, LISTS}
        if self._sums_due is None:
            loop = asyncio.get_running_loop()
            self._sums_due = loop.call_later(max(SUMS_DELAY_S, self._sums_sent_at + SUMS_GAP_S - loop.time()),
                                             self._flush_sums)

    def _flush_sums(self) -> None:
        """Counts and lists follow the tiles: at once after a quiet moment, a few times a second under load."""
        topics, self._sums, self._sums_due = self._sums, set(), None
        self._sums_sent_at = asyncio.get_running_loop().time()
        self._pace.want([SECOND, *topics])  # nothing is sent without how far it can be trusted

    def _rebuild(self) -> None:
        """Machines or lines came, went or moved: each page builds its lines anew, through NiceGUI's own messages."""
        self._audiences.clear()
        for view in tuple(self._views.values()):
            try:
                with view.client:
                    view.rebuild()
            except Exception:  # one page's fault must not keep the others from being built
                log.exception('a page could not be built again')
            self._seat(view)
            if view.client.has_socket_connection:
                self._hold(view)

    def _seat(self, view: LiveView) -> None:
        view.settle(self._audiences).views[view.client.id] = view

    def _hold(self, view: LiveView) -> None:
        """NiceGUI's outbox derives an update, or replays what a browser missed, some time before the browser's socket
        gets it. A message of ours from between would be overtaken by older content. So the page gets none until a mark
        behind all of that has gone out, and then everything as it is."""
        mark: dict[str, Any] = {}
        view.client.outbox.enqueue_message('update', mark, view.client.id)
        self._held[view.client.id] = mark
        if self._look_due is None:
            self._look_due = asyncio.get_running_loop().call_later(LOOK_GAP_S, self._look)

    def _look(self) -> None:
        """Let go the pages whose mark has gone out, which NiceGUI has numbered then, and those without a browser."""
        free = [client_id for client_id, mark in self._held.items()
                if '_id' in mark or not self._views[client_id].client.has_socket_connection]
        for client_id in free:
            del self._held[client_id]
        self._look_due = asyncio.get_running_loop().call_later(LOOK_GAP_S, self._look) if self._held else None
        self._send_all(free)

    def _send_all(self, client_ids: Iterable[str]) -> None:
        """Everything as it is now, to those who may have missed some of it."""
        self._behind -= (wanted := set(client_ids))
        for audience in self._audiences.values() if wanted else ():
            if here := [client_id for client_id in audience.views if client_id in wanted]:
                elements = audience.views[here[0]].all()
                self._behind |= send_update({element.id: element._to_dict() for element in elements}, here)

    def _leave(self, client_id: str) -> None:
        self._behind.discard(client_id)
        self._held.pop(client_id, None)
        if (view := self._views.pop(client_id, None)) is None:
            return
        self.pages_gone += 1
        if (audience := self._audiences.get(view.layout)) is not None:
            audience.views.pop(client_id, None)
            if not audience.views:
                del self._audiences[view.layout]
