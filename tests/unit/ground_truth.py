"""What the plant knows of itself: who has caused whose waiting, from the model's inside and not from what it showed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from simulator.simulated_plant import Station
from simulator.timeline import Timeline


@dataclass(frozen=True)
class Wait:
    """victim reported that it waits, and root was down for it."""

    victim: str
    root: str
    since: datetime
    until: datetime


def waits(stations: Sequence[Station], seed: int, since: datetime, until: datetime) -> list[Wait]:
    """Of the `Timeline` of these arguments, in order of their ends; of each line on its own, for speed."""
    found = []
    for line in dict.fromkeys(station.line for station in stations):
        here = [station for station in stations if station.line == line]
        found += _waits_of_line(stations, here, seed, since, until)
    return sorted(found, key=lambda wait: wait.until)


def _waits_of_line(stations: Sequence[Station], here: Sequence[Station], seed: int, since: datetime,
                   until: datetime) -> list[Wait]:
    timeline = Timeline(stations, seed, since)
    plant, names = timeline.plant, {station.name for station in here}
    going: dict[str, tuple[str, datetime]] = {}
    found = []
    moment, end = plant.now, plant.now + (until - since).total_seconds()
    plant.arrange(here)
    while moment <= end:
        plant.advance(moment)
        now, roots = timeline.moment(moment), plant.roots()
        for victim in names:
            if victim in going and roots.get(victim) != going[victim][0]:
                found.append(Wait(victim, going[victim][0], going.pop(victim)[1], now))
            if victim in roots and victim not in going:
                going[victim] = roots[victim], now
        moment = plant.next_event()
    return [*found, *(Wait(victim, root, began, until) for victim, (root, began) in going.items())]
