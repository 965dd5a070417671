"""The window of time, line or machine of a report, as given in the address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta, timezone, tzinfo
from enum import StrEnum
from typing import Literal, Protocol
from urllib.parse import urlencode

from ...analytics import Scope, Window
from ...analytics.stops import By
from ...core.machines import MachineName
from ...core.moments import Form, local_time
from ...core.query_parameters import Query

ADDRESS = '/reports'
FIRST_YEAR = 1970
NAMES = ('window', 'from', 'to', 'line', 'machine', 'by')
ORDERS_OF_CAUSES: tuple[Literal['minutes', 'count'], ...] = ('minutes', 'count')
MICROSECOND = timedelta(microseconds=1)
WEEK, MONTH = timedelta(days=7), timedelta(days=30)


class ShiftTimes(Protocol):
    """A shift, from start until before end."""

    @property
    def start(self) -> datetime:
        """With a time zone."""

    @property
    def end(self) -> datetime:
        """With a time zone."""

    @property
    def name(self) -> str:
        """What the plant calls it."""


class ShiftsOfPlant(Protocol):
    """Says which shift a moment belongs to."""

    def at(self, moment: datetime) -> ShiftTimes:
        """The shift that goes on at the moment."""


class Span(StrEnum):
    """The windows that a press chooses; days are those of the plant's calendar, today included."""

    SHIFT = 'shift'
    TODAY = 'today'
    WEEK = '7d'
    MONTH = '30d'
    RANGE = 'range'

    @property
    def word(self) -> str:
        """On its button."""
        return _WORDS[self]


_WORDS = {Span.SHIFT: 'This shift', Span.TODAY: 'Today', Span.WEEK: '7 days', Span.MONTH: '30 days',
          Span.RANGE: 'Range…'}
_DAYS = {Span.TODAY: 1, Span.WEEK: 7, Span.MONTH: 30}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A window and the one before it that it is compared with, where there is one, and how both are called."""

    window: Window
    before: Window | None
    words: str


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """start and end are those of Span.RANGE, with the plant's offset from UTC at that time. by: what the Pareto sorts
    by."""

    span: Span = Span.TODAY
    start: datetime | None = None
    end: datetime | None = None
    line: str | None = None
    machine: MachineName | None = None
    by: By = 'minutes'

    @classmethod
    def from_query(cls, query: Mapping[str, str], zone: tzinfo, also: Iterable[str] = ()) -> ReportQuery:
        """Of an address. zone: the plant's, of a time without an offset. also: parameters that are read elsewhere.

        :raises QueryError: something is not understood; it holds the choice that the rest asks for
        """
        asked = Query(query, [*NAMES, *also])
        machine = asked.text('machine')
        span, start, end = _window(asked, zone)
        choice = cls(span, start, end, asked.text('line') or None, MachineName(machine) if machine else None,
                     asked.one_of('by', ORDERS_OF_CAUSES) or 'minutes')
        asked.check(choice)
        return choice

    def to_query(self) -> dict[str, str]:
        """For an address; what is as usual is left out."""
        query = {} if self.span is Span.TODAY else {'window': self.span.value}
        if self.start is not None and self.end is not None:
            query |= {'from': address_value(self.start), 'to': address_value(self.end)}
        chosen = {'line': self.line, 'machine': self.machine, 'by': None if self.by == 'minutes' else self.by}
        return query | {key: text for key, text in chosen.items() if text}

    def address(self, path: str = ADDRESS, **more: str) -> str:
        """Of a page or file about the same."""
        query = self.to_query() | more
        return f'{path}?{urlencode(query)}' if query else path

    def file(self, name: str, **more: str) -> str:
        """The address of a CSV file about the same."""
        return self.address(f'{ADDRESS}/{name}.csv', **more)

    @property
    def scope(self) -> Scope:
        """The part of the floor."""
        return Scope(self.line, self.machine)

    def zoomed(self, window: Window, zone: tzinfo) -> ReportQuery:
        """The same of a part of it, in whole seconds."""
        start, end = (in_zone(moment.replace(microsecond=0), zone) for moment in (window.start, window.end))
        return replace(self, span=Span.RANGE, start=start, end=end) if start < end else self

    @property
    def broad(self) -> ReportQuery:
        """The same, of 30 days where its window is too short for what goes by days or weeks."""
        if self.span in {Span.SHIFT, Span.TODAY}:
            return replace(self, span=Span.MONTH)
        if self.start is not None and self.end is not None and self.end - self.start < WEEK and \
                self.end.year > FIRST_YEAR:
            return replace(self, start=self.end - MONTH)
        return self

    def of_machine(self, machine: MachineName) -> ReportQuery:
        """The same window, one machine."""
        return replace(self, machine=machine, line=None)

    def at(self, now: datetime, zone: tzinfo, shifts: ShiftsOfPlant) -> Comparison:
        """The window as of now, and the one before: as much of the shift or the days before as has been of these."""
        if self.span is Span.RANGE and self.start is not None and self.end is not None:
            window = Window(self.start, self.end)
            words = f'{format_moment(self.start, zone)} to {format_moment(self.end, zone)}'
            been = window.until(now)
            return Comparison(window, _earlier(window, been.end - been.start), words)
        if self.span is Span.SHIFT:
            shift = shifts.at(now)
            former = shifts.at(shift.start - MICROSECOND)
            return Comparison(Window(shift.start, shift.end),
                              Window(former.start, min(former.end, former.start + (now - shift.start))),
                              f'{shift.name}, {local_time(shift.start, zone, Form.TIME)} to now')
        days = _DAYS.get(self.span, 1)
        local = now.astimezone(zone).replace(tzinfo=None)
        first = datetime.combine(local.date() - timedelta(days - 1), time())
        after = datetime.combine(local.date() + timedelta(1), time())
        before = Window(_in_zone(first - timedelta(days), zone), _in_zone(local - timedelta(days), zone))
        words = 'today, 00:00 to now' if days == 1 else f'{first:%Y-%m-%d} to now'
        return Comparison(Window(_in_zone(first, zone), _in_zone(after, zone)), before, words)


def field_value(moment: datetime) -> str:
    """As a browser's field for a day and time has it; seconds where there are any."""
    return moment.replace(tzinfo=None).isoformat(timespec='seconds' if moment.second else 'minutes')


