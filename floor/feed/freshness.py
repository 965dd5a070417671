"""Whether the shown floor is live: when all notifications were last known to have arrived."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Freshness(StrEnum):
    """How fresh the shown floor is."""

    CONNECTING = 'connecting'
    LIVE = 'live'
    STALE = 'stale'


class DeliveryProof:
    """The latest proof that all notifications have arrived, by a monotonic clock."""

    def __init__(self, stale_after: float, monotonic: Callable[[], float]) -> None:
        """stale_after: seconds without a heartbeat after which the floor is stale."""
        self.error: str | None = None
        """Why there is no connection, for people."""
        self._stale_after = stale_after
        self._monotonic = monotonic
        self._proven_at: float | None = None
        self._is_broken = True

    @property
    def freshness(self) -> Freshness:
        """Live only while the last heartbeat is recent and the connection is not known to be broken."""
        if self._proven_at is None:
            return Freshness.CONNECTING
        if self._is_broken or self._monotonic() - self._proven_at > self._stale_after:
            return Freshness.STALE
        return Freshness.LIVE

    @property
    def age(self) -> float | None:
        """Seconds since the last proof; None: never."""
        return None if self._proven_at is None else max(0.0, self._monotonic() - self._proven_at)

    def prove(self, moment: float) -> None:
        """Record that all notifications before this moment have arrived."""
        self._proven_at = moment
        self._is_broken = False
        self.error = None

    def lose(self, error: str) -> bool:
        """Record that the connection is lost; returns whether that is new."""
        is_new = not self._is_broken or error != self.error
        self._is_broken = True
        self.error = error
        return is_new
