"""The reports as tables: one for each question, the same rows on the page and in its file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from . import (
    Cause,
    CauseClocks,
    Explanation,
    HourlyPattern,
    Kpi,
    Kpis,
    LineKpis,
    OpenOrderAges,
    PersonLoad,
    Piece,
    ProblemMachine,
    Resolution,
    RootsAndVictims,
    Stop,
    VolumeOfDay,
)

Cell = str | int | float | datetime | date | None
WEEKDAYS = ('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun')
NO_REASON, NO_LINE, NOBODY = 'No reason given', 'Not on a line', 'Unassigned'


class Kind(StrEnum):
    """What a column holds: seconds as a number, shares from 0 to 1, moments with a zone."""

    TEXT = 'text'
    MACHINE = 'machine'
    COUNT = 'count'
    NUMBER = 'number'
    SECONDS = 'seconds'
    SHARE = 'share'
    MOMENT = 'moment'
    DAY = 'day'


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading, and what stands below it."""

    title: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True)
class Table:
    """Rows as long as there are columns."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


FIGURES = (Column('Uptime', Kind.SHARE), Column('Availability', Kind.SHARE), Column('Stops', Kind.COUNT),
           Column('Micro-stops', Kind.COUNT), Column('MTBF', Kind.SECONDS), Column('MTTR', Kind.SECONDS),
           Column('Response', Kind.SECONDS), Column('Down', Kind.SECONDS), Column('Coverage', Kind.SHARE))


def figures(kpis: Kpis) -> tuple[Cell, ...]:
    """The cells of FIGURES."""
    return (kpis.uptime_share, kpis.availability, kpis.stops, kpis.micro_stops, kpis.mtbf, kpis.mttr, kpis.mtta,
            kpis.down, kpis.coverage)


def of_kpis(kpis: Kpis, before: Kpis | None) -> Table:
    """A row for the window, and one for the window before."""
    columns = (Column('Window'), Column('From', Kind.MOMENT), Column('Until', Kind.MOMENT), *FIGURES)
    rows = [(name, of.window.start, of.window.end, *figures(of))
            for name, of in (('This window', kpis), ('Previous window', before)) if of is not None]
    return Table(columns, tuple(rows))


def of_lines(lines: Iterable[LineKpis]) -> Table:
    """A row for each line."""
    return Table((Column('Line'), Column('Machines', Kind.COUNT), *FIGURES),
                 tuple((line.line or NO_LINE, line.kpis.machines, *figures(line.kpis)) for line in lines))


def of_causes(causes: Iterable[Cause]) -> Table:
    """The Pareto, the greatest first."""
    return Table((Column('Cause'), Column('Down', Kind.SECONDS), Column('Stops', Kind.COUNT),
                  Column('Share', Kind.SHARE), Column('Cumulative', Kind.SHARE), Column('Vital few')),
                 tuple((cause.reason or NO_REASON, cause.seconds, cause.count, cause.share, cause.cumulative,
                        'yes' if cause.vital else '') for cause in causes))


def of_machines(machines: Iterable[ProblemMachine]) -> Table:
    """The worst first."""
    return Table((Column('Machine', Kind.MACHINE), Column('Down', Kind.SECONDS), Column('Stops', Kind.COUNT),
                  Column('Longest', Kind.SECONDS)),
                 tuple((each.machine, each.seconds, each.count, each.longest) for each in machines))


def of_pattern(pattern: HourlyPattern) -> Table:
    """A row for each hour of the week."""
    return Table((Column('Weekday'), Column('Hour', Kind.COUNT), Column('Down share', Kind.SHARE),
                  Column('Down', Kind.SECONDS), Column('Covered', Kind.SECONDS)),
                 tuple((WEEKDAYS[day], hour, share, pattern.down[day][hour], pattern.covered[day][hour])
                       for day, shares in enumerate(pattern.share) for hour, share in enumerate(shares)))


def of_waiting(roots: RootsAndVictims) -> Table:
    """The most costly machine first."""
    return Table((Column('Machine', Kind.MACHINE), Column('Own downtime', Kind.SECONDS),
                  Column('Caused to neighbours', Kind.SECONDS), Column('Own waiting', Kind.SECONDS),
                  Column('Waiting without a cause', Kind.SECONDS)),
                 tuple((each.machine, each.own, each.caused, each.waited, each.not_attributed)
                       for each in roots.machines))


def of_volume(volume: Iterable[VolumeOfDay]) -> Table:
    """A row for each day."""
    return Table((Column('Day', Kind.DAY), Column('Work orders', Kind.COUNT), Column('7-day average', Kind.NUMBER)),
                 tuple((each.day, each.orders, each.average) for each in volume))


def of_ages(ages: Iterable[OpenOrderAges]) -> Table:
    """A row for each priority."""
    return Table((Column('Priority'), Column('Open now', Kind.COUNT), Column('Overdue', Kind.COUNT),
                  Column('Median age', Kind.SECONDS), Column('Mean age', Kind.SECONDS),
                  Column('Oldest', Kind.SECONDS)),
                 tuple((each.priority.value, each.orders, each.overdue, each.median, each.mean, each.oldest)
                       for each in ages))


def of_resolution(resolution: Iterable[Resolution]) -> Table:
    """A row for each priority."""
    return Table((Column('Priority'), Column('Completed', Kind.COUNT), Column('Median', Kind.SECONDS),
                  Column('Mean', Kind.SECONDS)),
                 tuple((each.priority.value, each.orders, each.median, each.mean) for each in resolution))


def of_load(load: Iterable[PersonLoad]) -> Table:
    """A row for each person."""
    return Table((Column('Person'), Column('Open now', Kind.COUNT), Column('Completed', Kind.COUNT)),
                 tuple((each.name or NOBODY, each.active, each.completed) for each in load))


CLOCKS = ('Detect', 'Acknowledge', 'Respond', 'Repair')
STOP_COLUMNS = (Column('Machine', Kind.MACHINE), Column('From', Kind.MOMENT), Column('Until', Kind.MOMENT),
                Column('Reason'), Column('Length', Kind.SECONDS), Column('In the window', Kind.SECONDS),
                *(Column(clock, Kind.SECONDS) for clock in CLOCKS), Column('Micro-stop'), Column('Work order'))


def of_stops(stops: Iterable[Stop]) -> Table:
    """A row for each stop with its four clocks."""
    return Table(STOP_COLUMNS,
                 tuple((stop.machine, stop.since, stop.until, stop.reason, stop.length, stop.down, stop.detect,
                        stop.acknowledge, stop.respond, stop.repair, 'yes' if stop.is_micro else '', stop.order)
                       for stop in stops))


def of_clocks(causes: Iterable[CauseClocks]) -> Table:
    """A row for each cause."""
    return Table((Column('Cause'), Column('Stops', Kind.COUNT), *(Column(clock, Kind.SECONDS) for clock in CLOCKS),
                  Column('Total', Kind.SECONDS)),
                 tuple((each.reason or NO_REASON, each.stops, *each.means, each.seconds) for each in causes))


PIECE_COLUMNS = (Column('Machine', Kind.MACHINE), Column('From', Kind.MOMENT), Column('Until', Kind.MOMENT),
                 Column('Status'), Column('Reason'), Column('Length', Kind.SECONDS), Column('Counted'),
                 Column('Reason excluded'))


def of_pieces(pieces: Sequence[Piece]) -> Table:
    """The intervals or stops behind a figure."""
    return Table(PIECE_COLUMNS,
                 tuple((piece.machine, piece.since, piece.until, piece.status.word, piece.reason, piece.seconds,
                        'yes' if piece.counted else 'no', piece.why) for piece in pieces))


def of_parts(explanation: Explanation) -> Table:
    """What each machine contributes to a figure."""
    column = Column('Value', kind_of(explanation.kpi))
    return Table((Column('Machine', Kind.MACHINE), column, Column('Coverage', Kind.SHARE)),
                 tuple((part.machine, part.value, part.coverage) for part in explanation.parts))


def kind_of(kpi: Kpi) -> Kind:
    """What a figure is measured in."""
    if kpi in {Kpi.COVERAGE, Kpi.UPTIME_SHARE, Kpi.AVAILABILITY}:
        return Kind.SHARE
    return Kind.COUNT if kpi in {Kpi.STOPS, Kpi.MICRO_STOPS} else Kind.SECONDS
