"""From readings to events in the queue: the core of the gateway."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from ..core.machines import Status
from .backlog import Backlog
from .clock import Clock
from .counters import CounterStep, increment
from .errors import QueueError
from .event_format import MAX_BEHIND_S, MAX_INCREMENT, counter_event, problem_event, status_event
from .event_queue import EventQueue, Total
from .machine_state import MachineState
from .mapping import CounterMeaning, NoMeaning, Reports
from .point_config import BEHIND_REPEATS, SourceConfig
from .point_filter import Held, PointFilter
from .point_times import OUT_OF_ORDER, STEP, event_time, reading_time
from .presets import StatusMeaning
from .reading import Point, Reading
from .source import SourceState

log = logging.getLogger(__name__)

MAX_GAP = timedelta(seconds=MAX_BEHIND_S) - timedelta(hours=1)
"""The app refuses what began earlier; an event may have to wait."""
MAX_POINTS = 20_000
"""Topics that match a pattern are made by others; further ones are ignored."""

MAX_PROBLEMS, PROBLEM_AGAIN_S = 20, 60.0
"""Points of which a value without a meaning is sent in a minute, and seconds after which another one is sent."""


class Reporter:
    """Takes readings, and puts events. All in the event loop's thread."""

    def __init__(self, queue: EventQueue, sources: Iterable[tuple[SourceConfig, SourceState]], clock: Clock) -> None:
        self._queue, self._clock = queue, clock
        self._sources = {config.name: (config, state) for config, state in sources}
        self._machines = {name: MachineState(name, config.name, config.repeat)
                          for config, _ in self._sources.values() for name in config.machines}
        self._filters: dict[Point, PointFilter] = {}
        self._read_at: dict[Point, datetime] = {}
        self._heard_at: dict[Point, float] = {}  # of points with silent_after, by the monotonic clock
        self._lost: set[str] = set()
        self._backlogs = {name: Backlog(state, config.latency) for name, (config, state) in self._sources.items()}
        self._problem_at: dict[Point, float] = {}  # of the last minute, by the monotonic clock

    @property
    def machines(self) -> int:
        """The number of machines that have a status."""
        return sum(each.status is not None for each in self._machines.values())

    @property
    def points(self) -> int:
        """The number of points that were read."""
        return len(self._read_at)

    def emit(self, reading: Reading) -> None:
        """Put the events that follow from a reading, or hold them back.

        :raises QueueError: they cannot be stored; nothing has changed
        """
        point = reading.point
        config, state = self._sources[point.source]
        if point not in self._read_at and len(self._read_at) >= MAX_POINTS:
            state.ignore('too many points', f'more than {MAX_POINTS} points: {point.address} is ignored')
            return
        if point.config.silent_after and not reading.is_historical:
            self._heard_at[point] = self._clock.monotonic()
        now = self._clock.now()
        before = None if reading.is_historical else self._read_at.get(point)
        moment = reading_time(reading.at if config.source_time else None, before, now)
        is_past = reading.is_historical or moment.is_overtaken
        if reading.is_historical and moment.at != reading.at:
            state.ignore('not a time of the past', f'{point.address}: a historical value of {reading.at} is ignored')
            return
        if moment.fault:
            state.ignore(moment.fault, f'{moment.fault} at {point.address}: {reading.at}; taken as of now')
        if reading.lost_since is not None and not is_past:
            self._put_gap(point, reading.lost_since)
        meaning = point.config.meaning(reading.value, reading.detail)
        if isinstance(meaning, NoMeaning):
            state.ignore(meaning.cause, f'{point.address}: {meaning.problem}')
            self._put_problem(point, moment.at, meaning.problem)
        elif isinstance(meaning, CounterMeaning):
            self._count(point, meaning, moment.at, is_past)
        elif is_past:
            self._put_past(point, meaning, moment.at)
        elif meaning is not None:
            self._filter(point).take(meaning, moment.at)
        if not is_past:
            self._read_at[point] = moment.at
            if moment.at == reading.at and (before is None or moment.at > before):
                self._backlogs[point.source].take((now - moment.at).total_seconds())

    def tick(self) -> None:
        """Call once a second: repeats the status of machines, and reports those whose source or point says nothing.

        :raises QueueError: as emit
        """
        monotonic, now = self._clock.monotonic(), self._clock.now()
        for name, (config, state) in self._sources.items():
            since = max(state.changed_at, state.last_message_at or 0)  # a resumed session sends before it is ready
            if state.connected:
                self._lost.discard(name)
            elif name not in self._lost and now.timestamp() - since >= config.grace:
                self._lose(name, datetime.fromtimestamp(min(since, state.heard_at), now.tzinfo))
        self._report_silent(monotonic, now)
        for backlog in self._backlogs.values():
            backlog.tick(monotonic)
        self._repeat([each for each in self._machines.values() if self._is_due(each, monotonic, now)])

    def _report_silent(self, monotonic: float, now: datetime) -> None:
        """The machines whose points are silent are "No signal"; of a lost source, all are already."""
        for point, heard_at in list(self._heard_at.items()):
            silent_after = point.config.silent_after or 0
            if self._sources[point.source][1].connected and monotonic - heard_at >= silent_after:
                self._filter(point).take(StatusMeaning(Status.UNKNOWN, f'no message for {silent_after:g} s'), now)
                del self._heard_at[point]

    def _filter(self, point: Point) -> PointFilter:
        if point not in self._filters:
            self._filters[point] = PointFilter(
                point.config.debounce, point.config.least_time, self._clock,
                lambda value, at: self._report(point, value, at))
        return self._filters[point]

    def _machine(self, name: str) -> MachineState:
        return self._machines.setdefault(name, MachineState(name))

    def _report(self, point: Point, value: Held, at: datetime) -> None:
        """A value that lasted."""
        machine = self._machine(point.machine)
        config, state = self._sources[point.source]
        was_lost = machine.status is Status.UNKNOWN
        if isinstance(value, StatusMeaning):
            machine.source, machine.repeat_every = config.name, config.repeat
        if not machine.take(value):
            return
        if was_lost and machine.was_known(at):  # it comes again: what follows may be of before now
            return
        now = self._clock.now()
        moment = event_time(at, machine.event_at, now, was_lost=was_lost)
        if moment.fault:
            state.ignore(moment.fault, f'{moment.fault} at {point.address}: {at}; taken as of now')
        self._put(machine, moment.at)

    def _put_past(self, point: Point, meaning: object, at: datetime) -> None:
        """A status of the past, which does not change the present one."""
        if isinstance(meaning, StatusMeaning):
            self._queue.put([status_event(point.machine, at, meaning.status, meaning.reason)])

    def _put_problem(self, point: Point, at: datetime, problem: str) -> None:
        """So that people see it on /setup/feeds: one of each point a minute, and only so many."""
        now = self._clock.monotonic()
        self._problem_at = {each: put_at for each, put_at in self._problem_at.items() if now - put_at < PROBLEM_AGAIN_S}
        if point not in self._problem_at and len(self._problem_at) < MAX_PROBLEMS:
            self._queue.put([problem_event(point.machine, at, f'{point.address}: {problem}')])
            self._problem_at[point] = now

    def _count(self, point: Point, meaning: CounterMeaning, at: datetime, is_past: bool) -> None:
        total = int(meaning.number)
        state = self._sources[point.source][1]
        if point.config.counts == 'increment':
            made, totals = total, {}
        else:
            key = '\n'.join((point.source, point.address, point.machine))
            moment, last = round(at.timestamp() * 1000), self._queue.total(key)
            is_past |= last is not None and 0 < last.at - moment < OUT_OF_ORDER.total_seconds() * 1000
            made, step = increment(last.total if last else None, total, point.config.rollover)
            if is_past and step is not CounterStep.COUNT:
                return  # a later total has counted this
            totals = {key: Total(total, max(moment, last.at) if last and is_past else moment)}
            if step in {CounterStep.RESET, CounterStep.ROLLOVER}:
                log.info('counter %s: %s', point.address, step, extra={'source': point.source})
        if made > MAX_INCREMENT:
            state.ignore('not a count', f'{point.address}: {made} more at once is not a count')
            made = 0
        if made or totals:
            self._queue.put([counter_event(point.machine, at, meaning.counter, made)] if made else [], totals)

    def _lose(self, source: str, since: datetime) -> None:
        """Its machines are "No signal" since then."""
        for machine in self._machines.values():
            if machine.source == source and machine.status is not Status.UNKNOWN:
                before, machine.known = machine.event_at, (machine.status, machine.reason)
                machine.take(StatusMeaning(Status.UNKNOWN, f'no connection to {source}'))
                self._put(machine, event_time(since, before, self._clock.now()).at)
                machine.event_at, machine.lost_at = before, machine.event_at
        for point, each in self._filters.items():
            if point.source == source:
                each.forget()
        self._heard_at = {point: at for point, at in self._heard_at.items() if point.source != source}
        self._lost.add(source)

    def _put_gap(self, point: Point, since: datetime) -> None:
        """Changes were lost: from then on nobody knows what its machine was."""
        if point.config.reports is not Reports.STATUS:
            return
        self._filter(point).forget()
        machine = self._machine(point.machine)
        if machine.status is not Status.UNKNOWN:
            machine.take(StatusMeaning(Status.UNKNOWN, 'changes were lost'))
            now = self._clock.now()
            since = max(since, now - MAX_GAP)
            self._put(machine, event_time(since, machine.event_at, now).at)

    def _is_due(self, machine: MachineState, monotonic: float, now: datetime) -> bool:
        """Whether the status of a machine has to be repeated, and is that of now."""
        if machine.status in {None, Status.UNKNOWN} or not self._sources[machine.source][1].connected:
            return False
        behind_since = self._backlogs[machine.source].began_at
        if behind_since is not None and (
                monotonic - max(behind_since, machine.put_at) < BEHIND_REPEATS * machine.repeat_every):
            return False
        return (machine.lost_at is not None or machine.event_at is None
                or now - machine.event_at >= timedelta(seconds=machine.repeat_every))

    def _repeat(self, machines: list[MachineState]) -> None:
        """Put them as of when their source was heard last, and of before what their filters hold back."""
        now = self._clock.now()
        held_since: dict[str, datetime] = {}
        for point, each in self._filters.items() if machines else ():
            if each.held_since is not None:
                held_since[point.machine] = min(each.held_since, held_since.get(point.machine, each.held_since))
        for machine in machines:
            config, state = self._sources[machine.source]
            at = datetime.fromtimestamp(state.heard_at - config.latency, now.tzinfo)
            if machine.name in held_since:
                at = min(at, held_since[machine.name] - STEP)
            if all(each is None or each < at for each in (machine.event_at, machine.lost_at)):
                self._put(machine, event_time(at, machine.event_at, now).at)

    def _put(self, machine: MachineState, at: datetime) -> None:
        assert machine.status is not None  # noqa: S101
        try:
            self._queue.put([status_event(machine.name, at, machine.status, machine.reason)])
        except QueueError:
            machine.status = None  # what is next is reported in any event
            raise
        machine.event_at, machine.put_at = at, self._clock.monotonic()
        if machine.lost_at and at > machine.lost_at:
            machine.lost_at = None
