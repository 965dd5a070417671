"""The attachments of a work order: photos, pictures and PDF files of up to 10 MB."""

from __future__ import annotations

from functools import partial

from nicegui import ui

from ...core.formatting import MEGABYTE, file_size
from ...core.orders import Attachment, WorkOrderDetails
from ...core.people import Identity, Person, Role
from ...orders.upload_queue import slot_for
from ..shell.addresses import with_prefix
from ..shell.heading import Heading
from ..shell.messages import Alert, TextNode
from ..shell.order_formatting import in_ms, order_address, role_needed
from ..shell.services import Services
from ..shell.times import date_and_time
from .upload_button import UploadButton

MAX_FILE_BYTES = 10 * MEGABYTE
REFUSED = 'You can attach images (JPEG, PNG, GIF, WebP, HEIC, AVIF, TIFF) and PDF files of up to 10 MB.'
PICTURES = ','.join(['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'image/heic', 'image/heif', 'image/avif',
                     'image/tiff', '.heic', '.heif', '.hif', '.avif', '.tif', '.tiff'])
"""With file name extensions, as few browsers know the media types of the newer formats."""
EXPLANATION = 'Photos and PDF files, up to 10 MB each. Location data is removed from photos.'
MAX_PROBLEMS = 10


class AttachmentsPanel:
    """Thumbnails of pictures and names of PDF files; each opens in a new tab."""

    def __init__(self, services: Services, identity: Identity, person: Person, order_id: str) -> None:
        self._services = services
        self._identity = identity
        self._order_id = order_id
        self._shown: tuple[Attachment, ...] = ()
        self._problems: list[str] = []
        refusal = role_needed(Role.OPERATOR, person.role)
        with ui.card().classes('panel').props('role=region aria-label=Attachments'):
            Heading('Attachments').classes('panel-title')
            self._list = ui.element('ul').classes('attachments')
            with ui.element('div').classes('uploads'):
                self._upload('Take a photo', refusal, PICTURES).use_camera().button.classes('upload-photo')
                self._upload('Add photos or PDFs', refusal, f'{PICTURES},application/pdf,.pdf')
            TextNode('p', refusal or EXPLANATION).classes('panel-note')
            self._problem = Alert()

    def show(self, details: WorkOrderDetails) -> None:
        """Update to the current attachments."""
        if details.attachments == self._shown:
            return
        self._shown = details.attachments
        self._list.clear()
        with self._list:
            for attachment in details.attachments:
                self._row(attachment)

    def _row(self, attachment: Attachment) -> None:
        address = f'{order_address(self._order_id)}/attachments/{attachment.id}'
        added = date_and_time(in_ms(attachment.added_at), self._services.zone)
        with ui.element('li'):
            with ui.link(target=address, new_tab=True) as link:
                if attachment.media_type.startswith('image/'):
                    picture = ui.element('img').props('loading=lazy')
                    picture.props['src'] = with_prefix(f'{address}/thumbnail')
                    picture.props['alt'] = ''
                TextNode('span', attachment.file_name).classes('free-text')
            link.props['rel'] = 'noopener'
            with ui.element('span').classes('quiet'):
                TextNode('span', f'{file_size(attachment.size)} · {attachment.added_by} · ')
                TextNode('time', added)

    def _upload(self, label: str, refusal: str, accept: str) -> UploadButton:
        return UploadButton(label, refusal=refusal, accept=accept, max_bytes=MAX_FILE_BYTES, on_file=self._attach,
                            on_begin=self._begin, on_problem=self._add_problems,
                            on_rejected=lambda: self._add_problems(REFUSED),
                            upload_slot=partial(slot_for, self._services.uploads, self._identity))

    async def _attach(self, name: str, content: bytes) -> None:
        await self._services.orders.attach(self._identity, self._order_id, name, content)

    def _begin(self) -> None:
        self._problems = []
        self._add_problems()

    def _add_problems(self, *problems: str) -> None:
        self._problems += [problem for problem in problems if problem not in self._problems]
        if not self._list.is_deleted:
            more = len(self._problems) - MAX_PROBLEMS
            shown = [*self._problems[:MAX_PROBLEMS], *([f'And {more} more.'] if more > 0 else [])]
            self._problem.show('\n'.join(shown))
