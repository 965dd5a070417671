"""The panel of uploaded icons, each with a button that deletes it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from nicegui import ui

from ...plant.plant_items import MachineIcon
from ..shell.addresses import with_prefix
from ..shell.heading import Heading
from ..shell.icons import picture
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
        self._shown: list[MachineIcon] = []
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
        if self._list.is_deleted or icons == self._shown:  # a button that is pressed just now stays
            return
        self._shown = icons
        own = {icon.key: icon.version for icon in icons if icon.version}
        self._panel.set_visibility(bool(icons))
        self._list.clear()
        with self._list:
            for icon in icons:
                with ui.element('li'):
                    mask = ui.element('i').classes('machine-icon').props('aria-hidden=true')
                    mask.style['--icon'] = picture(icon.key, own, self._prefix)
                    TextNode('strong', icon.title)
                    TextNode('span', self._about(icon)).classes('panel-note')
                    button = ui.button('Delete', on_click=partial(self._delete, icon), color=None).props('flat no-caps')
                    button.props['aria-label'] = f'Delete the icon {icon.title}'

    def _about(self, icon: MachineIcon) -> str:
        at = '' if icon.added_at is None else date_and_time(in_ms(icon.added_at), self._services.zone)
        return f'{icon.key}, added by {icon.added_by}, {at}'
