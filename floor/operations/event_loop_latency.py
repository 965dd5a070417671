"""The latency of the event loop, in which all work of this program runs.

A blocked loop makes every page late, and no other metric shows the cause.
"""

from __future__ import annotations

import asyncio

from ..core.latency import LatencyHistogram
from ..jobs.periodic_job import PeriodicJob

EVERY_S = 0.25


async def measure_event_loop(lag: LatencyHistogram, every: float = EVERY_S) -> None:
    """Until cancelled: sleep, and measure how much later than requested it ends. every: seconds."""
    loop = asyncio.get_running_loop()
    due = loop.time() + every

    def look() -> None:
        nonlocal due
        lag.observe(loop.time() - due)
        due = loop.time() + every

    await PeriodicJob(look, every, pause_first=True).run()


def event_loop_latency() -> LatencyHistogram:
    """The metric of the latency."""
    return LatencyHistogram('floor_event_loop_lag_seconds',
                            'How much later than requested this program was woken, four times a '
                            'second: every page is that late.')
