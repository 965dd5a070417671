"""The floor in memory, which all pages show. Only the listener writes what the database has, through the methods here.

The store holds the last known state of the database, and how fresh it is. Ages use the database's clock, carried
forward by a monotonic clock, so that a wrong clock of this machine has no effect.
"""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ..core.floor_snapshot import FloorSnapshot, HistoryState
from ..core.latency import LatencyHistogram
from ..core.machines import DisplayName, MachineChange, MachineName, MachineRecord, Status, StatusEvent
from ..core.names import name_key
from ..core.orders import OrderBrief, OrderId, Priority
from ..core.people import Employee, Identity, Person, Role
from .active_orders import ActiveOrderChange, ActiveOrders
from .database_clock import DatabaseClock

log = logging.getLogger(__name__)

EVENTS_KEPT = 200
NOT_ON_A_LINE = 'Not on a line'
FEED, TASKS, DISK = 'feed', 'tasks', 'disk'
"""Sources of warnings."""
NO_SIGNAL_YET = 'No signal yet'
"""The status of a machine that has never reported."""


class Freshness(StrEnum):
    """How fresh the shown floor is."""

    CONNECTING = 'connecting'
    LIVE = 'live'
    STALE = 'stale'


@dataclass(slots=True)
class Machine:
    """One machine as pages show it. Only the store writes it."""

    record: MachineRecord
    display: DisplayName
    status: Status
    reason: str | None
    since_ms: int
    reported_ms: int | None
    version: int

    @property
    def name(self) -> MachineName:
        """The name in the database."""
        return self.record.name

    @property
    def status_label(self) -> str:
        """The label of the status; for unknown, the reason."""
        return self.status.word if self.reported_ms is not None else NO_SIGNAL_YET

    def agrees_with(self, record: MachineRecord) -> bool:
        """Whether it equals the row in the database; a silent machine is unknown only in the store."""
        if self.status is Status.UNKNOWN:
            return self.version == record.version
        return (self.version, self.status, self.reason, self.since_ms, self.reported_ms) == \
            (record.version, record.status, record.reason, record.since_ms, record.reported_ms)


@dataclass(slots=True)
class Line:
    """One line: its machines in flow order."""

    name: str
    machines: list[Machine] = field(default_factory=list)

    @property
    def worst(self) -> Status:
        """The most severe status of its machines."""
        return max((machine.status for machine in self.machines), key=lambda s: s.severity, default=Status.UNKNOWN)

    @property
    def counts(self) -> Counter[Status]:
        """The number of machines in each status."""
        return Counter(machine.status for machine in self.machines)

    @property
    def unknown_label(self) -> str:
        """The label of unknown machines: 'No signal yet' if none of them has ever reported."""
        return unknown_label(self.machines)


@dataclass(frozen=True, slots=True)
class Difference:
    """What one write changed: machines, whether machines or lines were added, removed or moved, work orders,
    whether people changed, and the state of the history. A change of its orders does not make a machine one of the
    machines."""

    machines: frozenset[MachineName] = frozenset()
    layout: bool = False
    connection: bool = False
    orders: tuple[ActiveOrderChange, ...] = ()
    people: bool = False
    history: bool = False


Subscriber = Callable[[Difference], None]


