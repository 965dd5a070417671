"""When frames are sent to all browsers: at once when idle, less often when frames take longer.

A frame costs the same however much changed in it, so when the processor is short there are fewer of them, never wrong
ones: what is asked for meanwhile waits in a set, and its content is derived from the store when it is sent. Half of
the time stays free for all else that this program answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

REST = 1.0
"""Pause after a frame, as a multiple of the time it took."""
LOOP_TURNS = 4
"""Turns of the event loop after which each socket that a frame woke has been written to: wake, take, send, written."""


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
