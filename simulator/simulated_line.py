"""A production line: machines in flow order with buffers between them, each starved or blocked by its neighbours.

A fluid model: every machine that runs handles one second of production per second, and a buffer holds at most so many
seconds. A machine that is up waits when the buffer before it is empty and its feeder does not run (starved), or when
the buffer behind it is full and the next machine does not run (blocked). Failures go by time, not by production: a
machine that waits may fail too (Li and Meerkov, Production Systems Engineering, 2009, chapter 3).
Between two events all levels change linearly, so the model jumps from event to event. All times are in plant seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

from simulator.causes import BLOCKED, STARVED, WAITING
from simulator.simulated_machine import SimulatedMachine, Status

BUFFER_OF_REPAIR = 0.94
"""A buffer holds so many mean repairs of the two machines beside it: found by trial, so that the delivered floor
shows plant.SHOWN (6,000 plant hours gave .600 / .300 / .100)."""
ON_DELAY = 30.0
"""Seconds that a machine waits before it reports so."""
SNAP = 1e-5
"""The tolerance for empty and full levels, in seconds."""


@dataclass(frozen=True, slots=True)
class SimulatedChange:
    """A machine reports a new state. at: plant seconds."""

    at: float
    machine: str
    status: Status
    reason: str | None


Picture = tuple[Status, str | None]
State = tuple[Status, str | None, float]
"""A status and its reason as somebody set them, and how many seconds they have lasted."""


class LinePosition:
    """A machine at its position on the line. Flow order determines its buffer and its feeder."""

    def __init__(self, machine: SimulatedMachine) -> None:
        self.machine = machine
        self.stock = 0.0
        """The level of the buffer behind the machine, in seconds of production."""
        self.room: float | None = None
        """The capacity of that buffer; None before the machine is on a line."""
        self.runs = machine.up
        self.waiting: str | None = None
        self.shows_waiting_from = inf
        self.shown: Picture = (machine.status, machine.reason)

    def picture(self, now: float) -> Picture:
        """The state that the machine reports."""
        if self.waiting is not None and now >= self.shows_waiting_from:
            return 'warning', self.waiting
        return self.machine.status, self.machine.reason

    def wait(self, reason: str | None, now: float) -> None:
        """Start, continue or stop waiting; the on-delay counts from the start."""
        if reason is None:
            self.shows_waiting_from = inf
        elif self.waiting is None:
            self.shows_waiting_from = now + ON_DELAY
        self.waiting = reason


class SimulatedLine:
    """Machines in flow order. Moments passed to its methods never decrease."""

    def __init__(self, now: float) -> None:
        self.places: Sequence[LinePosition] = ()
        self._buffers: Sequence[tuple[LinePosition, LinePosition]] = ()  # the machines that fill and empty each
        self._buffers_backwards: Sequence[tuple[LinePosition, LinePosition]] = ()
        self._moment = now

    def arrange(self, places: Sequence[LinePosition], now: float) -> None:
        """Put these machines on the line; a new buffer starts half full."""
        self._flow(now)
        self.places = tuple(places)
        self._buffers = tuple(pairwise(self.places))
        self._buffers_backwards = self._buffers[::-1]
        for place, following in self._buffers:
            repair = (place.machine.profile.mean_repair + following.machine.profile.mean_repair) / 2
            room = BUFFER_OF_REPAIR * repair
            place.stock = room / 2 if place.room is None else min(place.stock, room)
            place.room = room
        self._settle()

    def next_event(self) -> float:
        """When something may change next."""
        return self._next()[0]

    def advance(self, until: float) -> list[SimulatedChange]:
        """All changes up to this moment, in order, independent of the number of steps."""
        changes = self._report(self.places)
        while True:
            moment, place = self._next()
            if moment > until:
                return changes
            is_settled, concerned = not self._flow(moment), self.places
            if place is not None:
                was_up, concerned = place.machine.up, (place,)
                place.machine.step()
                is_settled = is_settled and was_up is place.machine.up
            if not is_settled:
                self._settle()
                concerned = self.places
            changes += self._report(concerned)

    def _next(self) -> tuple[float, LinePosition | None]:
        """The next moment at which something may change, and the place whose machine then enters its next state."""
        now, earliest = self._moment, inf
        where: LinePosition | None = None
        for place in self.places:
            if place.machine.until < earliest:
                earliest, where = place.machine.until, place
            if now < place.shows_waiting_from < earliest:
                earliest, where = place.shows_waiting_from, None
        for place, following in self._buffers:
            if place.runs is not following.runs:
                left = (place.room or 0.0) - place.stock if place.runs else place.stock
                if 0 < left < earliest - now:
                    earliest, where = now + left, None
        return earliest, where

    def roots(self) -> dict[str, str]:
        """Wait attribution: for each machine that reports waiting, the machine that is down and causes it."""
        roots = {}
        for index, place in enumerate(self.places):
            if place.shown[1] == place.waiting is not None:
                step, cause = (-1, index - 1) if place.waiting == STARVED else (1, index + 1)
                while self.places[cause].waiting == place.waiting:
                    cause += step
                roots[place.machine.name] = self.places[cause].machine.name
        return roots

    def adopt(self, states: Iterable[tuple[LinePosition, State]], now: float) -> None:
        """Set machines to given states; the others follow from the next `advance` on.

        A waiting machine gets the empty or full buffer that makes it wait; one that does not wait gets a half full one,
        so that it can run for a while.
        """
        self._flow(now)
        given = dict(states)
        waiting = {
            place: reason for place, (status, reason, _) in given.items() if status == 'warning' and reason in WAITING
        }
        for place, state in given.items():
            if place in waiting:
                place.machine.adopt('operational', None, now)
                self._fill_around(place, 0.5, 0.5)
            else:
                _adopt(place, state, now)
        for place, reason in waiting.items():
            self._fill_around(place, 0.0 if reason == STARVED else None, 1.0 if reason == BLOCKED else None)
        self._settle()
        for place in given.keys() - waiting.keys():
            if place.waiting is not None:
                self._fill_around(place, 0.5, 0.5)
        self._settle()
        for place, state in given.items():
            if place in waiting and place.waiting == state[1]:
                place.shows_waiting_from = now
            else:
                place.wait(None, now)
                if place in waiting:  # no neighbour makes it wait: an ordinary warning
                    _adopt(place, state, now)
            place.shown = state[:2]
        self._settle()

    def _flow(self, moment: float) -> bool:
        """Advance the buffers to this moment; returns whether one has become empty or full."""
        passed, is_at_limit = moment - self._moment, False
        for place, following in self._buffers:
            if place.runs is not following.runs:
                room = place.room or 0.0
                place.stock += passed if place.runs else -passed
                if place.stock < SNAP:
                    place.stock, is_at_limit = 0.0, True
                elif place.stock > room - SNAP:
                    place.stock, is_at_limit = room, True
        self._moment = moment
        return is_at_limit

    def _settle(self) -> None:
        """Decide which machines run and which wait.

        One pass each way is enough: a machine with an empty buffer before it blocks nobody, and one with a full buffer
        behind it starves nobody.
        """
        waiting: dict[LinePosition, str] = {}
        for place in self.places:
            place.runs = place.machine.up
        for place, following in self._buffers:
            if following.runs and place.stock == 0 and not place.runs:
                following.runs, waiting[following] = False, STARVED
        for place, following in self._buffers_backwards:
            if place.runs and place.stock == place.room and not following.runs:
                place.runs, waiting[place] = False, BLOCKED
        for place in self.places:
            if place.waiting is not None or place in waiting:
                place.wait(waiting.get(place), self._moment)

    def _fill_around(self, place: LinePosition, before: float | None, behind: float | None) -> None:
        """Set the levels of the two buffers beside a place, 0 to 1; None leaves one unchanged."""
        index = self.places.index(place)
        if before is not None and index > 0:
            feeder = self.places[index - 1]
            feeder.stock = before * (feeder.room or 0.0)
        if behind is not None:
            place.stock = behind * (place.room or 0.0)

    def _report(self, places: Iterable[LinePosition]) -> list[SimulatedChange]:
        now = self._moment
        changes = []
        for place in places:
            picture = place.picture(now)
            if picture != place.shown:
                place.shown = picture
                changes.append(SimulatedChange(now, place.machine.name, *picture))
        return changes


def _adopt(place: LinePosition, state: State, now: float) -> None:
    status, reason, lasted = state
    place.machine.adopt(status, reason, now, lasted)
