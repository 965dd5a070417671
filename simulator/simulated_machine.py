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
from simulator.dwell import Dwell, Gamma, Lognormal, Weibull, draw_residual

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


INTRINSIC = Shares(0.78, 0.12, 0.10)
"""The shares of a single machine; on a line, waiting for neighbours makes them 0.60, 0.30, 0.10."""


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

    def __init__(self, name: str, profile: Profile, random: Random, now: float) -> None:
        self.name = name
        self.profile = profile
        self.status: Status = 'operational'
        self.reason: str | None = None
        self.until = now
        """When it leaves this state, in plant seconds."""
        means = mean_dwells(profile.mean_repair)
        self._running: Dwell = Weibull(means.operational, OPERATIONAL_SHAPE)
        self._warning: Dwell = Gamma(means.warning, WARNING_SHAPE)
        self._random = random
        self._start(now)

    @property
    def up(self) -> bool:
        """A warning does not stop the machine."""
        return self.status != 'down'

    def step(self) -> None:
        """Enter the next state, at the moment `until`."""
        now, chance = self.until, self._random.random()
        match self.status:
            case 'operational' if chance < OPERATIONAL_STOPS:
                self._stop(now)
            case 'operational':
                self._enter('warning', self._draw_warning().text, now, self._warning)
            case 'warning' if chance < self.profile.chance_of_stop(self.reason):
                self._stop(now)
            case 'down' if chance < REPAIRED_WARMS_UP:
                self._enter('warning', WARM_UP, now, self._warning)
            case _:
                self._enter('operational', None, now, self._running)

    def adopt(self, status: Status, reason: str | None, now: float) -> None:
        """Set a given state, with a new dwell."""
        dwell: Dwell = self._running
        match status:
            case 'warning':
                dwell = self._warning
            case 'down':
                known = {cause.text: cause.mean_repair for cause in self.profile.stops}
                dwell = _repair(known.get(reason or '', self.profile.mean_repair))
        self._enter(status, reason, now, dwell)

    def _start(self, now: float) -> None:
        """Draw a state by its share of time, and its residual dwell."""
        chance = self._random.random()
        dwell: Dwell = self._running
        if chance < INTRINSIC.down:
            cause = self._draw_cause(seen_at_random_moment=True)
            self.status, self.reason, dwell = 'down', cause.text, _repair(cause.mean_repair)
        elif chance < INTRINSIC.down + INTRINSIC.warning:
            visits = visit_ratios()
            after_repair = self._random.random() < REPAIRED_WARMS_UP * visits.down / visits.warning
            self.status, dwell = 'warning', self._warning
            self.reason = WARM_UP if after_repair else self._draw_warning().text
        self.until = now + draw_residual(dwell, self._random)

    def _stop(self, now: float) -> None:
        cause = self._draw_cause()
        self._enter('down', cause.text, now, _repair(cause.mean_repair))

    def _enter(self, status: Status, reason: str | None, now: float, dwell: Dwell) -> None:
        self.status, self.reason, self.until = status, reason, now + dwell.draw(self._random)

    def _draw_warning(self) -> WarningReason:
        warnings = self.profile.warnings
        return self._random.choices(warnings, [warning.share for warning in warnings])[0]

    def _draw_cause(self, *, seen_at_random_moment: bool = False) -> StopCause:
        """Long repairs are seen more often than they happen: by their share times their length."""
        stops = self.profile.stops
        return self._random.choices(
            stops, [stop.share * (stop.mean_repair if seen_at_random_moment else 1) for stop in stops]
        )[0]


def _repair(mean: float) -> Lognormal:
    return Lognormal(mean, REPAIR_SIGMA)
