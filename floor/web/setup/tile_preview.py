"""The tile of a machine as the floor shows it, also with a name or type that is being typed."""

from __future__ import annotations

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from ...core.machines import DisplayName, MachineName, Status
from ...core.text import shortened
from ...feed.machine import NO_SIGNAL_YET
from ...feed.store import Store
from ..shell.heading import Heading


class TilePreview(ui.element):
    """A tile that is only looked at."""

    def __init__(self, store: Store) -> None:
        super().__init__('div')
        self._store = store
        self.classes('tile-preview')
        with self:
            Heading('On the floor', 3)
            self._tile = TextElement(tag='div', text='').classes('tile')
            self._tile.props['role'] = 'img'
        self.set_visibility(False)

    def show(self, present_name: str, display: DisplayName, type_id: int | None) -> None:
        """Show a machine. present_name: that it has now; display: as typed. type_id: of the type as typed; None: it is
        a new one."""
        machine = self._store.machines.get(MachineName(present_name))
        status = Status.UNKNOWN if machine is None else machine.status
        label = NO_SIGNAL_YET if machine is None else machine.status_label
        self._tile.props.update({
            'title': str(display), 'data-icon': str(type_id or ''), 'data-status': status.value,
            'data-status-label': label, 'data-reason': '' if machine is None else shortened(machine.reason),
            'aria-label': f'The tile of {display}: {label}'})
        self._tile.set_text(f'{shortened(display.title)}\n{display.code}')
        self.set_visibility(True)
