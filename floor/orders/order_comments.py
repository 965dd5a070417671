"""The comments on a work order."""

from __future__ import annotations

from ..core.errors import ReferenceReusedError
from ..core.orders import WorkOrderEvent
from ..core.people import Identity, Role
from ..core.text import LONG_TEXT, clean_reference, clean_text
from ..db.transactions import logged
from .order_transactions import OrderTransactions


class OrderComments(OrderTransactions):
    """Adds comments; they are events of the order and never change."""

    async def comment(self, who: Identity, order_id: str, text: str, client_reference: str | None = None
                      ) -> tuple[WorkOrderEvent, ...]:
        """Add a comment: see `comment_once`."""
        return (await self.comment_once(who, order_id, text, client_reference))[0]

    async def comment_once(self, who: Identity, order_id: str, text: str, client_reference: str | None
                           ) -> tuple[tuple[WorkOrderEvent, ...], bool]:
        """Add a comment. Requires the role operator.

        The history is read in the same transaction, so nothing can fail after the commit.

        :returns: the order's history and true; or false, if the same client reference has added the comment before
        :raises ReferenceReusedError: the reference has added a different comment before
        """
        text, reference = clean_text(text, 'text', LONG_TEXT), clean_reference(client_reference)
        async with (logged('work order commented', who, order=order_id) as log_fields,
                    self._changing(who, order_id, Role.OPERATOR, 'commenting') as (connection, _, _)):
            row = await self._queries.comment_work_order(connection, id=order_id, text=text, client_reference=reference)
            if row is None:
                earlier = await self._queries.comment_with_reference(connection, client_reference=reference)
                if (earlier['work_order_id'], earlier['note']) != (order_id, text):
                    raise ReferenceReusedError('a comment', earlier['note'])
                log_fields.clear()
            return await self._events(connection, order_id), row is not None
