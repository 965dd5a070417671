"""The floor in memory, which all pages show. Only the listener writes what the database has, through the methods here.

The store holds the last known state of the database, and how fresh it is. Ages use the database's clock, carried
forward by a monotonic clock, so that a wrong clock of this machine has no effect.
"""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping

from ..core.feeds import SilentFeed
from ..core.floor_snapshot import FloorSnapshot, HistoryState
from ..core.icons import NO_ICONS
from ..core.latency import LatencyHistogram
from ..core.machines import DisplayNames, MachineChange, MachineName, Status, StatusEvent
from ..core.names import name_key
from ..core.orders import OrderBrief, OrderId, Priority
from ..core.people import Employee, Identity, Person, Role
from ..core.plant_calendar import PlantSettings
from .active_orders import ActiveOrders
from .database_clock import DatabaseClock
from .difference import Difference, Subscriber
from .freshness import DeliveryProof, Freshness
from .machine import Line, Machine, unknown_label
from .machine_states import MachineStates

log = logging.getLogger(__name__)

NO_SETTINGS = PlantSettings()
FEED, TASKS, DISK = 'feed', 'tasks', 'disk'
"""Sources of warnings."""


class Store:
    """The present floor. Every write is one synchronous step that then notifies the subscribers."""

    def __init__(self, *, stale_after: float = 8.0, silent_after: float | None = None,
                 plant: PlantSettings = NO_SETTINGS, monotonic: Callable[[], float] = time.monotonic) -> None:
        """stale_after: seconds without a heartbeat after which the floor is stale.
        silent_after: seconds without a report after which a machine's status is unknown (None: never).
        plant: its settings until the first snapshot has them."""
        self.plant = plant
        """The plant's own settings."""
        self.people: dict[int, Employee] = {}
        """All present and former employees by id."""
        self.is_demo: bool | None = None
        """Whether the floor is simulated; None if not known yet."""
        self.icons = NO_ICONS
        """The icons of machine types, and uploaded ones."""
        self.names = DisplayNames()
        """What machines are called on pages and in files, also former ones."""
        self.former_lines: Mapping[str, str] = {}
        """The present names of lines, by names that they had before and no line has now."""
        self.silent_feeds: tuple[SilentFeed, ...] = ()
        """Feeds that have fallen silent, the longest silent first."""
        self.history = HistoryState.READY
        self.setup_change = 0
        """Number of the latest change of the set-up."""
        self.orders_revision = 0
        """Grows with each possible change of an order, also an ended one, or of a person."""
        self.revision = 0
        """Grows with each write that changes something."""
        self._attention: tuple[int, list[Machine]] = (0, [])
        self._states = MachineStates(silent_after)
        self._active = ActiveOrders()
        self._people_by_email: dict[str, Employee] = {}
        self.feed_warnings: dict[str, str] = {}
        """Warnings while the database answers, for people, by source."""
        self.last_lag_ms: int | None = None
        """Latency from the change in the database to the store, by the database's clock."""
        self.lag = LatencyHistogram('floor_commit_to_store_seconds',
                                    'Time from a change in the database, by its clock, until the store has it: the '
                                    'rest of its transaction, the network, and the wait for other changes of the same '
                                    'batch.')
        """The same for all notified changes."""
        self.written_ms: int | None = None
        """When the first change of the latest batch was written, by the database's clock."""
        self._monotonic = monotonic
        self._delivery = DeliveryProof(stale_after, monotonic)
        self.clock = DatabaseClock(monotonic)
        self._notified_connection = Freshness.CONNECTING
        self._subscribers: list[Subscriber] = []

    # reading

    @property
    def machines(self) -> dict[MachineName, Machine]:
        """All machines by name, in flow order."""
        return self._states.by_name

    def machine_with(self, machine_id: int) -> Machine | None:
        """The machine with this id; None: it is not on the floor."""
        return self._states.by_id.get(machine_id)

    @property
    def arrangement(self) -> int:
        """Grows when lines, or the places of machines on them, change; not with the name or the type of a machine."""
        return self._states.arrangement

    @property
    def lines(self) -> list[Line]:
        """The lines with their machines."""
        return self._states.lines

    @property
    def events(self) -> deque[StatusEvent]:
        """The latest status changes, newest first."""
        return self._states.events

    @property
    def silent_after(self) -> float | None:
        """Seconds without a report after which a machine's status is unknown; None: never."""
        return self._states.silent_after

    @property
    def never_reported(self) -> int:
        """The number of machines that have never reported."""
        return sum(machine.reported_ms is None for machine in self.machines.values())

    @property
    def moment(self) -> float:
        """Now, by the monotonic clock that measures freshness."""
        return self._monotonic()

    @property
    def feed_warning(self) -> str | None:
        """All present warnings while the database answers; None if there are none."""
        return ' '.join(self.feed_warnings.values()) or None

    @property
    def connection(self) -> Freshness:
        """Live only while the last heartbeat is recent and the connection is not known to be broken."""
        return self._delivery.freshness

    @property
    def connection_error(self) -> str | None:
        """Why there is no connection, for people; None while there is one."""
        return self._delivery.error

    @property
    def age(self) -> float | None:
        """Seconds since the last proof that all notifications have arrived; None: never."""
        return self._delivery.age

    @property
    def now_ms(self) -> int:
        """The database's clock, in ms since 1970; this machine's before the first reading."""
        return self.clock.now_ms

    @property
    def clock_error(self) -> float | None:
        """The possible error of the estimated database clock in seconds; None if unknown."""
        return self.clock.error

    @property
    def counts(self) -> Counter[Status]:
        """The number of machines of the whole floor in each status."""
        return Counter(machine.status for machine in self.machines.values())

    @property
    def unknown_label(self) -> str:
        """The label of unknown machines: 'No signal yet' if none of them has ever reported."""
        return unknown_label(self.machines.values())

    def seconds_in_status(self, machine: Machine) -> float:
        """Seconds since the last status change; for unknown, since the last report or the loss of its signal."""
        return max(0.0, (self.now_ms - machine.since_ms) / 1000)

    def needing_attention(self) -> list[Machine]:
        """Machines that are not running: stops first, in each status the longest first. Without those of unknown status
        whose feed is silent: the feed stands for them.

        Each row of the list reads it, so it is sorted once per write.
        """
        sorted_at, machines = self._attention
        if sorted_at != self.revision:
            machines = sorted((each for each in self.machines.values() if each.status is not Status.OPERATIONAL
                               and not (each.status is Status.UNKNOWN and self._is_of_silent_feed(each))),
                              key=lambda machine: (-machine.status.severity, machine.since_ms, name_key(machine.name)))
            self._attention = (self.revision, machines)
        return machines

    def _is_of_silent_feed(self, machine: Machine) -> bool:
        return any(machine.record.machine_id in feed.machine_ids for feed in self.silent_feeds)

    @property
    def orders(self) -> Mapping[OrderId, OrderBrief]:
        """The work orders that are not completed or cancelled."""
        return self._active.by_id

    @property
    def order_counts(self) -> Mapping[Priority, int]:
        """The number of active orders of each priority."""
        return self._active.counts

    def called(self, name: str) -> Machine | None:
        """The machine that has a name now, or that had it last."""
        present = self.machines.get(MachineName(name))
        return present or next((each for each in self.machines.values() if name in each.record.former_names), None)

    def line_called(self, name: str) -> str:
        """The present name of the line that had a name last; else the name itself."""
        return self.former_lines.get(name, name)

    def orders_of(self, machine: MachineName) -> list[OrderBrief]:
        """The active orders of a machine: overdue ones first, then by priority, then by due time."""
        return self._active.of(machine, self.now_ms)

    def person(self, identity: Identity, default_role: Role) -> Person:
        """The person with this identity, and their role; former employees have read-only access."""
        employee = self._people_by_email.get(identity.email.lower()) if identity.email else None
        if employee is None:
            return Person(identity.name, identity.email,
                          (identity.role or default_role).limited_to(identity.at_most))
        role = employee.role if employee.active else Role.VIEWER
        return Person(employee.name, identity.email, role.limited_to(identity.at_most), employee.id)

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call subscriber after every write; returns the function that unsubscribes."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber)

    # writing: the listener only

    def replace(self, snapshot: FloorSnapshot, asked: float | None = None, answered: float | None = None) -> Difference:
        """Replace the floor by a snapshot, also by one with older versions, as after a restored backup.

        asked, answered: as in set_clock."""
        self.set_clock(snapshot.now_ms, asked, answered)
        layout = snapshot.is_demo != self.is_demo or self.differs_in_layout(snapshot)
        self.is_demo, self.former_lines, self.names = snapshot.is_demo, snapshot.former_lines, snapshot.names
        changed = self._states.replace(snapshot.machines, self.names, layout=layout)
        self.replace_events(snapshot.events)
        orders = self._active.replace(snapshot.orders)
        people = {each.id: each for each in snapshot.people}
        people_changed = people != self.people
        self.people = people
        self._people_by_email = {each.email.lower(): each for each in snapshot.people}
        history_changed, self.history = snapshot.history is not self.history, snapshot.history
        setup_changed = (snapshot.setup_change, snapshot.icons) != (self.setup_change, self.icons)
        self.setup_change, self.icons = snapshot.setup_change, snapshot.icons
        feeds_changed, self.silent_feeds = snapshot.silent_feeds != self.silent_feeds, snapshot.silent_feeds
        plant = snapshot.plant or self.plant
        plant_changed, self.plant = plant != self.plant, plant
        self.orders_revision += 1  # a snapshot does not contain orders that have ended
        changed |= self._states.find_silent(self.now_ms)
        return self._notify(Difference(frozenset(changed), layout=layout, orders=tuple(orders), people=people_changed,
                                       history=history_changed, setup=setup_changed, plant=plant_changed,
                                       feeds=feeds_changed))

    def differs_in_layout(self, snapshot: FloorSnapshot) -> bool:
        """Whether names, display names, types, lines or the order of the machines differ from what is shown."""
        return snapshot.names != self.names or self._states.differs_in_layout(snapshot.machines)

    def replace_events(self, events: Iterable[StatusEvent]) -> None:
        """Replace the latest events, with those that were too quick to be notified one by one."""
        self._states.replace_events(events)

    def apply(self, changes: Iterable[MachineChange]) -> Difference:
        """Apply notifications, oldest first. Known or older changes are ignored."""
        applied = self._states.apply(changes)
        for change in applied:
            self.last_lag_ms = max(0, self.now_ms - change.written_ms)
            self.lag.observe(self.last_lag_ms / 1000)
        written_ms = {change.name: change.written_ms for change in applied}  # the last of each machine
        self.written_ms = min(written_ms.values(), default=self.written_ms)
        return self._notify(Difference(frozenset(written_ms)))

    def apply_orders(self, changes: Iterable[OrderBrief]) -> Difference:
        """Apply notifications of orders. Known or older changes are ignored."""
        orders = self._active.apply(changes)
        self.orders_revision += bool(orders)
        return self._notify(Difference(orders=tuple(orders)))

    def prove(self, moment: float | None = None) -> None:
        """Record that all notifications before this moment (None: now) have arrived."""
        former = self.connection
        self._delivery.prove(self.moment if moment is None else moment)
        if former is not Freshness.LIVE:
            self._notify(Difference(connection=True))

    def lose(self, error: str) -> None:
        """Record that the connection is lost: the floor is stale."""
        if self._delivery.lose(error):
            self._notify(Difference(connection=True))

    def set_feed_warning(self, warning: str | None, source: str = FEED) -> None:
        """Set or clear (None) the warning of a source."""
        if warning != self.feed_warnings.get(source):
            if warning is None:
                del self.feed_warnings[source]
            else:
                self.feed_warnings[source] = warning
            self._notify(Difference(connection=True))

    def set_clock(self, now_ms: int, asked: float | None = None, answered: float | None = None) -> None:
        """Record the database's clock, read between these two moments; None: unknown, used only until there is a
        better reading."""
        if asked is None or answered is None:
            self.clock.show(now_ms)
        else:
            self.clock.read(now_ms, asked, answered)

    def tick(self) -> None:
        """Call once a second: silent machines become unknown, and without a heartbeat the floor becomes stale."""
        changed = self.connection is not self._notified_connection
        self._notify(Difference(frozenset(self._states.find_silent(self.now_ms)), connection=changed))

    # internal

    def _notify(self, difference: Difference) -> Difference:
        self._notified_connection = self.connection if difference.connection else self._notified_connection
        if difference != Difference():
            self.revision += 1
            for subscriber in tuple(self._subscribers):
                try:
                    subscriber(difference)
                except Exception:  # a bug in one page must not stop the floor
                    log.exception('a subscriber of the store failed')
        return difference
