"""Waiting that can be cut short."""

from __future__ import annotations

import asyncio


class Pause:
    """Between two rounds of a task that is done again and again."""

    def __init__(self) -> None:
        self._end = asyncio.Event()

    def end(self) -> None:
        """Do not wait any longer, or not at all the next time."""
        self._end.set()

    async def wait(self, seconds: float | None) -> None:
        """So long, or until it is ended; None: until then."""
        try:
            await asyncio.wait_for(self._end.wait(), seconds)
        except TimeoutError:
            pass
        self._end.clear()
