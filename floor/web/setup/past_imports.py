"""The latest imports, and the undo of the last one, with a preview of what it takes back."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from ...core.errors import FloorError
from ...core.people import Identity
from ...plant.sheet_undo import PastImport, UndoPlan
from ..shell.chips import hide
from ..shell.dialog import Dialog
from ..shell.heading import Heading
from ..shell.kept_rows import keep_rows
from ..shell.loading import Loading
from ..shell.messages import Alert, TextNode, as_sentence, set_reason
from ..shell.order_formatting import in_ms
from ..shell.services import Services
from ..shell.times import date_and_time

MOST = 10
LISTED_STEPS = 200


class PastImports:
    """A panel with the imports, the newest first."""

    def __init__(self, services: Services, identity: Identity) -> None:
        self._services = services
        with ui.card().classes('panel').props('role=region aria-label=Imports'):
            Heading('Imports').classes('panel-title')
            self._nothing = TextNode('p', 'Nothing was imported yet.').classes('panel-note')
            self._list = ui.element('ul').classes('import-list')
            self._rows: dict[PastImport, ui.element] = {}
            self.loading = Loading(services.store, 'the imports', self._read)
        self._dialog = UndoDialog(services, identity, self.loading.again)

    async def _read(self) -> None:
        imports = await self._services.sheets.past_imports(MOST)
        hide(self._nothing, hidden=bool(imports))
        keep_rows(self._list, self._rows, {each: each for each in imports}, self._row)

    def _row(self, past: PastImport) -> ui.element:
        with ui.element('li') as row:
            with ui.element('div'):
                TextNode('strong', str(past)).classes('free-text')
                at = date_and_time(in_ms(past.at), self._services.zone)
                TextNode('span', f'{past.file_name or "pasted"} · {past.by} · {at}').classes('free-text')
                if past.undone_by is not None:
                    TextNode('span', f'Undone by {past.undone_by}').classes('free-text')
            if past.is_last:
                ui.button('Undo', on_click=lambda: self._dialog.open(past), color=None).props('no-caps') \
                    .props['aria-label'] = f'Undo the import of {past.kind}'
        return row


class UndoDialog:
    """Shows what an undo takes back, or why it cannot, and asks."""

    def __init__(self, services: Services, identity: Identity, on_done: Callable[[], object]) -> None:
        self._services = services
        self._identity = identity
        self._on_done = on_done
        self._past: PastImport | None = None
        self._sending = False
        with Dialog() as self._dialog, ui.card().classes('sheet'):
            self._dialog.props['aria-label'] = 'Undo import'
            Heading('Undo this import?')
            self._text = TextNode('p').classes('free-text')
            self._problem = Alert()
            self._steps = ui.element('ul').classes('import-steps')
            with ui.element('footer').classes('sheet-buttons'):
                ui.button('Back', on_click=self._dialog.close, color=None).props('flat no-caps autofocus')
                self._button = ui.button('Undo import', on_click=self._send, color=None).props('no-caps') \
                    .classes('primary')

    async def open(self, past: PastImport) -> None:
        """Open the dialog with what there is to take back now."""
        try:
            plan = await self._services.sheets.undo_plan(self._identity, past.kind, past.id)
        except FloorError as error:
            self._show(past, None, as_sentence(error))
        else:
            self._show(past, plan, as_sentence(plan.refusal) if plan.refusal else '')

    def _show(self, past: PastImport, plan: UndoPlan | None, problem: str) -> None:
        if self._dialog.is_deleted:
            return
        self._past = past
        self._text.set_text('' if plan is None else f'Import of {past}. The undo: {plan}.')
        self._problem.show(problem)
        set_reason(self._button, problem)
        self._steps.clear()
        with self._steps:
            for text in [*map(str, plan.steps if plan else ())][:LISTED_STEPS]:
                TextNode('li', text).classes('free-text')
            if plan and plan.steps[LISTED_STEPS:]:
                TextNode('li', f'and {len(plan.steps) - LISTED_STEPS} more')
        self._dialog.open()

    async def _send(self) -> None:
        if self._sending or self._past is None or not self._dialog.value:
            return
        self._sending = True
        self._button.props['loading'] = True
        try:
            await self._services.sheets.undo(self._identity, self._past.kind, self._past.id)
        except FloorError as error:
            if not self._dialog.is_deleted:
                self._problem.show(as_sentence(error))
        else:
            if not self._dialog.is_deleted:
                self._dialog.close()
                self._on_done()
        finally:
            self._sending = False
            if not self._button.is_deleted:
                self._button.props['loading'] = False
