"""The reports as tables: one for each question, the same rows on the page and in its file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from ..core.machines import DisplayNames, MachineName
from . import (
    DEFINITIONS,
    Cause,
    CauseClocks,
    Explanation,
    HourlyPattern,
    Interval,
    Kpi,
    Kpis,
    LineKpis,
    LossCosts,
    OpenOrderAges,
    PersonLoad,
    Piece,
    ProblemMachine,
    Resolution,
    Stop,
    TrendPoint,
    VolumeOfDay,
    WaitAttribution,
)

Cell = str | int | float | bool | datetime | date | None
WEEKDAYS = ('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun')
NO_REASON, NO_LINE, NOBODY, SO_FAR = 'No reason given', 'Not on a line', 'Unassigned', 'so far'


class Kind(StrEnum):
    """What a column holds: seconds as a number, shares from 0 to 1, moments with a zone, hours of a day, yes or no."""

    TEXT = 'text'
    MACHINE = 'machine'
    COUNT = 'count'
    NUMBER = 'number'
    SECONDS = 'seconds'
    SHARE = 'share'
    MOMENT = 'moment'
    DAY = 'day'
    HOUR = 'hour'
    YES = 'yes'


@dataclass(frozen=True, slots=True)
class ReportColumn:
    """A column's heading, and what stands below it.

    key, meaning, example: its name in JSON, a sentence about it and a value, where REST has the table too
    if_null: what null means; empty: it is never null
    """

    title: str
    kind: Kind = Kind.TEXT
    key: str = ''
    meaning: str = ''
    example: str | float | None = None
    if_null: str = ''


MACHINE = ReportColumn('Machine', Kind.MACHINE)
MACHINE_COLUMNS = (
    ReportColumn('Machine', Kind.TEXT, 'display_name', 'Name of the machine as pages show it.',
                 'Injection Molder 02·01'),
    ReportColumn('Machine name', Kind.TEXT, 'machine_name', 'Name of the machine, same as machine_id elsewhere.',
                 'Injection_Molder_02_01'),
    ReportColumn('Line', Kind.TEXT, 'production_line', 'Line of the machine.', 'Engine Line', 'not on a line'))
"""In files, in place of MACHINE."""
FROM = ReportColumn('From', Kind.MOMENT, 'since', 'Start.', '2026-03-02T06:31:04.120Z')
UNTIL = ReportColumn('Until', Kind.MOMENT, 'until', 'End.', '2026-03-02T06:52:04.480Z', 'it still goes on')
REASON = ReportColumn('Reason', Kind.TEXT, 'reason', 'Reason as reported.', 'Hydraulic leak', 'none was given')


@dataclass(frozen=True, slots=True)
class ReportTable:
    """Rows as long as there are columns."""

    columns: tuple[ReportColumn, ...]
    rows: tuple[tuple[Cell, ...], ...]


def of_definition(kpi: Kpi) -> ReportColumn:
    """The column of a KPI."""
    definition = DEFINITIONS[kpi]
    kind = Kind(definition.unit)
    if_null = '' if kind is Kind.COUNT else 'there is nothing to compute it from'
    return ReportColumn(definition.name, kind, kpi.value, f'{definition.title}: {definition.formula}.', EXAMPLES[kind],
                        if_null)


EXAMPLES = {Kind.SHARE: 0.914, Kind.SECONDS: 1260.0, Kind.COUNT: 12}
FIGURES = tuple(of_definition(kpi) for kpi in DEFINITIONS)


def figures(kpis: Kpis) -> tuple[Cell, ...]:
    """The cells of FIGURES."""
    return tuple(getattr(kpis, kpi) for kpi in DEFINITIONS)


def of_kpis(kpis: Kpis, before: Kpis | None) -> ReportTable:
    """A row for the window, and one for the window before."""
    columns = (ReportColumn('Window'), ReportColumn('From', Kind.MOMENT), ReportColumn('Until', Kind.MOMENT), *FIGURES)
    rows = [(name, of.window.start, of.window.end, *figures(of))
            for name, of in (('This window', kpis), ('Previous window', before)) if of is not None]
    return ReportTable(columns, tuple(rows))


def of_lines(lines: Iterable[LineKpis]) -> ReportTable:
    """A row for each line."""
    return ReportTable((ReportColumn('Line'), ReportColumn('Machines', Kind.COUNT), *FIGURES),
                       tuple((line.line or NO_LINE, line.kpis.machines, *figures(line.kpis)) for line in lines))


WINDOW_COLUMNS = (replace(FROM, meaning='Start of the window.'),
                  replace(UNTIL, meaning='End of the window, now at the latest.', if_null=''))
GROUP_COLUMNS = (*(replace(column, if_null=f'{column.if_null or "of several machines"}') for column in MACHINE_COLUMNS),
                 ReportColumn('Machines', Kind.COUNT, 'machines', 'How many machines they are of.', 8),
                 *WINDOW_COLUMNS, *FIGURES)


def of_groups(groups: Iterable[tuple[str | None, MachineName | None, Kpis]], names: DisplayNames) -> ReportTable:
    """A row for each machine, line or the floor: names of line and machine, where it is one, and figures."""
    return ReportTable(GROUP_COLUMNS, tuple(
        (None if machine is None else str(names.of(machine)), machine, line, kpis.machines, kpis.window.start,
         kpis.window.end, *figures(kpis)) for line, machine, kpis in groups))


def of_causes(causes: Iterable[Cause], costs: LossCosts | None = None) -> ReportTable:
    """The Pareto, the greatest first. costs: of the time down, if any."""
    table = _of_causes(causes := tuple(causes))
    if costs is None:
        return table
    return ReportTable((*table.columns, ReportColumn('Cost')), tuple(
        (*row, costs.text(costs.by_reason.get(cause.reason)))
        for row, cause in zip(table.rows, causes, strict=True)))


def _of_causes(causes: Iterable[Cause]) -> ReportTable:
    return ReportTable((ReportColumn('Cause'), ReportColumn('Down', Kind.SECONDS), ReportColumn('Stops', Kind.COUNT),
                  ReportColumn('Share', Kind.SHARE), ReportColumn('Cumulative', Kind.SHARE), ReportColumn('Vital few')),
                       tuple((cause.reason or NO_REASON, cause.seconds, cause.count, cause.share, cause.cumulative,
                              'yes' if cause.vital else '') for cause in causes))


def of_machines(machines: Iterable[ProblemMachine]) -> ReportTable:
    """The worst first."""
    return ReportTable((ReportColumn('Machine', Kind.MACHINE), ReportColumn('Down', Kind.SECONDS),
                        ReportColumn('Stops', Kind.COUNT),
                        ReportColumn('Longest', Kind.SECONDS)),
                       tuple((each.machine, each.seconds, each.count, each.longest) for each in machines))


def of_pattern(pattern: HourlyPattern) -> ReportTable:
    """A row for each hour of the week."""
    return ReportTable((ReportColumn('Weekday'), ReportColumn('Hour', Kind.HOUR),
                        ReportColumn('Down share', Kind.SHARE),
                        ReportColumn('Down', Kind.SECONDS), ReportColumn('Covered', Kind.SECONDS)),
                       tuple((WEEKDAYS[day], hour, share, pattern.down[day][hour], pattern.covered[day][hour])
                             for day, shares in enumerate(pattern.share) for hour, share in enumerate(shares)))


def of_waiting(roots: WaitAttribution) -> ReportTable:
    """The most costly machine first."""
    return ReportTable((ReportColumn('Machine', Kind.MACHINE), ReportColumn('Own downtime', Kind.SECONDS),
                        ReportColumn('Caused to neighbours', Kind.SECONDS), ReportColumn('Own waiting', Kind.SECONDS),
                        ReportColumn('Waiting without a cause', Kind.SECONDS)),
                       tuple((each.machine, each.own, each.caused, each.waited, each.not_attributed)
                             for each in roots.machines))


def of_volume(volume: Iterable[VolumeOfDay]) -> ReportTable:
    """A row for each day."""
    return ReportTable((ReportColumn('Day', Kind.DAY), ReportColumn('Work orders', Kind.COUNT),
                        ReportColumn('7-day average', Kind.NUMBER), ReportColumn('Note')),
                       tuple((each.day, each.orders, each.average, '' if each.is_over else SO_FAR) for each in volume))


def of_trend(points: Sequence[TrendPoint], before: Sequence[TrendPoint],
             labels: Sequence[str] = ()) -> ReportTable:
    """A row for each bucket, with the same of the window before beside it. labels: what each is called, instead of when
    it was."""
    former = [*before[:len(points)], *[None] * (len(points) - len(before))]
    periods: list[tuple[Cell, ...]] = [(label,) for label in labels] or [
        (point.window.start, point.window.end) for point in points]
    return ReportTable(
        (*((ReportColumn('Period'),) if labels else (FROM, UNTIL)), ReportColumn('Availability', Kind.SHARE),
         ReportColumn('Time down', Kind.SECONDS), ReportColumn('Failures', Kind.COUNT),
         ReportColumn('Availability before', Kind.SHARE),
         ReportColumn('Time down before', Kind.SECONDS), ReportColumn('Failures before', Kind.COUNT),
         ReportColumn('Note')),
        tuple((*period, point.availability, point.down, point.failures,
               *((None, None, None) if each is None else (each.availability, each.down, each.failures)),
               '' if point.is_over else SO_FAR)
              for period, point, each in zip(periods, points, former, strict=True)))


def of_ages(ages: Iterable[OpenOrderAges]) -> ReportTable:
    """A row for each priority."""
    return ReportTable((ReportColumn('Priority'), ReportColumn('Open now', Kind.COUNT),
                        ReportColumn('Overdue', Kind.COUNT),
                        ReportColumn('Median age', Kind.SECONDS), ReportColumn('Mean age', Kind.SECONDS),
                        ReportColumn('Oldest', Kind.SECONDS)),
                       tuple((each.priority.value, each.orders, each.overdue, each.median, each.mean, each.oldest)
                             for each in ages))


def of_resolution(resolution: Iterable[Resolution]) -> ReportTable:
    """A row for each priority."""
    return ReportTable((ReportColumn('Priority'), ReportColumn('Completed', Kind.COUNT),
                        ReportColumn('Median', Kind.SECONDS),
                        ReportColumn('Mean', Kind.SECONDS)),
                       tuple((each.priority.value, each.orders, each.median, each.mean) for each in resolution))


def of_load(load: Iterable[PersonLoad]) -> ReportTable:
    """A row for each person."""
    return ReportTable((ReportColumn('Person'), ReportColumn('Open now', Kind.COUNT),
                        ReportColumn('Completed', Kind.COUNT)),
                       tuple((each.name or NOBODY, each.active, each.completed) for each in load))


CLOCKS = ('Detect', 'Acknowledge', 'Respond', 'Repair')
CLOCK_MEANINGS = ('From down to the report of the first work order.', 'From its report to its acknowledgement.',
                  'From its acknowledgement to the start of the work.', 'From there until the machine ran again.')
CLOCK_COLUMNS = tuple(ReportColumn(clock, Kind.SECONDS, clock.lower(), meaning, 180.0, 'unknown')
                      for clock, meaning in zip(CLOCKS, CLOCK_MEANINGS, strict=True))
STOP_COLUMNS = (
    MACHINE, FROM, UNTIL, REASON,
    ReportColumn('Length', Kind.SECONDS, 'length', 'Length of the whole stop until now, data gaps too.', 1260.0),
    ReportColumn('In the window', Kind.SECONDS, 'in_window', 'The part of it inside the window, without data gaps.',
                 1260.0),
    ReportColumn('Unconfirmed', Kind.SECONDS, 'unconfirmed',
                 'Data gaps of the whole stop, in which it is not known whether it was down.', 0.0),
    *CLOCK_COLUMNS,
    ReportColumn('Micro-stop', Kind.YES, 'micro_stop', 'Whether it is shorter than the micro-stop limit.', False),
    ReportColumn('Work order', Kind.TEXT, 'work_order_id', 'Id of the first work order of the stop.',
                 'WO-20260302-3f2a91bc', 'it has none'),
    ReportColumn('Cost', Kind.NUMBER, 'cost', 'Cost of the part inside the window, in the currency of the settings.',
                 42.5, 'the line of its start has none'))


def of_stops(stops: Iterable[Stop], currency: str = '') -> ReportTable:
    """A row for each stop with its four clocks. currency: for the heading of the costs."""
    *columns, cost = STOP_COLUMNS
    return ReportTable((*columns, replace(cost, title=f'Cost ({currency})') if currency else cost),
                       tuple((stop.machine, stop.since, stop.until, stop.reason, stop.length, stop.down,
                              stop.unconfirmed, stop.detect, stop.acknowledge, stop.respond, stop.repair,
                              stop.is_micro, stop.order, None if stop.cost is None else round(stop.cost, 2))
                             for stop in stops))


INTERVAL_COLUMNS = (
    MACHINE, FROM, replace(UNTIL, if_null=''),
    ReportColumn('Status', Kind.TEXT, 'status', 'Status as reported; unknown where there is no data.', 'operational'),
    REASON,
    ReportColumn('Waiting', Kind.YES, 'waiting', 'Whether the machine was starved or blocked.', False),
    ReportColumn('Length', Kind.SECONDS, 'length', 'Length inside the window.', 1260.0))


def of_intervals(machine: str, intervals: Iterable[Interval]) -> ReportTable:
    """A row for each interval of a machine."""
    return ReportTable(INTERVAL_COLUMNS,
                       tuple((machine, each.since, each.until, each.status.value, each.reason, each.waits, each.seconds)
                             for each in intervals))


def of_clocks(causes: Iterable[CauseClocks]) -> ReportTable:
    """A row for each cause."""
    return ReportTable((ReportColumn('Cause'), ReportColumn('Stops', Kind.COUNT),
                        *(ReportColumn(clock, Kind.SECONDS)
                                                                                    for clock in CLOCKS),
                        ReportColumn('Total', Kind.SECONDS)),
                       tuple((each.reason or NO_REASON, each.stops, *each.means, each.seconds) for each in causes))


PIECE_COLUMNS = (ReportColumn('Machine', Kind.MACHINE), ReportColumn('From', Kind.MOMENT),
                 ReportColumn('Until', Kind.MOMENT),
                 ReportColumn('Status'), ReportColumn('Reason'), ReportColumn('Length', Kind.SECONDS),
                 ReportColumn('Counted'),
                 ReportColumn('Reason excluded'))


def of_pieces(pieces: Sequence[Piece]) -> ReportTable:
    """The intervals or stops behind a figure."""
    return ReportTable(PIECE_COLUMNS,
                       tuple((piece.machine, piece.since, piece.until, piece.status.word, piece.reason, piece.seconds,
                              'yes' if piece.counted else 'no', piece.why) for piece in pieces))


def of_parts(explanation: Explanation) -> ReportTable:
    """What each machine contributes to a figure."""
    column = ReportColumn('Value', Kind(DEFINITIONS[explanation.kpi].unit))
    return ReportTable((ReportColumn('Machine', Kind.MACHINE), column, ReportColumn('Coverage', Kind.SHARE)),
                       tuple((part.machine, part.value, part.coverage) for part in explanation.parts))
