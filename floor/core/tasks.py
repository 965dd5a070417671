"""Tasks that run together, tasks that end, and waiting that a cancellation ends."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine
from contextlib import suppress
from typing import Any

CANCEL_S = 5.0
"""Seconds after which a task that has not ended is cancelled again."""


async def run_together(*coroutines: Coroutine[Any, Any, object]) -> None:
    """Run until the first one ends, or until cancelled; then end the others.

    :raises Exception: with which it ended
    """
    tasks = [asyncio.create_task(each) for each in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await end(tasks)


async def end(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel tasks until all have ended, whatever with.

    Once is not enough: before Python 3.12, asyncio.wait_for forgets a cancellation that comes together with its result.
    """
    waiting = set(tasks)
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=CANCEL_S)
    await asyncio.gather(*tasks, return_exceptions=True)


async def happens_within(event: asyncio.Event, seconds: float | None) -> bool:
    """Wait for an event, at most for so long; None: without end. Whether it has happened."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()
