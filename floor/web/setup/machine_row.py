"""A machine in the table of /setup/machines: its name, type and line, its place in the flow, and its buttons."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from nicegui import ui

from ...orders.order_values import UNCHANGED
from ...plant.machine_commands import MachineEdit
from ...plant.plant_items import PlantMachine
from ..shell.drafts import Drafts
from .editable_row import Column, EditableRow, Texts
from .row_moves import RowMoves

LINES, TYPES = 'setup-lines', 'setup-types'
"""Ids of the lists of proposals."""


@dataclass(frozen=True, slots=True)
class MachineActions:
    """What the page does with a row."""

    edit: Callable[[PlantMachine, MachineEdit], Awaitable[PlantMachine]]
    line_id: Callable[[str], int | None]
    """The id of the line with this name; raises InvalidInputError."""
    move: Callable[[PlantMachine, int], Awaitable[None]]
    """By so many places in the flow of its line."""
    leave: Callable[[PlantMachine], Awaitable[None]]
    """Retires it, or deletes it if it has no past."""
    bring_back: Callable[[PlantMachine], Awaitable[None]]
    drag: Callable[[PlantMachine], None]
    drop_on: Callable[[PlantMachine], Awaitable[None]]
    touch: Callable[[EditableRow[PlantMachine]], None]


class MachineRow(EditableRow[PlantMachine]):
    """One machine."""

    kind = 'machine'
    columns = (Column('name', 'Name'), Column('display_name', 'Display name'), Column('type', 'Type', TYPES),
               Column('line', 'Line', LINES))

    def __init__(self, item: PlantMachine, drafts: Drafts, actions: MachineActions) -> None:
        self._actions = actions
        self._back: ui.button | None = None
        super().__init__(item, drafts, actions.touch)
        self.show_item()

    def texts(self, item: PlantMachine) -> Texts:
        return {'name': item.name, 'display_name': item.display_name or '', 'type': item.type, 'line': item.line or ''}

    async def change(self, base: PlantMachine, texts: Texts) -> PlantMachine:
        line_id = self._actions.line_id(texts['line']) if 'line' in texts else UNCHANGED
        return await self._actions.edit(base, MachineEdit(texts.get('name', UNCHANGED), texts.get('type', UNCHANGED),
                                                          line_id, display_name=texts.get('display_name', UNCHANGED)))

    def build_start(self) -> None:
        actions = self._actions
        self._moves = RowMoves(self, move=lambda by: actions.move(self.item, by), drag=lambda: actions.drag(self.item),
                               drop=lambda: actions.drop_on(self.item))

    def build_buttons(self) -> None:
        self._moves.build_buttons()
        self._leave = ui.button('', on_click=self._go, color=None).props('flat no-caps')

    def show_item(self) -> None:
        name, is_retired = self.item.name, self.item.retired_at is not None
        self._moves.show(name, '' if is_retired else str(self.item.position), can_move=not is_retired)
        self._show_back(name, is_retired=is_retired)
        label = 'Retire' if self.item.has_past else 'Delete'
        self._leave.set_text(label)
        self._leave.props['aria-label'] = f'{label} {name}'
        self._leave.set_visibility(not (is_retired and self.item.has_past))
        for field in self.fields.values():
            field.set_enabled(not is_retired)

    def _show_back(self, name: str, *, is_retired: bool) -> None:
        if self._back is None:
            if not is_retired:
                return  # most are never retired, and a page has many
            with self.row_buttons:
                self._back = ui.button('Bring back', on_click=self._bring_back, color=None).props('flat no-caps')
            self._back.move(target_index=list(self.row_buttons).index(self._leave))
        self._back.set_visibility(is_retired)
        self._back.props['aria-label'] = f'Bring back {name}'

    async def _go(self) -> None:
        await self._actions.leave(self.item)

    async def _bring_back(self) -> None:
        await self._actions.bring_back(self.item)
