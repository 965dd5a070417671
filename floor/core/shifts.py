"""Shifts: names and starts on the plant's clock; from these, any shift of any day.

A start is a local time. If the clocks skip it, the shift starts when that much time has passed as if they had not, but
never after the start of the next shift; if the local time occurs twice, the first one counts. Shifts therefore always
tile time; only their lengths differ on these days.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from .errors import InvalidInputError

MAX_SHIFTS = 24
MAX_NAME_LENGTH = 40
DAY = timedelta(days=1)
MIDNIGHT = time()
AROUND = 2
"""Days to search on either side of a moment: time zones have skipped whole days."""

_NAME_AND_START = re.compile(r"(\w[\w .&/'-]*?)\s+([01]?[0-9]|2[0-3]):([0-5][0-9])")


@dataclass(frozen=True, slots=True)
class Shift:
    """One shift from start (inclusive) to end (exclusive), both in UTC, so that their difference is elapsed time.

    date: the day of the plant in which it starts.
    """

    name: str
    start: datetime
    end: datetime
    date: date


class Shifts:
    """The shifts of all days. Arguments are aware datetimes of any zone."""

    def __init__(self, spec: str, zone: ZoneInfo, day_start: time = MIDNIGHT) -> None:
        """spec: names and starts, as 'Early 06:00,Late 14:00,Night 22:00', in any order; zone: the plant's; day_start:
        when its day begins, so that shifts that start earlier belong to the day before.

        :raises InvalidInputError: a start is not a time, a start or name is repeated, or there are none or too many
        """
        self._zone = zone
        self._day_start = day_start
        starts = parse_shifts(spec)
        self._starts = {start: starts[start] for start in sorted(starts, key=lambda start: (start < day_start, start))}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the shifts, in the order of their starts."""
        return tuple(self._starts.values())

    def at(self, moment: datetime) -> Shift:
        """The shift at a moment."""
        moment = moment.astimezone(UTC)
        shifts = self._around(moment, moment)
        return shifts[bisect_right([shift.start for shift in shifts], moment) - 1]

    def before(self, shift: Shift) -> Shift:
        """The shift that ends when this one starts."""
        return self.at(shift.start - timedelta(microseconds=1))

    def after(self, shift: Shift) -> Shift:
        """The shift that starts when this one ends."""
        return self.at(shift.end)

    def between(self, start: datetime, end: datetime) -> list[Shift]:
        """The shifts that overlap the window from start (inclusive) to end (exclusive), whole and in order."""
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        return [shift for shift in self._around(start, end) if shift.start < end and shift.end > start]

    def of(self, day: date, name: str) -> Shift | None:
        """The shift of that name that starts in a day; None if there is none."""
        return next((shift for shift in self._of_days(day, day) if (shift.date, shift.name) == (day, name)), None)

    def _around(self, start: datetime, end: datetime) -> list[Shift]:
        """The shifts of the days from start to end, and of the days around them."""
        return self._of_days(start.astimezone(self._zone).date(), end.astimezone(self._zone).date())

    def _of_days(self, first: date, last: date) -> list[Shift]:
        """The shifts of these days and of the days around them, in order."""
        days = [first + number * DAY for number in range(-AROUND, (last - first).days + AROUND + 1)]
        starts = [(datetime.combine(day + DAY if start < self._day_start else day, start, self._zone).astimezone(UTC),
                   day, name) for day in days for start, name in self._starts.items()]
        for index in range(len(starts) - 2, -1, -1):  # a skipped start is not after the next one
            starts[index] = (min(starts[index][0], starts[index + 1][0]), *starts[index][1:])
        return [Shift(name, start, end, day) for (start, day, name), (end, _, _) in pairwise(starts) if start < end]


def parse_shifts(spec: str) -> dict[time, str]:
    """Names by start.

    :raises InvalidInputError: as Shifts
    """
    starts: dict[time, str] = {}
    for part in spec.split(','):
        match = _NAME_AND_START.fullmatch(part.strip())
        if match is None or len(match[1]) > MAX_NAME_LENGTH:
            raise InvalidInputError('a shift is a name and a start, as Early 06:00', 'shifts')
        start = time(int(match[2]), int(match[3]))
        if start in starts or match[1] in starts.values():
            raise InvalidInputError('no two shifts may have the same name or the same start', 'shifts')
        starts[start] = match[1]
    if len(starts) > MAX_SHIFTS:
        raise InvalidInputError(f'a day has at most {MAX_SHIFTS} shifts', 'shifts')
    return dict(sorted(starts.items()))
