"""/setup/types: the machine types of the plant with their icons, and the icons that were uploaded."""

from __future__ import annotations

from functools import partial

from nicegui import ui

from ...core.people import Identity
from ...orders.upload_queue import slot_for
from ...plant.machine_type_commands import MachineTypeEdit
from ...plant.plant_items import MachineIcon, MachineType
from ..live.live_view import LiveView
from ..orders.form import FORM_RECONNECT_S
from ..shell.drafts import Drafts
from ..shell.heading import Heading
from ..shell.loading import RESPONSE_TIMEOUT_S
from ..shell.messages import TextNode
from ..shell.services import Services
from .add_form import AddForm
from .editable_row import Texts
from .frame import SECTIONS, TYPES, setup_frame
from .icon_picker import IconPicker
from .icon_upload import IconUpload
from .own_icons import OwnIcons
from .plant_reader import PlantItems, PlantReader
from .row_list import RowList
from .type_changes import TypeChanges
from .type_row import TypeActions, TypeRow
from .undo_note import UndoNote

NO_TYPES = 'There are no machine types yet. Add the first one above, or with the first machine.'
ABOUT = 'Each machine has a type, and each type an icon. Without a choice, a type shows the icon with its name.'


def register(services: Services) -> None:
    """Serve /setup/types."""
    @ui.page(SECTIONS[TYPES], reconnect_timeout=FORM_RECONNECT_S, response_timeout=RESPONSE_TIMEOUT_S)
    async def types_page() -> None:
        identity = services.visitor()
        view = LiveView(ui.context.client, lambda: None)
        with setup_frame(TYPES, services, view, services.person(identity)) as allowed:
            page = TypesPage(services, identity) if allowed else None
        services.broadcast.join(view)
        if page is not None:
            await page.reader.loading.first_answer()


class TypesPage:
    """One browser's page."""

    def __init__(self, services: Services, identity: Identity) -> None:
        self._services = services
        self._changes = TypeChanges(services.setup, identity)
        drafts = Drafts(identity)
        self._picker = IconPicker(self._read_icons, self._choose_icon, lambda added: IconUpload(
            self._changes.add_icon, added, partial(slot_for, services.uploads, identity)))
        actions = TypeActions(edit=self._edit, choose_icon=self._picker.open, delete=self._delete)
        with ui.card().classes('panel').props('role=region aria-label="Machine types"'):
            Heading('Machine types').classes('panel-title')
            TextNode('p', ABOUT).classes('panel-note')
            AddForm('Add type', TypeRow.columns, self._add)
            self._undo = UndoNote()
            with ui.element('table').classes('setup-table').props('aria-label="Machine types"') as self._table:
                with ui.element('thead'), ui.element('tr'):
                    for label in ('Icon', *(column.label for column in TypeRow.columns), 'Actions'):
                        TextNode('th', label).props['scope'] = 'col'
                body = ui.element('tbody')
            self._rows = RowList(body, lambda kind: TypeRow(kind, drafts, actions))
            self._nothing = TextNode('p').classes('panel-note')
            self.reader = PlantReader(services, self._show)
        self._icons = OwnIcons(services, self._delete_icon)

    def _show(self, items: PlantItems) -> None:
        self._rows.show(items.types)
        self._table.set_visibility(bool(items.types))
        self._nothing.set_text('' if items.types else NO_TYPES)
        self._icons.read()

    async def _add(self, texts: Texts) -> None:
        self._undo.show(await self._changes.add(texts['name']))

    async def _edit(self, base: MachineType, edit: MachineTypeEdit) -> MachineType:
        done = await self._changes.edit(base, edit)
        self._undo.show(done)
        return done.item

    async def _read_icons(self, kind: MachineType) -> tuple[MachineType, list[MachineIcon]]:
        return await self._services.setup.machine_type(kind.id), await self._services.setup.icons()

    async def _choose_icon(self, kind: MachineType, key: str | None) -> None:
        """The type as it is now, unless somebody has given it another icon meanwhile."""
        present = next((each for each in self.reader.items.types if each.id == kind.id), kind)
        is_newer = present.icon == kind.icon and present.version > kind.version
        await self._edit(present if is_newer else kind, MachineTypeEdit(icon=key))

    async def _delete(self, kind: MachineType) -> None:
        if not await self._undo.run(self._changes.delete(kind)):
            self.reader.read()

    async def _delete_icon(self, icon: MachineIcon) -> None:
        await self._undo.run(self._changes.delete_icon(icon))
