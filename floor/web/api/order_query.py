"""The query of the REST list of work orders, with the parameters of the address of the page."""

from __future__ import annotations

from datetime import datetime, tzinfo
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from ...orders.order_cursor import OrderCursor
from ...orders.order_filter import MAX_PAGE, MAX_SEARCH_LENGTH, PER_PAGE, UPDATED_AFTER, Done, OrderFilter, SortKey
from ...orders.order_pages import OrderPage
from .fields import AT, query_parameter

MAX_PER_PAGE = 200
EXAMPLE_CURSOR = str(OrderCursor('WO-20260302-3f2a91bc', datetime.fromisoformat(AT), '700:700:'))
PAGES = {'X-Total-Count': {'description': 'Number of orders on all pages.', 'schema': {'type': 'integer'}},
         'X-Next-Cursor': {'description': 'Cursor of the next page; absent on the last page.',
                           'schema': {'type': 'string'}},
         'Link': {'description': 'first, prev, next, last (RFC 8288); prev and next by cursor.',
                  'schema': {'type': 'string'}}}
SORTS = [*SortKey, *(f'-{key}' for key in SortKey if key is not SortKey.PRESSING)]


def read_query(query: QueryParams, zone: tzinfo) -> OrderFilter:
    """The filter of a query, newest orders first. zone: for times without an offset.

    :raises QueryError: a parameter is invalid
    """
    return OrderFilter.from_query(query, [UPDATED_AFTER], sort=SortKey.AGE, max_per_page=MAX_PER_PAGE,
                                  zone=zone)


def page_headers(path: str, query: QueryParams, order_filter: OrderFilter, page: OrderPage) -> dict[str, str]:
    """The headers with the total number of orders and the links to other pages (RFC 8288). The next and the previous
    page use a cursor, so that no order is skipped or repeated while others change."""
    last = max(1, -(-page.total // order_filter.per_page))
    targets: dict[str, tuple[str, object]] = {'first': ('page', 1)}
    if page.previous is not None:
        targets['prev'] = 'cursor', page.previous
    elif order_filter.cursor is None and order_filter.page > 1:
        targets['prev'] = 'page', min(order_filter.page - 1, last)
    if page.next is not None:
        targets['next'] = 'cursor', page.next
    targets['last'] = 'page', last
    others = [(name, value) for name, value in query.multi_items() if name not in {'page', 'cursor'}]
    links = [f'<{path}?{urlencode([*others, target])}>; rel="{name}"' for name, target in targets.items()]
    return {'X-Total-Count': str(page.total), 'Link': ', '.join(links),
            **({} if page.next is None else {'X-Next-Cursor': str(page.next)})}


PARAMETERS = [
    query_parameter('status', 'One or more. Default: all.', ['open', 'in_progress'], type='array',
               items={'$ref': '#/components/schemas/WorkOrderStatus'}),
    query_parameter('priority', 'One or more. Default: all.', ['critical', 'high'], type='array',
               items={'$ref': '#/components/schemas/Priority'}),
    query_parameter('machine', 'Name of a machine: machine_id of its orders.', 'Injection_Molder_02_01', type='string'),
    query_parameter('assignee', 'Name, e-mail address or id of an employee; none: unassigned orders.',
               'none', type='string'),
    query_parameter('q', 'Search the texts of an order, its machine and its assignee.', 'leak',
               type='string', maxLength=MAX_SEARCH_LENGTH),
    query_parameter('overdue', 'true: only overdue orders.', False, type='boolean'),
    query_parameter('done', 'Include orders completed today or in the last 7 days, regardless of status.', 'week',
               type='string', enum=[*Done]),
    query_parameter('sort', 'Sort order; a leading minus reverses it. Default: age, newest first.', 'age',
               type='string', enum=SORTS),
    query_parameter(UPDATED_AFTER, 'Only orders changed after this time; without an offset, plant time. Changes become '
               'visible shortly after their time stamp: use a time one minute before your last request. Comments and '
               'attachments do not change an order.', AT,
               anyOf=[{'type': 'string', 'format': 'date-time'}, {'type': 'string'}]),  # RFC 3339 is not required
    query_parameter('cursor', 'X-Next-Cursor of the previous page, with the same filters and sort order. No order is '
               'skipped or repeated while others change; page is ignored.',
               EXAMPLE_CURSOR, type='string'),
    query_parameter('page', 'Page number. Default: 1.', 1, type='integer', minimum=1,
               maximum=MAX_PAGE),
    query_parameter('per_page', f'Orders per page. Default: {PER_PAGE}.', PER_PAGE, type='integer', minimum=1,
               maximum=MAX_PER_PAGE)]
"""For the OpenAPI description. OrderFilter parses and checks them."""
