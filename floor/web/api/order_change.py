"""A PATCH of a work order: the version that it is based on, from the body or If-Match, and the change."""

from __future__ import annotations

from fastapi import HTTPException

from ...core.errors import EditConflictError
from ...core.orders import WorkOrder
from ...core.people import Identity
from ...orders.employees import Employees
from ...orders.work_orders import WorkOrders
from ..http.entity_tags import tag_of_version, versions_in
from .named_people import find_assignee
from .order_forms import OrderPatch


class VersionMismatchError(Exception):
    """If-Match does not contain the present version. current: the present order."""

    def __init__(self, message: str, current: object) -> None:
        super().__init__(message)
        self.current = current


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
        version = await self._version(order_id)
        try:
            return await self._change(order_id, version)
        except EditConflictError as conflict:
            if self._patch.seen_version is None:  # changed after the check of If-Match
                raise VersionMismatchError(str(conflict), conflict.current) from conflict
            raise

    async def _version(self, order_id: str) -> int:
        if self._if_match is None:
            if self._patch.seen_version is None:
                raise HTTPException(428, 'the version of the order is missing: send version in the body, or its ETag '
                                    'in the header If-Match')
            return self._patch.seen_version
        order, versions = await self._orders.get(order_id), versions_in(self._if_match)
        if versions is not None and order.version not in versions:
            raise VersionMismatchError(
                f'If-Match does not match the current version of {order_id}, whose ETag is '
                f'{tag_of_version(order.version)}: '
                'compare your change with current, then send that tag', order)
        return order.version if self._patch.seen_version is None else self._patch.seen_version

    async def _change(self, order_id: str, version: int) -> WorkOrder:
        patch = self._patch
        if patch.status is not None:
            return await self._orders.transition(self._who, order_id, version, patch.transition(patch.status))
        assignee_id = await find_assignee(self._employees, patch.assignee)
        return await self._orders.edit(self._who, order_id, version, patch.edit(assignee_id))
