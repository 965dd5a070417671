"""The REST face of what people wrote and what happened: /api/work-orders/ID/comments and /events."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from ...core.orders import WorkOrderEvent
from ...core.people import Identity
from ...orders.work_orders import WorkOrders
from .floor_api import answering
from .order_answers import CommentAnswer, EventAnswer
from .order_forms import CommentForm
from .order_parameters import Id, Key, checked_order_id
from .problems import documented


def add(router: APIRouter, orders: WorkOrders, asking: Any, patience: float) -> None:
    """Serve them below a router of work orders. asking: the dependency that says who asks."""
    @router.get('/{order_id}/comments', summary='Comments of a work order, oldest first', operation_id='list_comments',
                responses=documented(404))
    async def list_comments(order_id: Id) -> list[CommentAnswer]:
        """All comments of one order."""
        async with answering(patience):
            details = await orders.details(checked_order_id(order_id))
        return _comments(details.events)

    @router.post('/{order_id}/comments', status_code=201, summary='Add a comment', operation_id='add_comment',
                 responses={200: {'model': list[CommentAnswer],
                                  'description': 'The comments; the comment was added earlier with this '
                                                 'Idempotency-Key.'},
                            **documented(400, 404, 413, 415, 429)})
    async def add_comment(order_id: Id, comment: CommentForm, response: Response, who: Identity = asking,
                          idempotency_key: Key = None) -> list[CommentAnswer]:
        """Requires the role operator. Returns all comments of the order, oldest first."""
        async with answering(patience):
            events, is_new = await orders.comment_once(who, checked_order_id(order_id), comment.text, idempotency_key)
        response.status_code = 201 if is_new else 200
        return _comments(events)

    @router.get('/{order_id}/events', summary='History of a work order, oldest first', operation_id='list_events',
                responses=documented(404))
    async def list_events(order_id: Id) -> list[EventAnswer]:
        """Every change with its author, time, old and new value and note; includes comments."""
        async with answering(patience):
            details = await orders.details(checked_order_id(order_id))
        return [EventAnswer.of(event) for event in details.events]


def _comments(events: tuple[WorkOrderEvent, ...]) -> list[CommentAnswer]:
    return [CommentAnswer.of(event) for event in events if event.kind == 'commented']
