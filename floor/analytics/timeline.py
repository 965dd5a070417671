"""What machines were, over time and at one moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from ..core.errors import InvalidInputError
from ..core.floor_snapshot import FloorSnapshot
from ..core.formatting import number
from ..core.machines import MachineName, MachineRecord, Status
from ..db.row_mapping import to_brief, to_display_names, to_event, to_status
from .report_snapshot import Reading
from .window import MICROSECOND, Window

MAX_COLUMNS = 10_000
FEW = 3
EVENTS = 200
_STATUSES = {status.value: status for status in Status}


class Band(NamedTuple):  # a month has tens of thousands, and a dataclass takes four times as long to make
    """A stretch of one status and reason. merged: how many stretches it stands for, of which it shows the worst."""

    since: datetime
    until: datetime
    status: Status
    reason: str | None
    merged: int = 1


class Shares(NamedTuple):
    """How much of one column of a picture was spent in each status, 0 to 1 each, together 1."""

    operational: float
    warning: float
    down: float
    unknown: float


@dataclass(frozen=True, slots=True)
class Lane:
    """One machine over a window, without a gap: unknown is a band too.

    columns  the shares of each column of the picture, if the bands of any lane are too close to be drawn; else none
    """

    machine: MachineName
    bands: tuple[Band, ...]
    columns: tuple[Shares, ...] = ()


async def read_timeline(reading: Reading, machines: Sequence[MachineName], columns: int) -> tuple[Lane, ...]:
    """Lanes in the order asked for; a machine that nobody knows is unknown all the time."""
    if not 1 <= columns <= MAX_COLUMNS:
        raise InvalidInputError(f'a timeline has 1 to {number(MAX_COLUMNS)} columns', 'columns')
    names = list(dict.fromkeys(machines))
    window = reading.window
    column = (window.end - window.start) // columns + MICROSECOND
    lanes: dict[str, list[Band]] = {}
    async for row in reading.queries.timeline(reading.connection, names=names, start=window.start, until=window.end,
                                                now=reading.now):
        lanes[row['machine_name']] = _bands(row['since'], window.end, row['status'], row['reason'])
    merged = {name: tuple(_merged(bands, window.start, column)) for name, bands in lanes.items()}
    crowded = any(band.merged > 1 for bands in merged.values() for band in bands)
    return tuple(Lane(name, merged.get(name, ()), shares(lanes[name], window, columns)
                      if crowded and name in lanes else ()) for name in names)


def shares(bands: Sequence[Band], window: Window, columns: int) -> tuple[Shares, ...]:
    """What each of so many equal columns of a window was spent in; the bands have no gap."""
    whole = window.micros / columns
    spent = {status: [0.0] * columns for status in Status}
    for band in bands:
        since, until = ((moment - window.start) / MICROSECOND / whole for moment in (band.since, band.until))
        of_status = spent[band.status]
        first, last = min(int(since), columns - 1), min(int(until), columns - 1)
        for column in range(first, last + 1):
            of_status[column] += max(0.0, min(until, column + 1) - max(since, column))
    return tuple(map(Shares, spent[Status.OPERATIONAL], spent[Status.WARNING], spent[Status.DOWN],
                     spent[Status.UNKNOWN]))


def _bands(since: list[datetime], end: datetime, statuses: list[str], reasons: list[str | None]) -> list[Band]:
    """The bands of one machine, without a gap: each lasts until the next begins. Repeated statuses are one band."""
    begins: list[datetime] = []
    statuses_and_reasons: list[tuple[str, str | None]] = []
    for at, until, what in zip(since, [*since[1:], end], zip(statuses, reasons, strict=True), strict=True):
        if at < until and (not statuses_and_reasons or statuses_and_reasons[-1] != what):
            begins.append(at)
            statuses_and_reasons.append(what)
    return [Band(at, until, _STATUSES[status], reason)
            for at, until, (status, reason) in zip(begins, [*begins[1:], end], statuses_and_reasons, strict=True)]


def _merged(bands: list[Band], start: datetime, column: timedelta) -> Iterator[Band]:
    """Where more than three bands begin and end inside one column of the picture, they become one."""
    def place(band: Band) -> int | None:
        first, last = (band.since - start) // column, (band.until - start - MICROSECOND) // column
        return first if first == last else None

    if all(late.until - early.since > column for early, late in zip(bands, bands[FEW:], strict=False)):
        yield from bands  # nowhere are four so close
        return
    for at, group in groupby(bands, place):
        crowd = list(group)
        if at is None or len(crowd) <= FEW:
            yield from crowd
        else:
            worst = max(crowd, key=lambda band: (band.status.severity, band.until - band.since))
            yield Band(crowd[0].since, crowd[-1].until, worst.status, worst.reason, len(crowd))


async def read_floor_at(reading: Reading) -> FloorSnapshot:
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
