"""/setup/lines: the lines of the plant in their order, and the areas that they are in."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from nicegui import ui

from ...core.people import Identity
from ...plant.line_commands import LineEdit, areas_of
from ...plant.plant_items import ProductionLine
from ..live.live_view import LiveView
from ..orders.form import FORM_RECONNECT_S
from ..shell.drafts import Drafts
from ..shell.heading import Heading
from ..shell.loading import RESPONSE_TIMEOUT_S
from ..shell.messages import TextNode
from ..shell.services import Services
from .add_form import AddForm
from .area_list import AreaList
from .delete_line_dialog import DeleteLineDialog
from .editable_row import Texts
from .frame import LINES, SECTIONS, setup_frame
from .line_changes import LineChanges
from .line_row import AREAS, LineActions, LineRow
from .plant_reader import PlantItems, PlantReader
from .proposals import Proposals
from .row_list import RowList
from .undo_note import AppliedChange, UndoNote

NO_LINES = 'There are no lines yet. Add the first one above.'
ABOUT = 'In the order of the floor. Lines may be in areas, which become headings of the floor and of wall screens.'


def register(services: Services) -> None:
    """Serve /setup/lines."""
    @ui.page(SECTIONS[LINES], reconnect_timeout=FORM_RECONNECT_S, response_timeout=RESPONSE_TIMEOUT_S)
    async def lines_page() -> None:
        identity = services.visitor()
        view = LiveView(ui.context.client, lambda: None)
        with setup_frame(LINES, services, view, services.person(identity)) as allowed:
            page = LinesPage(services, identity) if allowed else None
        services.broadcast.join(view)
        if page is not None:
            await page.reader.loading.first_answer()


class LinesPage:
    """One browser's page."""

    def __init__(self, services: Services, identity: Identity) -> None:
        self._changes = LineChanges(services.setup, identity)
        drafts = Drafts(identity)
        self._dragged: ProductionLine | None = None
        actions = LineActions(edit=self._edit, move=self._move, delete=self._ask, drag=self._drag,
                              drop_on=self._drop_on)
        self._dialog = DeleteLineDialog(self._delete)
        self._areas_proposed = Proposals(AREAS)
        with ui.card().classes('panel').props('role=region aria-label=Lines'):
            Heading('Lines').classes('panel-title')
            TextNode('p', ABOUT).classes('panel-note')
            AddForm('Add line', LineRow.columns[:2], self._add)
            self._undo = UndoNote()
            with ui.element('table').classes('setup-table').props('aria-label=Lines') as self._table:
                with ui.element('thead'), ui.element('tr'):
                    for label in ('Position', *(column.label for column in LineRow.columns), 'Actions'):
                        TextNode('th', label).props['scope'] = 'col'
                body = ui.element('tbody')
            self._rows = RowList(body, lambda line: LineRow(line, drafts, actions))
            self._nothing = TextNode('p').classes('panel-note')
            self.reader = PlantReader(services, self._show)
        self._areas = AreaList(self._rename_area, self._move_area)
        self._areas.set_visibility(False)

    def _show(self, items: PlantItems) -> None:
        self._rows.show(items.lines)
        self._table.set_visibility(bool(items.lines))
        self._nothing.set_text('' if items.lines else NO_LINES)
        self._areas.show(items.lines)
        self._areas_proposed.show(areas_of(items.lines))

    # changes

    async def _add(self, texts: Texts) -> None:
        self._undo.show(await self._changes.add(texts['name'], texts['area'] or None))

    async def _edit(self, base: ProductionLine, edit: LineEdit) -> ProductionLine:
        done = await self._changes.edit(base, edit)
        self._undo.show(done)
        return done.item

    async def _run(self, command: Awaitable[AppliedChange[Any]]) -> bool:
        if done := await self._undo.run(command):
            return done
        self.reader.read()  # it may have changed meanwhile
        return False

    async def _ask(self, line: ProductionLine) -> None:
        """Delete a line; one with machines only after it is known where they go."""
        if line.machines:
            self._dialog.open(line, [other for other in self.reader.items.lines if other.id != line.id])
        else:
            await self._run(self._changes.delete(line, None))

    async def _delete(self, line: ProductionLine, machines_to: int | None) -> None:
        self._undo.show(await self._changes.delete(line, machines_to))

    async def _move(self, line: ProductionLine, by: int) -> None:
        """Within its area; areas move as a whole."""
        await self.reader.in_turn(lambda: self._step(line.id, by))

    async def _step(self, line_id: int, by: int) -> None:
        line = next((each for each in self.reader.items.lines if each.id == line_id), None)
        together = [each.id for each in self.reader.items.lines if line is not None and each.area == line.area]
        place = together.index(line_id) + by if line is not None else -1
        if line is not None and 0 <= place < len(together):
            await self._place_at(line, together[place])

    def _drag(self, line: ProductionLine) -> None:
        self._dragged = line

    async def _drop_on(self, target: ProductionLine) -> None:
        """The dragged line takes the place, and the area, of the one that it is dropped on."""
        dragged, self._dragged = self._dragged, None
        if dragged is not None and dragged.id != target.id:
            await self.reader.in_turn(lambda: self._place(dragged.id, target.id))

    async def _place(self, line_id: int, target_id: int) -> None:
        present = next((line for line in self.reader.items.lines if line.id == line_id), None)
        if present is not None:
            await self._place_at(present, target_id)

    async def _place_at(self, line: ProductionLine, target_id: int) -> None:
        lines = self.reader.items.lines
        place = next((place for place, each in enumerate(lines, 1) if each.id == target_id), None)
        if place is not None:
            area = lines[place - 1].area
            await self._run(self._changes.edit(line, LineEdit(position=place) if area == line.area else
                                               LineEdit(area=area, position=place)))

    async def _rename_area(self, area: str, name: str) -> bool:
        return await self._run(self._changes.rename_area(area, name))

    async def _move_area(self, area: str, place: int) -> None:
        await self._run(self._changes.move_area(area, place))
