"""Parameters of several routes of work orders."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Header, Path, Request

from ...core.errors import InvalidInputError, NotFoundError

ORDER_ID = re.compile(r'WO-\d{8}-[0-9a-z]{4,32}', re.ASCII)
LOCATION = {'Location': {'description': 'Address of the resource.', 'schema': {'type': 'string'}}}
KEY = 'Idempotency-Key'

Key = Annotated[str | None, Header(min_length=1, max_length=200, pattern='^[!-~]+$', description=(
    'A key of your choice, unique for each order, comment or file. A repeated request with the same key is executed '
    'once and returns 200 with the first result, so that you can retry after a lost response. A different request '
    'with the same key returns 422. Keys are per person. 1 to 200 visible ASCII characters.'),
    examples=['tablet-7-0001'])]
IfMatch = Annotated[str | None, Header(max_length=1000, examples=['"1"'], description=(
    'The ETag that the change is based on, instead of version in the body: 412 if it is outdated.'))]
Id = Annotated[str, Path(description='Id of an order in /api/work-orders.',
                         examples=['WO-20260302-3f2a91bc'])]


async def only_one_key(request: Request) -> None:
    """A dependency.

    :raises InvalidInputError: the header is duplicate, and therefore ambiguous
    """
    if len(request.headers.getlist(KEY)) > 1:
        raise InvalidInputError(f'duplicate {KEY} header', 'client_reference')


def checked_order_id(order_id: str) -> str:
    """:raises NotFoundError: no order can have this id"""
    if not ORDER_ID.fullmatch(order_id):
        raise NotFoundError(f'there is no work order {order_id[:100]}')
    return order_id
