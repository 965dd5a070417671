"""The files of a work order: photos from a phone, images and PDF up to 10 MB."""

from __future__ import annotations

from nicegui import ui
from nicegui.events import UploadEventArguments

from ...errors import FloorError
from ...model import Attachment, Identity, Person, Role, WorkOrderDetails
from ..addresses import as_asked
from ..heading import Heading
from ..saying import Alert, Words, as_sentence
from ..services import Services
from ..words import date_and_time
from .upload_button import UploadButton
from .words import in_ms, order_address, role_needed

MEGABYTE = 1024 * 1024
LARGEST = 10 * MEGABYTE
REFUSED = 'Only images (JPEG, PNG, GIF, WebP) and PDF of up to 10 MB can be attached.'


class OrderAttachments:
    """Images as small pictures, PDF by their names; each opens in a tab of its own."""

    def __init__(self, services: Services, identity: Identity, person: Person, order_id: str) -> None:
        self._services = services
        self._identity = identity
        self._order_id = order_id
        self._shown: tuple[Attachment, ...] = ()
        refusal = role_needed(Role.OPERATOR, person.role)
        with ui.card().classes('panel').props('role=region aria-label=Attachments'):
            Heading('Attachments').classes('panel-title')
            self._list = ui.element('ul').classes('attachments')
            with ui.element('div').classes('uploads'):
                self._upload('Take a photo', refusal, 'image/*').use_camera().button.classes('upload-photo')
                self._upload('Add a photo or PDF', refusal, 'image/*,application/pdf')
            Words('p', refusal or 'Images and PDF, up to 10 MB each.').classes('panel-note')
            self._problem = Alert()

    def show(self, details: WorkOrderDetails) -> None:
        """The files as they are now."""
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
                    picture.props['src'] = as_asked(address)
                    picture.props['alt'] = ''
                Words('span', attachment.file_name).classes('said')
            link.props['rel'] = 'noopener'
            Words('span', f'{size_words(attachment.size)} · {attachment.added_by} · {added}').classes('quiet')

    def _upload(self, label: str, refusal: str, accept: str) -> UploadButton:
        return UploadButton(label, refusal=refusal, accept=accept, max_bytes=LARGEST, on_file=self._arrived,
                            on_rejected=lambda: self._problem.show(REFUSED))

    async def _arrived(self, event: UploadEventArguments) -> None:
        try:
            content = await event.file.read()
            await self._services.orders.attach(self._identity, self._order_id, event.file.name, content)
        except FloorError as error:
            problem = as_sentence(error)
        else:
            problem = ''
        if not self._list.is_deleted:
            self._problem.show(problem)


def size_words(size: int) -> str:
    """'840 kB', '2.4 MB', rounded up to the next tenth; size in bytes."""
    if size < MEGABYTE:
        return f'{-(-size // 1024)} kB'
    return f'{-(-size * 10 // MEGABYTE) / 10:.1f} MB'
