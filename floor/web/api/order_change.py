"""A PATCH of a work order: the version that it is based on, from the body or If-Match, and the change."""

from __future__ import annotations

from ...core.orders import WorkOrder
from ...core.people import Identity
from ...orders.employees import Employees
from ...orders.work_orders import WorkOrders
from .named_people import find_assignee
from .order_forms import OrderPatch
from .versioned_change import change


class OrderChangeRequest:
    """One PATCH by one person."""

    def __init__(self, orders: WorkOrders, employees: Employees, who: Identity, patch: OrderPatch,
                 if_match: str | None) -> None:
        self._orders = orders
        self._employees = employees
        self._who = who
        self._patch = patch
        self._if_match = if_match

    async def make(self, order_id: str) -> WorkOrder:
        """Change the order.

        :raises VersionMismatchError: If-Match is outdated
        :raises EditConflictError: version is outdated
        """
        return await change(
            lambda: self._orders.get(order_id), lambda version: self._change(order_id, version),
            self._patch.seen_version, self._if_match, called=lambda _: order_id,
            missing='the version of the order is missing: send version in the body, or its ETag in the header If-Match')

    async def _change(self, order_id: str, version: int) -> WorkOrder:
        patch = self._patch
        if patch.status is not None:
            return await self._orders.transition(self._who, order_id, version, patch.transition(patch.status))
        assignee_id = await find_assignee(self._employees, patch.assignee)
        return await self._orders.edit(self._who, order_id, version, patch.edit(assignee_id))
