"""The work orders that somebody still has to do something about, as the store holds them: by id and by machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..model import MachineName, OrderBrief, OrderId

ENDED_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class OrderChange:
    """What was known of an order, and what is now. before is None for one that was not active, or not known; after may
    be completed or cancelled, and is None where a reading of the floor did not find it any more."""

    id: OrderId
    before: OrderBrief | None
    after: OrderBrief | None


class ActiveOrders:
    """Orders by id. Those of a machine are sorted when they change, not when they are asked for."""

    def __init__(self) -> None:
        self.by_id: dict[OrderId, OrderBrief] = {}
        self._by_machine: dict[MachineName, list[OrderBrief]] = {}
        self._ended: dict[OrderId, int] = {}  # the event that ended it, so that an older one does not bring it back

    def of(self, machine: MachineName, now_ms: int) -> list[OrderBrief]:
        """The orders of a machine: overdue ones first, then by priority, then by when they are due."""
        orders = self._by_machine.get(machine)
        if orders is None:
            return []
        return sorted(orders, key=lambda order: not order.is_overdue(now_ms)) if len(orders) > 1 else orders[:]

    def replace(self, orders: Iterable[OrderBrief]) -> list[OrderChange]:
        """All active orders as the database has them, whatever we knew."""
        before, self.by_id = self.by_id, {order.id: order for order in orders}
        self._ended.clear()
        self._by_machine = {}
        for order in self.by_id.values():
            self._by_machine.setdefault(order.machine, []).append(order)
        for of_machine in self._by_machine.values():
            of_machine.sort(key=_pressing)
        return [OrderChange(id_, before.get(id_), self.by_id.get(id_)) for id_ in {**before, **self.by_id}
                if before.get(id_) != self.by_id.get(id_)]

    def apply(self, changes: Iterable[OrderBrief]) -> list[OrderChange]:
        """What notifications said. What we know already, or newer, is left alone."""
        applied = []
        for order in changes:
            before = self.by_id.get(order.id)
            if order.event <= (before.event if before else self._ended.get(order.id, -1)):
                continue
            self._take_out(before)
            if order.state.is_active:
                self._put_in(order)
            else:
                self._remember_end(order)
            applied.append(OrderChange(order.id, before, order))
        return applied

    def _put_in(self, order: OrderBrief) -> None:
        self._ended.pop(order.id, None)
        self.by_id[order.id] = order
        of_machine = self._by_machine.setdefault(order.machine, [])
        of_machine.append(order)
        of_machine.sort(key=_pressing)

    def _take_out(self, order: OrderBrief | None) -> None:
        if order is None:
            return
        del self.by_id[order.id]
        of_machine = self._by_machine[order.machine]
        of_machine.remove(order)
        if not of_machine:
            del self._by_machine[order.machine]

    def _remember_end(self, order: OrderBrief) -> None:
        self._ended.pop(order.id, None)
        self._ended[order.id] = order.event
        if len(self._ended) > ENDED_KEPT:
            del self._ended[next(iter(self._ended))]


def _pressing(order: OrderBrief) -> tuple[int, int, str]:
    return order.priority.rank, order.due_ms, order.id
