"""The REST route that attaches a file: the body is its content, its name is in the address."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from starlette.requests import ClientDisconnect

from ...core.people import Identity
from ...orders.order_values import MAX_NAME_LENGTH
from ...orders.pictures import DECODE_TIMEOUT_S, QUEUE_TIMEOUT_S
from ...orders.upload_queue import UploadQueue, body_timeout, slot_for
from ...orders.work_orders import WorkOrders
from .floor_api import database_errors
from .order_answers import AttachmentAnswer
from .order_parameters import LOCATION, Id, Key, checked_order_id
from .problems import documented

log = logging.getLogger(__name__)

MAX_WAIT_S = QUEUE_TIMEOUT_S + DECODE_TIMEOUT_S
"""Includes the time to process earlier photos."""
BODY = {'requestBody': {'required': True, 'description': 'The file, at most 10 MiB: a photo or a PDF.', 'content': {
    'application/octet-stream': {'schema': {'type': 'string', 'format': 'binary'}}}}}
FileName = Annotated[str, Query(min_length=1, max_length=MAX_NAME_LENGTH, examples=['leak.jpg'],
                                description='File name.')]


@dataclass(frozen=True, slots=True)
class Target:
    """Parameters of an upload, from its address and a header."""

    order_id: Id
    file_name: FileName
    idempotency_key: Key = None


def add(router: APIRouter, orders: WorkOrders, uploads: UploadQueue, identity: Any, timeout: float) -> None:
    """Add the route to the router of work orders. identity: the dependency that returns the person."""
    @router.post('/{order_id}/attachments', status_code=201, summary='Attach a photo or PDF',
                 operation_id='add_attachment', openapi_extra=BODY,
                 responses={200: {'model': AttachmentAnswer, 'headers': LOCATION,
                                  'description': 'The file that was attached earlier with this Idempotency-Key.'},
                            201: {'headers': LOCATION}, **documented(400, 404, 408, 413, 415, 429)})
    async def add_attachment(target: Annotated[Target, Depends()], request: Request, response: Response,
                             who: Identity = identity) -> AttachmentAnswer:
        """Requires the role operator. The media type is detected from the content; an order has at most 50 files.

        With an Idempotency-Key, sending the same upload again adds no second file.
        """
        _check_media_type(request.headers.get('content-type', ''))
        async with slot_for(uploads, who, request):
            try:
                async with body_timeout():
                    content = await request.body()
            except ClientDisconnect:
                log.info('an upload was interrupted', extra={'path': request.url.path})
                raise HTTPException(400, 'the upload was interrupted: send the file again') from None
            async with database_errors(timeout + MAX_WAIT_S):
                file, is_new = await orders.attach_once(who, checked_order_id(target.order_id), target.file_name,
                                                        content,
                                                        target.idempotency_key)
        response.status_code = 201 if is_new else 200
        response.headers['Location'] = f'{request.url.path}/{file.id}'
        return AttachmentAnswer.model_validate(file)


def _check_media_type(header: str) -> None:
    """Only accept media types that pages of other sites cannot send without a preflight request, as in bodies.py."""
    media_type = header.partition(';')[0].strip().lower()
    if media_type not in {'application/octet-stream', 'application/pdf'} and not media_type.startswith('image/'):
        raise HTTPException(415, 'send the file itself, with the header Content-Type: application/octet-stream')
