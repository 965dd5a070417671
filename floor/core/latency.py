"""Latencies: recent values for people, a histogram for Prometheus."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator

from prometheus_client import Histogram
from prometheus_client.metrics_core import Metric

BUCKETS = (.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30)
"""Upper bounds in seconds, from imperceptible to worth an alert."""
KEPT = 2_000
RECENT_S = 15 * 60


class LatencyHistogram:
    """One kind of latency, in seconds."""

    def __init__(self, name: str, meaning: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        """name: of the Prometheus histogram. meaning: what is measured."""
        self.meaning = meaning
        self._histogram = Histogram(name, meaning, registry=None, buckets=BUCKETS)
        self._monotonic = monotonic
        self._latest: deque[tuple[float, float]] = deque(maxlen=KEPT)

    def observe(self, seconds: float) -> None:
        """Record a latency. A negative one counts as 0, since some compare the clocks of two machines."""
        seconds = max(0.0, seconds)
        self._histogram.observe(seconds)
        self._latest.append((self._monotonic(), seconds))

    @property
    def recent(self) -> list[float]:
        """The values of the last 15 minutes, at most 2,000, in ascending order."""
        since = self._monotonic() - RECENT_S
        return sorted(seconds for at, seconds in self._latest if at >= since)

    def percentile(self, share: float) -> float | None:
        """The value that this share (0 to 1) of the recent values does not exceed; None if there are none."""
        values = self.recent
        return values[min(len(values) - 1, int(share * len(values)))] if values else None

    def collect(self) -> Iterator[Metric]:
        """The histogram since the start, for Prometheus."""
        for metric in self._histogram.collect():
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith('_created')]
            yield metric
