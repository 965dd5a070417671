"""What the plant knows of itself: who has caused whose waiting, from the model's inside and not from what it showed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from simulator.simulated_plant import Station
from simulator.timeline import LAST_HOURS, Timeline


@dataclass(frozen=True)
class Wait:
    """victim reported that it waits, and root was down for it."""

    victim: str
    root: str
    since: datetime
    until: datetime


def waits(stations: Sequence[Station], seed: int, since: datetime, until: datetime,
          branch: int | None = None) -> list[Wait]:
    """Of the `Timeline` of these arguments, in order of their ends; of each line on its own, for speed.

    branch: of a history, which ends at `until`.
    """
    found = []
    for line in dict.fromkeys(station.line for station in stations):
        here = [station for station in stations if station.line == line]
        timeline = Timeline(stations, seed, since, until if branch is not None else None)
        timeline.plant.arrange(here)
        found += _waits_of_line(timeline, {station.name for station in here}, (since, until), branch)
    return sorted(found, key=lambda wait: wait.until)


def _waits_of_line(timeline: Timeline, names: set[str], span: tuple[datetime, datetime],
                   branch: int | None) -> list[Wait]:
    plant, (since, until) = timeline.plant, span
    going: dict[str, tuple[str, datetime]] = {}
    found = []
    moment, end = plant.now, plant.now + (until - since).total_seconds()
    while moment <= end:
        if branch is not None and timeline.moment(moment) > until - LAST_HOURS:
            plant.advance(timeline.calendar.seconds(until - LAST_HOURS))
            plant.draw_again(branch)
            branch = None
        plant.advance(moment)
        now, roots = timeline.moment(moment), plant.roots()
        for victim in names:
            if victim in going and roots.get(victim) != going[victim][0]:
                found.append(Wait(victim, going[victim][0], going.pop(victim)[1], now))
            if victim in roots and victim not in going:
                going[victim] = roots[victim], now
        moment = plant.next_event()
    return [*found, *(Wait(victim, root, began, until) for victim, (root, began) in going.items())]
