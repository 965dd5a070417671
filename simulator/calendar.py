"""Which moment of the plant's clock a plant second is, and what of the day it is.

Machines change in the course of PERIOD, and then begin again; the history of a new floor is its first HISTORY.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

DAY = timedelta(days=1)
PERIOD = 84 * DAY
HISTORY = 60 * DAY
LATE_BEGINS, LATE_ENDS = time(14), time(22)
"""The late shift, on the plant's clock."""


@dataclass(slots=True)
class Calendar:
    """created: when the floor was created, which is the last day of its history. zero: the moment of plant second 0."""

    created: datetime
    zero: datetime
    zone: tzinfo = UTC

    @classmethod
    def beginning(cls, since: datetime, created: datetime, zone: tzinfo = UTC) -> Calendar:
        """Plant second 0 is `since`, until set."""
        return cls(created.astimezone(UTC), since.astimezone(UTC), zone)

    def set(self, seconds: float, moment: datetime) -> None:
        """These plant seconds are this moment."""
        self.zero = moment.astimezone(UTC) - timedelta(seconds=seconds)

    def moment(self, seconds: float) -> datetime:
        """In UTC."""
        return self.zero + timedelta(seconds=seconds)

    def seconds(self, moment: datetime) -> float:
        """The plant seconds of a moment."""
        return (moment - self.zero).total_seconds()

    def in_period(self, moment: datetime) -> timedelta:
        """The time since the period began, below PERIOD."""
        return (moment - self.created + HISTORY) % PERIOD

    def is_late(self, moment: datetime) -> bool:
        """Whether the late shift is on."""
        return LATE_BEGINS <= moment.astimezone(self.zone).time() < LATE_ENDS

    def next_edge(self, moment: datetime) -> datetime:
        """When the late shift begins or ends next."""
        here = moment.astimezone(self.zone)
        edges = (datetime.combine(here.date() + days * DAY, edge, self.zone).astimezone(UTC)
                 for days in range(3) for edge in (LATE_BEGINS, LATE_ENDS))
        return next(edge for edge in edges if edge > moment)
