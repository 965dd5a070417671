"""Events of the simulated plant in calendar time.

Deterministic like the model: the same stations, seed and times give the same events.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulator.simulated_machine import Status
from simulator.simulated_plant import SimulatedPlant, Station

TICK = timedelta(microseconds=1)
"""The resolution of PostgreSQL's timestamps."""


@dataclass(frozen=True, slots=True)
class SimulatedEvent:
    """A machine reports a new status, or only a new reason. old is None in its first event."""

    machine: str
    old: Status | None
    new: Status
    reason: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class SimulatedStop:
    """A stop of a machine. until is None while it lasts."""

    machine: str
    reason: str | None
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class FinalState:
    """The state of a machine at the end of a timeline."""

    machine: str
    status: Status
    reason: str | None
    since: datetime
    """When the status began."""
    at: datetime
    """The time of its last report."""
    last: int
    """The index of the last event."""


class Timeline:
    """The events of the plant, read in steps. The number of steps does not change the events."""

    def __init__(self, stations: Sequence[Station], seed: int, since: datetime) -> None:
        """stations: in flow order. since: the start, an aware datetime."""
        self.plant = SimulatedPlant(stations, seed)
        self._since = since
        self._began = self.plant.now
        self._last: dict[str, SimulatedEvent] = {}

    def moment(self, plant_seconds: float) -> datetime:
        """The calendar time of a moment in plant seconds."""
        return self._since + timedelta(seconds=plant_seconds - self._began)

    def events_until(self, until: datetime) -> list[SimulatedEvent]:
        """Every event up to this moment that was not returned before, in order of time."""
        last = self._last
        events = []
        if not last:
            events = [SimulatedEvent(change.machine, None, change.status, change.reason, self._since)
                      for change in self.plant.frame()]
            last.update((event.machine, event) for event in events)
        in_order = True
        for change in self.plant.advance(self._began + (until - self._since).total_seconds()):
            before = last[change.machine]
            at = self.moment(change.at)
            if at <= before.at:  # two events of a machine must have different times
                at, in_order = before.at + TICK, False
            event = SimulatedEvent(change.machine, before.new, change.status, change.reason, at)
            last[change.machine] = event
            events.append(event)
        return events if in_order else sorted(events, key=lambda event: event.at)


def final_states(events: Sequence[SimulatedEvent]) -> list[FinalState]:
    """The last status of every machine, in the order of its first event."""
    since: dict[str, datetime] = {}
    number: dict[str, int] = {}
    for index, event in enumerate(events):
        if event.old != event.new:
            since[event.machine] = event.at
        number[event.machine] = index
    return [FinalState(name, events[index].new, events[index].reason, since[name], events[index].at, index)
            for name, index in number.items()]


def stops(events: Iterable[SimulatedEvent]) -> list[SimulatedStop]:
    """Every stop that began in a timeline, in order of its beginning."""
    down: dict[str, SimulatedEvent] = {}
    found = []
    for event in events:
        if event.new == 'down':
            if event.old not in {'down', None}:
                down[event.machine] = event
        elif (began := down.pop(event.machine, None)) is not None:
            found.append(SimulatedStop(event.machine, began.reason, began.at, event.at))
    found += [SimulatedStop(began.machine, began.reason, began.at, None) for began in down.values()]
    return sorted(found, key=lambda stop: (stop.since, stop.machine))
