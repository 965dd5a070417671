"""How late this program is for its own appointments: everything it does waits in one event loop.

A blocked loop makes every page late at once, and no connection or database shows why.
"""

from __future__ import annotations

import asyncio

from ..core.latency import Lag
from ..jobs.periodic_job import PeriodicJob

EVERY_S = 0.25


async def measure_event_loop(lag: Lag, every: float = EVERY_S) -> None:
    """For ever: ask to be woken, and see how much later it was. every: seconds."""
    loop = asyncio.get_running_loop()
    due = loop.time() + every

    def look() -> None:
        nonlocal due
        lag.observe(loop.time() - due)
        due = loop.time() + every

    await PeriodicJob(look, every, pause_first=True).run()


def event_loop_lag() -> Lag:
    """The measure of it."""
    return Lag('floor_event_loop_lag_seconds', 'How much later than asked for this program was woken, four times a '
               'second: every page is that late.')
