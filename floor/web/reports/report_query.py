"""The window of time and the filters of a report, as given in the address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any, Literal
from urllib.parse import urlencode

from ...analytics import Scope, Window
from ...analytics.stops import By
from ...analytics.window import NO_REASON
from ...core.machines import MachineName
from ...core.moments import FIRST_YEAR, local_time
from ...core.plant_calendar import PlantCalendar
from ...core.query_parameters import Query
from . import stop_query
from .report_windows import NAMED, Comparison, ReportCalendar, Span, is_before_first_year
from .trend_buckets import UNITS, TrendUnit

ADDRESS = '/reports'
NAMES = ('window', 'from', 'to', 'line', 'machine', 'reason', 'shift', 'trend', 'lanes', 'by', 'causes',
         *stop_query.NAMES)
NO_REASON_WORD = '(none)'
"""The reason of stops for which none was given, in an address."""
MAX_REASON_LENGTH = 4_000
_ALL_OF_A_WINDOW = frozenset({'intervals', 'order-volume', 'order-ages', 'order-resolution', 'order-load'})
NOT_BY = {'reason': _ALL_OF_A_WINDOW | {'hours', 'waiting'}, 'shift': _ALL_OF_A_WINDOW,
          'line': frozenset({'lines'}), 'machine': frozenset({'lines'})}
"""The files that cannot be filtered so: what they are about has no reason, is known for whole windows only, or is all
lines beside each other."""
ORDERS_OF_CAUSES: tuple[Literal['minutes', 'count'], ...] = ('minutes', 'count')
ALL_CAUSES = 'all'
LaneOrder = Literal['worst', 'flow']
LANE_ORDERS: tuple[LaneOrder, ...] = ('worst', 'flow')
WEEK, MONTH = timedelta(days=7), timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """The query of a report.

    start, end  of Span.RANGE, with the plant's offset from UTC at that time
    reason      only stops of this reason; empty: those for which none was given
    shift       only the hours of the shift of this name
    trend       what a point of the trend is; None: what fits the length of the window
    lanes       the order of the machines in the timeline
    by          the sort order of the Pareto chart
    all_causes  whether each cause has a bar in it, not only the greatest
    stops       what the list of stops shows
    """

    span: Span = Span.TODAY
    start: datetime | None = None
    end: datetime | None = None
    line: str | None = None
    machine: MachineName | None = None
    reason: str | None = None
    shift: str | None = None
    by: By = 'minutes'
    trend: TrendUnit | None = None
    lanes: LaneOrder = 'worst'
    stops: stop_query.StopQuery = stop_query.FIRST
    all_causes: bool = False

    @classmethod
    def from_query(cls, query: Mapping[str, str], zone: tzinfo, also: Iterable[str] = ()) -> ReportQuery:
        """Parse the query of an address. zone: for times without an offset. also: parameters that are parsed elsewhere.

        :raises QueryError: a part is invalid; the error contains the result of the valid parts
        """
        parsed = Query(query, [*NAMES, *also])
        machine = parsed.text('machine')
        span, start, end = _window(parsed, zone)
        reason = parsed.text('reason', MAX_REASON_LENGTH)
        result = cls(span, start, end, parsed.text('line') or None, MachineName(machine) if machine else None,
                     NO_REASON if reason == NO_REASON_WORD else reason or None, parsed.text('shift') or None,
                     parsed.one_of('by', ORDERS_OF_CAUSES) or 'minutes', parsed.one_of('trend', UNITS),
                     parsed.one_of('lanes', LANE_ORDERS) or 'worst',
                     stop_query.StopQuery.parsed(parsed), parsed.one_of('causes', (ALL_CAUSES,)) is not None)
        parsed.check(result)
        return result

    def to_query(self) -> dict[str, str]:
        """The parameters for an address, without default values."""
        query = {} if self.span is Span.TODAY else {'window': self.span.value}
        if self.start is not None and self.end is not None:
            query |= {'from': address_value(self.start), 'to': address_value(self.end)}
        chosen = {'line': self.line, 'machine': self.machine,
                  'reason': NO_REASON_WORD if self.reason == NO_REASON else self.reason, 'shift': self.shift,
                  'trend': self.trend, 'lanes': None if self.lanes == 'worst' else self.lanes,
                  'by': None if self.by == 'minutes' else self.by, 'causes': ALL_CAUSES if self.all_causes else None}
        return query | {key: text for key, text in chosen.items() if text} | self.stops.to_query()

    def address(self, path: str = ADDRESS, **more: str) -> str:
        """The address of a page with this query."""
        query = self.to_query() | more
        return f'{path}?{urlencode(query)}' if query else path

    def file(self, name: str, **more: str) -> str:
        """The address of a CSV file with this query, without the filters that it cannot have; of the list of stops,
        with all its pages."""
        unfit: dict[str, Any] = {field: None for field, names in NOT_BY.items() if name in names}
        stops = self.stops.on_page(1) if name == 'stops' else stop_query.FIRST
        fit = replace(self, stops=stops, all_causes=False, **unfit)
        return fit.address(f'{ADDRESS}/{name}.csv', **more)

    @property
    def scope(self) -> Scope:
        """What the report is about."""
        return Scope(self.line, self.machine, self.reason, self.shift)

    def zoomed(self, window: Window, zone: tzinfo) -> ReportQuery:
        """The same query for a part of the window, in whole seconds."""
        start, end = (in_zone(moment.replace(microsecond=0), zone) for moment in (window.start, window.end))
        return replace(self, span=Span.RANGE, start=start, end=end) if start < end else self

    @property
    def widened(self) -> ReportQuery:
        """The same query for 30 days if the window is too short for data by day or weekday."""
        if self.span in {Span.SHIFT, Span.LAST_SHIFT, Span.TODAY, Span.YESTERDAY}:
            return replace(self, span=Span.THIRTY_DAYS)
        if self.start is not None and self.end is not None and self.end - self.start < WEEK and \
                self.end.year > FIRST_YEAR:
            return replace(self, start=self.end - MONTH)
        return self

    def of_machine(self, machine: MachineName) -> ReportQuery:
        """The same query for one machine."""
        return replace(self, machine=machine, line=None)

    def at(self, now: datetime, plant: PlantCalendar) -> Comparison:
        """The window as of now, and the one before it; a range that has not begun, or that would have the one before
        it begin before there were computers, has none."""
        calendar = ReportCalendar(now, plant)
        window = self._window(calendar)
        before = calendar.before(window, self.span) if window.start < now else None
        if before is not None and is_before_first_year(before):
            before = None
        return calendar.compare(window, before, self.span)

    def neighbour(self, step: Literal[-1, 1], now: datetime, plant: PlantCalendar) -> ReportQuery | None:
        """The same about the window right before or after; None: it has not begun, or there were no computers."""
        calendar = ReportCalendar(now, plant)
        window = calendar.neighbour(self._window(calendar), step)
        if window.start > now or is_before_first_year(window):
            return None
        span = calendar.name_of(window)
        if span is not None:
            return replace(self, span=span, start=None, end=None)
        start, end = in_zone(window.start, plant.zone), in_zone(window.end, plant.zone)
        return replace(self, span=Span.RANGE, start=start, end=end)

    def _window(self, calendar: ReportCalendar) -> Window:
        if self.start is None or self.end is None:
            return calendar.named(self.span)
        return Window(self.start, self.end)


def field_value(moment: datetime) -> str:
    """A time for the browser's field for date and time; with seconds unless they are 0."""
    return moment.replace(tzinfo=None).isoformat(timespec='seconds' if moment.second else 'minutes')


