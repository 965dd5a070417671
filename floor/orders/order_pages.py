"""The results of lists of work orders: pages, counts, and the orders of a shift."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..core.orders import WorkOrder, WorkOrderStatus
from .order_cursor import OrderCursor
from .order_filter import Done, OrderFilter


@dataclass(frozen=True, slots=True)
class OrderCounts:
    """The number of orders per status under a filter without its statuses, and how many of them are overdue."""

    open: int = 0
    in_progress: int = 0
    on_hold: int = 0
    completed: int = 0
    cancelled: int = 0
    overdue: int = 0
    completed_today: int = 0
    completed_this_week: int = 0
    overdue_by_status: Mapping[WorkOrderStatus, int] = field(default_factory=dict)

    def of(self, status: WorkOrderStatus) -> int:
        """The number of orders with this status."""
        return int(getattr(self, status.value))

    @property
    def all(self) -> int:
        """The number of orders with any status."""
        return sum(map(self.of, WorkOrderStatus))

    def total(self, order_filter: OrderFilter) -> int:
        """The number of orders that match the filter with which these counts were read."""
        recent = {None: 0, Done.TODAY: self.completed_today, Done.WEEK: self.completed_this_week}[order_filter.done]
        statuses = order_filter.statuses if order_filter.statuses or order_filter.done else frozenset(WorkOrderStatus)
        if order_filter.overdue:
            return sum(self.overdue_by_status.get(status, 0) for status in statuses)
        return sum(map(self.of, statuses)) + (0 if WorkOrderStatus.COMPLETED in statuses else recent)


@dataclass(frozen=True, eq=False)
class OrderPage:
    """One page of a list; total is the number of orders on all pages."""

    orders: tuple[WorkOrder, ...]
    total: int
    counts: OrderCounts
    next: OrderCursor | None = None
    """None on the last page."""
    previous: OrderCursor | None = None
    """None on the first page."""


@dataclass(frozen=True, slots=True)
class ShiftOrders:
    """left: the orders that were active at the end of a shift, with their status, priority and assignee at that time.
    completed: the orders that were completed in it and not reopened since, sorted by time."""

    left: tuple[WorkOrder, ...]
    completed: tuple[WorkOrder, ...]
