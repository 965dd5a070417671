"""The panel of links for wall screens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from urllib.parse import parse_qs, urlencode

from nicegui import ui

from ....access.key_links import path_of
from ....core.access_keys import AccessKey, KeyKind
from ....core.errors import InvalidInputError
from ....core.formatting import line_label
from ....core.people import Identity
from ....plant.line_commands import areas_of
from ...shell.services import Services
from ...shell.text_field import TextField
from .entries import AddDialog, Entry, EntryPanel, PanelTexts, facts, since
from .secret_dialog import SecretDialog

TEXTS = PanelTexts('Wall screens', 'the wall screens',
                   'A link that shows the floor without a sign-in, and nothing else.',
                   'No wall screen has a link.', 'New link', 'Revoke')
TURNS = {0: 'All lines at once', 10: 'One line after the other, 10 s each', 20: 'One line after the other, 20 s each',
         60: 'One line after the other, 1 minute each'}
THEMES = {'dark': 'Dark', 'light': 'Light', 'andon': 'Andon', 'isa-101': 'High performance (ISA-101)'}


class WallPanel(EntryPanel):
    """Lists wall screens, and makes new links."""

    def __init__(self, services: Services, identity: Identity, secrets: SecretDialog) -> None:
        self._services, self._identity = services, identity
        super().__init__(services, TEXTS, self._entries, self._add)
        self._dialog_to_add = NewWallDialog(services, identity, secrets, self.loading.again)

    async def _entries(self) -> Sequence[Entry]:
        keys = await self._services.access.walls.listed(self._identity, KeyKind.WALL)
        return [self._entry(key) for key in keys]

    async def _add(self) -> None:
        await self._dialog_to_add.open()

    def _entry(self, key: AccessKey) -> Entry:
        zone = self._services.zone
        return Entry(key.id, key.name, facts(
            shown_by(key.view),
            f'{since("made", key.made_at, zone)} by {key.made_by}',
            since('last seen', key.last_used_at, zone) or 'never opened'),
            partial(self._services.access.walls.revoke, self._identity, key.id),
            'The screen shows a message instead of the floor.')


class NewWallDialog(AddDialog):
    """Name and options of a wall screen."""

    def __init__(self, services: Services, identity: Identity, secrets: SecretDialog, done: Callable[[], None]) -> None:
        super().__init__('New wall screen', 'Make link', done)
        self._services, self._identity, self._secrets = services, identity, secrets
        with self._fields:
            self._name = TextField('Name of the screen').props('outlined autofocus').classes('field')
            self._lines = ui.select([], label='Lines (empty: all)', multiple=True, with_input=True) \
                .props('outlined use-chips')
            self._areas = ui.select([], label='Areas (all of their lines)', multiple=True, with_input=True) \
                .props('outlined use-chips')
            self._turn = ui.select(TURNS, label='Shows', value=0).props('outlined')
            self._theme = ui.select(THEMES, label='Theme', value='dark').props('outlined')

    async def _reset(self) -> None:
        lines = self._services.store.lines
        self._name.value = ''
        self._lines.set_options({line.name: line_label(line.name, line.area) for line in lines}, value=[])
        areas = areas_of(lines)
        self._areas.set_options(areas, value=[])
        self._areas.set_visibility(bool(areas))
        self._turn.value, self._theme.value = 0, 'dark'

    async def _make(self) -> Callable[[], None]:
        if not self._name.value:
            raise InvalidInputError('name the screen', 'name')
        view = wall_view(self._lines.value, self._turn.value, self._theme.value, self._areas.value)
        made = await self._services.access.walls.make(self._identity, str(self._name.value), view)
        return lambda: self._secrets.show_link(
            f'Wall screen {made.key.name}', 'Open this link on the screen. It works until it is revoked, for everybody '
            'who has it.', path_of(made), for_here='Open it here')


def shown_by(view: str | None) -> str:
    """The lines and areas of the query of a wall screen."""
    asked = parse_qs(view)
    return ', '.join([*asked.get('line', []), *(f'area {name}' for name in asked.get('area', []))]) or 'all lines'


def wall_view(lines: Sequence[str], turn: int, theme: str, areas: Sequence[str] = ()) -> str:
    """The query of the address of a wall screen."""
    return urlencode([('kiosk', '1'), *(('line', line) for line in lines), *(('area', area) for area in areas),
                      *([('rotate', str(turn))] if turn else []), ('theme', theme)])
