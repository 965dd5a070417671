"""A line in the table of /setup/lines: its name, area and code, its machines, and its buttons."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from nicegui import ui

from ...core.formatting import counted
from ...orders.order_values import UNCHANGED
from ...plant.line_commands import LineEdit
from ...plant.plant_items import ProductionLine
from ..shell.drafts import Drafts
from .editable_row import Column, EditableRow, Texts
from .row_moves import RowMoves

AREAS = 'setup-areas'
"""Id of the list of proposals."""


@dataclass(frozen=True, slots=True)
class LineActions:
    """What the page does with a row."""

    edit: Callable[[ProductionLine, LineEdit], Awaitable[ProductionLine]]
    move: Callable[[ProductionLine, int], Awaitable[None]]
    """By so many places among the lines."""
    delete: Callable[[ProductionLine], Awaitable[None]]
    drag: Callable[[ProductionLine], None]
    drop_on: Callable[[ProductionLine], Awaitable[None]]


class LineRow(EditableRow[ProductionLine]):
    """One line."""

    kind = 'line'
    columns = (Column('name', 'Name'), Column('area', 'Area', AREAS), Column('code', 'Code'))

    def __init__(self, item: ProductionLine, drafts: Drafts, actions: LineActions) -> None:
        self._actions = actions
        super().__init__(item, drafts, lambda _: None)
        self.show_item()

    def texts(self, item: ProductionLine) -> Texts:
        return {'name': item.name, 'area': item.area or '', 'code': item.code}

    async def change(self, base: ProductionLine, texts: Texts) -> ProductionLine:
        return await self._actions.edit(base, LineEdit(
            texts.get('name', UNCHANGED), texts.get('code', UNCHANGED),
            (texts['area'] or None) if 'area' in texts else UNCHANGED))

    def build_start(self) -> None:
        actions = self._actions
        self._moves = RowMoves(self, move=lambda by: actions.move(self.item, by), drag=lambda: actions.drag(self.item),
                               drop=lambda: actions.drop_on(self.item))

    def build_buttons(self) -> None:
        self._machines = ui.link('', '')
        self._moves.build_buttons()
        self._delete = ui.button('Delete', on_click=self._ask, color=None).props('flat no-caps')

    def show_item(self) -> None:
        self._moves.show(self.item.name, str(self.item.position))
        self._machines.set_text(counted(self.item.machines, 'machine'))
        self._machines.props['href'] = f'/setup/machines?line={self.item.id}'
        self._delete.props['aria-label'] = f'Delete {self.item.name}'

    async def _ask(self) -> None:
        await self._actions.delete(self.item)
