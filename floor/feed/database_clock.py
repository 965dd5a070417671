"""The database's clock, estimated from its answers and carried forward by a monotonic clock.

An answer proves only that the clock showed this time at some moment between request and response, so slow answers are
less precise. Answers that agree narrow the estimate; a slow one never replaces a quick one. An answer that contradicts
the estimate means that the clock was set, and replaces it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

log = logging.getLogger(__name__)

DRIFT = 0.0005
"""The drift of two clocks, in seconds per second, while NTP corrects one of them."""
RESOLUTION_S = 0.001
NOTABLE_JUMP_S = 1.0
"""A smaller correction is ordinary; a larger one is logged and shown."""


@dataclass(frozen=True, slots=True)
class ClockJump:
    """A correction of the database's clock, forward (seconds above 0) or back. at_ms: the time it showed afterwards."""

    seconds: float
    at_ms: int


class DatabaseClock:
    """The database's present time, and its possible error."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.jumps = 0
        """The number of corrections by more than a second."""
        self.last_jump: ClockJump | None = None
        self._monotonic = monotonic
        self._low = self._high = 0.0
        self._at: float | None = None
        self._rough: tuple[int, float] | None = None

    @property
    def now_ms(self) -> int:
        """In ms since 1970; this machine's clock before the first reading."""
        if self._at is not None:
            return round((self._monotonic() + (self._low + self._high) / 2) * 1000)
        if self._rough is not None:
            now_ms, at = self._rough
            return now_ms + int((self._monotonic() - at) * 1000)
        return int(time.time() * 1000)

    @property
    def error(self) -> float | None:
        """The possible error in seconds; None if unknown."""
        return None if self._at is None else (self._high - self._low) / 2 + DRIFT * (self._monotonic() - self._at)

    def show(self, now_ms: int) -> None:
        """Record a time without a request to measure, used only until there is a better one."""
        self._rough = (now_ms, self._monotonic())

    def read(self, now_ms: int, asked: float, answered: float) -> None:
        """Record a time that the clock showed between these two moments of the monotonic clock."""
        low, high = now_ms / 1000 - answered - RESOLUTION_S, now_ms / 1000 - asked + RESOLUTION_S
        if self._at is not None:
            drift = DRIFT * max(0.0, answered - self._at)
            known_low, known_high = self._low - drift, self._high + drift
            if low <= known_high and known_low <= high:
                low, high = max(low, known_low), min(high, known_high)
            else:
                self._jumped((low + high - known_low - known_high) / 2, now_ms)
        self._low, self._high, self._at = low, high, answered

    def _jumped(self, seconds: float, now_ms: int) -> None:
        if abs(seconds) < NOTABLE_JUMP_S:
            return
        self.jumps += 1
        self.last_jump = ClockJump(seconds, now_ms)
        log.warning("the database's clock moved by %s s against this machine's: it was set, or a machine was asleep",
                    f'{seconds:+,.1f}')
