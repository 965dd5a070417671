"""Names that feeds report and that no machine has: each is added as a machine, or ignored."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from nicegui import ui

from ....core.errors import FloorError
from ....core.formatting import counted, line_label
from ....core.names import letters_of
from ....core.people import Identity
from ....core.text import shortened
from ....plant.feed_items import UnknownMachine
from ....plant.machine_commands import NO_TYPE, NewMachine
from ...shell.chips import Chip
from ...shell.heading import Heading
from ...shell.messages import Alert, TextNode, as_sentence
from ...shell.services import Services
from ..access.entries import AddDialog
from .feed_texts import when

TITLE = 'Unknown machines'
NOTE = '{names} that feeds have reported in the last 7 days and that no machine on the floor has.'
EMPTY = 'Every name that a feed reports is a machine on the floor.'


class UnknownPanel(ui.card):
    """Lists them; hidden while there is none."""

    def __init__(self, services: Services, identity: Identity, changed: Callable[[], None]) -> None:
        """changed: called after every change."""
        super().__init__()
        self.classes('panel').props('role=region')
        self.props['aria-label'] = TITLE
        self._services, self._identity, self._changed = services, identity, changed
        self._unknown: Sequence[UnknownMachine] | None = None
        self._shows_ignored = False
        with self:
            with ui.element('header').classes('panel-header'):
                Heading(TITLE).classes('panel-title')
                self._ignored = Chip('', self._turn)
            self._note = TextNode('p').classes('panel-note')
            self._problem = Alert()
            self._list = ui.element('ul').classes('access-entries feed-list').props('tabindex=0')
            self._list.props['aria-label'] = TITLE
        self._dialog = AddUnknownDialog(services, identity, changed)

    def show(self, unknown: Sequence[UnknownMachine], now: datetime) -> None:
        """Show these names."""
        if unknown != self._unknown:
            self._unknown = unknown
            self._show(now)

    def _show(self, now: datetime) -> None:
        unknown = self._unknown or ()
        ignored = [each for each in unknown if each.ignored_by is not None]
        shown = ignored if self._shows_ignored and ignored else [each for each in unknown if each.ignored_by is None]
        self._ignored.show(f'Ignored ({len(ignored)})', self._shows_ignored and bool(ignored))
        self._ignored.set_visibility(bool(ignored))
        self._note.set_text(NOTE.format(names=counted(len(shown), 'name')) if shown else EMPTY)
        self._list.clear()
        meant = {letters_of(name): machine.name for machine in self._services.store.machines.values()
                 for name in (str(machine.display), machine.name)}
        with self._list:
            for each in shown:
                self._row(each, now, meant.get(letters_of(each.name)))

    def _row(self, each: UnknownMachine, now: datetime, meant: str | None) -> None:
        """meant: a machine whose name or display name differs only in accents, spaces or signs."""
        with ui.element('li').classes('access-entry'):
            with ui.element('div'):
                TextNode('strong', shortened(each.name, 80)).classes('free-text')
                for text in (counted(each.times, 'event'), f'last at {when(each.last_at, now, self._services.zone)}',
                             f'by {", ".join(each.feeds)}', f'ignored by {each.ignored_by}' if each.ignored_by else '',
                             f'is it {shortened(meant, 80)}?' if meant else ''):
                    if text:
                        TextNode('span', text).classes('free-text')
            with ui.element('div').classes('feed-buttons'):
                if each.ignored_by is None:
                    self._button('Add', each, lambda: self._dialog.open_for(each.name))
                    self._button('Ignore', each, lambda: self._run(
                        self._services.feeds.ignore(self._identity, each.name)))
                else:
                    self._button('Show again', each, lambda: self._run(
                        self._services.feeds.stop_ignoring(self._identity, each.name)))

    def _button(self, label: str, each: UnknownMachine, press: Callable[[], Awaitable[None]]) -> None:
        button = ui.button(label, on_click=press, color=None).props('flat no-caps')
        button.props['aria-label'] = f'{label} {shortened(each.name, 80)}'

    def _turn(self) -> None:
        self._shows_ignored = not self._shows_ignored
        self._unknown = None  # the next reading shows it
        self._changed()

    async def _run(self, command: Awaitable[None]) -> None:
        self._problem.show('')
        try:
            await command
        except FloorError as error:
            if not self.is_deleted:
                self._problem.show(as_sentence(error))
        self._changed()


class AddUnknownDialog(AddDialog):
    """Line and type of a machine whose name a feed has given. They stay for the next one."""

    def __init__(self, services: Services, identity: Identity, done: Callable[[], None]) -> None:
        super().__init__('Add machine', 'Add machine', done)
        self._services, self._identity, self._machine = services, identity, ''
        with self._fields:
            self._name = TextNode('p').classes('free-text')
            self._line = ui.select({}, label='Line (optional)', clearable=True, with_input=True).props('outlined')
            self._type = ui.select({}, label='Type (optional)', clearable=True, with_input=True).props('outlined')

    async def open_for(self, machine: str) -> None:
        """Ask for the line and the type of this machine."""
        self._machine = machine
        await self.open()

    async def _reset(self) -> None:
        self._name.set_text(shortened(self._machine))
        try:
            lines = {line.id: line_label(line.name, line.area) for line in await self._services.setup.lines()}
            types = {kind.name: kind.name for kind in await self._services.setup.machine_types()}
        except FloorError as error:
            self._problem.show(as_sentence(error))
            return
        self._line.set_options(lines, value=self._line.value if self._line.value in lines else None)
        self._type.set_options(types, value=self._type.value if self._type.value in types else None)

    async def _make(self) -> Callable[[], None]:
        await self._services.setup.add_machine(
            self._identity, NewMachine(self._machine, self._type.value or NO_TYPE, self._line.value))
        return lambda: None
