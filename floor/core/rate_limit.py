"""How often something may happen: the one token bucket, for changes, messages over a socket and lines of the log."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from .errors import TooManyChangesError
from .formatting import number
from .people import Identity

MAX_REMEMBERED = 1_000
MINUTE_S = 60


class TokenBucket:
    """A bucket of tokens that fills steadily; each time takes one. A full bucket allows a burst."""

    def __init__(self, rate: float, burst: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        """rate: tokens per second. burst: how many a full bucket has. monotonic: seconds that never go back."""
        self._rate = rate
        self._burst = burst
        self._now = monotonic
        self._tokens = float(burst)
        self._counted_at = monotonic()

    def take(self, tokens: float = 1) -> float:
        """Seconds to wait until this is in time; 0: it is. The tokens are taken at once, so the caller has to wait."""
        self._refill()
        self._tokens -= tokens
        return max(0.0, -self._tokens / self._rate)

    def try_take(self, tokens: float = 1) -> float:
        """The same, but nothing is taken where the caller would have to wait."""
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
        """Whether nothing was taken recently: a new bucket would be the same."""
        return self.tokens >= self._burst

    def _refill(self) -> None:
        now = self._now()
        self._tokens = min(self._burst, self._tokens + (now - self._counted_at) * self._rate)
        self._counted_at = now


class TokenBuckets:
    """A bucket for each name. Those that are full are forgotten when there are many."""

    def __init__(self, rate: float, burst: float, monotonic: Callable[[], float] = time.monotonic, *,
                 most: int = MAX_REMEMBERED) -> None:
        """rate, burst: of each bucket. most: so many may be remembered before the full ones are forgotten."""
        self._rate, self._burst, self._monotonic = rate, burst, monotonic
        self._most = most
        self._buckets: dict[str, TokenBucket] = {}

    def of(self, name: str) -> TokenBucket:
        """The bucket of this name: a new one is full."""
        if name not in self._buckets:
            if len(self._buckets) >= self._most:
                self._buckets = {known: bucket for known, bucket in self._buckets.items() if not bucket.is_full}
            self._buckets[name] = TokenBucket(self._rate, self._burst, self._monotonic)
        return self._buckets[name]

    def tokens(self, name: str) -> float:
        """How many this name may take; asking remembers nobody."""
        bucket = self._buckets.get(name)
        return self._burst if bucket is None else bucket.tokens

    def __len__(self) -> int:
        """How many names are remembered."""
        return len(self._buckets)


@dataclass(frozen=True, slots=True)
class ChangesLeft:
    """changes: how many somebody may make now; full_in: seconds until it is a minute's worth again."""

    changes: int
    full_in: float


class ChangeRateLimit:
    """How many changes one person or program may make: a minute's worth at once, then so many a minute."""

    def __init__(self, per_minute: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        """per_minute: at least 1."""
        self.per_minute = per_minute
        self._buckets = TokenBuckets(per_minute / MINUTE_S, per_minute, monotonic)

    def take(self, who: Identity) -> None:
        """One more change of theirs; one that is refused does not count.

        :raises TooManyChangesError: not yet
        """
        if wait := self._buckets.of(_name(who)).try_take():
            raise TooManyChangesError(f'more than {number(self.per_minute)} changes within a minute. '
                                      f'Wait {math.ceil(wait)} s and try again', wait)

    def left(self, who: Identity) -> ChangesLeft:
        """What they may still do; it takes nothing."""
        tokens = self._buckets.tokens(_name(who))
        return ChangesLeft(max(0, math.floor(tokens)), (self.per_minute - tokens) * MINUTE_S / self.per_minute)


def _name(who: Identity) -> str:
    return (who.email or who.name).lower()
