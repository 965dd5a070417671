"""A machine type in the table of /setup/types: its icon, its name, its machines, and its buttons."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from nicegui import ui

from ...core.formatting import counted, duration
from ...orders.order_values import UNCHANGED
from ...plant.machine_type_commands import MachineTypeEdit
from ...plant.plant_items import MachineType
from ..shell.drafts import Drafts
from ..shell.messages import TextNode, set_reason
from .editable_row import Column, EditableRow, Texts


@dataclass(frozen=True, slots=True)
class TypeActions:
    """What the page does with a row."""

    edit: Callable[[MachineType, MachineTypeEdit], Awaitable[MachineType]]
    choose_icon: Callable[[MachineType, Callable[[], object]], Awaitable[None]]
    """Opens the icons; called with what returns the focus afterwards."""
    delete: Callable[[MachineType], Awaitable[None]]


class TypeRow(EditableRow[MachineType]):
    """One machine type."""

    kind = 'machine type'
    columns = (Column('name', 'Name'),)

    def __init__(self, item: MachineType, drafts: Drafts, actions: TypeActions) -> None:
        self._actions = actions
        super().__init__(item, drafts, lambda _: None)
        self.show_item()

    def texts(self, item: MachineType) -> Texts:
        return {'name': item.name}

    async def change(self, base: MachineType, texts: Texts) -> MachineType:
        return await self._actions.edit(base, MachineTypeEdit(texts.get('name', UNCHANGED)))

    def build_start(self) -> None:
        with ui.element('td').classes('row-icon'):
            self._icon = TextNode('button').classes('icon-button').props('type=button')
            self._icon.on('click', self._choose_icon, args=[])

    def build_buttons(self) -> None:
        self._limit = ui.link('', '/reports').props('title="Micro-stops are set in the settings of the reports"')
        self._machines = TextNode('span')
        self._delete = ui.button('Delete', on_click=self._remove, color=None).props('flat no-caps')

    def show_item(self) -> None:
        item = self.item
        self._icon.props['data-icon'] = str(item.id)
        self._icon.props['aria-label'] = f'Icon of {item.name}'
        self._limit.set_text(limit_text(item))
        self._machines.set_text(counted(item.machines, 'machine'))
        self._delete.props['aria-label'] = f'Delete {item.name}'
        set_reason(self._delete, f'{counted(item.machines, "machine")}, retired ones included: give each another type '
                                 'first.' if item.machines else '')

    async def _choose_icon(self) -> None:
        await self._actions.choose_icon(self.item, lambda: self._icon.run_method('focus'))

    async def _remove(self) -> None:
        await self._actions.delete(self.item)


def limit_text(kind: MachineType) -> str:
    """'Micro-stops below 5 min'; empty where the limit of the plant counts."""
    return '' if kind.micro_stop is None else f'Micro-stops below {duration(kind.micro_stop.total_seconds())}'
