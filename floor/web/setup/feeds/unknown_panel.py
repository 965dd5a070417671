"""Names that feeds report and that no machine has: each is added as a machine, or ignored."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
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
from ...shell.confirmation import succeeds
from ...shell.heading import Heading
from ...shell.kept_rows import keep_rows
from ...shell.messages import Alert, TextNode, as_sentence
from ...shell.services import Services
from ..access.entries import AddDialog
from .fact_row import FactRow
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
        self._rows: dict[tuple[str, bool], UnknownRow] = {}
        self._meant: tuple[object, Mapping[str, str]] = None, {}
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
        places = {key: place for place, key in enumerate(self._rows)}  # a row must not move under the pointer
        shown.sort(key=lambda each: places.get(key_of(each), -1))
        by_key = {key_of(each): each for each in shown}
        keep_rows(self._list, self._rows, by_key, self._row)
        meant = self._meant_by([each.name for each in shown])
        for key, each in by_key.items():
            self._rows[key].show(
                counted(each.times, 'event'), f'last at {when(each.last_at, now, self._services.zone)}',
                f'by {", ".join(each.feeds)}', f'ignored by {each.ignored_by}' if each.ignored_by else '',
                f'is it {shortened(meant[each.name], 80)}?' if each.name in meant else '')

    def _row(self, each: UnknownMachine) -> UnknownRow:
        feeds, identity, name = self._services.feeds, self._identity, each.name
        if each.ignored_by is not None:
            return UnknownRow(name, {'Show again': lambda: self._run(feeds.stop_ignoring(identity, name))})
        return UnknownRow(name, {'Add': lambda: self._dialog.open_for(name),
                                 'Ignore': lambda: self._run(feeds.ignore(identity, name))})

    def _meant_by(self, names: Sequence[str]) -> Mapping[str, str]:
        """Machines whose name or display name differs only in accents, spaces or signs, by these names."""
        store = self._services.store
        state = names, store.setup_change, store.arrangement
        if self._meant[0] != state:
            machines = {letters_of(name): machine.name for machine in store.machines.values()
                        for name in (str(machine.display), machine.name)}
            self._meant = state, {name: machines[key] for name in names if (key := letters_of(name)) in machines}
        return self._meant[1]

    def _turn(self) -> None:
        self._shows_ignored = not self._shows_ignored
        self._unknown = None  # the next reading shows it
        self._changed()

    async def _run(self, command: Awaitable[None]) -> None:
        await succeeds(command, self._problem)
        self._changed()


def key_of(unknown: UnknownMachine) -> tuple[str, bool]:
    """Of its row: the buttons depend on whether it is ignored."""
    return unknown.name, unknown.ignored_by is not None


class UnknownRow(FactRow):
    """One name with its buttons."""

    def __init__(self, name: str, buttons: Mapping[str, Callable[[], Awaitable[None]]]) -> None:
        """buttons: what each does, by its label."""
        super().__init__(shortened(name, 80))
        with self, ui.element('div').classes('feed-buttons'):
            for label, press in buttons.items():
                ui.button(label, on_click=press, color=None).props('flat no-caps') \
                    .props['aria-label'] = f'{label} {shortened(name, 80)}'


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
