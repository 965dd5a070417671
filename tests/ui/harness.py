"""A floor that the tests write as the listener would, and screens that hold what a browser would have received."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from engineio.packet import Packet
from nicegui import Client
from ui.services import Recorded, services

from floor.core.feeds import SilentFeed
from floor.core.floor_snapshot import FloorSnapshot, HistoryState
from floor.core.icons import NO_ICONS
from floor.core.machines import DisplayNames, MachineChange, MachineName, MachineRecord, Status, StatusEvent
from floor.core.orders import OrderBrief, OrderId, Priority, WorkOrderStatus
from floor.core.people import Employee, Role
from floor.core.plant_calendar import PlantSettings
from floor.feed.store import Store
from floor.web.floor_view import floor_page
from floor.web.live.broadcast import Broadcast
from floor.web.live.live_element import LiveElement, Topic, machine_topic

OpenPage = Callable[..., Awaitable['Screen']]
"""Call it with a path and, optionally, another person's browser."""

NOW = datetime(2026, 11, 23, 10, 42, 7, tzinfo=UTC)
MINUTE_MS = 60_000
PATIENCE_S = 60.0
"""For what comes at once, on a machine that has much else to do."""
LINES = {'Transmission Line': ('Source_Sorter_01_01', 'Robotic_Arm_01_01', 'Valve_01_01'),
         'Engine Line': ('Injection_Molder_02_01', 'Painter_02_01')}


class Clock:
    """Monotonic seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds


class Floor:
    """The store and its page, written through the methods that the listener uses."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store = Store(stale_after=8, monotonic=self.clock)
        self.broadcast = Broadcast(self.store)
        self.history: list[StatusEvent] = []
        self.problem: Exception | None = None
        self.history_state = HistoryState.READY
        self.records: dict[str, MachineRecord] = {}
        self.icons = NO_ICONS
        self.former_lines: dict[str, str] = {}
        self.names = DisplayNames()
        self.employees, self.orders, self.order_list = Recorded(), Recorded(), Recorded()
        self.services = services(self.store, self.broadcast, events_of=self._events_of, employees=self.employees,
                                 orders=self.orders, order_list=self.order_list, database_now=self._database_now)
        self.briefs: dict[OrderId, OrderBrief] = {}
        self.people: list[Employee] = []
        self.is_demo = False
        self.silent_feeds: tuple[SilentFeed, ...] = ()
        self.plant: PlantSettings | None = None
        """None: as the store has it."""
        self._version = 0
        floor_page.register(self.services)

    async def _database_now(self) -> datetime:
        return datetime.fromtimestamp(self.now_ms / 1000, UTC)

    async def _events_of(self, name: MachineName, most: int) -> list[StatusEvent]:
        if self.problem is not None:
            raise self.problem
        return [event for event in self.history if event.name == name][:most]

    @property
    def now_ms(self) -> int:
        """The database's clock."""
        return int(NOW.timestamp() * 1000 + (self.clock.seconds - 1000) * 1000)

    def put(self, name: str, line: str | None = None, status: str = 'operational', *, reason: str | None = None,
            minutes: float = 10, kind: str = 'valve') -> None:
        """A row of the feed, in this status for that long; `publish` shows it."""
        self._version += 1
        since_ms = self.now_ms - int(minutes * MINUTE_MS)
        machine_id = self.records[name].machine_id if name in self.records else len(self.records) + 1
        self.records[name] = MachineRecord(machine_id, MachineName(name), kind, line, Status(status), reason,
                                           self._version, self.now_ms, since_ms)

    def rename(self, name: str, to: str) -> None:
        """A machine gets another name and keeps its place; `publish` shows it."""
        self.records = {to if each == name else each: replace(record, name=MachineName(to)) if each == name else record
                        for each, record in self.records.items()}

    def topic(self, name: str) -> Topic:
        """Of a machine on the floor."""
        return machine_topic(self.records[name].machine_id)

    def add(self, name: str, line: str | None = None, kind: str = 'valve') -> None:
        """A machine that nothing has reported yet; `publish` shows it."""
        self.put(name, line, 'unknown', kind=kind)
        self.records[name] = replace(self.records[name], reported_ms=None)

    def publish(self, events: tuple[StatusEvent, ...] = ()) -> None:
        """The listener reads the floor and hears its heartbeat."""
        active = tuple(order for order in self.briefs.values() if order.status.is_active)
        self.store.replace(FloorSnapshot(tuple(self.records.values()), events, self.now_ms, active, tuple(self.people),
                                         self.is_demo, self.history_state, icons=self.icons, plant=self.plant,
                                         names=self.names, former_lines=self.former_lines,
                                         silent_feeds=self.silent_feeds))
        self.store.prove()

    def change(self, name: str, status: str, reason: str | None = None) -> None:
        """A notification of the feed arrives."""
        self._version += 1
        self.store.apply([MachineChange(MachineName(name), Status(status), reason, self._version, self.now_ms,
                                        self.now_ms, self.now_ms)])


    def hire(self, first_name: str, last_name: str, role: str = 'technician', *, active: bool = True) -> Employee:
        """Somebody of the plant; `publish` makes them known."""
        employee = Employee(len(self.people) + 1, first_name, last_name, f'{first_name.lower()}@example.com',
                            'Maintenance', active, NOW, Role(role))
        self.people.append(employee)
        return employee

    def order(self, number: int, machine: str = 'Valve_01_01', state: str = 'open', *, priority: str = 'high',
              assignee: Employee | None = None, by: Employee | None = None, due_in_minutes: float = 60,
              description: str = 'Hydraulic leak', announced: bool = True) -> OrderBrief:
        """Something happened to an order: it is announced, and known to the next `publish`."""
        self._version += 1
        order = OrderBrief(
            OrderId(f'WO-20261123-{number:08x}'), self._version, self._version, MachineName(machine),
            WorkOrderStatus(state), Priority(priority), assignee.id if assignee else None,
            assignee.name if assignee else None, self.now_ms + int(due_in_minutes * MINUTE_MS), description,
            by.email if by else None)
        self.briefs[order.id] = order
        if announced:
            self.store.apply_orders([order])
        return order


