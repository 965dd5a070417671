"""/setup/machines: the machines of the plant in a table that is edited in place, 50 a page."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import replace
from typing import Any

from fastapi import Request
from nicegui import ui

from ...core.formatting import line_label
from ...core.machines import DisplayName
from ...core.people import Identity
from ...orders.order_values import UNCHANGED
from ...plant.machine_commands import NO_TYPE, MachineEdit, NewMachine
from ...plant.plant_items import PlantMachine
from ..live.live_view import LiveView
from ..orders.form import FORM_RECONNECT_S
from ..shell.address_note import AddressNote
from ..shell.browser_history import BrowserHistory
from ..shell.chips import Chip
from ..shell.drafts import Drafts
from ..shell.heading import Heading
from ..shell.loading import RESPONSE_TIMEOUT_S
from ..shell.messages import TextNode
from ..shell.services import Services
from ..shell.text_field import TextField
from .add_form import AddForm
from .editable_row import EditableRow, Texts
from .frame import MACHINES, SECTIONS, setup_frame
from .machine_changes import MachineChanges
from .machine_list import NO_LINE, MachineFilter, page_of
from .machine_row import LINES, TYPES, MachineActions, MachineRow
from .plant_reader import PlantItems, PlantReader
from .proposals import Proposals
from .row_list import RowList
from .tile_preview import TilePreview
from .undo_note import AppliedChange, UndoNote

ADDRESS = SECTIONS[MACHINES]
EMPTY = 'There are no machines yet. Add the first one above, or import a sheet.'
NOTHING_FOUND = 'No machine matches.'


def register(services: Services) -> None:
    """Serve /setup/machines; ?search=press&line=2&show=retired&page=2."""
    @ui.page(ADDRESS, reconnect_timeout=FORM_RECONNECT_S, response_timeout=RESPONSE_TIMEOUT_S)
    async def machines_page(request: Request) -> None:
        identity = services.visitor()
        view = LiveView(ui.context.client, lambda: None)
        with setup_frame(MACHINES, services, view, services.person(identity)) as allowed:
            page = MachinesPage(services, identity, request.query_params) if allowed else None
        services.broadcast.join(view)
        if page is not None:
            await page.reader.loading.first_answer()


class MachinesPage:
    """One browser's page."""

    def __init__(self, services: Services, identity: Identity, query: Mapping[str, str]) -> None:
        self._changes = MachineChanges(services.setup, identity)
        self._drafts = Drafts(identity)
        self._history = BrowserHistory(ADDRESS, self._follow)
        self._filter, fault = MachineFilter.from_query(query)
        self._dragged: PlantMachine | None = None
        self._actions = MachineActions(
            edit=self._edit, line_id=self._line_id, move=self._move, leave=self._leave,
            bring_back=lambda machine: self._run(self._changes.bring_back(machine)), drag=self._drag,
            drop_on=self._drop_on, touch=self._touch)
        self._note = AddressNote(fault, 'Show all machines', ADDRESS)
        with ui.card().classes('panel').props('role=region aria-label=Machines'):
            with ui.element('header').classes('panel-header'):
                Heading('Machines').classes('panel-title')
                self._build_filters()
            self._add = AddForm('Add machine', MachineRow.columns, self._add_machine)
            with ui.element('div').classes('setup-status'):
                self._preview = TilePreview(services.store)
                self._undo = UndoNote()
            self._build_table()
            self.reader = PlantReader(services, self._show)
        self._lines_proposed, self._types_proposed = Proposals(LINES), Proposals(TYPES)

    # elements

    def _build_filters(self) -> None:
        with ui.element('div').classes('chips').props('role=group aria-label="Filter machines"'):
            self._search = TextField(placeholder='Search machines', value=self._filter.text,
                                     on_change=self._on_search) \
                .props('borderless dense clearable debounce=150 aria-label="Search machines"').classes('chip-search')
            self._line = ui.select({}, on_change=self._on_line).props('borderless dense options-dense') \
                .classes('chip-select')
            self._line.props['aria-label'] = 'Line'
            self._retired = Chip('Retired', lambda: self._choose(
                MachineFilter(retired=not self._filter.retired)))

    def _build_table(self) -> None:
        with ui.element('table').classes('setup-table').props('aria-label=Machines') as self._table:
            with ui.element('thead'), ui.element('tr'):
                for label in ('Position', *(column.label for column in MachineRow.columns), 'Actions'):
                    TextNode('th', label).props['scope'] = 'col'
            body = ui.element('tbody')
        self._rows = RowList(body, lambda machine: MachineRow(machine, self._drafts, self._actions))
        self._nothing = TextNode('p').classes('panel-note')
        with ui.element('div').classes('setup-pages'):
            self._range = TextNode('p').classes('panel-note')
            self._range.props['role'] = 'status'
            self._turns = {-1: Chip('Previous', lambda: self._turn(-1)), 1: Chip('Next', lambda: self._turn(1))}

    # what is shown

    def _show(self, items: PlantItems) -> None:
        shown, chosen, text = page_of(items.retired if self._filter.retired else items.machines, self._filter)
        self._rows.show(shown)
        if shown and not self._preview.visible:
            first = shown[0]
            self._preview.show(first.name, DisplayName.of(first.name, first.display_name), items.type_id(first.type))
        self._table.set_visibility(bool(shown))
        has_any = bool(items.retired if self._filter.retired else items.machines)
        self._nothing.set_text('' if shown else NOTHING_FOUND if has_any or self._filter.retired else EMPTY)
        self._range.set_text(text if shown else '')
        for by, button in self._turns.items():
            button.set_visibility(chosen.page + by >= 1 and bool(
                by < 0 or page_of(items.retired if chosen.retired else items.machines,
                                  replace(chosen, page=chosen.page + by))[1].page > chosen.page))
        self._filter = chosen
        self._retired.show(f'Retired ({len(items.retired)})', self._filter.retired)
        names = {'': 'All lines', **{str(line.id): line_label(line.name, line.area) for line in items.lines},
                 NO_LINE: 'Not on a line'}
        if self._line.options != names:
            self._line.set_options(names)
        self._line.value = self._filter.line if self._filter.line in names else ''
        self._lines_proposed.show([line.name for line in items.lines])
        self._types_proposed.show([kind.name for kind in items.types])

    def _line_id(self, name: str) -> int | None:
        return self.reader.items.line_id(name)

    def _touch(self, row: EditableRow[PlantMachine]) -> None:
        typed = {key: str(field.value or '').strip() for key, field in row.fields.items()}
        self._preview.show(row.item.name, DisplayName.of(typed['name'] or row.item.name, typed['display_name']),
                           self.reader.items.type_id(typed['type']))

    # the filter

    def _choose(self, chosen: MachineFilter) -> None:
        if chosen != self._filter:
            self._filter = chosen
            self._history.push(ADDRESS + chosen.query)
            self._note.show('')
            self._show(self.reader.items)

    def _on_search(self) -> None:
        text = str(self._search.value or '')
        if text != self._filter.text:
            self._filter = replace(self._filter, text=text, page=1)
            self._history.replace(ADDRESS + self._filter.query)
            self._show(self.reader.items)

    def _on_line(self) -> None:
        if (line := str(self._line.value or '')) != self._filter.line and str(self._line.value) in self._line.options:
            self._choose(replace(self._filter, line=line, page=1))

    def _turn(self, by: int) -> None:
        self._choose(replace(self._filter, page=self._filter.page + by))

    def _follow(self, query: Mapping[str, str]) -> None:
        self._filter, fault = MachineFilter.from_query(query)
        self._note.show(fault)
        self._search.value = self._filter.text
        self._show(self.reader.items)

    # changes

    async def _add_machine(self, texts: Texts) -> None:
        line = self.reader.items.line_id(texts['line'])
        done = await self._changes.add(NewMachine(texts['name'], texts['type'] or NO_TYPE, line,
                                                  display_name=texts['display_name'] or None))
        self._undo.show(done)

    async def _edit(self, base: PlantMachine, edit: MachineEdit) -> PlantMachine:
        done = await self._changes.edit(base, edit)
        self._undo.show(done)
        return done.item

    async def _run(self, command: Awaitable[AppliedChange[Any]]) -> None:
        if not await self._undo.run(command):
            self.reader.read()  # it may have changed meanwhile

    async def _leave(self, machine: PlantMachine) -> None:
        await self._run(self._changes.retire(machine) if machine.has_past else self._changes.delete(machine))

    async def _move(self, machine: PlantMachine, by: int) -> None:
        await self.reader.in_turn(lambda: self._step(machine.id, by))

    async def _step(self, machine_id: int, by: int) -> None:
        machines = self.reader.items.machines
        machine = next((each for each in machines if each.id == machine_id), None)
        flow = [each.id for each in machines if machine is not None and each.line_id == machine.line_id]
        place = flow.index(machine_id) + 1 + by if machine is not None else 0
        if machine is not None and 1 <= place <= len(flow):
            await self._run(self._changes.edit(machine, MachineEdit(position=place)))

    def _drag(self, machine: PlantMachine) -> None:
        self._dragged = machine

    async def _drop_on(self, target: PlantMachine) -> None:
        """The dragged machine takes the place of the one that it is dropped on, which makes room."""
        dragged, self._dragged = self._dragged, None
        if dragged is not None and dragged.id != target.id:
            await self.reader.in_turn(lambda: self._place(dragged, target))

    async def _place(self, dragged: PlantMachine, target: PlantMachine) -> None:
        flow = [each.id for each in self.reader.items.machines if each.line_id == target.line_id]
        present = next((each for each in self.reader.items.machines if each.id == dragged.id), None)
        if present is not None and target.id in flow:
            line_id = UNCHANGED if present.line_id == target.line_id else target.line_id
            edit = MachineEdit(line_id=line_id, position=flow.index(target.id) + 1)
            await self._run(self._changes.edit(present, edit))
