"""The recent values of a latency."""

from __future__ import annotations

from unit.clock import Clock

from floor.core.latency import LatencyHistogram


def test_values_are_recent_for_a_quarter_of_an_hour(clock: Clock) -> None:
    latency = LatencyHistogram('latency_seconds', 'For this test.', clock)
    latency.observe(0.5)
    clock.now += 15 * 60
    latency.observe(-0.1)
    assert latency.recent == [0.0, 0.5]
    clock.now += 1
    assert latency.recent == [0.0]
    clock.now += 15 * 60
    assert (latency.recent, latency.percentile(0.5)) == ([], None)