class Screen:
    """What one browser holds: the elements of its page, and whatever messages then made of them."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.elements: dict[int, dict[str, Any]] = {
            element.id: copy.deepcopy(element._to_dict()) for element in client.elements.values()}
        self._roots = [element.id for element in client.elements.values() if element.parent_slot is None]

    def receive(self, message: dict[Any, Any]) -> None:
        """As the client's handler of 'update' does: each element of the message takes the old one's place."""
        for key, element in message.items():
            if key == '_id':
                continue
            if element is None:
                self.elements.pop(key, None)
            else:
                self.elements[key] = copy.deepcopy(element)

    def all(self, **attributes: Any) -> list[dict[str, Any]]:
        """The elements that are shown and carry these attributes, in the order of their ids; _ stands for -."""
        wanted = {key.strip('_').replace('_', '-'): value for key, value in attributes.items()}
        return [element for id_ in sorted(self._reachable(self._roots)) if (element := self.elements[id_])
                and all(element.get('props', {}).get(key) == value for key, value in wanted.items())
                and not element.get('props', {}).get('hidden')]

    def _reachable(self, ids: Iterable[int]) -> Iterator[int]:
        for id_ in ids:
            yield id_
            yield from self._reachable(self.elements[id_].get('children', ()))

    def of_class(self, name: str) -> list[dict[str, Any]]:
        """The elements of one CSS class that are shown, in the order of their ids."""
        return [element for element in self.all() if name in element.get('class', ())]

    def tile(self, name: str) -> dict[str, Any]:
        """The one tile of that machine."""
        tile, = self.all(data_machine=name)
        return tile

    def line(self, name: str) -> tuple[dict[str, Any], dict[str, str]]:
        """The header of one line, and its counts by status."""
        card, = self.all(data_line=name)
        header = self.elements[card['children'][0]]
        counts = [self.elements[child] for child in header['children']][1:]
        return header, {count['props']['data-status']: count['text'] for count in counts}

    @property
    def badge(self) -> dict[str, Any]:
        """The element that says how far the picture can be trusted."""
        badge, = (element for element in self.all() if 'data-connection' in element.get('props', {}))
        return badge

    @property
    def banner(self) -> str:
        """What the banner says; nothing when it isn't shown."""
        return ''.join(element['text'] for element in self.of_class('banner'))

    def click(self, element: dict[str, Any]) -> None:
        """As a browser does: the event goes to the server with the ids that the browser was given."""
        self.fire(element, 'click')

    def fire(self, element: dict[str, Any], type_: str) -> None:
        """The same for any event of an element."""
        id_, = (id_ for id_, known in self.elements.items() if known is element)
        for event in element['events']:
            if event['type'] == type_:
                self.client.handle_event({'id': id_, 'listener_id': event['listener_id'], 'args': [json.dumps(None)]})

    async def until(self, condition: Callable[..., Any], *, within: float = PATIENCE_S) -> None:
        """Wait until the screen shows it."""
        async with asyncio.timeout(within):
            while not condition():  # noqa: ASYNC110 (a screen has no event to wait for)
                await asyncio.sleep(0.01)

    @property
    def drawer(self) -> str:
        """What the open drawer says, line by line; nothing when it is closed or was never opened."""
        dialog = next((element for element in self.all() if element['tag'].endswith('dialog')), {})
        if not dialog.get('props', {}).get('model-value'):
            return ''
        return '\n'.join(self._texts_within(dialog))

    def drawer_buttons(self) -> dict[str, dict[str, Any]]:
        """The buttons of the open drawer, by what they say."""
        dialog = next((element for element in self.all() if element['tag'].endswith('dialog')), {})
        within = [self.elements[id_] for id_ in self._reachable(dialog.get('children', ()))]
        return {element['props']['label']: element for element in within if 'label' in element.get('props', {})}

    def _texts_within(self, element: dict[str, Any]) -> list[str]:
        own = element.get('text')
        return [*([own] if own else []),
                *(text for child in element.get('children', ()) for text in self._texts_within(self.elements[child]))]

    @property
    def texts(self) -> list[str]:
        """Every text on the page."""
        return [text for element in self.all() for text in (element.get('text'), element.get('props', {}).get('text'))
                if text]


