"""Which work orders the REST interface is asked for: the parameters of the page's address, by the same names."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from ..orders.order_filter import MOST_PAGES, MOST_TEXT, PER_PAGE, Done, OrderFilter, SortKey

MOST_PER_PAGE = 200
SORTS = [*SortKey, *(f'-{key}' for key in SortKey if key is not SortKey.PRESSING)]


def read_query(query: QueryParams) -> OrderFilter:
    """The filter of an address, the newest order first.

    :raises QueryError: something is not understood
    """
    return OrderFilter.from_query(query, sort=SortKey.AGE, most_per_page=MOST_PER_PAGE)


def links(path: str, query: QueryParams, filter: OrderFilter, total: int) -> str:
    """The header Link: where the other pages are (RFC 8288)."""
    last = max(1, -(-total // filter.per_page))
    pages = {'first': 1, 'prev': min(filter.page - 1, last), 'next': filter.page + 1, 'last': last}
    others = [(name, value) for name, value in query.multi_items() if name != 'page']
    return ', '.join(f'<{path}?{urlencode([*others, ("page", page)])}>; rel="{name}"'
                     for name, page in pages.items() if 1 <= page <= last)


def _parameter(name: str, description: str, example: Any, **schema: Any) -> dict[str, Any]:
    return {'name': name, 'in': 'query', 'required': False, 'description': description,
            'schema': {**schema, 'examples': [example]}}


PARAMETERS = [
    _parameter('status', 'One or more; left out: all.', ['open', 'in_progress'], type='array',
               items={'$ref': '#/components/schemas/WorkOrderState'}),
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
    _parameter('page', 'Which page; left out: the first.', 1, type='integer', minimum=1, maximum=MOST_PAGES),
    _parameter('per_page', f'Orders on a page; left out: {PER_PAGE}.', PER_PAGE, type='integer', minimum=1,
               maximum=MOST_PER_PAGE)]
"""For the OpenAPI description: what is read, OrderFilter says."""
