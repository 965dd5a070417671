"""REST routes of comments and events: /api/work-orders/ID/comments and /events."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from ...core.orders import WorkOrderEvent
from ...core.people import Identity
from ...orders.work_orders import WorkOrders
from .floor_api import database_errors
from .order_answers import CommentAnswer, OrderEventAnswer
from .order_forms import CommentForm
from .order_parameters import Id, Key, checked_order_id
from .problems import documented


def add(router: APIRouter, orders: WorkOrders, identity: Any, timeout: float) -> None:
    """Add the routes to the router of work orders. identity: the dependency that returns the person."""
    @router.get('/{order_id}/comments', summary='Comments of a work order, oldest first', operation_id='list_comments',
                responses=documented(404))
    async def list_comments(order_id: Id) -> list[CommentAnswer]:
        """All comments of one order."""
        async with database_errors(timeout):
            details = await orders.details(checked_order_id(order_id))
        return _comments(details.events)

    @router.post('/{order_id}/comments', status_code=201, summary='Add a comment', operation_id='add_comment',
                 responses={200: {'model': list[CommentAnswer],
                                  'description': 'The comments; the comment was added earlier with this '
                                                 'Idempotency-Key.'},
                            **documented(400, 404, 413, 415, 429)})
    async def add_comment(order_id: Id, comment: CommentForm, response: Response, who: Identity = identity,
                          idempotency_key: Key = None) -> list[CommentAnswer]:
        """Requires the role operator. Returns all comments of the order, oldest first."""
        async with database_errors(timeout):
            events, is_new = await orders.comment_once(who, checked_order_id(order_id), comment.text, idempotency_key)
        response.status_code = 201 if is_new else 200
        return _comments(events)

    @router.get('/{order_id}/events', summary='History of a work order, oldest first', operation_id='list_events',
                responses=documented(404))
    async def list_events(order_id: Id) -> list[OrderEventAnswer]:
        """Every change with its author, time, old and new value and note; includes comments."""
        async with database_errors(timeout):
            details = await orders.details(checked_order_id(order_id))
        return [OrderEventAnswer.of(event) for event in details.events]


def _comments(events: tuple[WorkOrderEvent, ...]) -> list[CommentAnswer]:
    return [CommentAnswer.of(event) for event in events if event.kind == 'commented']
