"""Which work orders the REST interface is asked for: the parameters of the page's address, by the same names."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from ...orders.order_cursor import OrderCursor
from ...orders.order_filter import MOST_PAGES, MOST_TEXT, PER_PAGE, UPDATED_AFTER, Done, OrderFilter, SortKey
from ...orders.work_order_list import OrderPage
from .fields import AT

MOST_PER_PAGE = 200
EXAMPLE_CURSOR = str(OrderCursor('WO-20260302-3f2a91bc', datetime.fromisoformat(AT), '700:700:'))
PAGES = {'X-Total-Count': {'description': 'How many orders all pages have.', 'schema': {'type': 'integer'}},
         'X-Next-Cursor': {'description': 'cursor of the next page; not there on the last one.',
                           'schema': {'type': 'string'}},
         'Link': {'description': 'first, prev, next, last (RFC 8288); prev and next by cursor.',
                  'schema': {'type': 'string'}}}
SORTS = [*SortKey, *(f'-{key}' for key in SortKey if key is not SortKey.PRESSING)]


def read_query(query: QueryParams, zone: tzinfo) -> OrderFilter:
    """The filter of an address, the newest order first. zone: the plant's, of a time without an offset.

    :raises QueryError: something is not understood
    """
    return OrderFilter.from_query(query, [UPDATED_AFTER], sort=SortKey.AGE, most_per_page=MOST_PER_PAGE,
                                  zone=zone)


def page_headers(path: str, query: QueryParams, filter: OrderFilter, page: OrderPage) -> dict[str, str]:
    """How many orders there are, and where the other pages are (RFC 8288): the next and the previous one by cursor, so
    that nothing is skipped or comes twice while others write."""
    last = max(1, -(-page.total // filter.per_page))
    targets: dict[str, tuple[str, object]] = {'first': ('page', 1)}
    if page.previous is not None:
        targets['prev'] = 'cursor', page.previous
    elif filter.cursor is None and filter.page > 1:
        targets['prev'] = 'page', min(filter.page - 1, last)
    if page.next is not None:
        targets['next'] = 'cursor', page.next
    targets['last'] = 'page', last
    others = [(name, value) for name, value in query.multi_items() if name not in {'page', 'cursor'}]
    links = [f'<{path}?{urlencode([*others, target])}>; rel="{name}"' for name, target in targets.items()]
    return {'X-Total-Count': str(page.total), 'Link': ', '.join(links),
            **({} if page.next is None else {'X-Next-Cursor': str(page.next)})}


def _parameter(name: str, description: str, example: Any, **schema: Any) -> dict[str, Any]:
    return {'name': name, 'in': 'query', 'required': False, 'description': description,
            'schema': {**schema, 'examples': [example]}}


PARAMETERS = [
    _parameter('status', 'One or more; left out: all.', ['open', 'in_progress'], type='array',
               items={'$ref': '#/components/schemas/WorkOrderStatus'}),
    _parameter('priority', 'One or more; left out: all.', ['critical', 'high'], type='array',
               items={'$ref': '#/components/schemas/Priority'}),
    _parameter('machine', 'The name of a machine: machine_id of its orders.', 'Injection_Molder_02_01', type='string'),
    _parameter('assignee', 'The name, the e-mail address or the id of an employee; none: orders that nobody has.',
               'none', type='string'),
    _parameter('q', 'Words that are looked for in the texts of an order, its machine and its assignee.', 'leak',
               type='string', maxLength=MOST_TEXT),
    _parameter('overdue', 'true: only orders that should have been done by now.', False, type='boolean'),
    _parameter('done', 'Also orders that were completed today or within 7 days, whatever status is asked for.', 'week',
               type='string', enum=[*Done]),
    _parameter('sort', 'What comes first; a minus turns it round. Left out: age, the newest first.', 'age',
               type='string', enum=SORTS),
    _parameter(UPDATED_AFTER, "Only orders that were changed after this moment; without an offset, by the plant's "
               'clock. A change is dated shortly before it can be seen: ask from a minute before your last answer. '
               'Comments and files are no change of an order.', AT,
               anyOf=[{'type': 'string', 'format': 'date-time'}, {'type': 'string'}]),  # less than RFC 3339 will do
    _parameter('cursor', 'Where the list goes on: X-Next-Cursor of the page before, with the same filters and '
               'sort. Nothing is skipped or comes twice, whatever is changed meanwhile; page is ignored then.',
               EXAMPLE_CURSOR, type='string'),
    _parameter('page', 'Which page, by its number; left out: the first.', 1, type='integer', minimum=1,
               maximum=MOST_PAGES),
    _parameter('per_page', f'Orders on a page; left out: {PER_PAGE}.', PER_PAGE, type='integer', minimum=1,
               maximum=MOST_PER_PAGE)]
"""For the OpenAPI description: what is read, OrderFilter says."""
