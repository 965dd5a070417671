"""The areas below the lines: renamed by Enter, and moved with all of their lines. Hidden while there are none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

from nicegui import ui

from ...core.formatting import counted
from ...plant.line_commands import areas_of
from ...plant.plant_items import ProductionLine
from ..shell.heading import Heading
from ..shell.kept_rows import keep_rows
from ..shell.messages import TextNode
from ..shell.text_field import TextField
from .row_moves import RowMoves

Rename = Callable[[str, str], Awaitable[bool]]
Move = Callable[[str, int], Awaitable[None]]


class AreaList(ui.card):
    """A row for each area, in their order."""

    def __init__(self, rename: Rename, move: Move) -> None:
        """rename: an area to a name; returns whether it has that. move: an area to a place, from 1."""
        super().__init__()
        self.classes('panel').props('role=region aria-label=Areas')
        self._rename = rename
        self._move = move
        self._rows: dict[str, AreaRow] = {}
        self._dragged = ''
        with self:
            Heading('Areas').classes('panel-title')
            TextNode('p', 'Headings of the floor. An area is there as long as a line is in it.').classes('panel-note')
            with ui.element('table').classes('setup-table').props('aria-label=Areas'):
                with ui.element('thead'), ui.element('tr'):
                    for label in 'Position', 'Name', 'Actions':
                        TextNode('th', label).props['scope'] = 'col'
                self._body = ui.element('tbody')

    def show(self, lines: Sequence[ProductionLine]) -> None:
        """Show the areas of these lines. A name that is being typed stays."""
        areas, counts = areas_of(lines), Counter(line.area for line in lines)
        keep_rows(self._body, self._rows, {area: area for area in areas},
                  lambda area: AreaRow(area, self._rename, self._step, self._drag, self._drop_on))
        for place, area in enumerate(areas, 1):
            self._rows[area].show(place, counts[area])
        self.set_visibility(bool(areas))

    async def _step(self, area: str, by: int) -> None:
        place = list(self._rows_in_order()).index(area) + 1 + by
        if 1 <= place <= len(self._rows):
            await self._move(area, place)

    def _rows_in_order(self) -> list[str]:
        return [row.area for row in self._body.default_slot.children if isinstance(row, AreaRow)]

    def _drag(self, area: str) -> None:
        self._dragged = area

    async def _drop_on(self, area: str) -> None:
        dragged, self._dragged = self._dragged, ''
        if dragged in self._rows and dragged != area:
            await self._move(dragged, self._rows_in_order().index(area) + 1)


class AreaRow(ui.element):
    """One area."""

    def __init__(self, area: str, rename: Rename, step: Move, drag: Callable[[str], None],
                 drop_on: Callable[[str], Awaitable[None]]) -> None:
        super().__init__('tr')
        self.area = area
        self._rename = rename
        with self:
            self._moves = RowMoves(self, move=lambda by: step(area, by), drag=lambda: drag(area),
                                   drop=lambda: drop_on(area))
            with ui.element('td') as cell:
                cell.props['data-column'] = 'Name'
                self._name = TextField(value=area).props('dense outlined hide-bottom-space').classes('field')
                self._name.props['aria-label'] = f'Name of area {area}'
                self._name.on('keydown.enter', self._save, args=[])
                self._name.on('keydown.esc', self._revert, args=[])
            with ui.element('td').classes('row-actions'), ui.element('div').classes('row-buttons'):
                self._lines = TextNode('span')
                self._moves.build_buttons()
                ui.button('Rename', on_click=self._save, color=None).props('flat no-caps') \
                    .props['aria-label'] = f'Rename area {area}'

    def show(self, place: int, lines: int) -> None:
        """place: among the areas, from 1. lines: how many are in it."""
        self._moves.show(f'area {self.area}', str(place))
        self._lines.set_text(counted(lines, 'line'))

    async def _save(self) -> None:
        name = str(self._name.value or '').strip()
        if name != self.area:
            await self._rename(self.area, name)
        else:
            self._name.run_method('focus')  # there is nothing to save yet: type another name

    def _revert(self) -> None:
        self._name.value = self.area
