"""When Python looks for garbage among all objects.

A full collection stops the program while every object is looked at: 300 to 800 ms with a hundred pages of work orders
open (measured with gc.callbacks), and left to itself Python does it whenever pages come. Only closed pages leave much
behind, so it is done after some have gone, at most once a minute, and now and then for the rest.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable

YOUNG = 20_000
"""Objects after which the young ones are looked at, which takes a few ms."""
MIDDLE = 20
NEVER = 1_000_000
LOOK_EVERY_S = 60.0
AT_LEAST_EVERY = 10
"""Looks after which a full collection is due although nothing has gone."""


async def collect_garbage(pages_gone: Callable[[], int], *, every: float = LOOK_EVERY_S) -> None:
    """Do it for ever. pages_gone: how many pages have been closed since the start; every: seconds between looks."""
    before = gc.get_threshold()
    gc.set_threshold(YOUNG, MIDDLE, NEVER)
    try:
        seen, looks = pages_gone(), 0
        while True:
            await asyncio.sleep(every)
            looks += 1
            if pages_gone() != seen or looks >= AT_LEAST_EVERY:
                seen, looks = pages_gone(), 0
                gc.collect()
    finally:
        gc.set_threshold(*before)
