"""The schedule of Python's garbage collection.

A full collection stops the program while it visits every object: 300 to 800 ms with a hundred pages of work orders
open, two seconds with a hundred pages of 300 machines, nine seconds with 400, which is long enough to miss pings and
disconnect all browsers (measured with gc.callbacks and `load`). By default Python collects whenever pages are opened.
Instead, each collection freezes the surviving objects, so the next one visits only newer ones. A full collection runs
after a good part of the pages has been closed, since only closed pages leave much garbage, and rarely for the rest.
"""

from __future__ import annotations

import gc
from collections.abc import Callable

from ..jobs.periodic_job import PeriodicJob
from .memory import collect_and_give_back

YOUNG = 20_000
"""Allocations after which the youngest generation is collected, which takes a few ms."""
MIDDLE = 20
NEVER = 1_000_000
CHECK_EVERY_S = 60.0
GOOD_PART = 0.25
"""The share of the open pages after whose closing a full collection is worth the pause."""
AT_LEAST_EVERY = 60
"""Collections after which a full one runs anyway."""


async def collect_garbage(pages_gone: Callable[[], int], pages_open: Callable[[], int], *,
                          every: float = CHECK_EVERY_S) -> None:
    """Collect until cancelled. pages_gone: pages closed since the start; pages_open: pages that are open now;
    every: seconds between collections."""
    seen, looks = pages_gone(), 0

    def look() -> None:
        nonlocal seen, looks
        looks += 1
        if pages_gone() - seen > GOOD_PART * pages_open() or looks >= AT_LEAST_EVERY:
            seen, looks = pages_gone(), 0
            gc.unfreeze()
        collect_and_give_back()
        gc.freeze()

    before = gc.get_threshold()
    gc.set_threshold(YOUNG, MIDDLE, NEVER)
    try:
        await PeriodicJob(look, every, pause_first=True).run()
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
