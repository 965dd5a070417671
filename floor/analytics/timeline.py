"""What machines were, over time and at one moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

from ..core.errors import InvalidInputError
from ..core.floor_snapshot import FloorSnapshot
from ..core.formatting import number
from ..core.machines import MachineName, MachineRecord, Status
from ..db.row_mapping import to_brief, to_display_names, to_event, to_status
from .report_snapshot import ReportSnapshot
from .window import MICROSECOND, Window

MAX_COLUMNS = 10_000
FEW = 3
EVENTS = 200
ARRAYS = 'since', 'until', 'status', 'reason'
UNKNOWN: tuple[str, str | None] = (Status.UNKNOWN.value, None)
AFTERWARDS: tuple[str, str | None] = ('', None)

LaneInterval = tuple[int, int, tuple[str, str | None]]
"""Microseconds of a window from which and until which a machine was in a status for a reason. A month has tens of
thousands, and times as numbers are read and compared in a fraction of the time."""


class Band(NamedTuple):
    """An interval of one status and reason."""

    since: datetime
    until: datetime
    status: Status
    reason: str | None


class ColumnShares(NamedTuple):
    """How much of one column of a picture was spent in each status, 0 to 1 each, together 1."""

    operational: float
    warning: float
    down: float
    unknown: float


@dataclass(frozen=True, slots=True)
class Lane:
    """One machine over a window, without a gap: unknown is a band too.

    columns  instead of bands, the shares of each column of the picture, if the bands of any lane are too close to be
             drawn
    """

    machine: MachineName
    bands: tuple[Band, ...]
    columns: tuple[ColumnShares, ...] = ()


@dataclass(frozen=True, slots=True)
class FloorTimeline:
    """What some machines were. window: the part of it that had elapsed by the database's clock."""

    window: Window
    lanes: tuple[Lane, ...]


async def read_timeline(reading: ReportSnapshot, machines: Sequence[MachineName], columns: int) -> FloorTimeline:
    """Lanes in the order asked for; a machine that nobody knows is unknown all the time."""
    if not 1 <= columns <= MAX_COLUMNS:
        raise InvalidInputError(f'a timeline has 1 to {number(MAX_COLUMNS)} columns', 'columns')
    names = list(dict.fromkeys(machines))
    window = reading.window
    lanes = {name: lane_intervals({}, window.micros) for name in names}
    async for row in reading.queries.timeline(reading.connection, names=names, start=window.start, until=window.end,
                                              now=reading.now):
        lanes[row['machine_name']] = lane_intervals(row, window.micros)
    if any(_is_crowded(lane, window.micros // columns + 1) for lane in lanes.values()):
        return FloorTimeline(window, tuple(Lane(name, (), shares(lane, window.micros, columns))
                                           for name, lane in lanes.items()))
    return FloorTimeline(window, tuple(Lane(name, _bands(lane, window.start)) for name, lane in lanes.items()))


def lane_intervals(row: Any, micros: int) -> list[LaneInterval]:
    """What one machine was, from a row of the query timeline, in a window of so many microseconds: without a gap, and
    repeated statuses as one."""
    starts: list[int] = []
    states: list[tuple[str, str | None]] = []
    at, state = 0, AFTERWARDS
    found = zip(*(row.get(name) or () for name in ARRAYS), strict=True)
    for since, until, status, reason in chain(found, [(micros, micros, *AFTERWARDS)]):
        if at < since and state != UNKNOWN:
            starts.append(at)
            states.append(state := UNKNOWN)
        if state != (status, reason):
            starts.append(since)
            states.append(state := (status, reason))
        at = until
    return list(zip(starts, starts[1:], states, strict=False))


def shares(lane: Sequence[LaneInterval], micros: int, columns: int) -> tuple[ColumnShares, ...]:
    """What each of so many equal columns of a window of so many microseconds was spent in."""
    spent = {status.value: [0.0] * columns for status in Status}
    begin, first = 0.0, 0
    for _, until, (status, _) in lane:
        end = until * columns / micros
        last = min(int(end), columns - 1)
        of_status = spent[status]
        if first == last:
            of_status[last] += end - begin
        else:
            of_status[first] += first + 1 - begin
            of_status[first + 1:last] = [1.0] * (last - first - 1)
            of_status[last] += end - last
        begin, first = end, last
    return tuple(map(ColumnShares._make, zip(*(spent[name] for name in ColumnShares._fields), strict=True)))


def _is_crowded(lane: Sequence[LaneInterval], column: int) -> bool:
    """Whether more than three intervals begin and end inside one column of so many microseconds."""
    inside = Counter(since // column for since, until, _ in lane if since // column == (until - 1) // column)
    return max(inside.values(), default=0) > FEW


def _bands(lane: Sequence[LaneInterval], start: datetime) -> tuple[Band, ...]:
    return tuple(Band(start + since * MICROSECOND, start + until * MICROSECOND, Status(status), reason)
                 for since, until, (status, reason) in lane)


async def read_floor_at(reading: ReportSnapshot) -> FloorSnapshot:
    """The floor at the end of the window, with the latest events of the hour before it and the work orders of then."""
    moment = reading.window.end
    machines = [to_record(row) async for row in
                reading.queries.floor_at(reading.connection, moment=moment, now=reading.now)]
    events = [to_event(row) async for row in
              reading.queries.events_before(reading.connection, moment=moment, most=EVENTS)]
    orders = [to_brief(row) async for row in reading.queries.orders_at(reading.connection, moment=moment)]
    names = to_display_names([row async for row in reading.queries.display_names(reading.connection)])
    return FloorSnapshot(tuple(machines), tuple(events), int(moment.timestamp() * 1000), tuple(orders), names=names)


def to_record(row: Any) -> MachineRecord:
    """A machine as it was. A silent one was unknown since it fell silent. One that is gone has the number 0."""
    silent = row['silent_ms'] is not None
    status = Status.UNKNOWN if silent else to_status(row['status']) or Status.UNKNOWN
    return MachineRecord(row['machine_id'], MachineName(row['machine_name']), row['type'], row['line'], status,
                         None if silent else row['reason'], row['version'], row['reported_ms'],
                         row['silent_ms'] if silent else row['since_ms'], type_id=row['type_id'])
