"""The checklist of a work order: steps are added, checked and removed."""

from __future__ import annotations

from ..core.errors import NotFoundError
from ..core.people import Identity, Role
from ..db.connection import Connection
from ..db.transactions import logged
from .employees import require
from .order_transactions import OrderTransactions, is_possible_id, role_to_change
from .order_values import checked_items


class OrderChecklist(OrderTransactions):
    """The checklist of an order."""

    async def add_item(self, who: Identity, order_id: str, text: str) -> None:
        """Add a step. Requires the role technician, or operator for the person who reported the order."""
        items = checked_items([text])
        async with (logged('checklist item added', who, order=order_id),
                    self._changing(who, order_id) as (connection, person, order)):
            require(person, role_to_change(person, order), 'changing the checklist')
            await self._queries.add_work_order_items(connection, id=order_id, texts=items)

    async def check_item(self, who: Identity, order_id: str, item_id: int, done: bool) -> None:
        """Check or uncheck a step. Requires the role technician."""
        async with (logged('checklist item checked' if done else 'checklist item unchecked', who, order=order_id),
                    self._changing(who, order_id, Role.TECHNICIAN, 'changing the checklist') as (
                        connection, person, _)):
            await self._require_item(connection, order_id, item_id)
            await self._queries.check_work_order_item(connection, id=order_id, item_id=item_id, done=done,
                                                      who=person.name)

    async def remove_item(self, who: Identity, order_id: str, item_id: int) -> None:
        """Remove a step; it stays in the history. Requires the role technician."""
        async with (logged('checklist item removed', who, order=order_id),
                    self._changing(who, order_id, Role.TECHNICIAN, 'changing the checklist') as (connection, _, _)):
            await self._require_item(connection, order_id, item_id)
            await self._queries.remove_work_order_item(connection, id=order_id, item_id=item_id)

    async def _require_item(self, connection: Connection, order_id: str, item_id: int) -> None:
        if not is_possible_id(order_id, item_id) \
                or not await self._queries.has_work_order_item(connection, id=order_id, item_id=item_id):
            raise NotFoundError('this step is no longer on the checklist')
