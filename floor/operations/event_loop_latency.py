"""How late this program is for its own appointments: everything it does waits in one event loop.

A blocked loop makes every page late at once, and no connection or database shows why.
"""

from __future__ import annotations

import asyncio

from ..core.latency import Lag

EVERY_S = 0.25


async def measure_event_loop(lag: Lag, every: float = EVERY_S) -> None:
    """For ever: ask to be woken, and see how much later it was. every: seconds."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + every
        await asyncio.sleep(every)
        lag.observe(loop.time() - due)


def event_loop_lag() -> Lag:
    """The measure of it."""
    return Lag('floor_event_loop_lag_seconds', 'How much later than asked for this program was woken, four times a '
               'second: every page is that late.')
