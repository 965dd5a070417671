"""Parameters that several routes of work orders have, described once."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Header, Path, Request

from ...core.errors import InvalidInput, NotFound

ORDER_ID = re.compile(r'WO-\d{8}-[0-9a-z]{4,32}', re.ASCII)
PLACE = {'Location': {'description': 'Where it is found.', 'schema': {'type': 'string'}}}
KEY = 'Idempotency-Key'

Key = Annotated[str | None, Header(min_length=1, max_length=200, pattern='^[!-~]+$', description=(
    'Chosen by you, a new one for each order, comment or file: the same request with the same key is done once, so '
    'that you can send it again when an answer was lost; that gives 200 and what it made. Another request with the '
    'same key is refused (422). Keys of other people are theirs. 1 to 200 visible ASCII characters.'),
    examples=['tablet-7-0001'])]
IfMatch = Annotated[str | None, Header(max_length=1000, examples=['"1"'], description=(
    'The ETag of the order that you saw, as good as version in the body: 412 if it is not the present one.'))]
Id = Annotated[str, Path(description='The id of an order, as /api/work-orders gives it.',
                         examples=['WO-20260302-3f2a91bc'])]


def only_one_key(request: Request) -> None:
    """:raises InvalidInput: the header is there twice, so that nobody knows which one counts"""
    if len(request.headers.getlist(KEY)) > 1:
        raise InvalidInput(f'the request has more than one {KEY}', 'client_reference')


def known_id(order_id: str) -> str:
    """:raises NotFound: no order can have this id"""
    if not ORDER_ID.fullmatch(order_id):
        raise NotFound(f'there is no work order {order_id[:100]}')
    return order_id
