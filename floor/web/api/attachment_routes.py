"""REST routes of attachments: /api/work-orders/ID/attachments/NUMBER."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from ...core.people import Identity
from .attachment_responses import SUFFIXES, AttachmentResponses
from .floor_api import database_errors
from .order_parameters import Id, checked_order_id
from .problems import documented

AttachmentId = Annotated[int, Path(ge=1, le=2**31 - 1, description='The id of an attachment of the order.',
                                   examples=[7])]
BINARY = {'schema': {'type': 'string', 'format': 'binary'}}
NOT_MODIFIED: dict[str, Any] = {'description': 'Not modified since the ETag in If-None-Match.'}


def add(router: APIRouter, attachments: AttachmentResponses, identity: Any, timeout: float) -> None:
    """Add the route to the router of work orders. identity: the dependency that returns the person."""
    @router.get('/{order_id}/attachments/{attachment_id}', summary='The content of an attachment',
                response_class=Response, responses={
                    200: {'content': dict.fromkeys(('application/octet-stream', *SUFFIXES), BINARY),
                          'description': 'The stored file: photos are upright and without metadata.'},
                    206: {'description': 'The bytes requested by the Range header.'}, 304: NOT_MODIFIED,
                    **documented(404, 416, 429)}, operation_id='get_attachment')
    async def get_attachment(order_id: Id, attachment_id: AttachmentId, request: Request, who: Identity = identity
                             ) -> Response:
        """Sent as a download, so that nothing in it can run in this site's origin."""
        async with database_errors(timeout):
            file = await attachments.find(checked_order_id(order_id), attachment_id)
        return await attachments.file(request, who, file, place='attachment')
