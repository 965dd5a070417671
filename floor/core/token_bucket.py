"""How often something may happen: a bucket of tokens that fills steadily. Each time takes one."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """burst at once after a quiet time, rate per second for ever."""

    def __init__(self, rate: float, burst: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        """monotonic: seconds that never go back."""
        self._rate = rate
        self._burst = burst
        self._now = monotonic
        self._tokens = float(burst)
        self._counted_at = monotonic()

    def take(self, tokens: float = 1) -> float:
        """Seconds to wait for this one to be in time; 0: it is. It is taken in any case, so who asks has to wait."""
        self._refill()
        self._tokens -= tokens
        return max(0.0, -self._tokens / self._rate)

    def try_take(self, tokens: float = 1) -> float:
        """The same, but taken only if it need not wait."""
        self._refill()
        if self._tokens < tokens:
            return (tokens - self._tokens) / self._rate
        self._tokens -= tokens
        return 0.0

    @property
    def tokens(self) -> float:
        """How many may be taken now; below 0, how many were taken too early."""
        self._refill()
        return self._tokens

    @property
    def is_full(self) -> bool:
        """Whether nothing was taken lately: a new one would be the same."""
        self._refill()
        return self._tokens >= self._burst

    def _refill(self) -> None:
        now = self._now()
        self._tokens = min(self._burst, self._tokens + (now - self._counted_at) * self._rate)
        self._counted_at = now