class Store:
    """The present floor. Every write is one synchronous step that then notifies the subscribers."""

    def __init__(self, *, stale_after: float = 8.0, silent_after: float | None = None,
                 monotonic: Callable[[], float] = time.monotonic) -> None:
        """stale_after: seconds without a heartbeat after which the floor is stale.
        silent_after: seconds without a report after which a machine's status is unknown (None: never)."""
        self.machines: dict[MachineName, Machine] = {}
        self.lines: list[Line] = []
        self.events: deque[StatusEvent] = deque(maxlen=EVENTS_KEPT)
        self.people: dict[int, Employee] = {}
        """All present and former employees by id."""
        self.is_demo: bool | None = None
        """Whether the floor is simulated; None if not known yet."""
        self.history = HistoryState.READY
        self.orders_revision = 0
        """Grows with each possible change of an order, also an ended one, or of a person."""
        self.revision = 0
        """Grows with each write that changes something."""
        self._attention: tuple[int, list[Machine]] = (0, [])
        self._active = ActiveOrders()
        self._people_by_email: dict[str, Employee] = {}
        self.troubles: dict[str, str] = {}
        """Warnings while the database answers, for people, by source."""
        self.problem: str | None = None
        """Why there is no connection, for people."""
        self.last_lag_ms: int | None = None
        """Latency from the change in the database to the store, by the database's clock."""
        self.lag = LatencyHistogram('floor_commit_to_store_seconds',
                                    'Time from a change in the database, by its clock, until the store has it: the '
                                    'rest of its transaction, the network, and the wait for other changes of the same '
                                    'batch.')
        """The same for all notified changes."""
        self.written_ms: int | None = None
        """When the first change of the latest batch was written, by the database's clock."""
        self._stale_after = stale_after
        self._silent_after = silent_after
        self._monotonic = monotonic
        self._proof: float | None = None
        self._broken = True
        self.clock = DatabaseClock(monotonic)
        self._notified_connection = Freshness.CONNECTING
        self._subscribers: list[Subscriber] = []

    # reading

    @property
    def silent_after(self) -> float | None:
        """Seconds without a report after which a machine's status is unknown; None: never."""
        return self._silent_after

    @property
    def never_reported(self) -> int:
        """The number of machines that have never reported."""
        return sum(machine.reported_ms is None for machine in self.machines.values())

    @property
    def moment(self) -> float:
        """Now, by the monotonic clock that measures freshness."""
        return self._monotonic()

    @property
    def trouble(self) -> str | None:
        """All present warnings while the database answers; None if there are none."""
        return ' '.join(self.troubles.values()) or None

    @property
    def connection(self) -> Freshness:
        """Live only while the last heartbeat is recent and the connection is not known to be broken."""
        if self._proof is None:
            return Freshness.CONNECTING
        if self._broken or self._monotonic() - self._proof > self._stale_after:
            return Freshness.STALE
        return Freshness.LIVE

    @property
    def age(self) -> float | None:
        """Seconds since the last proof that all notifications have arrived; None: never."""
        return None if self._proof is None else max(0.0, self._monotonic() - self._proof)

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
        """Seconds since the last status change; for unknown, since the last report."""
        return max(0.0, (self.now_ms - machine.since_ms) / 1000)

    def needing_attention(self) -> list[Machine]:
        """Machines that are not running: stops first, in each status the longest first.

        Each row of the list reads it, so it is sorted once per write.
        """
        sorted_at, machines = self._attention
        if sorted_at != self.revision:
            machines = sorted((each for each in self.machines.values() if each.status is not Status.OPERATIONAL),
                              key=lambda machine: (-machine.status.severity, machine.since_ms, name_key(machine.name)))
            self._attention = (self.revision, machines)
        return machines

    @property
    def orders(self) -> Mapping[OrderId, OrderBrief]:
        """The work orders that are not completed or cancelled."""
        return self._active.by_id

    @property
    def order_counts(self) -> Mapping[Priority, int]:
        """The number of active orders of each priority."""
        return self._active.counts

    def orders_of(self, machine: MachineName) -> list[OrderBrief]:
        """The active orders of a machine: overdue ones first, then by priority, then by due time."""
        return self._active.of(machine, self.now_ms)

    def person(self, identity: Identity, default_role: Role) -> Person:
        """The person with this identity, and their role; former employees have read-only access."""
        employee = self._people_by_email.get(identity.email.lower()) if identity.email else None
        if employee is None:
            return Person(identity.name, identity.email, identity.role or default_role)
        return Person(employee.name, identity.email, employee.role if employee.active else Role.VIEWER, employee.id)

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call subscriber after every write; returns the function that unsubscribes."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber)

    # writing: the listener only

    def replace(self, snapshot: FloorSnapshot, asked: float | None = None, answered: float | None = None) -> Difference:
        """Replace the floor by a snapshot, also by one with older versions, as after a restored backup.

        asked, answered: as in set_clock."""
        self.set_clock(snapshot.now_ms, asked, answered)
        before = self.machines
        layout = snapshot.is_demo != self.is_demo or self.differs_in_layout(snapshot)
        self.is_demo = snapshot.is_demo
        changed = set()
        machines: dict[MachineName, Machine] = {}
        for record in snapshot.machines:
            machine = before.get(record.name)
            if machine is None:
                machine = Machine(record, DisplayName.of(record.name), record.status, record.reason,
                                  record.since_ms, record.reported_ms, record.version)
            elif not machine.agrees_with(record):
                self._set(machine, record)
                changed.add(record.name)
            machine.record = record
            machines[record.name] = machine
        self.machines = machines
        if layout:
            self.lines = _group(machines.values())
            changed = set(machines)
        self.replace_events(snapshot.events)
        orders = self._active.replace(snapshot.orders)
        people = {each.id: each for each in snapshot.people}
        people_changed = people != self.people
        self.people = people
        self._people_by_email = {each.email.lower(): each for each in snapshot.people}
        history_changed, self.history = snapshot.history is not self.history, snapshot.history
        self.orders_revision += 1  # a snapshot does not contain orders that have ended
        return self._notify(Difference(frozenset(changed | self._find_silent()), layout=layout, orders=tuple(orders),
                                       people=people_changed, history=history_changed))

    def differs_in_layout(self, snapshot: FloorSnapshot) -> bool:
        """Whether names, types, lines or the order of the machines differ from what is shown."""
        return [(machine.name, machine.type, machine.line) for machine in snapshot.machines] != \
            [(machine.name, machine.record.type, machine.record.line) for machine in self.machines.values()]

    def replace_events(self, events: Iterable[StatusEvent]) -> None:
        """Replace the latest events, with those that were too quick to be notified one by one."""
        data_gaps = [event for event in self.events if event.new is Status.UNKNOWN]  # not in the database
        newest_first = sorted([*events, *data_gaps], key=lambda event: (-event.changed_ms, -event.version))
        self.events = deque(newest_first[:EVENTS_KEPT], maxlen=EVENTS_KEPT)

    def apply(self, changes: Iterable[MachineChange]) -> Difference:
        """Apply notifications, oldest first. Known or older changes are ignored."""
        changed = set()
        for change in changes:
            machine = self.machines.get(change.name)
            if machine is None or change.version <= machine.version:
                continue
            if (machine.status, machine.reason) != (change.status, change.reason):
                before = None if machine.reported_ms is None else machine.status
                self.events.appendleft(StatusEvent(change.version, change.name, before, change.status, change.reason,
                                                   change.reported_ms))
            self._set(machine, change)
            self.last_lag_ms = max(0, self.now_ms - change.reported_ms)
            self.lag.observe(self.last_lag_ms / 1000)
            changed.add(change.name)
        self.written_ms = min((reported_ms for name in changed
                               if (reported_ms := self.machines[name].reported_ms) is not None),
                              default=self.written_ms)
        return self._notify(Difference(frozenset(changed)))

    def apply_orders(self, changes: Iterable[OrderBrief]) -> Difference:
        """Apply notifications of orders. Known or older changes are ignored."""
        orders = self._active.apply(changes)
        self.orders_revision += bool(orders)
        return self._notify(Difference(orders=tuple(orders)))

    def prove(self, moment: float | None = None) -> None:
        """Record that all notifications before this moment (None: now) have arrived."""
        former = self.connection
        self._proof = self.moment if moment is None else moment
        self._broken = False
        self.problem = None
        if former is not Freshness.LIVE:
            self._notify(Difference(connection=True))

    def lose(self, problem: str) -> None:
        """Record that the connection is lost: the floor is stale."""
        if not self._broken or problem != self.problem:
            self._broken = True
            self.problem = problem
            self._notify(Difference(connection=True))

    def set_feed_warning(self, trouble: str | None, source: str = FEED) -> None:
        """Set or clear (None) the warning of a source."""
        if trouble != self.troubles.get(source):
            if trouble is None:
                del self.troubles[source]
            else:
                self.troubles[source] = trouble
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
        self._notify(Difference(frozenset(self._find_silent()), connection=changed))

    # internal

    def _set(self, machine: Machine, row: MachineRecord | MachineChange) -> None:
        machine.status = row.status
        machine.reason = row.reason
        machine.since_ms = row.since_ms
        machine.reported_ms = row.reported_ms
        machine.version = row.version

    def _find_silent(self) -> set[MachineName]:
        if self._silent_after is None:
            return set()
        deadline = self.now_ms - self._silent_after * 1000
        silent = set()
        for machine in self.machines.values():
            reported_ms = machine.reported_ms
            if machine.status is Status.UNKNOWN or reported_ms is None or reported_ms >= deadline:
                continue
            self.events.appendleft(StatusEvent(machine.version, machine.name, machine.status, Status.UNKNOWN, None,
                                               self.now_ms))
            machine.status, machine.reason, machine.since_ms = Status.UNKNOWN, None, reported_ms
            silent.add(machine.name)
        return silent

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


def unknown_label(machines: Iterable[Machine]) -> str:
    """The label of unknown machines: 'No signal yet' if none of them has ever reported, else 'No data'."""
    words = {machine.status_label for machine in machines if machine.status is Status.UNKNOWN}
    return NO_SIGNAL_YET if words == {NO_SIGNAL_YET} else Status.UNKNOWN.word


def _group(machines: Iterable[Machine]) -> list[Line]:
    lines: dict[str, Line] = {}
    for machine in machines:
        name = machine.record.line or NOT_ON_A_LINE
        lines.setdefault(name, Line(name)).machines.append(machine)
    return list(lines.values())
