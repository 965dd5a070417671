"""What a shift hands over to the next: its figures, its stops, what it lost most by, and the work orders it leaves."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from ..core.names import name_key
from ..core.orders import WorkOrder
from ..core.shifts import Shift
from ..orders.work_order_list import WorkOrderList
from . import Analytics, Cause, Kpis, Page, Stop, Window

MAX_STOPS, MAX_CAUSES = 2_000, 5


@dataclass(frozen=True, slots=True)
class ShiftReport:
    """until: the end of the shift, or now while it goes on. stops are in order of time and without micro-stops, running
    are all that went on at until, also one that was short in the end. left: the work orders that were open at until, as
    they were then, the overdue ones first. completed: those done in the shift.
    """

    shift: Shift
    until: datetime
    kpis: Kpis
    causes: tuple[Cause, ...]
    stops: tuple[Stop, ...]
    running: tuple[Stop, ...]
    new: int
    cleared: int
    left: tuple[WorkOrder, ...]
    completed: tuple[WorkOrder, ...]

    @property
    def is_going(self) -> bool:
        """Whether the shift has not ended."""
        return self.until < self.shift.end

    def is_overdue(self, order: WorkOrder) -> bool:
        """Whether an order should have been done by the end."""
        return order.due_at < self.until

    @property
    def overdue(self) -> int:
        """How many of those left should have been done."""
        return sum(map(self.is_overdue, self.left))


async def read_shift_report(analytics: Analytics, orders: WorkOrderList, shift: Shift, now: datetime) -> ShiftReport:
    """The report as of now (the database's clock).

    :raises DatabaseUnavailableError: the database does not answer, or not in time
    """
    until = min(shift.end, now.astimezone(UTC))
    window = Window(shift.start, until)
    kpis, causes, found, of_shift = await asyncio.gather(
        analytics.kpis(window), analytics.causes(window), analytics.stops(window, page=Page(size=MAX_STOPS)),
        orders.of_shift(shift.start, until))
    in_order = sorted(found.stops, key=lambda stop: (stop.since, name_key(stop.machine)))
    stops = tuple(stop for stop in in_order if not stop.is_micro)
    return ShiftReport(
        shift, until, kpis, causes[:MAX_CAUSES], stops,
        running=tuple(stop for stop in in_order if not ended_by(stop, until)),
        new=sum(stop.since >= shift.start for stop in stops), cleared=sum(ended_by(stop, until) for stop in stops),
        left=tuple(sorted(of_shift.left, key=lambda order: (order.due_at >= until, order.priority.rank, order.due_at,
                                                            order.id))),
        completed=of_shift.completed)


def ended_by(stop: Stop, moment: datetime) -> bool:
    """Whether a stop was over."""
    return stop.until is not None and stop.until <= moment
