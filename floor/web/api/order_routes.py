"""The routes of single work orders and their list: /api/work-orders and /api/work-orders/ID."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response

from ...core.errors import EditConflictError, OrderAlreadyOpenError
from ...core.orders import WorkOrder
from ...core.people import Identity
from ...db.database import Database
from ...orders.employees import Employees
from ...orders.work_order_list import WorkOrderList
from ...orders.work_orders import WorkOrders
from ..http.entity_tags import tag_of, tag_of_version
from ..http.path_prefix import prefix_of
from .floor_api import database_errors
from .named_people import find_assignee
from .order_answers import OrderAnswer, OrderDetailsAnswer
from .order_change import OrderChangeRequest
from .order_examples import NEW_ORDERS, PATCHES
from .order_forms import NewOrderForm, OrderPatch
from .order_parameters import LOCATION, Id, IfMatch, Key, checked_order_id
from .order_query import PAGES, PARAMETERS, page_headers, read_query
from .problems import documented, problem
from .versioned_change import VersionMismatchError


def add_reads(router: APIRouter, database: Database, orders: WorkOrders, order_list: WorkOrderList,
              timeout: float) -> None:
    """Add the routes that read. timeout: seconds after which the database counts as unavailable."""
    @router.get('', summary='Work orders, the newest first', operation_id='list_work_orders',
                responses={200: {'headers': PAGES}}, openapi_extra={'parameters': PARAMETERS})
    async def list_work_orders(request: Request, response: Response) -> list[OrderAnswer]:
        """A page of the matching orders. The headers have the total count and links to the other pages."""
        async with database_errors(timeout):
            order_filter = await order_list.checked(read_query(request.query_params, order_list.zone))
            page, now = await order_list.page(order_filter), await database.now()
        response.headers.update(page_headers(prefix_of(request.headers) + request.url.path, request.query_params,
                                             order_filter, page))
        return [OrderAnswer.of(order, now) for order in page.orders]

    @router.get('/{order_id}', summary='One work order with its checklist and attachments',
                operation_id='get_work_order', responses=documented(404))
    async def get_work_order(order_id: Id, response: Response) -> OrderDetailsAnswer:
        """All fields of an order. Its history is at /events."""
        async with database_errors(timeout):
            order = OrderDetailsAnswer.of_details(await orders.details(checked_order_id(order_id)),
                                                  await database.now())
        response.headers['ETag'] = tag_of(order.model_dump_json().encode(), order.version)
        return order


def add_create(router: APIRouter, database: Database, orders: WorkOrders, employees: Employees, *,
               identity: Any, timeout: float) -> None:
    """Add the route that creates an order. identity: the dependency that identifies the caller."""
    @router.post('', status_code=201, summary='Report a problem with a machine', operation_id='create_work_order',
                 response_model=OrderAnswer, responses={
        200: {'model': OrderAnswer, 'description': 'The order that was created earlier with this Idempotency-Key.',
              'headers': LOCATION},
        201: {'headers': LOCATION}, **documented(400, 403, 409, 413, 415, 429)})
    async def create_work_order(new: Annotated[NewOrderForm, Body(openapi_examples=NEW_ORDERS)], request: Request,
                                response: Response, who: Identity = identity, idempotency_key: Key = None) -> Any:
        """Requires the role operator; technician to assign yourself, supervisor to assign others.

        Returns 409 with the open order in current if one exists for the present stop of the machine. Comment on it, or
        send even_if_open true to create a second one.
        """
        async with database_errors(timeout):
            assignee_id = await find_assignee(employees, new.assignee)
            now = await database.now()  # before the command, as nothing may fail after its commit
            try:
                order, is_new = await orders.create_once(who, new.order(assignee_id, idempotency_key))
            except OrderAlreadyOpenError as error:
                return problem(409, f'{error}: comment on it, or send even_if_open true to create a second order',
                               current=_current(error.order, now))
        response.status_code = 201 if is_new else 200
        response.headers['Location'] = f'{request.url.path}/{order.id}'
        response.headers['ETag'] = tag_of_version(order.version)
        return OrderAnswer.of(order, now)


def add_update(router: APIRouter, database: Database, orders: WorkOrders, employees: Employees, *,
               identity: Any, timeout: float) -> None:
    """Add the route that changes an order. identity: the dependency that identifies the caller."""
    @router.patch('/{order_id}', response_model=OrderAnswer, summary='Change a work order or its status',
                  operation_id='update_work_order', responses=documented(400, 403, 404, 409, 412, 413, 415, 428, 429))
    async def update_work_order(order_id: Id, patch: Annotated[OrderPatch, Body(openapi_examples=PATCHES)],
                                response: Response, who: Identity = identity, if_match: IfMatch = None) -> Any:
        """Send either new values or a transition to another status: each is one event of the history.

        Send the version that the change is based on in version or If-Match. Returns 409 or 412 with the current order
        if someone else has changed it, and 422 for a transition that is not allowed or incomplete. Requires the role
        technician; supervisor to assign others and to cancel. Reporters may change description and priority.
        """
        async with database_errors(timeout):
            now = await database.now()  # before the command, as nothing may fail after its commit
            try:
                order = await OrderChangeRequest(orders, employees, who, patch,
                                                 if_match).make(checked_order_id(order_id))
            except EditConflictError as conflict:
                return problem(409, str(conflict), current=_current(conflict.current, now))
            except VersionMismatchError as mismatch:
                return problem(412, str(mismatch), current=_current(mismatch.current, now))
        response.headers['ETag'] = tag_of_version(order.version)
        return OrderAnswer.of(order, now)


def _current(order: object, now: datetime) -> OrderAnswer | None:
    return OrderAnswer.of(order, now) if isinstance(order, WorkOrder) else None
