"""When Python looks for garbage, and among what.

A full collection stops the program while every object is looked at: 300 to 800 ms with a hundred pages of work orders
open, two seconds with a hundred pages of 300 machines, nine with 400, in which no ping is answered and everybody is
thrown out (measured with gc.callbacks and `load`). Left to itself Python does it whenever pages come. So what stands is
put aside at each look, and the next one sees only what has come since; all of it is looked at when a good part of the
pages has gone, for only closed pages leave much behind, and now and then for the rest.
"""

from __future__ import annotations

import gc
from collections.abc import Callable

from ..jobs.periodic_job import PeriodicJob
from .memory import collect_and_give_back

YOUNG = 20_000
"""Objects after which the young ones are looked at, which takes a few ms."""
MIDDLE = 20
NEVER = 1_000_000
LOOK_EVERY_S = 60.0
GOOD_PART = 0.25
"""Of the pages that are open: when more than so many have gone, what they left is worth the pause."""
AT_LEAST_EVERY = 60
"""Looks after which all is looked at although hardly anything has gone."""


async def collect_garbage(pages_gone: Callable[[], int], pages_open: Callable[[], int], *,
                          every: float = LOOK_EVERY_S) -> None:
    """Do it for ever. pages_gone: how many pages have been closed since the start; pages_open: how many are open now;
    every: seconds between looks."""
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
