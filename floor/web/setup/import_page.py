"""/setup/import: machines and people from a file or a spreadsheet, with a dry run; files to download."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any

from nicegui import ui

from ...core.errors import FloorError, InvalidInputError
from ...core.formatting import counted
from ...core.people import Identity
from ...feed.difference import Difference
from ...orders.upload_queue import slot_for
from ...plant.plant_sheet import LAYOUTS, Sheet, read_sheet
from ...plant.sheet_file import MAX_SIZE
from ...plant.sheet_plan import RowOutcome, RowPlan, SheetPlan
from ..live.live_view import LiveView
from ..orders.upload_button import UploadButton
from ..shell.drafts import Drafts
from ..shell.heading import Heading
from ..shell.loading import RESPONSE_TIMEOUT_S
from ..shell.messages import Alert, TextNode, as_sentence, no_connection_note, set_reason
from ..shell.services import Services
from ..shell.text_field import TextArea
from .frame import IMPORT, SECTIONS, setup_frame
from .import_plan import PlanTable
from .past_imports import PastImports

ADDRESS = SECTIONS[IMPORT]
ACCEPT = '.csv,.tsv,.txt,.xlsx'
DRAFT = 'sheet to import'
MAX_DRAFT = 100_000
"""Characters of a text that a reload keeps."""
MAX_PASTED = 500_000
"""Characters. A message of a socket has at most 1,000,000 bytes."""
ABOUT = ('Copy the rows with their heading from a spreadsheet and paste them here, or choose a file (CSV or XLSX). '
         'Nothing is changed before you press Import.')
NOT_A_SHEET = 'Choose a CSV or XLSX file of at most 5 MB.'


def register(services: Services) -> None:
    """Serve /setup/import."""
    @ui.page(ADDRESS, response_timeout=RESPONSE_TIMEOUT_S)
    async def import_page() -> None:
        identity = services.visitor()
        view = LiveView(ui.context.client, lambda: None)
        with setup_frame(IMPORT, services, view, services.person(identity)) as allowed:
            page = ImportPage(services, identity) if allowed else None
        services.broadcast.join(view)
        if page is not None:
            await page.past.loading.first_answer()


class ImportPage:
    """One browser's page."""

    def __init__(self, services: Services, identity: Identity) -> None:
        self._services = services
        self._identity = identity
        self._sheet: Sheet | None = None
        self._file_name = ''
        self._busy = False
        self._drafts = Drafts(identity)
        with ui.card().classes('panel').props('role=region aria-label=Import'):
            Heading('Import').classes('panel-title')
            TextNode('p', ABOUT).classes('panel-note')
            for layout in LAYOUTS.values():
                TextNode('p', f'Columns for {layout.noun[1]}: {", ".join(layout.columns)}.').classes('panel-note')
            self._text = TextArea('Rows from a spreadsheet', on_change=self._typed) \
                .props(f'outlined debounce=300 maxlength={MAX_PASTED} input-class=import-text spellcheck=false') \
                .classes('field import-field')
            no_connection_note()
            with ui.element('div').classes('import-buttons'):
                self._check = ui.button('Check rows', on_click=self._check_text, color=None).props('no-caps') \
                    .classes('primary')
                UploadButton('Choose a file', refusal='', accept=ACCEPT, max_bytes=MAX_SIZE, on_file=self._check_file,
                             on_begin=lambda: self._problem.show(''), on_problem=self._show_problem,
                             on_rejected=lambda: self._show_problem(NOT_A_SHEET),
                             upload_slot=partial(slot_for, services.uploads, identity))
            self._problem = Alert()
            self._done = TextNode('p').classes('panel-note')
            self._done.props['role'] = 'status'
            self._plan = PlanTable()
            with ui.element('div').classes('import-buttons') as self._footer:
                self._import = ui.button('Import', on_click=self._apply, color=None).props('no-caps').classes('primary')
                self._reason = TextNode('p').classes('panel-note')
        self.past = PastImports(services, identity)
        _downloads()
        self._show(None)
        self._drafts.when_connected(self._restore)
        ui.context.client.on_delete(services.store.subscribe(self._on_difference))

    def _typed(self) -> None:
        text = str(self._text.value or '')
        if len(text) <= MAX_DRAFT:
            self._drafts.keep_text(DRAFT, text)
        else:  # a reload must not bring back what it was before
            self._drafts.discard(DRAFT)
        if text:
            self._show(None)

    def _restore(self) -> None:
        if not self._text.is_deleted and not self._text.value:
            self._text.value = self._drafts.text(DRAFT)

    async def _check_text(self) -> None:
        text = str(self._text.value or '')
        if text.strip():
            await self._working(self._read(text, ''))
        elif self._sheet is not None:
            await self._working(self._check_sheet(self._sheet, self._file_name))
        else:
            self._show_problem('Paste rows first, or choose a file.')

    async def _check_file(self, name: str, content: bytes) -> None:
        await self._read(content, name)

    async def _read(self, content: str | bytes, file_name: str) -> None:
        """:raises FloorError: the sheet cannot be read"""
        self._show(None)
        await self._check_sheet(await asyncio.to_thread(read_sheet, content), file_name)

    async def _check_sheet(self, sheet: Sheet, file_name: str) -> None:
        plan = await self._services.sheets.dry_run(self._identity, sheet)
        if not self._text.is_deleted:
            self._sheet, self._file_name = sheet, file_name
            self._show(plan)

    async def _apply(self) -> None:
        if self._sheet is not None:
            await self._working(self._import_sheet(self._sheet))

    async def _import_sheet(self, sheet: Sheet) -> None:
        try:
            plan = await self._services.sheets.apply(self._identity, sheet, self._file_name)
        except InvalidInputError:
            if not self._text.is_deleted:
                self._show(await self._services.sheets.dry_run(self._identity, sheet))  # as it is by now
            raise
        if not self._text.is_deleted:
            self._text.value = ''
            self._show(None)
            self._done.set_text(f'Imported {plan}. Undo is in the list of imports.')
            self.past.loading.again()

    async def _working(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it once, and show that it takes time and why it failed."""
        if self._busy:
            work.close()
            return
        self._busy = True
        buttons = self._check, self._import
        for button in buttons:
            button.props['loading'] = True
        self._problem.show('')
        try:
            await work
        except FloorError as error:
            if not self._text.is_deleted:
                self._show_problem(as_sentence(error))
        finally:
            self._busy = False
            for button in buttons:
                if not button.is_deleted:
                    button.props['loading'] = False

    def _show_problem(self, text: str) -> None:
        if not self._text.is_deleted:
            self._problem.show(text)

    def _show(self, plan: SheetPlan[RowPlan] | None) -> None:
        self._plan.show(plan, self._file_name)
        self._done.set_text('')
        self._problem.show('')
        self._footer.set_visibility(plan is not None)
        if plan is None:
            self._sheet, self._file_name = None, ''
            return
        refused, changes = len(plan.of(RowOutcome.REFUSED)), len(plan.of(RowOutcome.NEW)) + len(
            plan.of(RowOutcome.CHANGED))
        self._import.set_text(f'Import {counted(changes, *plan.layout.noun)}')
        reason = (f'{counted(refused, "row")} refused: correct {"it" if refused == 1 else "them"}, then check again. '
                  'Nothing was changed.' if refused
                  else '' if changes else 'There is nothing to import: everything is as the sheet says.')
        set_reason(self._import, reason)
        self._reason.set_text(reason)

    def _on_difference(self, difference: Difference) -> None:
        if difference.setup or difference.people:
            self.past.loading.again()


def _downloads() -> None:
    with ui.card().classes('panel').props('role=region aria-label=Download'):
        Heading('Download').classes('panel-title')
        TextNode('p', 'What there is, to change and import again; or an empty sheet to fill in.').classes('panel-note')
        for kind, layout in LAYOUTS.items():
            with ui.element('div').classes('import-downloads'):
                TextNode('span', kind.capitalize())
                for label, query in (('CSV', 'format=csv'), ('XLSX', 'format=xlsx'),
                                     ('Empty sheet', 'format=xlsx&empty=true')):
                    link = ui.link(label, f'/api/plant/export?kind={kind}&{query}').classes('chip')
                    link.props['download'] = True
                    link.props['aria-label'] = f'{label}: {layout.noun[1]}'
