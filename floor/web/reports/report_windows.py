"""The windows of time that a report can be about, by the plant's calendar, and the window before each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Literal

from ...analytics import Window
from ...core.moments import FIRST_YEAR, Form, local_time
from ...core.plant_calendar import DAY, MIDNIGHT, PlantCalendar

MICROSECOND = timedelta(microseconds=1)
WEEKDAY_AND_DATE = '%a %Y-%m-%d'

NOT_STARTED = 'This window has not started yet.'

Unit = Literal['shift', 'day', 'week', 'month']


class Span(StrEnum):
    """The windows that have a name; 7 and 30 days include today."""

    SHIFT = 'shift'
    LAST_SHIFT = 'last-shift'
    TODAY = 'today'
    YESTERDAY = 'yesterday'
    THIS_WEEK = 'this-week'
    LAST_WEEK = 'last-week'
    THIS_MONTH = 'this-month'
    LAST_MONTH = 'last-month'
    SEVEN_DAYS = '7d'
    THIRTY_DAYS = '30d'
    RANGE = 'range'

    @property
    def word(self) -> str:
        """For people."""
        return {Span.SHIFT: 'This shift', Span.SEVEN_DAYS: '7 days', Span.THIRTY_DAYS: '30 days'}.get(
            self, self.value.replace('-', ' ').capitalize())


NAMED = tuple(span for span in Span if span is not Span.RANGE)
_UNITS: dict[Span, tuple[Unit, bool]] = {
    Span.SHIFT: ('shift', False), Span.LAST_SHIFT: ('shift', True), Span.TODAY: ('day', False),
    Span.YESTERDAY: ('day', True), Span.THIS_WEEK: ('week', False), Span.LAST_WEEK: ('week', True),
    Span.THIS_MONTH: ('month', False), Span.LAST_MONTH: ('month', True)}
"""The unit of each, and whether it is the last one that is over."""
_DAYS = {Span.SEVEN_DAYS: 7, Span.THIRTY_DAYS: 30}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A window and the one before it, where there is one.

    words         what the window is called, for titles: 'last week, 2026-11-16 to 2026-11-22'
    dates         the days or times of the window, as far as it has been
    before_dates  of the window before; empty: there is none
    """

    window: Window
    before: Window | None
    words: str
    dates: str
    before_dates: str


@dataclass(frozen=True, slots=True)
class ReportCalendar:
    """The plant's calendar as of now."""

    now: datetime
    plant: PlantCalendar

    def named(self, span: Span) -> Window:
        """The window of a name, whole: its end may be to come."""
        if span in _DAYS:
            days = timedelta(_DAYS[span])
            first = self.plant.day_of(self.now) - days + DAY
            return self._days(first, first + days)
        unit, is_last = _UNITS[span]
        window = self.unit_at(unit, self.now)
        return self.neighbour(window, -1) if is_last else window

    def before(self, window: Window, span: Span) -> Window:
        """The window before one that has begun: the shift, day, week or month before, else one as long. If the window
        is not over, as much of the one before as has been of it."""
        former, unit = self.neighbour(window, -1), self.unit_of(window)
        if window.end <= self.now:
            return former
        if unit == 'shift':
            return Window(former.start, min(former.end, former.start + (self.now - window.start)))
        if unit is not None or span in _DAYS:  # by the clock: as far into the day, whatever the clocks did
            elapsed = self._local(self.now) - self._local(window.start)
            return Window(former.start, min(former.end, self._utc(self._local(former.start) + elapsed)))
        return Window(window.start - (self.now - window.start), window.start)

    def neighbour(self, window: Window, step: Literal[-1, 1]) -> Window:
        """The window right before or after: the next shift, day, week or month, else as many days or as long."""
        unit = self.unit_of(window)
        if unit is not None:
            return self.unit_at(unit, window.start - MICROSECOND if step < 0 else window.end)
        if self.plant.is_of_days(window.start, window.end):
            first, end = self.plant.day_of(window.start), self.plant.day_of(window.end)
            length = end - first
            return self._days(first + step * length, end + step * length)
        elapsed = window.end - window.start
        return Window(window.start + step * elapsed, window.end + step * elapsed)

    def unit_at(self, unit: Unit, moment: datetime) -> Window:
        """The shift, day, week or month that a moment is in."""
        if unit == 'shift':
            shift = self.plant.shifts.at(moment)
            return Window(shift.start, shift.end)
        day = self.plant.day_of(moment)
        if unit == 'day':
            return self._days(day, day + DAY)
        if unit == 'week':
            first = self.plant.week_of(day)
            return self._days(first, first + timedelta(7))
        first = day.replace(day=1)
        return self._days(first, (first + timedelta(31)).replace(day=1))

    def unit_of(self, window: Window) -> Unit | None:
        """Which calendar unit a window is, if it is one."""
        units: tuple[Unit, ...] = ('day', 'week', 'month', 'shift')
        return next((unit for unit in units if self.unit_at(unit, window.start) == window), None)

    def name_of(self, window: Window) -> Span | None:
        """The name that a window has now, if it has one."""
        return next((span for span in NAMED if self.named(span) == window), None)

    def compare(self, window: Window, before: Window | None, span: Span) -> Comparison:
        """Both with their dates."""
        dates = self.dates(window)
        if span is Span.RANGE:
            words = dates
        elif span in {Span.SHIFT, Span.LAST_SHIFT}:
            words = f'{self.plant.shifts.at(window.start).name}, {dates}'
        else:
            words = f'{span.word.lower()}, {dates}'
        return Comparison(window, before, words, dates, '' if before is None else self.dates(before))

    def dates(self, window: Window) -> str:
        """'Mon 2026-11-16 to Sun 2026-11-22', with times where days do not begin at midnight, or the window
        does not; 'now' for an end to come."""
        start, end = self._local(window.start), self._local(window.end)
        if window.start <= self.now < window.end:
            return f'{self._moment(window.start)} to now'
        if self.plant.day_start != MIDNIGHT or start.time() != MIDNIGHT or end.time() != MIDNIGHT or start == end:
            same_day = end.date() == start.date()
            return f'{self._moment(window.start)} to {self._moment(window.end, Form.TIME if same_day else None)}'
        last = end - DAY
        first = start.strftime(WEEKDAY_AND_DATE)
        return first if last == start else f'{first} to {last.strftime(WEEKDAY_AND_DATE)}'

    def _moment(self, moment: datetime, form: str | None = None) -> str:
        seconds = ':%S' if moment.second else ''
        return local_time(moment, self.plant.zone, (form or f'{WEEKDAY_AND_DATE} {Form.TIME}') + seconds)

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.plant.zone).replace(tzinfo=None)

    def _days(self, first: date, end: date) -> Window:
        """end: the day after the last."""
        return Window(self.plant.start_of(first), self.plant.start_of(end))

    def _utc(self, local: datetime) -> datetime:
        return local.replace(tzinfo=self.plant.zone)


def is_before_first_year(window: Window) -> bool:
    """Whether there were no computers yet."""
    return window.start < datetime(FIRST_YEAR, 1, 2, tzinfo=window.start.tzinfo)
