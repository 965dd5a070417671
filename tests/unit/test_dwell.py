"""The distributions have the means that they promise, also seen from a random moment."""

from random import Random

import pytest

from simulator.dwell import Dwell, Gamma, Lognormal, Weibull, draw_residual

DRAWS = 40_000
DWELLS = [Weibull(600, 1.5), Gamma(600, 2), Lognormal(600, 0.8)]


@pytest.mark.parametrize('dwell', DWELLS, ids=lambda dwell: type(dwell).__name__)
def test_whole_dwells_have_their_mean(dwell: Dwell) -> None:
    random = Random(1)
    assert sum(dwell.draw(random) for _ in range(DRAWS)) / DRAWS == pytest.approx(dwell.mean, rel=0.02)


@pytest.mark.parametrize('dwell', DWELLS, ids=lambda dwell: type(dwell).__name__)
def test_what_is_left_at_a_random_moment_is_what_a_random_moment_finds(dwell: Dwell) -> None:
    """Dwell upon dwell on a time axis, probed at random: renewal theory says the mean left is E[X^2] / (2 E[X])."""
    random = Random(2)
    drawn = [dwell.draw(random) for _ in range(DRAWS)]
    found = sum(x * x for x in drawn) / (2 * sum(drawn))
    left = sum(draw_residual(dwell, random) for _ in range(DRAWS)) / DRAWS
    assert left == pytest.approx(found, rel=0.04)


def test_real_equipment_varies_less_than_its_mean() -> None:
    """A coefficient of variation below 1 (Li and Meerkov): no machine fails like a radioactive atom."""
    random = Random(3)
    for dwell in DWELLS:
        drawn = [dwell.draw(random) for _ in range(DRAWS)]  # type: ignore[attr-defined]
        variance = sum((x - dwell.mean) ** 2 for x in drawn) / DRAWS  # type: ignore[attr-defined]
        assert variance**0.5 < dwell.mean  # type: ignore[attr-defined]
