"""The panel of stations, and the PINs of the people who use them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from nicegui import ui

from ....access.key_links import path_of
from ....core.access_keys import AccessKey, KeyKind
from ....core.errors import InvalidInputError
from ....core.formatting import line_label
from ....core.names import in_order_of_names
from ....core.people import Identity
from ...shell.services import Services
from ...shell.text_field import TextField
from .entries import AddDialog, Entry, EntryPanel, PanelTexts, facts, since
from .secret_dialog import SecretDialog

TEXTS = PanelTexts(
    'Stations', 'the stations', 'A shared tablet, where people pick their name before they change anything. Their role '
    'there is operator at most.', 'No browser is a station.', 'New station', 'Revoke')
PIN_TEXTS = PanelTexts(
    'PINs', 'the PINs', 'At a station, people with a PIN have to enter it. Others only pick their name.',
    'Nobody has a PIN.', 'Set a PIN', 'Remove')


class StationPanel(EntryPanel):
    """Lists stations, and pairs new ones."""

    def __init__(self, services: Services, identity: Identity, secrets: SecretDialog) -> None:
        self._services, self._identity = services, identity
        super().__init__(services, TEXTS, self._entries, self._add)
        self._dialog_to_add = NewStationDialog(services, identity, secrets, self.loading.again)

    async def _entries(self) -> Sequence[Entry]:
        lines = {line.id: line.name for line in await self._services.setup.lines()}
        keys = await self._services.access.stations.listed(self._identity, KeyKind.STATION)
        return [self._entry(key, lines) for key in keys]

    async def _add(self) -> None:
        await self._dialog_to_add.open()

    def _entry(self, key: AccessKey, lines: dict[int, str]) -> Entry:
        zone = self._services.zone
        line = next((lines[line_id] for line_id in key.line_ids or () if line_id in lines), 'all lines')
        state = since('paired', key.used_at, zone) or (
            'its link has expired' if key.is_expired else since('not paired; its link works until', key.expires_at,
                                                                zone))
        last_seen = since('last seen', key.last_used_at, zone)
        return Entry(key.id, key.name, facts(line, state, last_seen, f'made by {key.made_by}'),
                     partial(self._services.access.stations.revoke, self._identity, key.id),
                     'The tablet is no longer a station. What people did there stays.')


class NewStationDialog(AddDialog):
    """Name and line of a new station."""

    def __init__(self, services: Services, identity: Identity, secrets: SecretDialog, done: Callable[[], None]) -> None:
        super().__init__('New station', 'Make station', done)
        self._services, self._identity, self._secrets = services, identity, secrets
        with self._fields:
            self._name = TextField('Name of the station').props('outlined autofocus').classes('field')
            self._line = ui.select({}, label='Line (optional)', clearable=True, with_input=True).props('outlined')

    async def _reset(self) -> None:
        self._name.value = ''
        self._line.set_options({line.id: line_label(line.name, line.area)
                                for line in await self._services.setup.lines()}, value=None)

    async def _make(self) -> Callable[[], None]:
        if not self._name.value:
            raise InvalidInputError('name the station', 'name')
        made = await self._services.access.stations.make(self._identity, str(self._name.value), self._line.value)
        return lambda: self._secrets.show_link(
            f'Station {made.key.name}', 'Open this link on the tablet within an hour. It works once.', path_of(made),
            for_here='Make this browser the station')


class PinPanel(EntryPanel):
    """Lists people who have a PIN, and sets one."""

    def __init__(self, services: Services, identity: Identity) -> None:
        self._services, self._identity = services, identity
        super().__init__(services, PIN_TEXTS, self._entries, self._add)
        self._dialog_to_add = SetPinDialog(services, identity, self.loading.again)

    async def _entries(self) -> Sequence[Entry]:
        owners = await self._services.access.pins.owners(self._identity)
        people = in_order_of_names(each for each in self._services.store.people.values() if each.id in owners)
        return [Entry(each.id, each.name, [each.department],
                      partial(self._services.access.pins.set_pin, self._identity, each.id, None),
                      'At stations, anybody can pick this name then.') for each in people]

    async def _add(self) -> None:
        await self._dialog_to_add.open()


class SetPinDialog(AddDialog):
    """A person and their PIN."""

    def __init__(self, services: Services, identity: Identity, done: Callable[[], None]) -> None:
        super().__init__('Set a PIN', 'Set the PIN', done)
        self._services, self._identity = services, identity
        with self._fields:
            self._person = ui.select({}, label='Person', with_input=True).props('outlined')
            self._pin = TextField('PIN, 4 to 8 digits').props('outlined type=password inputmode=numeric '
                                                              'autocomplete=off maxlength=8')

    async def _reset(self) -> None:
        people = in_order_of_names(each for each in self._services.store.people.values() if each.active)
        self._person.set_options({each.id: each.name for each in people}, value=None)
        self._pin.value = ''

    async def _make(self) -> Callable[[], None]:
        if self._person.value is None:
            raise InvalidInputError('choose a person', 'person')
        await self._services.access.pins.set_pin(self._identity, self._person.value, str(self._pin.value or ''))
        return lambda: None
