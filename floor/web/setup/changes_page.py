"""/setup/changes: who changed what of the plant, the newest first, 50 a page; the latest change of an item can be taken
back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast, get_args
from urllib.parse import urlencode

from fastapi import Request
from nicegui import ui

from ...core.people import Identity
from ...core.query_parameters import Query
from ...feed.difference import Difference
from ...plant.plant_commands import can_take_back
from ...plant.plant_items import ChangeKind, PlantChange
from ..live.live_view import LiveView
from ..shell.address_note import AddressNote
from ..shell.browser_history import BrowserHistory
from ..shell.heading import Heading
from ..shell.kept_rows import keep_rows
from ..shell.loading import RESPONSE_TIMEOUT_S, Loading
from ..shell.messages import TextNode
from ..shell.order_formatting import in_ms
from ..shell.services import Services
from ..shell.text_field import TextField
from ..shell.times import date_and_time
from .frame import CHANGES, SECTIONS, setup_frame
from .undo_note import AppliedChange, UndoNote

ADDRESS = SECTIONS[CHANGES]
PER_PAGE = 50
MAX_CHANGE_ID = 2**53 - 1
KINDS = {'line': 'Line', 'machine_type': 'Machine type', 'machine': 'Machine', 'icon': 'Icon', 'person': 'Person',
         'setting': 'Setting'}
HEADINGS = 'When', 'Who', 'What', 'Change', 'Before', 'After', 'Undo'
ABOUT = 'Every change of the plant, its people and the settings of its reports, also by SQL and by REST.'


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """kind: empty for all. text: in the person, the item or a value. before: only changes before the one with this id;
    None: the latest."""

    kind: str = ''
    text: str = ''
    before: int | None = None

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> tuple[ChangeFilter, str]:
        """The filter of an address, and what is wrong with that."""
        parsed = Query(query, ('kind', 'search', 'before'))
        before = parsed.number('before', MAX_CHANGE_ID, 0) if parsed.has('before') else 0
        found = cls(parsed.one_of('kind', get_args(ChangeKind)) or '', parsed.text('search'), before or None)
        return found, ' '.join(parsed.faults.values())

    @property
    def query(self) -> str:
        """The query of the address; empty for the latest changes of all kinds."""
        values = {'kind': self.kind, 'search': self.text, 'before': str(self.before or '')}
        query = urlencode({name: value for name, value in values.items() if value})
        return f'?{query}' if query else ''


def register(services: Services) -> None:
    """Serve /setup/changes; ?kind=machine&search=press&before=1000."""
    @ui.page(ADDRESS, response_timeout=RESPONSE_TIMEOUT_S)
    async def changes_page(request: Request) -> None:
        identity = services.visitor()
        view = LiveView(ui.context.client, lambda: None)
        with setup_frame(CHANGES, services, view, services.person(identity), redraws=False) as allowed:
            page = ChangesPage(services, identity, request.query_params) if allowed else None
        services.broadcast.join(view)
        if page is not None:
            await page.loading.first_answer()


class ChangesPage:
    """One browser's page."""

    def __init__(self, services: Services, identity: Identity, query: Mapping[str, str]) -> None:
        self._services = services
        self._identity = identity
        self._history = BrowserHistory(ADDRESS, self._follow)
        self._filter, fault = ChangeFilter.from_query(query)
        self._note = AddressNote(fault, 'Show all changes', ADDRESS)
        with ui.card().classes('panel').props('role=region aria-label=Changes'):
            with ui.element('header').classes('panel-header'):
                Heading('Changes').classes('panel-title')
                with ui.element('div').classes('chips').props('role=group aria-label="Filter changes"'):
                    self._search = TextField(placeholder='Search changes', value=self._filter.text,
                                             on_change=self._on_filter) \
                        .props('borderless dense clearable debounce=150 aria-label="Search changes"') \
                        .classes('chip-search')
                    self._kind = ui.select({'': 'All kinds', **KINDS}, value=self._filter.kind,
                                           on_change=self._on_filter) \
                        .props('borderless dense options-dense aria-label=Kind').classes('chip-select')
            TextNode('p', ABOUT).classes('panel-note')
            self._undo = UndoNote()
            with ui.element('table').classes('setup-table changes-table').props('aria-label=Changes') as self._table:
                with ui.element('thead'), ui.element('tr'):
                    for label in HEADINGS:
                        TextNode('th', label).props['scope'] = 'col'
                self._body = ui.element('tbody')
            self._rows: dict[PlantChange, ui.element] = {}
            self._nothing = TextNode('p').classes('panel-note')
            with ui.element('div').classes('setup-pages'):
                self._latest = ui.link('Latest', '').classes('chip')
                self._older = ui.link('Older', '').classes('chip')
            self.loading = Loading(services.store, 'the changes', self._read)
        ui.context.client.on_delete(services.store.subscribe(self._on_difference))

    async def _read(self) -> None:
        chosen = self._filter
        changes = await self._services.setup.changes(PER_PAGE + 1, chosen.before, text=chosen.text.strip() or None,
                                                     kind=cast(ChangeKind, chosen.kind) if chosen.kind else None)
        shown = changes[:PER_PAGE]
        keep_rows(self._body, self._rows, {change: change for change in shown}, self._row)
        self._table.set_visibility(bool(shown))
        self._nothing.set_text('' if shown else 'No change matches.' if chosen.query else 'Nothing was changed yet.')
        self._link(self._latest, ChangeFilter(chosen.kind, chosen.text) if chosen.before else None)
        self._link(self._older, ChangeFilter(chosen.kind, chosen.text, shown[-1].id) if changes[PER_PAGE:] else None)

    def _row(self, change: PlantChange) -> ui.element:
        kind = KINDS.get(change.kind, change.kind)
        values = (date_and_time(in_ms(change.at), self._services.zone), change.by,
                  f'{kind} {change.item}' if change.item else kind, change.field, change.old or '', change.new or '')
        with ui.element('tr') as row:
            for label, text in zip(HEADINGS, values, strict=False):
                with ui.element('td') as cell:
                    cell.props['data-column'] = label
                    TextNode('span', text).classes('free-text')
            with ui.element('td').classes('row-actions'):
                if can_take_back(change):
                    button = ui.button('Undo', on_click=lambda: self._take_back(change), color=None) \
                        .props('flat no-caps')
                    button.props['aria-label'] = f'Undo: {change.item}, {change.field}'
        return row

    def _link(self, link: ui.link, chosen: ChangeFilter | None) -> None:
        link.set_visibility(chosen is not None)
        if chosen is not None:
            link.props['href'] = ADDRESS + chosen.query

    async def _take_back(self, change: PlantChange) -> None:
        await self._undo.run(self._taken_back(change))
        self.loading.again()

    async def _taken_back(self, change: PlantChange) -> AppliedChange[None]:
        await self._services.setup.take_back(self._identity, change)
        return AppliedChange(f'Taken back: {change.item}, {change.field}.', None, None)

    # the filter

    def _on_filter(self) -> None:
        chosen = ChangeFilter(str(self._kind.value or ''), str(self._search.value or ''), self._filter.before)
        if chosen != self._filter:
            self._filter = ChangeFilter(chosen.kind, chosen.text)
            self._history.replace(ADDRESS + self._filter.query)
            self._note.show('')
            self.loading.again()

    def _follow(self, query: Mapping[str, str]) -> None:
        self._filter, fault = ChangeFilter.from_query(query)
        self._note.show(fault)
        self._search.value, self._kind.value = self._filter.text, self._filter.kind
        self.loading.again()

    def _on_difference(self, difference: Difference) -> None:
        if difference.setup:
            self.loading.again()