class Switchboard:
    """Stands where NiceGUI's socket is: every message goes to the screens of the rooms that it names."""

    def __init__(self) -> None:
        self.screens: list[Screen] = []
        self.emitted: list[tuple[str, dict[Any, Any], Any]] = []

    async def emit(self, event: str, data: Any = None, to: Any = None, room: Any = None, **_: Any) -> None:
        rooms = room if room is not None else to
        self.emitted.append((event, data, rooms))
        for screen in self.screens:
            if event == 'update' and screen.client.id in ([rooms] if isinstance(rooms, str) else rooms):
                screen.receive(data)

    def send_update(self, message: dict[int, Any], client_ids: list[str]) -> set[str]:
        self.emitted.append(('update', message, list(client_ids)))
        for screen in self.screens:
            if screen.client.id in client_ids:
                screen.receive(message)
        return set()

    @property
    def shared(self) -> list[tuple[dict[Any, Any], list[str]]]:
        """The updates that did not come from one client's outbox."""
        return [(data, rooms) for event, data, rooms in self.emitted if event == 'update' and '_id' not in data]


def tile_of(screen: Screen, name: str) -> LiveElement:
    return next(element for element in screen.client.elements.values()
                if isinstance(element, LiveElement) and element.content()[0].get('data-machine') == name)


async def settled(shop_floor: Floor, switchboard: Switchboard) -> None:
    """After a page was opened or built again: what it had to catch up on has gone out, and nothing else is to come."""
    broadcast = shop_floor.broadcast
    await switchboard.screens[0].until(
        lambda: not (broadcast._paused or broadcast._catching_up or broadcast._totals_due
                     or broadcast._scheduler._resting))
    switchboard.emitted.clear()


class Socket:
    """What send_update knows of a browser's socket."""

    closed = False
    last_ping: float | None = None

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Packet] = asyncio.Queue()

    async def send(self, packet: Packet) -> None:
        await self.queue.put(packet)
