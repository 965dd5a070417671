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

PIECE = 64 * 1024
"""Bytes of an attachment that are read at once."""
MOST_ATTACHMENTS = 50


class OrderAttachments(OrderTransactions):
    """Keeps files with orders, and reads them."""

    def __init__(self, database: Database, employees: Employees) -> None:
        super().__init__(database, employees)
        self._pictures = Pictures()
        self._making_thumbnail = asyncio.Lock()

    async def attach(self, who: Identity, order_id: str, file_name: str, content: bytes) -> Attachment:
        """Keep a photo or PDF with the order: see `attach_once`."""
        return (await self.attach_once(who, order_id, file_name, content))[0]

    async def attach_once(self, who: Identity, order_id: str, file_name: str, content: bytes,
                          client_reference: str | None = None) -> tuple[Attachment, bool]:
        """A photo or PDF of at most 10 MiB, kept with the order, and true; or the file that this client reference of
        theirs has attached before, and false. An order holds 50 of them. Needs an operator.

        A photo is kept upright, without its metadata and with a thumbnail; no connection is held meanwhile.

        :raises ReferenceReusedError: the reference has attached another file before
        """
        kind, file_name, reference = media_type(content), clean_file_name(file_name), clean_reference(client_reference)
        digest = None if reference is None else await asyncio.to_thread(digest_of_file, order_id, file_name, content)
        thumbnail = None
        async with reading(self._database) as connection:  # nothing is decoded twice, or for people who may not attach
            require(await self._employees.act(connection, who), Role.OPERATOR, 'attaching a file')
            await self._get(connection, order_id)
            if earlier := await self._attached_before(connection, reference, digest):
                return earlier, False
            await self._need_space(connection, order_id)
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
                await self._need_space(connection, order_id)
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
        """What is known of an attachment.

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
        """The bytes of an attachment in pieces: all of them, or these. Between two pieces no connection is held."""
        span = range(attachment.size) if span is None else span
        for first in span[::PIECE]:
            async with reading(self._database) as connection:
                piece = await self._queries.attachment_piece(connection, attachment_id=attachment.id, first=first,
                                                             most=min(PIECE, span.stop - first))
            yield piece

    async def thumbnail(self, order_id: str, attachment_id: int) -> bytes:
        """A small JPEG of a picture. Empty: its file cannot be read as a picture.

        :raises NotFoundError: there is no such picture
        """
        kept = await self._kept_thumbnail(order_id, attachment_id)
        if kept is not None:
            return kept
        async with self._making_thumbnail:  # one file in memory, and each made once, however many look at it
            kept = await self._kept_thumbnail(order_id, attachment_id)
            return await self._thumbnail_later(order_id, attachment_id) if kept is None else kept

    async def _kept_thumbnail(self, order_id: str, attachment_id: int) -> bytes | None:
        async with reading(self._database) as connection:
            row = await self._queries.attachment_thumbnail(
                connection, id=order_id,
                attachment_id=attachment_id) if is_possible_id(order_id, attachment_id) else None
        if row is None or not is_picture(row['media_type']):
            raise NotFoundError('there is no such picture')
        kept: bytes | None = row['thumbnail']
        return kept

    async def _thumbnail_later(self, order_id: str, attachment_id: int) -> bytes:
        """For pictures that were stored without one."""
        file = await self.attachment(order_id, attachment_id)
        content = b''.join([piece async for piece in self.content(file)])
        try:
            thumbnail = (await self._pictures.rewritten(content, file.media_type)).thumbnail
        except InvalidInputError:
            thumbnail = b''
        async with command(self._database) as connection:
            await self._queries.keep_attachment_thumbnail(connection, attachment_id=attachment_id, thumbnail=thumbnail)
        return thumbnail

    async def _attached_before(self, connection: Connection, reference: str | None, digest: str | None
                               ) -> Attachment | None:
        if reference is None:
            return None
        row = await self._queries.attachment_with_reference(connection, client_reference=reference)
        if row is None:
            return None
        if row['request_digest'] not in {None, digest}:  # none: made by SQL
            raise ReferenceReusedError(f'the attachment {row["file_name"]}', to_attachment(row))
        return to_attachment(row)

    async def _need_space(self, connection: Connection, order_id: str) -> None:
        attachments = [row async for row in self._queries.work_order_attachments(connection, id=order_id)]
        if len(attachments) >= MOST_ATTACHMENTS:
            raise InvalidInputError(f'this order has {MOST_ATTACHMENTS} attachments, which is as many as fit',
                                    'content')
