"""The REST face of attachments: /api/work-orders/ID/attachments/NUMBER."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from ...core.people import Identity
from .attachment_responses import SUFFIXES, AttachmentResponses
from .floor_api import answering
from .order_parameters import Id, checked_order_id
from .problems import documented

AttachmentId = Annotated[int, Path(ge=1, le=2**31 - 1, description='The id of an attachment of the order.',
                                   examples=[7])]
BINARY = {'schema': {'type': 'string', 'format': 'binary'}}
NOT_MODIFIED: dict[str, Any] = {'description': 'Not modified since the ETag in If-None-Match.'}


def add(router: APIRouter, attachments: AttachmentResponses, asking: Any, patience: float) -> None:
    """Serve them below a router of work orders. asking: the dependency that says who asks."""
    @router.get('/{order_id}/attachments/{attachment_id}', summary='The content of an attachment',
                response_class=Response, responses={
                    200: {'content': dict.fromkeys(('application/octet-stream', *SUFFIXES), BINARY),
                          'description': 'The stored file: photos are upright and without metadata.'},
                    206: {'description': 'The bytes requested by the Range header.'}, 304: NOT_MODIFIED,
                    **documented(404, 416, 429)}, operation_id='get_attachment')
    async def get_attachment(order_id: Id, attachment_id: AttachmentId, request: Request, who: Identity = asking
                             ) -> Response:
        """Sent as a download, so that nothing in it can run in this site's origin."""
        async with answering(patience):
            file = await attachments.find(checked_order_id(order_id), attachment_id)
        return await attachments.file(request, who, file, place='attachment')
