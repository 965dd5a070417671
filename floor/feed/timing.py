"""How often the listener works, and what it counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class DeliveryCounters:
    """Counters of the listener since the start, for /metrics."""

    connections: int = 0
    notifications: int = 0
    unreadable: int = 0
    snapshots: int = 0
    heartbeats: int = 0
    audits_with_difference: int = 0


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. gap is the least time between two writes to the store; busy_gap the one while several changes arrive per
    gap, so that a burst becomes eight writes a second."""

    heartbeat: float = 5.0
    heartbeat_timeout: float = 2.0
    audit: float = 30.0
    polling: float = 2.0
    gap: float = 0.04
    busy_gap: float = 0.12
    first_backoff: float = 0.1

    @property
    def stale_after(self) -> float:
        """The longest time without a heartbeat that counts as live: interval, time-out and a second of slack."""
        return self.heartbeat + self.heartbeat_timeout + 1
