"""The photos and PDFs of work orders."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from ..core.errors import InvalidInputError, NotFoundError, ReferenceReusedError
from ..core.orders import Attachment
from ..core.people import Identity, Role
from ..core.text import clean_reference
from ..db.connection import Connection
from ..db.database import Database
from ..db.transactions import command, logged, reading
from .employees import Employees, require
from .order_transactions import OrderTransactions, is_possible_id
from .pictures import Pictures
from .work_order_files import clean_file_name, digest_of_file, is_picture, media_type, named_as
from .work_order_rows import to_attachment

CHUNK_BYTES = 64 * 1024
"""Bytes of an attachment that one query reads."""
MAX_ATTACHMENTS = 50


class OrderAttachments(OrderTransactions):
    """Attaches files to orders, and reads them."""

    def __init__(self, database: Database, employees: Employees) -> None:
        super().__init__(database, employees)
        self._pictures = Pictures()
        self._thumbnail_lock = asyncio.Lock()

    async def attach(self, who: Identity, order_id: str, file_name: str, content: bytes) -> Attachment:
        """Attach a photo or PDF: see `attach_once`."""
        return (await self.attach_once(who, order_id, file_name, content))[0]

    async def attach_once(self, who: Identity, order_id: str, file_name: str, content: bytes,
                          client_reference: str | None = None) -> tuple[Attachment, bool]:
        """Attach a photo or PDF of at most 10 MiB; an order has at most 50. Requires the role operator.

        A photo is stored upright, without metadata, with a thumbnail; no connection is held while it is decoded.

        :returns: the attachment and true; or the one that the same client reference has created before, and false
        :raises ReferenceReusedError: the reference has attached a different file before
        """
        kind, file_name, reference = media_type(content), clean_file_name(file_name), clean_reference(client_reference)
        digest = None if reference is None else await asyncio.to_thread(digest_of_file, order_id, file_name, content)
        thumbnail = None
        async with reading(self._database) as connection:  # checked first: decoding is expensive
            require(await self._employees.act(connection, who), Role.OPERATOR, 'attaching a file')
            await self._get(connection, order_id)
            if earlier := await self._attached_before(connection, reference, digest):
                return earlier, False
            await self._require_space(connection, order_id)
        if is_picture(kind):
            picture = await self._pictures.rewritten(content, kind)
            kind, content, thumbnail = picture.media_type, picture.content, picture.thumbnail
            file_name = named_as(file_name, kind)
        async with (logged('file attached to a work order', who, order=order_id) as log_fields,
                    self._changing(who, order_id, Role.OPERATOR, 'attaching a file', is_counted=True) as (
                        connection, person, _)):
            earlier = await self._attached_before(connection, reference, digest)
            row = None
            if earlier is None:
                await self._require_space(connection, order_id)
                row = await self._queries.attach_to_work_order(
                    connection, id=order_id, file_name=file_name, media_type=kind, content=content, thumbnail=thumbnail,
                    added_by=person.name, client_reference=reference, request_digest=digest)
            if row is not None:
                return to_attachment(row), True
            log_fields.clear()
            earlier = earlier or await self._attached_before(connection, reference, digest)
            assert earlier is not None  # noqa: S101 (attachments are never deleted)
            return earlier, False

    async def attachment(self, order_id: str, attachment_id: int) -> Attachment:
        """The metadata of an attachment.

        :raises NotFoundError:
        """
        async with reading(self._database) as connection:
            row = await self._queries.work_order_attachment(
                connection, id=order_id,
                attachment_id=attachment_id) if is_possible_id(order_id, attachment_id) else None
        if row is None:
            raise NotFoundError('there is no such attachment')
        return to_attachment(row)

    async def content(self, attachment: Attachment, span: range | None = None) -> AsyncGenerator[bytes, None]:
        """The bytes of an attachment in chunks: all of them, or a range. No connection is held between two chunks."""
        span = range(attachment.size) if span is None else span
        for first in span[::CHUNK_BYTES]:
            async with reading(self._database) as connection:
                chunk = await self._queries.attachment_chunk(connection, attachment_id=attachment.id, first=first,
                                                             max_bytes=min(CHUNK_BYTES, span.stop - first))
            yield chunk

    async def thumbnail(self, order_id: str, attachment_id: int) -> bytes:
        """A small JPEG of a picture; empty if the file cannot be decoded.

        :raises NotFoundError: there is no such picture
        """
        stored = await self._stored_thumbnail(order_id, attachment_id)
        if stored is not None:
            return stored
        async with self._thumbnail_lock:  # one file in memory at a time, and each thumbnail is created once
            stored = await self._stored_thumbnail(order_id, attachment_id)
            return await self._create_thumbnail(order_id, attachment_id) if stored is None else stored

    async def _stored_thumbnail(self, order_id: str, attachment_id: int) -> bytes | None:
        async with reading(self._database) as connection:
            row = await self._queries.attachment_thumbnail(
                connection, id=order_id,
                attachment_id=attachment_id) if is_possible_id(order_id, attachment_id) else None
        if row is None or not is_picture(row['media_type']):
            raise NotFoundError('there is no such picture')
        stored: bytes | None = row['thumbnail']
        return stored

    async def _create_thumbnail(self, order_id: str, attachment_id: int) -> bytes:
        """Create and store the thumbnail of a picture that was stored without one."""
        file = await self.attachment(order_id, attachment_id)
        content = b''.join([chunk async for chunk in self.content(file)])
        try:
            thumbnail = (await self._pictures.rewritten(content, file.media_type)).thumbnail
        except InvalidInputError:
            thumbnail = b''
        async with command(self._database) as connection:
            await self._queries.store_attachment_thumbnail(connection, attachment_id=attachment_id, thumbnail=thumbnail)
        return thumbnail

    async def _attached_before(self, connection: Connection, reference: str | None, digest: str | None
                               ) -> Attachment | None:
        if reference is None:
            return None
        row = await self._queries.attachment_with_reference(connection, client_reference=reference)
        if row is None:
            return None
        if row['request_digest'] not in {None, digest}:  # null: inserted with SQL
            raise ReferenceReusedError(f'the attachment {row["file_name"]}', to_attachment(row))
        return to_attachment(row)

    async def _require_space(self, connection: Connection, order_id: str) -> None:
        attachments = [row async for row in self._queries.work_order_attachments(connection, id=order_id)]
        if len(attachments) >= MAX_ATTACHMENTS:
            raise InvalidInputError(f'this order already has {MAX_ATTACHMENTS} attachments, the maximum', 'content')
