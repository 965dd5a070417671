"""Decides when frames are sent to all browsers: immediately when idle, less often when frames take longer.

The cost of a frame hardly depends on the number of changes in it. Under load there are therefore fewer frames:
requested topics are collected in a set, and their content is read from the store when the frame is sent. At least half
of the time is left for other work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

REST = 1.0
"""Pause after a frame, as a multiple of the time it took."""
LOOP_TURNS = 4
"""Iterations of the event loop until every socket with a new message was written to."""


class FrameScheduler:
    """Schedules frames. send gets all topics requested since the last frame."""

    def __init__(self, send: Callable[[set[str]], None]) -> None:
        self._send = send
        self._wanted: set[str] = set()
        self._resting = False
        self.took_s = 0.0
        """Duration of the last frame, from the first byte encoded to the last socket written."""

    def want(self, topics: Iterable[str]) -> None:
        """Request a frame with these topics: now, if the pause after the last one is over."""
        self._wanted.update(topics)
        if self._wanted and not self._resting:
            loop = asyncio.get_running_loop()
            began = loop.time()
            self._resting = True
            wanted, self._wanted = self._wanted, set()
            try:
                self._send(wanted)
            finally:
                self._await_end(loop, began, LOOP_TURNS)

    def _await_end(self, loop: asyncio.AbstractEventLoop, began: float, turns: int) -> None:
        if turns:
            loop.call_soon(self._await_end, loop, began, turns - 1)
        else:
            self.took_s = loop.time() - began
            loop.call_later(self.took_s * REST, self._rested)

    def _rested(self) -> None:
        self._resting = False
        self.want(())
