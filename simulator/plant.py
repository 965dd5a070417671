"""The plant as a pure model: no clock, no database, and with the same seed the same events to the byte.

Every machine has a random stream of its own, so a machine that joins or leaves does not change what the others draw.
All times are in plant seconds; who plays the model decides how fast they pass.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from random import Random

from simulator.causes import profile_of
from simulator.line import Change, Line, Place
from simulator.machine import Machine, Shares, Status

SHOWN = Shares(0.60, 0.30, 0.10)
"""What a floor of lines shows in the long run."""

HOUR = 3600.0
WARM_UP = 24 * HOUR
"""Single machines are stationary from the start; the buffers between them need this long."""
LOOK_AGAIN = 300.0
MOST_LOOKS = 500
TYPICAL = 1.5
"""The first picture has, of each status, at most so many machines more or less than SHOWN."""
DRY_RUN = 60 * HOUR


@dataclass(frozen=True)
class Station:
    """A machine as the database places it. line: any key; None stands alone."""

    name: str
    type: str
    line: int | None


class Plant:
    """Every line of the floor."""

    def __init__(self, stations: Sequence[Station], seed: int) -> None:
        """stations: in flow order. The plant has been running for a day when it is handed over."""
        self.now = 0.0
        self._seed = seed
        self._stations: tuple[Station, ...] = ()
        self._places: dict[str, Place] = {}
        self._lines: dict[int | str, Line] = {}
        self.arrange(stations)
        self.advance(WARM_UP)
        for _ in range(MOST_LOOKS):
            if self._looks_typical():
                break
            self.advance(self.now + LOOK_AGAIN)

    def arrange(self, stations: Sequence[Station]) -> None:
        """Take in machines that are new and let go of those that left; the others go on."""
        before = {station.name: station for station in self._stations}
        places = {}
        lines: dict[int | str, list[Place]] = {}
        for station in stations:
            known = before.get(station.name)
            if known is not None and known.type == station.type:
                place = self._places[station.name]
            else:
                random = Random(f'{self._seed}/{station.name}')  # noqa: S311 - a play, not a secret
                place = Place(Machine(station.name, profile_of(station.type), random, self.now))
            places[station.name] = place
            lines.setdefault(_line_of(station), []).append(place)
        self._stations, self._places = tuple(stations), places
        self._lines = {key: self._lines.get(key) or Line(self.now) for key in lines}
        for key, members in lines.items():
            self._lines[key].arrange(members, self.now)

    def frame(self) -> list[Change]:
        """What every machine says now, in flow order."""
        return [Change(self.now, name, *place.shown) for name, place in self._places.items()]

    def roots(self) -> dict[str, str]:
        """The ground truth: for each machine that says it waits for a neighbour, the one that is down and causes it."""
        return {victim: root for line in self._lines.values() for victim, root in line.roots().items()}

    def next_event(self) -> float:
        """When something may change next, shown or not; infinity for a plant without machines."""
        return min((line.next_event() for line in self._lines.values()), default=inf)

    def advance(self, until: float) -> list[Change]:
        """Let the plant run up to this moment: every shown change, in order of time."""
        changes = [change for line in self._lines.values() for change in line.advance(until)]
        self.now = max(self.now, until)
        return sorted(changes, key=lambda change: change.at)

    def observe(self, machine: str, status: Status, reason: str | None) -> None:
        """Somebody else set this machine: it stays so for a fresh dwell, and its neighbours starve or block in time."""
        self.resume([(machine, status, reason)])

    def resume(self, states: Iterable[tuple[str, Status, str | None]]) -> None:
        """Go on from these states, as another simulator or people left them."""
        lines: dict[int | str, list[tuple[Place, tuple[Status, str | None]]]] = {}
        line_of = {station.name: _line_of(station) for station in self._stations}
        for name, status, reason in states:
            lines.setdefault(line_of[name], []).append((self._places[name], (status, reason)))
        for key, said in lines.items():
            self._lines[key].adopt(said, self.now)

    def _looks_typical(self) -> bool:
        count = Counter(place.shown[0] for place in self._places.values())
        wanted: dict[Status, float] = {
            'operational': SHOWN.operational, 'warning': SHOWN.warning, 'down': SHOWN.down,
        }
        return all(abs(count[status] - share * count.total()) <= TYPICAL for status, share in wanted.items())


def changes_per_second(stations: Sequence[Station], seed: int = 0) -> float:
    """Shown changes of the whole floor per plant second: a plant of the same machines runs dry for some days."""
    plant = Plant(stations, seed)
    return len(plant.advance(plant.now + DRY_RUN)) / DRY_RUN


def _line_of(station: Station) -> int | str:
    return station.name if station.line is None else station.line
