"""The steps of a work order: added, ticked, removed."""

from __future__ import annotations

from ..core.errors import NotFoundError
from ..core.people import Identity, Role
from ..db.connection import Connection
from ..db.transactions import logged
from .employees import require
from .order_transactions import OrderTransactions, is_possible_id, needed_by_reporter
from .order_values import checked_items


class OrderChecklist(OrderTransactions):
    """The checklist of an order."""

    async def add_item(self, who: Identity, order_id: str, text: str) -> None:
        """Add to the checklist. Needs a technician, or an operator who reported the order."""
        items = checked_items([text])
        async with (logged('item added to a checklist', who, order=order_id),
                    self._changing(who, order_id) as (connection, person, order)):
            require(person, needed_by_reporter(person, order), 'changing the checklist')
            await self._queries.add_work_order_items(connection, id=order_id, texts=items)

    async def check_item(self, who: Identity, order_id: str, item_id: int, done: bool) -> None:
        """Tick an item of the checklist, or take the tick away. Needs a technician."""
        async with (logged('item of a checklist ticked', who, order=order_id, done=done),
                    self._changing(who, order_id, Role.TECHNICIAN, 'ticking the checklist') as (connection, person, _)):
            await self._need_item(connection, order_id, item_id)
            await self._queries.check_work_order_item(connection, id=order_id, item_id=item_id, done=done,
                                                      who=person.name)

    async def remove_item(self, who: Identity, order_id: str, item_id: int) -> None:
        """Take an item off the checklist; the history keeps it. Needs a technician."""
        async with (logged('item taken off a checklist', who, order=order_id),
                    self._changing(who, order_id, Role.TECHNICIAN, 'changing the checklist') as (connection, _, _)):
            await self._need_item(connection, order_id, item_id)
            await self._queries.remove_work_order_item(connection, id=order_id, item_id=item_id)

    async def _need_item(self, connection: Connection, order_id: str, item_id: int) -> None:
        if not is_possible_id(order_id, item_id) \
                or not await self._queries.has_work_order_item(connection, id=order_id, item_id=item_id):
            raise NotFoundError('that item is not on the checklist any more')
