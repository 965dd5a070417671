"""A single machine: a semi-Markov process over operational, warning and down.

A chain says which state follows, a distribution how long each lasts. With the chain's visit ratios nu and the mean
dwells mu, the share of time in state i is nu_i mu_i / sum(nu_j mu_j) (Ross, Stochastic Processes, 2nd ed. 1996,
theorem 4.8.3). So shares and mean repair time fix every other mean, and MTBF = MTTR x (1 - down) / down.
All times are in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal

from simulator.causes import WARM_UP, WARNING_BECOMES_STOP, Profile, StopCause, WarningReason
from simulator.conditions import DOWN, Condition, Conditions
from simulator.dwell import Dwell, Gamma, Lognormal, Weibull, draw_longer_than, draw_residual

Status = Literal['operational', 'warning', 'down']

OPERATIONAL_STOPS = 0.15
"""Chance that a machine stops without a warning."""
REPAIRED_WARMS_UP = 0.40
"""Chance that a repaired machine comes back with a warning."""

OPERATIONAL_SHAPE = 1.5
WARNING_SHAPE = 2.0
REPAIR_SIGMA = 0.8


@dataclass(frozen=True)
class Shares:
    """Shares of time, together 1."""

    operational: float
    warning: float
    down: float


INTRINSIC = Shares(0.88 - DOWN, 0.12, DOWN)
"""The shares of a single ordinary machine; on a line, waiting for neighbours makes them 0.60, 0.30, 0.10. One that
stops more or less is operational for less or more of the time."""


def visit_ratios() -> Shares:
    """Visits per visit of operational: the stationary equations of the embedded chain, solved for down and warning."""
    down = (OPERATIONAL_STOPS + WARNING_BECOMES_STOP * (1 - OPERATIONAL_STOPS)) / (
        1 - WARNING_BECOMES_STOP * REPAIRED_WARMS_UP
    )
    return Shares(1.0, 1 - OPERATIONAL_STOPS + REPAIRED_WARMS_UP * down, down)


def mean_dwells(mean_repair: float, shares: Shares = INTRINSIC) -> Shares:
    """Mean seconds per visit of each state that give these shares of time."""
    visits = visit_ratios()
    second_of_share = mean_repair * visits.down / shares.down
    return Shares(
        second_of_share * shares.operational / visits.operational,
        second_of_share * shares.warning / visits.warning,
        mean_repair,
    )


class SimulatedMachine:
    """A machine without neighbours, stationary from the start."""

    def __init__(self, name: str, profile: Profile, random: Random, now: float,
                 conditions: Conditions | None = None) -> None:
        """conditions: how it stops over time; None: always as its profile says."""
        self.name = name
        self.profile = profile
        self.status: Status = 'operational'
        self.reason: str | None = None
        self.until = now
        """When it leaves this state, in plant seconds."""
        self._conditions = conditions or Conditions(name, profile)
        self._condition: Condition | None = None
        self._means = INTRINSIC
        self._random = random
        self._start(now)

    @property
    def up(self) -> bool:
        """A warning does not stop the machine."""
        return self.status != 'down'

    def draw_again_from(self, random: Random) -> None:
        """What follows the present state is drawn from here."""
        self._random = random

    def step(self) -> None:
        """Enter the next state, at the moment `until`."""
        now, chance = self.until, self._random.random()
        match self.status:
            case 'operational' if chance < OPERATIONAL_STOPS:
                self._stop(now)
            case 'operational':
                self._warn(self._draw_warning().text, now)
            case 'warning' if chance < self.profile.chance_of_stop(self.reason):
                self._stop(now)
            case 'down' if chance < REPAIRED_WARMS_UP:
                self._warn(WARM_UP, now)
            case _:
                self.status, self.reason = 'operational', None
                self.until = self._run(now, RUNNING.draw(self._random))

    def adopt(self, status: Status, reason: str | None, now: float, lasted: float = 0.0) -> None:
        """Set a given state, which has lasted for so many seconds; the rest is drawn from dwells that last longer."""
        self.status, self.reason = status, reason
        random = self._random
        if status == 'operational':
            self.until = self._run(now, draw_longer_than(RUNNING, lasted / self._means_at(now).operational, random))
            return
        dwell: Dwell = self._warning(now)
        if status == 'down':
            known = {cause.text: cause.mean_repair for cause in self.profile.stops}
            dwell = _repair(known.get(reason or '', self.profile.mean_repair))
        self.until = now + draw_longer_than(dwell, lasted, random)

    def _start(self, now: float) -> None:
        """Draw a state by its share of time, and its residual dwell."""
        chance, condition = self._random.random(), self._conditions.at(now)
        if chance < condition.down:
            cause = self._draw_cause(condition, seen_at_random_moment=True)
            self.status, self.reason = 'down', cause.text
            self.until = now + draw_residual(_repair(cause.mean_repair), self._random)
        elif chance < condition.down + INTRINSIC.warning:
            visits = visit_ratios()
            after_repair = self._random.random() < REPAIRED_WARMS_UP * visits.down / visits.warning
            self.status, self.reason = 'warning', WARM_UP if after_repair else self._draw_warning().text
            self.until = now + draw_residual(self._warning(now), self._random)
        else:
            self.until = self._run(now, draw_residual(RUNNING, self._random))

    def _run(self, now: float, dwell: float) -> float:
        """When a machine stops running that runs for so many mean dwells: a worse condition shortens what is left."""
        while True:
            mean, end = self._means_at(now).operational, self._conditions.at(now).until
            if now + dwell * mean <= end:
                return now + dwell * mean
            dwell -= (end - now) / mean
            now = end

    def _stop(self, now: float) -> None:
        cause = self._draw_cause(self._conditions.at(now))
        self.status, self.reason = 'down', cause.text
        self.until = now + _repair(cause.mean_repair).draw(self._random)

    def _warn(self, reason: str, now: float) -> None:
        self.status, self.reason = 'warning', reason
        self.until = now + self._warning(now).draw(self._random)

    def _means_at(self, now: float) -> Shares:
        """Mean dwells in seconds."""
        condition = self._conditions.at(now)
        if condition is not self._condition:
            down, self._condition = condition.down, condition
            running = INTRINSIC.operational + INTRINSIC.down - down
            self._means = mean_dwells(condition.mean_repair, Shares(running, INTRINSIC.warning, down))
        return self._means

    def _warning(self, now: float) -> Gamma:
        return Gamma(self._means_at(now).warning, WARNING_SHAPE)

    def _draw_warning(self) -> WarningReason:
        warnings = self.profile.warnings
        return self._random.choices(warnings, [warning.share for warning in warnings])[0]

    def _draw_cause(self, condition: Condition, *, seen_at_random_moment: bool = False) -> StopCause:
        """Long repairs are seen more often than they happen: by their share times their length."""
        stops = self.profile.stops
        return self._random.choices(stops, [
            weight * (stop.mean_repair if seen_at_random_moment else 1)
            for weight, stop in zip(condition.weights, stops, strict=True)])[0]


RUNNING = Weibull(1.0, OPERATIONAL_SHAPE)
"""How long a machine runs, in mean dwells."""


def _repair(mean: float) -> Lognormal:
    return Lognormal(mean, REPAIR_SIGMA)
