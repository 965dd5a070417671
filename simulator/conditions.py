"""What makes one machine of the delivered demo worse than another, and when: the differences that reports show.

- One line stops more than the others.
- EPISODES: a machine has a cause more and more often, or very often until a work order removes it.
- LATE_CAUSE comes in the late shift only.

All other machines stop a little less, so that the whole floor is down for 10 % of any day. Machines that the demo was
not delivered with have none of this. Pure: conditions depend on the name, the type and the moment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf, nextafter

from simulator.calendar import DAY, PERIOD, Calendar
from simulator.causes import Profile

DOWN = 0.10
"""The share of time that an ordinary machine is down."""
DELIVERED = re.compile(r'[A-Z][A-Za-z_]+_(0[1-4])_0[0-9]')
WEAK_LINE = '03'
WEAK, ORDINARY = 1.23, 0.785
"""Stops of a machine on the weak line, and on the others, to one of an ordinary machine: together with what else is
here they leave the delivered floor down for 10 % of the time (test_simulated_conditions.py)."""

LATE_CAUSE = 'Material bridging, hopper empty'
LATE_FACTOR = 11.0
"""How often it comes in the late shift, to an ordinary machine; it does not come in the others."""


@dataclass(frozen=True, slots=True)
class Episode:
    """A machine has one cause more often than others of its type, until somebody repairs it for good.

    first, last: additional stops a day when it begins and ends; they grow with the square of time. once_repaired: how
    often the cause comes after it, to an ordinary machine. found, done: what the last order says.
    """

    machine: str
    cause: str
    begins: timedelta
    ends: timedelta
    first: float
    last: float
    once_repaired: float
    found: str
    done: str

    def weight(self, ordinary: float, stops_a_day: float, at: timedelta) -> float:
        """The weight of the cause at this time of the period. stops_a_day: of an ordinary machine, by all causes."""
        if not self.begins <= at < self.ends:
            return ordinary * self.once_repaired
        additional = self.first + (self.last - self.first) * ((at - self.begins) / (self.ends - self.begins)) ** 2
        return ordinary + additional / stops_a_day


EPISODES = (
    Episode('Injection_Molder_02_01', 'Hydraulic leak', 0 * DAY, 74 * DAY, 0.2, 7.4, 1.0,
            'Clamp cylinder scored, it cuts every new seal.', 'Cylinder exchanged, oil flushed, pressure test passed.'),
    Episode('Robotic_Arm_01_02', 'Dress-pack cable', 0 * DAY, 39.4 * DAY, 5.0, 5.0, 0.15,
            'Dress pack too short since the retooling, cable bent at axis 6.',
            'Long dress pack fitted, clamps moved, path tested over the full range.'),
)


@dataclass(frozen=True, slots=True)
class Condition:
    """How a machine stops at some moment.

    weights: of the causes of its profile, 1 together for an ordinary machine. down: share of time. mean_repair:
    seconds. since, until: plant seconds.
    """

    weights: tuple[float, ...]
    down: float
    mean_repair: float
    since: float
    until: float


class Conditions:
    """Of one machine, over time."""

    def __init__(self, name: str, profile: Profile, calendar: Calendar | None = None) -> None:
        """calendar: None for a machine that is always ordinary."""
        self._profile = profile
        delivered = DELIVERED.fullmatch(name)
        self._calendar = calendar if delivered else None
        self._factor = WEAK if delivered and delivered[1] == WEAK_LINE else ORDINARY
        self._episodes = tuple(episode for episode in EPISODES if episode.machine == name)
        self._latest = _condition(profile, [cause.share for cause in profile.stops], -inf, inf)
        self._counted_from: datetime | None = None

    def at(self, now: float) -> Condition:
        """The condition at this plant second."""
        calendar, latest = self._calendar, self._latest
        if calendar is None or (latest.since <= now < latest.until and self._counted_from == calendar.zero):
            return latest
        self._latest, self._counted_from = self._look_up(calendar, now), calendar.zero
        return self._latest

    def _look_up(self, calendar: Calendar, now: float) -> Condition:
        moment = calendar.moment(now)
        at, late = calendar.in_period(moment), calendar.is_late(moment)
        weights = [cause.share * self._factor for cause in self._profile.stops]
        edges = [calendar.next_edge(moment)]
        stops_a_day = DOWN * DAY.total_seconds() / self._profile.mean_repair
        for index, cause in enumerate(self._profile.stops):
            if cause.text == LATE_CAUSE:
                weights[index] *= LATE_FACTOR if late else 0.0
            for episode in self._episodes:
                if episode.cause == cause.text:
                    weights[index] = episode.weight(weights[index], stops_a_day, at)
                    edges.append(moment + (episode.ends - at) % PERIOD)
        until = min(edge for edge in edges if edge > moment)
        return _condition(self._profile, weights, now, max(calendar.seconds(until), nextafter(now, inf)))


def last_repair(machine: str, cause: str | None, moment: datetime, calendar: Calendar | None,
                within: timedelta) -> tuple[Episode, datetime] | None:
    """The episode of this machine and cause that ends so soon after a moment, and when."""
    if calendar is None:
        return None
    at = calendar.in_period(moment)
    return next(((episode, moment + (episode.ends - at)) for episode in EPISODES
                 if (episode.machine, episode.cause) == (machine, cause) and at < episode.ends <= at + within), None)


def _condition(profile: Profile, weights: Iterable[float], since: float, until: float) -> Condition:
    weights = tuple(weights)
    total = sum(weights)
    stopped = sum(weight * cause.mean_repair for weight, cause in zip(weights, profile.stops, strict=True))
    return Condition(weights, DOWN * stopped / profile.mean_repair, stopped / total, since, until)
