"""Days of the week in requests and responses: 'monday'."""

from __future__ import annotations

from typing import Literal, cast

from ...core.plant_calendar import Weekday

WeekdayName = Literal['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']


def weekday_name(weekday: Weekday) -> WeekdayName:
    """Its name in a response."""
    return cast(WeekdayName, weekday.name.lower())


def weekday_of(name: WeekdayName) -> Weekday:
    """The day that a request names."""
    return Weekday[name.upper()]
