"""What is known of a machine from its points, and which event follows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..core.machines import Status
from .mapping import ReasonMeaning
from .point_filter import Held
from .presets import StatusMeaning

REASONED = frozenset({Status.DOWN, Status.WARNING})
"""Statuses to which the reason of another point belongs."""


@dataclass(slots=True)
class MachineState:
    """A machine. source: that of its status. status: as put last, None before the first event of this process."""

    name: str
    source: str = ''
    repeat_every: float = 60
    status: Status | None = None
    reason: str | None = None
    """As reported last, with the status."""
    event_at: datetime | None = None
    """The time of its last event that is not the loss of its source."""
    lost_at: datetime | None = None
    """When its source was lost, until there is a later event: what is heard of it then may have been before."""
    known: tuple[Status | None, str | None] = (None, None)
    """Status and reason before that."""
    put_at: float = 0
    """When that was put, by the monotonic clock."""
    _status: StatusMeaning | None = None
    _text: str | None = None

    def take(self, value: Held) -> bool:
        """A status or a reason of one of its points. Returns whether there is something to report."""
        if isinstance(value, ReasonMeaning):
            self._text = value.reason
        else:
            self._status = value
        if self._status is None:
            return False
        status, reason = self._status.status, self._status.reason
        if reason is None and status in REASONED:
            reason = self._text
        changed = (status, reason) != (self.status, self.reason)
        self.status, self.reason = status, reason
        return changed

    def was_known(self, at: datetime) -> bool:
        """Whether the present status, of this time, was reported before its source was lost."""
        return (self.lost_at is not None and self.event_at is not None and at <= self.event_at
                and (self.status, self.reason) == self.known)
