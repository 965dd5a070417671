"""The active work orders in the store, by id and by machine."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..core.machines import MachineName
from ..core.orders import OrderBrief, OrderId, Priority

ENDED_KEPT = 1_000
RANKS = {priority: priority.rank for priority in Priority}


@dataclass(frozen=True, slots=True)
class ActiveOrderChange:
    """An order before and after a change. before is None for one that was unknown or not active; after may be completed
    or cancelled, and is None if a snapshot no longer contains it."""

    id: OrderId
    before: OrderBrief | None
    after: OrderBrief | None


class ActiveOrders:
    """Orders by id and by machine. Sorting and counting are lazy, since ten thousand orders of one machine may change
    at once."""

    def __init__(self) -> None:
        self.by_id: dict[OrderId, OrderBrief] = {}
        self.counts: Counter[Priority] = Counter()
        """The number of orders of each priority."""
        self._by_machine: dict[MachineName, _OrdersOfMachine] = {}
        self._ended: dict[OrderId, int] = {}  # the event that ended it, so that an older event does not restore it

    def of(self, machine: MachineName, now_ms: int) -> list[OrderBrief]:
        """The orders of a machine: overdue ones first, then by priority, then by due time."""
        orders = self._by_machine.get(machine)
        return [] if orders is None else orders.sorted(now_ms)[:]

    def replace(self, orders: Iterable[OrderBrief]) -> list[ActiveOrderChange]:
        """Replace all orders by those of a snapshot."""
        before, self.by_id = self.by_id, {}
        self._ended.clear()
        self._by_machine = {}
        self.counts.clear()
        for order in orders:
            self._put_in(order)
        return [ActiveOrderChange(id_, before.get(id_), self.by_id.get(id_)) for id_ in {**before, **self.by_id}
                if before.get(id_) != self.by_id.get(id_)]

    def apply(self, changes: Iterable[OrderBrief]) -> list[ActiveOrderChange]:
        """Apply notifications. Known or older changes are ignored."""
        applied = []
        for order in changes:
            before = self.by_id.get(order.id)
            if order.event <= (before.event if before else self._ended.get(order.id, -1)):
                continue
            self._take_out(before)
            if order.status.is_active:
                self._put_in(order)
            else:
                self._remember_end(order)
            applied.append(ActiveOrderChange(order.id, before, order))
        return applied

    def _put_in(self, order: OrderBrief) -> None:
        self._ended.pop(order.id, None)
        self.by_id[order.id] = order
        self.counts[order.priority] += 1
        if (of_machine := self._by_machine.get(order.machine)) is None:
            of_machine = self._by_machine[order.machine] = _OrdersOfMachine()
        of_machine.put_in(order)

    def _take_out(self, order: OrderBrief | None) -> None:
        if order is None:
            return
        del self.by_id[order.id]
        self.counts[order.priority] -= 1
        of_machine = self._by_machine[order.machine]
        of_machine.take_out(order)
        if not of_machine.by_id:
            del self._by_machine[order.machine]

    def _remember_end(self, order: OrderBrief) -> None:
        self._ended.pop(order.id, None)
        self._ended[order.id] = order.event
        if len(self._ended) > ENDED_KEPT:
            del self._ended[next(iter(self._ended))]


@dataclass(slots=True)
class _OrdersOfMachine:
    """Sorted when asked for, and again when one has changed or become overdue since."""

    by_id: dict[OrderId, OrderBrief] = field(default_factory=dict)
    _sorted: list[OrderBrief] | None = None
    _from_ms: float = 0
    _until_ms: float = 0

    def put_in(self, order: OrderBrief) -> None:
        self.by_id[order.id] = order
        self._sorted = None

    def take_out(self, order: OrderBrief) -> None:
        del self.by_id[order.id]
        self._sorted = None

    def sorted(self, now_ms: int) -> list[OrderBrief]:
        if self._sorted is None or not self._from_ms <= now_ms <= self._until_ms:
            self._sorted = sorted(self.by_id.values(), key=lambda order: (order.due_ms >= now_ms, *_urgency(order)))
            self._from_ms = now_ms
            self._until_ms = min((order.due_ms for order in self._sorted if order.due_ms >= now_ms), default=math.inf)
        return self._sorted


def _urgency(order: OrderBrief) -> tuple[int, int, str]:
    return RANKS[order.priority], order.due_ms, order.id