def address_value(moment: datetime) -> str:
    """As an address has it: '2026-10-25T02:30+02:00'."""
    return moment.isoformat(timespec='seconds' if moment.second else 'minutes')


def format_moment(moment: datetime, zone: tzinfo, day: str = '%Y-%m-%d') -> str:
    """'2026-10-25 02:30 CEST': the clock's name only where it shows that time twice."""
    return local_time(moment, zone, f'{day} %H:%M:%S' if moment.second else f'{day} %H:%M')


def in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """By the clock of a zone, with its offset at that time: so it can be compared and subtracted."""
    local = moment.astimezone(zone)
    return local.replace(tzinfo=timezone(local.utcoffset() or timedelta()), fold=0)


def _earlier(window: Window, elapsed: timedelta) -> Window | None:
    """As long right before; None for what has not begun, or would begin before there were computers."""
    if not elapsed or (window.start - datetime(FIRST_YEAR, 1, 2, tzinfo=window.start.tzinfo)) < elapsed:
        return None
    return Window(window.start - elapsed, window.start)


def _in_zone(local: datetime, zone: tzinfo) -> datetime:
    return local.replace(tzinfo=zone)


def _window(asked: Query, zone: tzinfo) -> tuple[Span, datetime | None, datetime | None]:
    """The window of an address; two times alone are a range."""
    span = asked.one_of('window', Span)
    first, last = asked.moment('from', zone), asked.moment('to', zone)
    given = [name for name in ('from', 'to') if asked.has(name)]
    if not given:
        if span is Span.RANGE:
            asked.fail('window', 'Cannot use window=range alone: it needs from and to')
        return (Span.TODAY if span in {None, Span.RANGE} else span or Span.TODAY), None, None
    if span not in {None, Span.RANGE}:
        asked.fail(given[0], f'Cannot use {" and ".join(given)} with window={span}: leave out one or the other')
        return span or Span.TODAY, None, None
    if len(given) == 1:
        asked.fail(given[0], f'Cannot use {given[0]} alone: a range needs from and to')
    elif first is not None and last is not None and last <= first:
        asked.fail('to', 'Cannot use this range: to has to be later than from')
    elif first is not None and last is not None:
        return Span.RANGE, in_zone(first.replace(microsecond=0), zone), in_zone(last.replace(microsecond=0), zone)
    return Span.TODAY, None, None
