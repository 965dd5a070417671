"""The panel of uploaded icons, each with a button that deletes it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from nicegui import ui

from ...plant.plant_items import MachineIcon
from ..shell.addresses import with_prefix
from ..shell.heading import Heading
from ..shell.icons import picture
from ..shell.kept_rows import keep_rows
from ..shell.loading import Loading
from ..shell.messages import TextNode
from ..shell.order_formatting import in_ms
from ..shell.services import Services
from ..shell.times import date_and_time


class OwnIcons:
    """Hidden while there is none."""

    def __init__(self, services: Services, delete: Callable[[MachineIcon], Awaitable[None]]) -> None:
        self._services = services
        self._delete = delete
        self._prefix = with_prefix('')
        self._rows: dict[MachineIcon, ui.element] = {}  # a button that is pressed just now stays
        with ui.card().classes('panel').props('role=region aria-label="Uploaded icons"') as self._panel:
            Heading('Uploaded icons').classes('panel-title')
            TextNode('p', 'One that a machine type has cannot be deleted.').classes('panel-note')
            self._loading = Loading(services.store, 'the icons', self._read)
            self._list = ui.element('ul').classes('own-icons')
        self._panel.set_visibility(False)

    def read(self) -> None:
        """Read them again."""
        self._loading.start()

    async def _read(self) -> None:
        icons = [icon for icon in await self._services.setup.icons() if icon.version is not None]
        if self._list.is_deleted:
            return
        self._panel.set_visibility(bool(icons))
        keep_rows(self._list, self._rows, {icon: icon for icon in icons}, self._row)

    def _row(self, icon: MachineIcon) -> ui.element:
        with ui.element('li') as row:
            mask = ui.element('i').classes('machine-icon').props('aria-hidden=true')
            mask.style['--icon'] = picture(icon.key, {icon.key: icon.version or ''}, self._prefix)
            TextNode('strong', icon.title)
            TextNode('span', self._about(icon)).classes('panel-note')
            button = ui.button('Delete', on_click=partial(self._delete, icon), color=None).props('flat no-caps')
            button.props['aria-label'] = f'Delete the icon {icon.title}'
        return row

    def _about(self, icon: MachineIcon) -> str:
        at = '' if icon.added_at is None else date_and_time(in_ms(icon.added_at), self._services.zone)
        return f'{icon.key}, added by {icon.added_by}, {at}'
