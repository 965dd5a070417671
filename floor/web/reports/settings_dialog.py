"""What supervisors set for reports: micro-stop limits, and what an hour down costs on each line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta, tzinfo
from decimal import Decimal, InvalidOperation

from nicegui import ui

from ...core.errors import FloorError
from ...core.formatting import MINUTE
from ...core.moments import Form, local_time
from ...core.people import Identity, Person, Role
from ...core.text import shortened
from ...plant.report_settings import (
    MAX_CURRENCY,
    MAX_MICRO_STOP,
    ReportSettings,
    ReportSettingsCommands,
    SettingChange,
)
from ..shell.dialog import Dialog
from ..shell.heading import Heading
from ..shell.messages import Alert, TextNode, as_sentence, set_reason
from ..shell.order_formatting import role_needed
from ..shell.text_field import TextField

CHANGES_SHOWN = 8


class SettingsDialog:
    """The dialog; one per page, filled when it is opened. Others than supervisors can read it."""

    def __init__(self, commands: ReportSettingsCommands, identity: Identity, person: Person, zone: tzinfo,
                 on_saved: Callable[[], None]) -> None:
        """on_saved: called when something was changed."""
        self._commands = commands
        self._identity = identity
        self._refusal = role_needed(Role.SUPERVISOR, person.role)
        self._zone = zone
        self._on_saved = on_saved
        self._costs: dict[str, ui.number] = {}
        self._limits: dict[str, ui.number] = {}
        with Dialog() as self._dialog, ui.element('q-card').classes('report-dialog settings-dialog'):
            self._dialog.props['aria-label'] = 'Settings of the reports'
            with ui.element('header'):
                Heading('Settings of the reports')
                ui.button('Close', on_click=self._dialog.close, color=None).props('flat no-caps dense')
            self._problem = Alert()
            self._body = ui.element('div').classes('settings-body')

    async def open(self) -> None:
        """Load the settings and show them."""
        self._problem.show('')
        self._body.clear()
        self._dialog.open()
        try:
            settings, changes = await self._commands.read(), await self._commands.changes(CHANGES_SHOWN)
        except FloorError as error:
            self._problem.show(as_sentence(error))
            return
        with self._body:
            self._form(settings)
            self._show_changes(changes)
            self._show_buttons()

    def _form(self, settings: ReportSettings) -> None:
        self._minutes = _limit_field('Micro-stops are shorter than (minutes)', settings.micro_stop)
        self._currency = TextField('Currency', value=settings.currency, placeholder='EUR')
        self._currency.props(f'maxlength={MAX_CURRENCY}')
        Heading('Cost of an hour down', level=3)
        self._costs = {line: ui.number(shortened(line, 60), value=None if cost is None else float(cost), min=0)
                       for line, cost in settings.costs.items()}
        with ui.expansion('Other micro-stop limits for machine types').classes('type-limits').props('dense') as others:
            others.value = any(limit is not None for limit in settings.type_limits.values())
            self._limits = {kind: _limit_field(f'{shortened(kind.replace("_", " "), 60)} (minutes)', limit)
                            for kind, limit in settings.type_limits.items()}
        fields: list[ui.number | ui.input] = [self._minutes, self._currency, *self._costs.values(),
                                              *self._limits.values()]
        for field in fields:
            set_reason(field, self._refusal)
            field.props('outlined dense')

    def _show_buttons(self) -> None:
        with ui.element('div').classes('report-dialog-buttons'):
            save = ui.button('Save', on_click=self._save, color=None).props('no-caps unelevated').classes('primary')
            set_reason(save, self._refusal)

    def _show_changes(self, changes: list[SettingChange]) -> None:
        Heading('Latest changes', level=3)
        if not changes:
            ui.label('Nothing has been changed yet.').classes('panel-note')
        with ui.element('ul').classes('setting-changes'):
            for change in changes:
                TextNode('li', f'{local_time(change.at, self._zone, Form.DAY)}, {change.by}: {change.setting} '
                               f'{change.old or "not set"} → {change.new or "not set"}')

    async def _save(self) -> None:
        try:
            wanted = ReportSettings(
                timedelta(minutes=float(self._minutes.value)), self._currency.value or '',
                {line: None if field.value in {None, ''} else Decimal(str(field.value))
                 for line, field in self._costs.items()},
                {kind: None if field.value in {None, ''} else timedelta(minutes=float(field.value))
                 for kind, field in self._limits.items()})
            changed = await self._commands.save(self._identity, wanted)
        except (TypeError, ValueError, OverflowError, InvalidOperation):
            self._problem.show('Enter numbers: the first limit is needed, the others and the costs may stay empty.')
        except FloorError as error:
            self._problem.show(as_sentence(error))
        else:
            self._dialog.close()
            if changed:
                self._on_saved()


def _limit_field(label: str, limit: timedelta | None) -> ui.number:
    """For minutes; empty: not set."""
    return ui.number(label, value=None if limit is None else limit.total_seconds() / MINUTE, min=0,
                     max=MAX_MICRO_STOP.total_seconds() / MINUTE)
