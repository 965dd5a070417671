"""Whether a source still sends what was on its way or kept for us: in what is to come, machines may have changed."""

from __future__ import annotations

from .source import SourceState

OLD_S = 10.0
"""A reading that is so old was kept by a broker or a server."""
MAX_TICKS = 10
"""After so many without an old reading all has arrived: readings of a few seconds ago are those of a slow clock."""
QUIET_TICKS = 2
"""After so many without a message all has arrived. Ticks do not pass while this process cannot read. At least two less
than a source's latency: otherwise one that is heard just so often would be behind forever."""


class Backlog:
    """What a source has to catch up. It begins with an old reading, and with what arrives after a pause. It ends
    with a reading of now, when nothing more arrives, and after some time."""

    def __init__(self, state: SourceState, latency: float) -> None:
        """latency: seconds that a change usually takes to arrive, at most."""
        self._state, self._latency = state, latency
        self._heard_at = 0.0
        self._messages = 0
        self._ticks = self._quiet_ticks = 0
        self._began_at: float | None = None

    def take(self, age: float) -> None:
        """Call with each reading that has a time. age: seconds."""
        if age > max(OLD_S, self._latency):
            self._ticks = MAX_TICKS
        elif age <= self._latency / 4:  # what follows is of less than a latency ago, also if it is read a little later
            self._ticks = 0

    def tick(self, monotonic: float) -> None:
        """Call once a second."""
        heard_at, messages = self._state.heard_at, self._state.messages
        is_quiet = (heard_at, messages) == (self._heard_at, self._messages)
        self._quiet_ticks = self._quiet_ticks + 1 if is_quiet else 0
        if heard_at - self._heard_at > self._latency:
            self._ticks = MAX_TICKS
        elif self._quiet_ticks >= QUIET_TICKS:
            self._ticks = 0
        else:
            self._ticks = max(0, self._ticks - 1)
        self._heard_at, self._messages = heard_at, messages
        if not self._ticks:
            self._began_at = None
        elif self._began_at is None:
            self._began_at = monotonic

    @property
    def began_at(self) -> float | None:
        """By the monotonic clock; None: all has arrived."""
        return self._began_at
