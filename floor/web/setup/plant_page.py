"""/setup/plant: the plant's name, its time zone, the first day of its week, and the start of its day."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from nicegui import ui

from ...core.errors import EditConflictError, FloorError, InvalidInputError
from ...core.moments import Form, time_and_offset
from ...core.people import Identity
from ...core.plant_calendar import PlantSettings, Weekday
from ...feed.difference import Difference
from ...plant.plant_settings import PlantSettingsEdit, parse_day_start, time_zones
from ...plant.plant_transactions import MAX_NAME_LENGTH
from ..live.live_view import LiveView
from ..shell.drafts import Drafts
from ..shell.heading import Heading
from ..shell.messages import Alert, TextNode, as_sentence
from ..shell.services import Services
from ..shell.text_field import TextField
from .frame import SECTIONS, setup_frame

SECTION = 'Plant'
DRAFT = 'plant settings'
CHANGED_MEANWHILE = 'Save again to keep what you entered, or reload the page.'


def register(services: Services) -> None:
    """Serve /setup/plant."""
    @ui.page(SECTIONS[SECTION])
    async def plant_page() -> None:
        identity = services.visitor()
        view = LiveView(ui.context.client, lambda: None)
        with setup_frame(SECTION, services, view, services.person(identity)) as allowed:
            page = PlantPage(services, identity) if allowed else None
        services.broadcast.join(view)
        if page is not None:
            await page.read()


class PlantPage:
    """A form with the settings; what is typed stays when somebody else changes them."""

    def __init__(self, services: Services, identity: Identity) -> None:
        self._services = services
        self._identity = identity
        self._drafts = Drafts(identity)
        self._filling = False
        self._saved: PlantSettings | None = None
        self._before: PlantSettings | None = None
        with ui.card().classes('panel plant-form').props('role=region aria-label="Your plant"'):
            Heading('Your plant').classes('panel-title')
            self._name = TextField('Name').props(f'outlined maxlength={MAX_NAME_LENGTH} dir=auto')
            self._name.props['hint'] = 'Shown on every page and on paper. Optional.'
            self._zone = ui.select({}, label='Time zone', with_input=True).props('outlined')
            self._zone.props['hint'] = 'Every time, day and shift is by this clock. Reports of the past follow.'
            self._week = ui.select({day.value: day.word for day in Weekday}, label='First day of the week')
            self._week.props('outlined')
            self._start = TextField('Start of the production day').props('type=time outlined stack-label')
            self._start.props['hint'] = 'Days, weeks and months of reports begin then. Reports of the past follow.'
            self._fields = self._name, self._zone, self._week, self._start
            for field in self._fields:
                field.on_value_change(self._keep)
            self._problem = Alert()
            with ui.element('div').classes('plant-form-buttons'):
                self._save_button = ui.button('Save', on_click=self._save, color=None).props('no-caps unelevated')
                self._save_button.classes('primary')
                self._undo = ui.button('Undo', on_click=self._take_back, color=None).props('flat no-caps')
                self._undo.set_visibility(False)
                self._status = TextNode('span').classes('panel-note')
                self._status.props['role'] = 'status'
        client = ui.context.client
        client.on_delete(services.store.subscribe(self._on_difference))

    async def read(self) -> None:
        """Show the settings as they are."""
        try:
            settings = await self._services.setup.settings()
            labels = await asyncio.to_thread(zone_labels, {*time_zones(), settings.zone.key}, datetime.now(UTC))
            if not self._zone.is_deleted:
                self._zone.set_options(labels)
                self._show(settings)
                self._drafts.when_connected(self._restore)
        except FloorError as error:
            self._problem.show(as_sentence(error))

    def _show(self, settings: PlantSettings) -> None:
        self._saved = settings
        self._fill(values_of(settings))

    def _fill(self, values: Iterable[Any]) -> None:
        self._filling = True
        for field, value in zip(self._fields, values, strict=True):
            field.value = value
        self._filling = False
        self._keep()

    def _keep(self) -> None:
        """Keep what is typed for a reload, with the version that it was typed on."""
        saved = self._saved
        if self._filling or saved is None:
            return
        if self._typed(saved):
            self._drafts.keep(DRAFT, {**{str(number): field.value for number, field in enumerate(self._fields)},
                                      'version': saved.version})
        else:
            self._drafts.discard(DRAFT)

    def _restore(self) -> None:
        draft, saved = self._drafts.get(DRAFT), self._saved
        version, values = draft.get('version'), [draft.get(str(number)) for number in range(len(self._fields))]
        if self._name.is_deleted or saved is None or self._typed(saved) or not isinstance(version, int) \
                or values[1] not in self._zone.options or values[2] not in self._week.options:
            return
        self._saved = replace(saved, version=version)  # if somebody has changed them since, saving says so
        self._fill(values)

    def _merge(self, settings: PlantSettings) -> None:
        """Show the settings that somebody else has saved, in the fields that were not changed here."""
        before, now = values_of(self._saved or settings), values_of(settings)
        for field, old, new in zip(self._fields, before, now, strict=True):
            if field.value == old:
                field.value = new
        self._saved = settings

    async def _save(self) -> None:
        saved = self._saved
        if saved is None or self._zone.value is None:
            return
        self._problem.show('')
        try:
            start = parse_day_start(self._start.value or '')
        except InvalidInputError as error:
            self._problem.show(as_sentence(error))
            return
        edit = PlantSettingsEdit(self._name.value or '', self._zone.value, Weekday(self._week.value), start)
        if await self._run(saved.version, edit):
            self._before = saved
            self._say('Saved')

    async def _take_back(self) -> None:
        saved, before, self._before = self._saved, self._before, None
        if saved is None or before is None:
            return
        edit = PlantSettingsEdit(before.name, before.zone.key, before.first_weekday, before.day_start)
        if await self._run(saved.version, edit):
            self._say('Taken back')

    async def _run(self, version: int, edit: PlantSettingsEdit) -> bool:
        try:
            settings = await self._services.setup.edit_settings(self._identity, version, edit)
        except EditConflictError as conflict:
            self._problem.show(f'{as_sentence(conflict)} {CHANGED_MEANWHILE}')
            if isinstance(conflict.current, PlantSettings):
                self._merge(conflict.current)
        except FloorError as error:
            self._problem.show(as_sentence(error))
        else:
            self._show(settings)
            return True
        return False

    def _say(self, text: str) -> None:
        self._undo.set_visibility(self._before is not None and self._before != self._saved)
        self._status.set_text(text)

    def _on_difference(self, difference: Difference) -> None:
        """Somebody else, or this page, has changed the settings: typed values stay, and saving them is refused."""
        settings, saved = self._services.store.plant, self._saved
        if not difference.plant or saved is None or settings.version <= saved.version or self._typed(saved):
            return
        with self._problem:
            self._show(settings)
        self._before = None
        self._say('')

    def _typed(self, saved: PlantSettings) -> bool:
        return tuple(field.value for field in self._fields) != values_of(saved)


def values_of(settings: PlantSettings) -> tuple[Any, ...]:
    """The values of the fields, in their order."""
    return settings.name, settings.zone.key, settings.first_weekday.value, settings.day_start.strftime(Form.TIME)


def zone_labels(names: Iterable[str], now: datetime) -> dict[str, str]:
    """'Asia/Kathmandu · 02:47 (UTC+05:45)' by name: with the present time there. Reads a file for each."""
    return {name: f'{name.replace("_", " ")} · {time_and_offset(now, ZoneInfo(name))}' for name in sorted(names)}