def address_value(moment: datetime) -> str:
    """A time for an address: '2026-10-25T02:30+02:00'."""
    return moment.isoformat(timespec='seconds' if moment.second else 'minutes')


def format_moment(moment: datetime, zone: tzinfo, day: str = '%Y-%m-%d') -> str:
    """'2026-10-25 02:30', with the abbreviation of the zone for an ambiguous time: '2026-10-25 02:30 CEST'."""
    return local_time(moment, zone, f'{day} %H:%M:%S' if moment.second else f'{day} %H:%M')


def in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """A time in a zone with a fixed offset, so that it can be compared and subtracted."""
    local = moment.astimezone(zone)
    return local.replace(tzinfo=timezone(local.utcoffset() or timedelta()), fold=0)


def _window(parsed: Query, zone: tzinfo) -> tuple[Span, datetime | None, datetime | None]:
    """The window of an address; from and to without window are a range."""
    words: dict[str, Span] = {span.word.lower(): span for span in NAMED}
    span = words.get(parsed.text('window').strip().lower()) or parsed.one_of('window', Span)
    first, last = parsed.moment('from', zone), parsed.moment('to', zone)
    given = [name for name in ('from', 'to') if parsed.has(name)]
    if not given:
        if span is Span.RANGE:
            parsed.fail('window', 'Cannot use window=range alone: it needs from and to')
        return (Span.TODAY if span in {None, Span.RANGE} else span or Span.TODAY), None, None
    if span not in {None, Span.RANGE}:
        parsed.fail(given[0], f'Cannot use {" and ".join(given)} with window={span}: leave out one or the other')
        return span or Span.TODAY, None, None
    if len(given) == 1:
        parsed.fail(given[0], f'Cannot use {given[0]} alone: a range needs from and to')
    elif first is not None and last is not None and last <= first:
        parsed.fail('to', 'Cannot use this range: to has to be later than from')
    elif first is not None and last is not None:
        return Span.RANGE, in_zone(first.replace(microsecond=0), zone), in_zone(last.replace(microsecond=0), zone)
    return Span.TODAY, None, None
