"""Attaching a file by REST: its bytes are the body, its name is in the address."""

from __future__ import annotations

import logging
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from starlette.requests import ClientDisconnect

from ..model import Identity
from ..orders.work_orders import LONGEST_NAME, WorkOrders
from .floor_api import answering
from .order_answers import AttachmentAnswer
from .order_parameters import PLACE, Id, known_id
from .problems import documented

log = logging.getLogger(__name__)

LONGEST_WAIT_S = 60.0
"""For the photos of others that are read first, and its own."""
BODY = {'requestBody': {'required': True, 'description': 'The file, at most 10 MiB: a photo or a PDF.', 'content': {
    'application/octet-stream': {'schema': {'type': 'string', 'format': 'binary'}}}}}
FileName = Annotated[str, Query(min_length=1, max_length=LONGEST_NAME, examples=['leak.jpg'],
                                description='What the file is called.')]


def add(router: APIRouter, orders: WorkOrders, asking: Any, patience: float) -> None:
    """Serve it below a router of work orders. asking: the dependency that says who asks."""
    @router.post('/{order_id}/attachments', status_code=201, summary='Attach a photo or PDF',
                 operation_id='add_attachment', openapi_extra=BODY,
                 responses={201: {'headers': PLACE}, **documented(400, 404, 413, 415, 429)})
    async def add_attachment(order_id: Id, file_name: FileName, request: Request, response: Response,
                             who: Identity = asking) -> AttachmentAnswer:
        """Needs the role operator. What the file is, its content says; an order holds 50 of them."""
        _check_media_type(request.headers.get('content-type', ''))
        try:
            content = await request.body()
        except ClientDisconnect:
            log.info('an upload ended before the whole file had arrived', extra={'path': request.url.path})
            raise HTTPException(400, 'the upload ended before the whole file had arrived') from None
        async with answering(patience + LONGEST_WAIT_S):
            file = await orders.attach(who, known_id(order_id), file_name, content)
        response.headers['Location'] = f'{request.url.path}/{file.id}'
        return AttachmentAnswer.model_validate(file)


def _check_media_type(header: str) -> None:
    """What a page of another site cannot have a browser send without asking first, as in bodies.py."""
    media_type = header.partition(';')[0].strip().lower()
    if media_type not in {'application/octet-stream', 'application/pdf'} and not media_type.startswith('image/'):
        raise HTTPException(415, 'send the file itself, with the header Content-Type: application/octet-stream')
