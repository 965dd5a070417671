"""How long a machine stays in a state: three distributions, each with its mean and a residual for a stationary start.

A random moment is in a long dwell more often than in a short one. The rest of the dwell at that moment is
U x X*, with U uniform on (0, 1) and X* drawn from the length-biased distribution
x f(x) / mean (Cox, Renewal Theory, 1962, chapter 5). A plant that starts with such residuals is stationary at once.

All times are in seconds.
"""

from dataclasses import dataclass
from math import gamma, log
from random import Random
from typing import Protocol

TRIES = 200


class Dwell(Protocol):
    """A distribution of times in seconds."""

    @property
    def mean(self) -> float: ...

    def draw(self, random: Random) -> float:
        """One whole dwell."""

    def draw_length_biased(self, random: Random) -> float:
        """The whole dwell at a random moment."""


def draw_residual(dwell: Dwell, random: Random) -> float:
    """The rest of the dwell at a random moment."""
    return random.random() * dwell.draw_length_biased(random)


def draw_longer_than(dwell: Dwell, lasted: float, random: Random) -> float:
    """The rest of a dwell that has lasted so long; one that is longer than TRIES dwells ends as at a random moment."""
    if lasted > 0:
        for _ in range(TRIES):
            whole = dwell.draw(random)
            if whole > lasted:
                return whole - lasted
        return draw_residual(dwell, random)
    return dwell.draw(random)


@dataclass(frozen=True)
class Weibull:
    """Running until something happens: with a shape above 1 a machine that has run long is more likely to stop."""

    mean: float
    shape: float

    @property
    def _scale(self) -> float:
        return self.mean / gamma(1 + 1 / self.shape)

    def draw(self, random: Random) -> float:
        return random.weibullvariate(self._scale, self.shape)

    def draw_length_biased(self, random: Random) -> float:
        return float(self._scale * random.gammavariate(1 + 1 / self.shape, 1) ** (1 / self.shape))


@dataclass(frozen=True)
class Gamma:
    """A warning: neither very short nor very long."""

    mean: float
    shape: float

    def draw(self, random: Random) -> float:
        return random.gammavariate(self.shape, self.mean / self.shape)

    def draw_length_biased(self, random: Random) -> float:
        return random.gammavariate(self.shape + 1, self.mean / self.shape)


@dataclass(frozen=True)
class Lognormal:
    """A repair: most are short, a few are long. sigma is the standard deviation of the logarithm."""

    mean: float
    sigma: float

    @property
    def _mu(self) -> float:
        return log(self.mean) - self.sigma**2 / 2

    def draw(self, random: Random) -> float:
        return random.lognormvariate(self._mu, self.sigma)

    def draw_length_biased(self, random: Random) -> float:
        return random.lognormvariate(self._mu + self.sigma**2, self.sigma)
