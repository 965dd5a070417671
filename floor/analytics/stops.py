"""Stops: each with its four clocks, their causes as a Pareto, and the machines that lose most by them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from ..core.machines import MachineName
from ..core.names import name_key
from ..core.orders import OrderId
from .report_snapshot import ReportSnapshot
from .window import MICROSECOND, seconds, share

By = Literal['minutes', 'count']
VITAL = 0.8
CLOCKS = ('detect', 'acknowledge', 'respond', 'repair')


@dataclass(frozen=True, slots=True)
class Stop:
    """From entering down until leaving it, whatever reasons were given meanwhile: reason is the one it began with;
    where that was none, the last one given. until None: it is still going.

    down is the known seconds of it inside the window, length those of all of it until now: a data gap does not shorten
    a stop; unconfirmed are the seconds of data gaps in it. cost: of down, if the line on which it began has one.
    The clocks split the time from down to running by the stop's work orders: until the first was created (detect), one
    was acknowledged, work on one started (respond), and until the machine ran again (repair). A moment before the one
    it follows counts as that one, and one after the end as the end, so four clocks always sum up to the stop. A clock
    of which a moment is missing is None.
    """

    id: int
    machine: MachineName
    since: datetime
    until: datetime | None
    reason: str | None
    repaired: bool
    is_micro: bool
    down: float
    length: float
    detect: float | None
    acknowledge: float | None
    respond: float | None
    repair: float | None
    order: OrderId | None
    response: float | None
    """Seconds from down to acknowledged, at most until it ran again: the response."""
    unconfirmed: float = 0.0
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """One bar of a Pareto: seconds down in the window and stops that began in it, for the reason (None: none given).

    share and cumulative, 0 to 1, are of what it is sorted by. vital: one of the first that together reach 80 %.
    """

    reason: str | None
    seconds: float
    count: int
    share: float
    cumulative: float
    vital: bool


@dataclass(frozen=True, slots=True)
class ProblemMachine:
    """Seconds down in the window, stops that began in it (micro-stops too), and the longest time down at once in it."""

    machine: MachineName
    seconds: float
    count: int
    longest: float


@dataclass(frozen=True, slots=True)
class CauseClocks:
    """Mean seconds of the four clocks over the stops of a cause that have all four; seconds: all of it together."""

    reason: str | None
    stops: int
    detect: float
    acknowledge: float
    respond: float
    repair: float
    seconds: float

    @property
    def means(self) -> tuple[float, float, float, float]:
        """In the order in which they follow each other."""
        return self.detect, self.acknowledge, self.respond, self.repair


@dataclass(frozen=True, slots=True)
class StopClocks:
    """The causes, the one that took longest in all first; total: the stops of the window, micro-stops too."""

    causes: tuple[CauseClocks, ...]
    total: int


async def read_causes(reading: ReportSnapshot, by: By) -> tuple[Cause, ...]:
    """All causes, the greatest first; equal ones by the other measure, then by name, the nameless last."""
    rows = [row async for row in reading.queries.stop_causes(reading.connection, **reading.stops_in_parts)]
    first, second = ('down', 'stops') if by == 'minutes' else ('stops', 'down')
    rows.sort(key=lambda row: (-row[first], -row[second], row['reason'] is None, name_key(row['reason'] or '')))
    whole, sum_so_far, causes = sum(row[first] for row in rows), 0, []
    for row in rows:
        before, sum_so_far = sum_so_far, sum_so_far + row[first]
        causes.append(Cause(row['reason'], seconds(row['down']), row['stops'], share(row[first], whole) or 0.0,
                            share(sum_so_far, whole) or 0.0, row[first] > 0 and before < VITAL * whole))
    return tuple(causes)


async def read_problem_machines(reading: ReportSnapshot, most: int) -> tuple[ProblemMachine, ...]:
    """The worst machines by seconds down, then by count, then by the longest, then by name; only ones that stopped."""
    rows = reading.queries.worst_machines(reading.connection, most=most, **reading.stops_in_parts)
    return tuple([ProblemMachine(MachineName(row['machine_name']), seconds(row['down']), row['stops'],
                                 seconds(row['longest'])) async for row in rows])


async def read_clocks(reading: ReportSnapshot) -> StopClocks:
    """Where the time of the stops went that have a work order which was acknowledged and started; micro-stops do not
    count."""
    [total] = [row['stops'] async for row in reading.queries.count_stops(reading.connection, **reading.stops_in_parts)]
    rows = reading.queries.stop_clocks(reading.connection, **reading.stops_in_parts)
    causes = []
    async for row in rows:
        means = {clock: seconds(row[clock]) / row['stops'] for clock in CLOCKS}
        causes.append(CauseClocks(row['reason'], row['stops'], **means,
                                  seconds=seconds(sum(row[clock] for clock in CLOCKS))))
    return StopClocks(tuple(sorted(causes, key=lambda cause: (-cause.seconds, name_key(cause.reason or '')))), total)


def to_stop(row: Any) -> Stop:
    """A row of the query stop_list."""
    detect, acknowledge, respond, repair = clocks(row['since'], row['created_at'], row['acknowledged_at'],
                                                  row['started_at'], row['until'])
    return Stop(row['version'], MachineName(row['machine_name']), row['since'], row['until'], row['reason'],
                row['repaired'], not row['fails'], seconds(row['down']), seconds(row['length']), detect,
                acknowledge, respond, repair, None if row['order_id'] is None else OrderId(row['order_id']),
                None if row['acknowledged_at'] is None
                else _since(row['since'], row['acknowledged_at'], row['until']),
                seconds(row['unconfirmed']), row['cost'])


def _since(start: datetime, moment: datetime, until: datetime | None) -> float:
    """Seconds from the start to a moment, at most until the end."""
    return max(0.0, seconds(((moment if until is None else min(moment, until)) - start) // MICROSECOND))


def clocks(since: datetime, *moments: datetime | None) -> list[float | None]:
    """Seconds between since and the moments in turn (created, acknowledged, started, running again)."""
    *_, until = moments
    result: list[float | None] = []
    latest = since
    previous: datetime | None = since
    for moment in moments:
        if moment is None:
            result.append(None)
            previous = None
            continue
        latest = max(latest, moment if until is None else min(moment, until))
        result.append(None if previous is None else seconds((latest - previous) // MICROSECOND))
        previous = latest
    return result
