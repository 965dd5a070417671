"""What is asked about: a window of time, a part of the floor, a page of a list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ..core.errors import InvalidInputError
from ..core.formatting import number
from ..core.machines import MachineName

MICROSECOND = timedelta(microseconds=1)
SECOND_US = 1_000_000
LAST_PAGE, MAX_PAGE = 1_000_000, 10_000
NO_REASON = ''


@dataclass(frozen=True, slots=True)
class Window:
    """The time from start until before end; kept in UTC, since two times of one zone are compared and subtracted as
    clocks on a wall, which is wrong by an hour on the days when they are changed.

    :raises InvalidInputError: a time without a zone, or an end before the start
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        for name, moment in ('start', self.start), ('end', self.end):
            if moment.tzinfo is None:
                raise InvalidInputError('a window needs times with a time zone', name)
            object.__setattr__(self, name, moment.astimezone(UTC))
        if self.end < self.start:
            raise InvalidInputError('a window cannot end before it starts', 'end')

    def until(self, now: datetime) -> Window:
        """The part of it that has been: what is yet to come counts neither as known nor as unknown."""
        return Window(min(self.start, now), min(self.end, now))

    @property
    def micros(self) -> int:
        """Its length in microseconds."""
        return (self.end - self.start) // MICROSECOND


@dataclass(frozen=True, slots=True)
class Scope:
    """What a report is about: the line of that name, the machine, or the whole floor; of that the stops of one reason,
    and the hours of one shift. Its line is that of now.

    reason  as reported; NO_REASON: the stops for which none was given
    shift   the name of one of the plant's shifts
    """

    line: str | None = None
    machine: MachineName | None = None
    reason: str | None = None
    shift: str | None = None

    @property
    def is_whole_floor(self) -> bool:
        """Whether no machine is left out."""
        return self.line is None and self.machine is None

    @property
    def is_filtered(self) -> bool:
        """Whether stops are left out: those of other reasons or other shifts."""
        return self.reason is not None or self.shift is not None


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a long list: the number counts from 1."""

    number: int = 1
    size: int = 50

    def __post_init__(self) -> None:
        if not (1 <= self.number <= LAST_PAGE and 1 <= self.size <= MAX_PAGE):
            raise InvalidInputError(f'a page has a number from 1 on and 1 to {number(MAX_PAGE)} rows', 'page')

    @property
    def skip(self) -> int:
        """How many rows come before it."""
        return (self.number - 1) * self.size


def seconds(micros: int) -> float:
    """Convert microseconds to seconds."""
    return micros / SECOND_US


def share(part: int, whole: int) -> float | None:
    """0 to 1; None if the whole is 0."""
    return part / whole if whole else None
