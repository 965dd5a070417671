"""What machines were, over time and at one moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..errors import InvalidInput
from ..history import to_brief, to_event, to_status
from ..model import FloorSnapshot, MachineName, MachineRecord, Status
from .reading import Reading

MOST_COLUMNS = 10_000
EVENTS = 200


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of one status and reason. merged: how many stretches it stands for, of which it shows the worst."""

    since: datetime
    until: datetime
    status: Status
    reason: str | None
    merged: int = 1


@dataclass(frozen=True, slots=True)
class Lane:
    """One machine over a window, without a gap: unknown is a band too."""

    machine: MachineName
    bands: tuple[Band, ...]


async def read_timeline(reading: Reading, machines: Sequence[MachineName], columns: int) -> tuple[Lane, ...]:
    """Lanes in the order asked for; a machine that nobody knows is unknown all the time."""
    if not 1 <= columns <= MOST_COLUMNS:
        raise InvalidInput(f'a timeline has 1 to {MOST_COLUMNS:,} columns', 'columns')
    names = list(dict.fromkeys(machines))
    bands: dict[str, list[Band]] = {name: [] for name in names}
    period = {**reading.period, 'names': names}
    async for row in reading.queries.timeline(reading.connection, columns=columns, **period):
        bands[row['machine_name']].append(Band(row['since'], row['until'], Status(row['status']), row['reason'],
                                               row['merged']))
    return tuple(Lane(name, tuple(bands[name])) for name in names)


async def read_floor_at(reading: Reading) -> FloorSnapshot:
    """The floor at the end of the window, with the latest events of the hour before it and the work orders of then."""
    moment = reading.window.end
    machines = [to_record(row) async for row in
                reading.queries.floor_at(reading.connection, moment=moment, now=reading.now)]
    events = [to_event(row) async for row in
              reading.queries.events_before(reading.connection, moment=moment, most=EVENTS)]
    orders = [to_brief(row) async for row in reading.queries.orders_at(reading.connection, moment=moment)]
    return FloorSnapshot(tuple(machines), tuple(events), int(moment.timestamp() * 1000), tuple(orders))


def to_record(row: Any) -> MachineRecord:
    """A machine as it was. A silent one was unknown since it fell silent. One that is gone has the number 0."""
    silent = row['silent_ms'] is not None
    status = Status.UNKNOWN if silent else to_status(row['status']) or Status.UNKNOWN
    return MachineRecord(row['machine_id'], MachineName(row['machine_name']), row['type'], row['line'], status,
                         None if silent else row['reason'], row['version'], row['reported_ms'],
                         row['silent_ms'] if silent else row['since_ms'])
