"""Work orders over time: number, age, time to completion, and load per assignee."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from ..core.orders import Priority
from .report_snapshot import ReportSnapshot
from .window import seconds

WEEK = 7


@dataclass(frozen=True, slots=True)
class VolumeOfDay:
    """Orders reported on a day of the plant's calendar.

    average   the mean of the seven days that end with it; None before the seventh day from the first order on
    is_over   False today: more may come
    """

    day: date
    orders: int
    average: float | None
    is_over: bool = True


@dataclass(frozen=True, slots=True)
class OpenOrderAges:
    """Orders that somebody still has to see to, now; ages in seconds since they were reported."""

    priority: Priority
    orders: int
    overdue: int
    mean: float
    median: float
    oldest: float


@dataclass(frozen=True, slots=True)
class Resolution:
    """Orders completed in the window; seconds from reported to completed."""

    priority: Priority
    orders: int
    mean: float
    median: float


@dataclass(frozen=True, slots=True)
class PersonLoad:
    """Orders somebody has to see to now, and has completed in the window; name None: nobody's."""

    employee_id: int | None
    name: str | None
    active: int
    completed: int


@dataclass(frozen=True, slots=True)
class OrderReport:
    """volume has every day of the plant that the window touches, from the first order on; the others what there is."""

    volume: tuple[VolumeOfDay, ...]
    ages: tuple[OpenOrderAges, ...]
    resolution: tuple[Resolution, ...]
    load: tuple[PersonLoad, ...]


async def read_orders(reading: ReportSnapshot) -> OrderReport:
    """The orders of the machines that are asked about. The median of an even number is the lower of the two."""
    connection, queries, names = reading.connection, reading.queries, reading.names
    window: dict[str, Any] = {'names': names, 'start': reading.window.start, 'until': reading.window.end}
    return OrderReport(
        tuple([VolumeOfDay(row['day'], row['orders'], None if row['of_week'] is None else row['of_week'] / WEEK,
                           row['is_over']) async for row in
               queries.order_volume(connection, zone=reading.zone.key, now=reading.now, **window)]),
        tuple([OpenOrderAges(Priority(row['priority']), row['orders'], row['overdue'],
                             seconds(row['sum_of_ages']) / row['orders'], seconds(row['median']),
                             seconds(row['oldest']))
               async for row in queries.open_order_ages(connection, names=names, now=reading.now)]),
        tuple([Resolution(Priority(row['priority']), row['orders'], seconds(row['sum_of_times']) / row['orders'],
                          seconds(row['median'])) async for row in queries.order_resolution(connection, **window)]),
        tuple([PersonLoad(row['assignee_id'], row['assignee'], row['active'], row['completed']) async for row in
               queries.order_load(connection, **window)]))
