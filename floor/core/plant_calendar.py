"""The plant's own settings, and the calendar that they and its shifts make: zone, week, shifts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from .shifts import Shifts

UTC_ZONE = ZoneInfo('UTC')
MIDNIGHT = time()
DAY = timedelta(days=1)


class Weekday(IntEnum):
    """By the numbers of ISO 8601."""

    MONDAY = 1
    TUESDAY = 2
    WEDNESDAY = 3
    THURSDAY = 4
    FRIDAY = 5
    SATURDAY = 6
    SUNDAY = 7

    @property
    def word(self) -> str:
        """'Monday'"""
        return self.name.capitalize()


@dataclass(frozen=True, slots=True)
class PlantSettings:
    """What a supervisor sets for the whole plant.

    name           shown on every page and on paper; '': none
    zone           of every time that a person reads
    first_weekday  with which day a week begins
    day_start      the local time at which a day begins, in whole minutes
    version        grows with each change
    """

    name: str = ''
    zone: ZoneInfo = UTC_ZONE
    first_weekday: Weekday = Weekday.MONDAY
    day_start: time = MIDNIGHT
    version: int = 1

    def calendar(self, shifts: str) -> PlantCalendar:
        """shifts: names and starts, as Shifts takes them."""
        return _calendar(self.zone, shifts, self.first_weekday, self.day_start)


@dataclass(frozen=True, slots=True)
class PlantCalendar:
    """By which the days, weeks and shifts of the plant begin and end. It never changes; another one replaces it.

    A day begins at a local time. If the clocks skip it, the day begins when that much time has passed as if they had
    not; if the local time occurs twice, the first one counts. sql/functions/45_day_clock.sql has the same rule.
    """

    zone: ZoneInfo
    shifts: Shifts
    first_weekday: Weekday = Weekday.MONDAY
    day_start: time = MIDNIGHT

    def start_of(self, day: date) -> datetime:
        """When a day begins, in UTC."""
        return datetime.combine(day, self.day_start, self.zone).astimezone(UTC)

    def day_of(self, moment: datetime) -> date:
        """The day that a moment is in."""
        day = moment.astimezone(self.zone).date()
        if moment < self.start_of(day):
            return day - DAY
        return day if moment < self.start_of(day + DAY) else day + DAY

    def is_of_days(self, start: datetime, end: datetime) -> bool:
        """Whether both are the beginning of a day."""
        return all(self.start_of(self.day_of(moment)) == moment for moment in (start, end))

    def week_of(self, day: date) -> date:
        """The first day of the week that a day is in."""
        return day - timedelta((day.isoweekday() - self.first_weekday) % 7)


CalendarSource = Callable[[], PlantCalendar]
"""Returns the calendar of now, which a supervisor can change at any time."""


@lru_cache(maxsize=8)
def _calendar(zone: ZoneInfo, shifts: str, first_weekday: Weekday, day_start: time) -> PlantCalendar:
    return PlantCalendar(zone, Shifts(shifts, zone, day_start), first_weekday, day_start)
