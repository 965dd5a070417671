"""The plant as a pure model: no clock, no database, and the same events for the same seed.

Every machine has its own random stream, so adding or removing a machine does not change what the others draw. All
times are in plant seconds; the runner of the model decides how fast they pass.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from random import Random

from simulator.calendar import Calendar
from simulator.causes import profile_of
from simulator.conditions import Conditions
from simulator.simulated_line import LinePosition, SimulatedChange, SimulatedLine, State
from simulator.simulated_machine import Shares, SimulatedMachine, Status

SHOWN = Shares(0.60, 0.30, 0.10)
"""The shares of time of a floor of lines in the long run."""

HOUR = 3600.0
WARM_UP = 24 * HOUR
"""Seconds until the buffers are stationary; single machines are from the start."""
LOOK_AGAIN = 300.0
MAX_ATTEMPTS = 500
TYPICAL = 1.5
"""The most machines by which the first state may differ from SHOWN in each status."""


@dataclass(frozen=True)
class Station:
    """A machine and its line in the database. line: any key; None for a machine without a line."""

    name: str
    type: str
    line: int | None


class SimulatedPlant:
    """All lines of the floor."""

    def __init__(self, stations: Sequence[Station], seed: int, calendar: Calendar | None = None) -> None:
        """stations: in flow order. A new plant has already run for a day.

        calendar: what plant second 0 is, for machines that change over time; it may be set to another moment.
        """
        self.now = 0.0
        self._seed = seed
        self._calendar = calendar
        self._stations: tuple[Station, ...] = ()
        self._places: dict[str, LinePosition] = {}
        self._lines: dict[int | str, SimulatedLine] = {}
        self.arrange(stations)
        self.advance(WARM_UP)
        for _ in range(MAX_ATTEMPTS):
            if self.looks_typical():
                break
            self.advance(self.now + LOOK_AGAIN)

    def arrange(self, stations: Sequence[Station]) -> None:
        """Add new machines and remove missing ones; the others continue."""
        before = {station.name: station for station in self._stations}
        places = {}
        lines: dict[int | str, list[LinePosition]] = {}
        for station in stations:
            known = before.get(station.name)
            if known is not None and known.type == station.type:
                place = self._places[station.name]
            else:
                random = Random(f'{self._seed}/{station.name}')  # noqa: S311 - a play, not a secret
                profile = profile_of(station.type)
                place = LinePosition(SimulatedMachine(station.name, profile, random, self.now,
                                                      Conditions(station.name, profile, self._calendar)))
            places[station.name] = place
            lines.setdefault(_line_of(station), []).append(place)
        self._stations, self._places = tuple(stations), places
        self._lines = {key: self._lines.get(key) or SimulatedLine(self.now) for key in lines}
        for key, members in lines.items():
            self._lines[key].arrange(members, self.now)

    def frame(self) -> list[SimulatedChange]:
        """The present report of each machine, in flow order."""
        return [SimulatedChange(self.now, name, *place.shown) for name, place in self._places.items()]

    def roots(self) -> dict[str, str]:
        """The ground truth: for each machine that waits for a neighbour, the one that is down and causes it."""
        return {victim: root for line in self._lines.values() for victim, root in line.roots().items()}

    def next_event(self) -> float:
        """When the next change may happen, shown or not; infinity for a plant without machines."""
        return min((line.next_event() for line in self._lines.values()), default=inf)

    def advance(self, until: float) -> list[SimulatedChange]:
        """Run the plant up to this moment; returns all shown changes in order of time."""
        changes = [change for line in self._lines.values() for change in line.advance(until)]
        self.now = max(self.now, until)
        return sorted(changes, key=lambda change: change.at)

    def draw_again(self, branch: int) -> None:
        """What follows the present states is drawn from other streams."""
        for name, place in self._places.items():
            place.machine.draw_again_from(Random(f'{self._seed}/{name}/{branch}'))  # noqa: S311 - a play

    def ends(self, machine: str) -> float:
        """When a machine leaves its present state, if nobody changes it: plant seconds."""
        return self._places[machine].machine.until

    def observe(self, machine: str, status: Status, reason: str | None) -> None:
        """Apply a manual change: the machine keeps that state for a new dwell, and may stop its neighbours."""
        self.resume([(machine, status, reason, 0.0)])

    def resume(self, states: Iterable[tuple[str, Status, str | None, float]]) -> None:
        """Continue from these states, which another simulator or people set, and how many seconds each has lasted."""
        lines: dict[int | str, list[tuple[LinePosition, State]]] = {}
        line_of = {station.name: _line_of(station) for station in self._stations}
        for name, status, reason, lasted in states:
            lines.setdefault(line_of[name], []).append((self._places[name], (status, reason, lasted)))
        for key, pictures in lines.items():
            self._lines[key].adopt(pictures, self.now)

    def looks_typical(self) -> bool:
        """Whether about as many machines as SHOWN says are in each status."""
        count = Counter(place.shown[0] for place in self._places.values())
        wanted: dict[Status, float] = {
            'operational': SHOWN.operational, 'warning': SHOWN.warning, 'down': SHOWN.down,
        }
        return all(abs(count[status] - share * count.total()) <= TYPICAL for status, share in wanted.items())


def _line_of(station: Station) -> int | str:
    return station.name if station.line is None else station.line
