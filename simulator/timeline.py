"""Events of the simulated plant in calendar time.

Deterministic like the model: the same stations, seed and times give the same events.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

from simulator.calendar import Calendar
from simulator.simulated_machine import Status
from simulator.simulated_plant import WARM_UP, SimulatedPlant, Station

TICK = timedelta(microseconds=1)
"""The resolution of PostgreSQL's timestamps."""
LAST_HOURS = timedelta(hours=3)
"""The end of a history that is drawn again until it is typical."""
BRANCHES = 60


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
    """A stop of a machine. until is None while it lasts and nobody knows its end."""

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

    def __init__(self, stations: Sequence[Station], seed: int, since: datetime, created: datetime | None = None,
                 zone: tzinfo = UTC) -> None:
        """stations: in flow order. since: the start, an aware datetime. zone: the plant's clock.

        created: the end of the floor's history, if machines change over time (simulator/conditions.py).
        """
        calendar = Calendar.beginning(since - timedelta(seconds=WARM_UP), created or since, zone)
        self.plant = SimulatedPlant(stations, seed, calendar if created else None)
        calendar.set(self.plant.now, since)
        self._calendar = calendar
        self._since = since
        self._began = self.plant.now
        self._last: dict[str, SimulatedEvent] = {}
        self.branch: int | None = None
        """By which its end was drawn again (typical_end)."""

    @property
    def calendar(self) -> Calendar:
        """Of the plant."""
        return self._calendar

    def moment(self, plant_seconds: float) -> datetime:
        """The calendar time of a moment in plant seconds."""
        return self._since + timedelta(seconds=plant_seconds - self._began)

    def with_ends(self, stops: Iterable[SimulatedStop]) -> list[SimulatedStop]:
        """The stops of this timeline; those that last get the end that they will have if nobody changes the machine."""
        return [stop if stop.until else replace(stop, until=self.moment(self.plant.ends(stop.machine)))
                for stop in stops]

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


def typical_end(timeline: Timeline, until: datetime) -> tuple[list[SimulatedEvent], Timeline]:
    """The rest of the events up to this moment, at which the floor looks typical, and the timeline that continues.

    timeline: some hours before; it is not changed. Of the ways it may continue, this is the first that ends so.
    """
    for branch in range(BRANCHES):
        ended = deepcopy(timeline)
        ended.plant.draw_again(branch)
        ended.branch = branch
        events = ended.events_until(until)
        if ended.plant.looks_typical():
            break
    return events, ended


def history(stations: Sequence[Station], seed: int, since: datetime, until: datetime,
            zone: tzinfo = UTC) -> tuple[list[SimulatedEvent], Timeline]:
    """The history that a floor gets that is created at `until`, and the timeline that goes on from there."""
    timeline = Timeline(stations, seed, since, until, zone)
    events = timeline.events_until(max(since, until - LAST_HOURS))
    rest, ended = typical_end(timeline, until)
    return events + rest, ended


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
