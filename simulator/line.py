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
from simulator.machine import Machine, Status

BUFFER_OF_REPAIR = 0.94
"""A buffer holds so many mean repairs of the two machines beside it: found by trial, so that the delivered floor
shows plant.SHOWN (6,000 plant hours gave .600 / .300 / .100)."""
ON_DELAY = 30.0
"""A machine waits so many seconds before it says so."""
SNAP = 1e-5
"""A level this close to empty or full, in seconds, is empty or full."""


@dataclass(frozen=True, slots=True)
class Change:
    """A machine says something new. at: plant seconds."""

    at: float
    machine: str
    status: Status
    reason: str | None


Picture = tuple[Status, str | None]


class Place:
    """A machine at its place on the line. Buffer and feeder are those that flow order gives."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.stock = 0.0
        """What lies in the buffer behind the machine, in seconds of production."""
        self.room: float | None = None
        """What that buffer can hold; None before the machine has stood on a line."""
        self.runs = machine.up
        self.waiting: str | None = None
        self.shows_waiting_from = inf
        self.shown: Picture = (machine.status, machine.reason)

    def picture(self, now: float) -> Picture:
        """What the machine says of itself."""
        if self.waiting is not None and now >= self.shows_waiting_from:
            return 'warning', self.waiting
        return self.machine.status, self.machine.reason

    def wait(self, reason: str | None, now: float) -> None:
        """Begin, go on or cease to wait; the on-delay counts from the beginning."""
        if reason is None:
            self.shows_waiting_from = inf
        elif self.waiting is None:
            self.shows_waiting_from = now + ON_DELAY
        self.waiting = reason


class Line:
    """Machines in flow order. Where a moment is passed it is never before an earlier one."""

    def __init__(self, now: float) -> None:
        self.places: Sequence[Place] = ()
        self._buffers: Sequence[tuple[Place, Place]] = ()  # each as who fills it and who empties it
        self._buffers_backwards: Sequence[tuple[Place, Place]] = ()
        self._moment = now

    def arrange(self, places: Sequence[Place], now: float) -> None:
        """Stand these machines on the line; a buffer that is new starts half full."""
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
        now = self._moment
        moments = [place.machine.until for place in self.places]
        for place in self.places:
            if now < place.shows_waiting_from < inf:
                moments.append(place.shows_waiting_from)
        for place, following in self._buffers:
            room = place.room or 0.0
            if place.runs and not following.runs and place.stock < room:
                moments.append(now + room - place.stock)
            elif following.runs and not place.runs and place.stock > 0:
                moments.append(now + place.stock)
        return min(moments, default=inf)

    def advance(self, until: float) -> list[Change]:
        """Every change up to this moment, in order. Going in one step or in many gives the same."""
        changes = self._speak()
        while (moment := self.next_event()) <= until:
            self._flow(moment)
            for place in self.places:
                if place.machine.until <= moment:
                    place.machine.step()
            self._settle()
            changes += self._speak()
        return changes

    def roots(self) -> dict[str, str]:
        """Who causes whose waiting: for each machine that says it waits the one that is down and holds it up."""
        roots = {}
        for index, place in enumerate(self.places):
            if place.shown[1] == place.waiting is not None:
                step, cause = (-1, index - 1) if place.waiting == STARVED else (1, index + 1)
                while self.places[cause].waiting == place.waiting:
                    cause += step
                roots[place.machine.name] = self.places[cause].machine.name
        return roots

    def adopt(self, pictures: Iterable[tuple[Place, Picture]], now: float) -> None:
        """Let machines be what somebody else says they are; the others follow from the next `advance` on.

        A machine that is said to wait gets the empty or full buffer that makes it wait; one that is said not to wait
        gets a half full one, so that it can run for a while.
        """
        self._flow(now)
        said = dict(pictures)
        waiting = {
            place: reason for place, (status, reason) in said.items() if status == 'warning' and reason in WAITING
        }
        for place, (status, reason) in said.items():
            if place in waiting:
                place.machine.adopt('operational', None, now)
                self._fill_around(place, 0.5, 0.5)
            else:
                place.machine.adopt(status, reason, now)
        for place, reason in waiting.items():
            self._fill_around(place, 0.0 if reason == STARVED else None, 1.0 if reason == BLOCKED else None)
        self._settle()
        for place in said.keys() - waiting.keys():
            if place.waiting is not None:
                self._fill_around(place, 0.5, 0.5)
        self._settle()
        for place, (status, reason) in said.items():
            if place in waiting and place.waiting == reason:
                place.shows_waiting_from = now
            else:
                place.wait(None, now)
                if place in waiting:  # its neighbours give it no cause to wait: a warning like any other
                    place.machine.adopt(status, reason, now)
            place.shown = (status, reason)
        self._settle()

    def _flow(self, moment: float) -> None:
        """Bring the buffers to this moment."""
        passed = moment - self._moment
        for place, following in self._buffers:
            if place.runs is not following.runs:
                room = place.room or 0.0
                place.stock += passed if place.runs else -passed
                if place.stock < SNAP:
                    place.stock = 0.0
                elif place.stock > room - SNAP:
                    place.stock = room
        self._moment = moment

    def _settle(self) -> None:
        """Who runs and who waits now.

        One pass each way is enough: a machine with an empty buffer before it blocks nobody, and one with a full buffer
        behind it starves nobody.
        """
        waiting: dict[Place, str] = {}
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

    def _fill_around(self, place: Place, before: float | None, behind: float | None) -> None:
        """Set the levels of the two buffers beside a place, 0 to 1; None leaves one as it is."""
        index = self.places.index(place)
        if before is not None and index > 0:
            feeder = self.places[index - 1]
            feeder.stock = before * (feeder.room or 0.0)
        if behind is not None:
            place.stock = behind * (place.room or 0.0)

    def _speak(self) -> list[Change]:
        now = self._moment
        changes = []
        for place in self.places:
            picture = place.picture(now)
            if picture != place.shown:
                place.shown = picture
                changes.append(Change(now, place.machine.name, *picture))
        return changes
