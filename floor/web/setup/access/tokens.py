"""The panel of API tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from nicegui import ui

from ....access.api_tokens import NewToken
from ....core.access_keys import AccessKey, KeyKind
from ....core.errors import InvalidInputError
from ....core.formatting import counted, line_label
from ....core.people import Identity
from ....core.scopes import MEANINGS, TokenScope
from ....feed.machine import NOT_ON_A_LINE
from ...shell.services import Services
from ...shell.text_field import TextField
from .entries import AddDialog, Entry, EntryPanel, PanelTexts, facts, since
from .secret_dialog import SecretDialog

TEXTS = PanelTexts('Tokens', 'the tokens',
                   'Scripts and gateways use the REST interface with a token (/docs). What a token may do '
                   'stays as it was made: for other rights, make a new token and revoke the old one.',
                   'No program has a token.', 'New token', 'Revoke')
LIFETIMES = {0: 'Until it is revoked', 30: '30 days', 90: '90 days', 365: 'One year'}


class TokenPanel(EntryPanel):
    """Lists tokens, and makes new ones."""

    def __init__(self, services: Services, identity: Identity, secrets: SecretDialog) -> None:
        self._services, self._identity = services, identity
        super().__init__(services, TEXTS, self._entries, self._add)
        self._dialog_to_add = NewTokenDialog(services, identity, secrets, self.loading.again)

    async def _entries(self) -> Sequence[Entry]:
        keys = await self._services.access.tokens.listed(self._identity, KeyKind.TOKEN)
        return [self._entry(key) for key in keys]

    async def _add(self) -> None:
        await self._dialog_to_add.open()

    def _entry(self, key: AccessKey) -> Entry:
        zone = self._services.zone
        ends = since('expired' if key.is_expired else 'expires', key.expires_at, zone)
        return Entry(key.id, key.name, facts(
            ', '.join(key.scopes), limit_text(key), f'{since("made", key.made_at, zone)} by {key.made_by}',
            since('last used', key.last_used_at, zone) or 'never used', ends),
            partial(self._services.access.tokens.revoke, self._identity, key.id),
            'Programs that use it are refused from now on. A new token has another secret.')


class NewTokenDialog(AddDialog):
    """Name, scopes, limits and lifetime of a new token."""

    def __init__(self, services: Services, identity: Identity, secrets: SecretDialog, done: Callable[[], None], *,
                 only: TokenScope | None = None) -> None:
        """only: the scope of every token that is made here; None: it is chosen."""
        super().__init__('New token', 'Make token', done)
        self._services, self._identity, self._secrets = services, identity, secrets
        with self._fields:
            self._name = TextField('Name of the program').props('outlined autofocus').classes('field')
            self._scopes = {scope: ui.checkbox(MEANINGS[scope], on_change=self._limit) for scope in TokenScope}
            for box in self._scopes.values():
                box.set_visibility(only is None)
            self._lines = ui.select({}, label='Only these lines (optional)', multiple=True, with_input=True) \
                .props('outlined use-chips')
            self._machines = ui.select([], label='Only these machines (optional)', multiple=True, with_input=True) \
                .props('outlined use-chips')
            self._days = ui.select(LIFETIMES, label='Valid', value=0).props('outlined')

    async def _reset(self) -> None:
        self._name.value = ''
        self._days.value = 0
        for scope, box in self._scopes.items():
            box.value = scope is TokenScope.FEED  # as line-monitor token
        store = self._services.store
        self._lines.set_options({line.name: line_label(line.name, line.area) for line in store.lines
                                 if line.name != NOT_ON_A_LINE}, value=[])
        self._machines.set_options([str(name) for name in store.machines], value=[])
        self._limit()

    def _chosen(self) -> list[TokenScope]:
        return [scope for scope, box in self._scopes.items() if box.value]

    def _limit(self) -> None:
        for select in self._lines, self._machines:
            select.set_visibility(self._chosen() == [TokenScope.FEED])

    async def _make(self) -> Callable[[], None]:
        scopes = self._chosen()
        is_feed = scopes == [TokenScope.FEED]
        if not self._name.value:
            raise InvalidInputError('name the program that uses the token', 'name')
        made = await self._services.access.tokens.make(self._identity, NewToken(
            str(self._name.value), scopes, self._days.value or None,
            self._lines.value if is_feed else (), self._machines.value if is_feed else ()))
        machine = next(iter(self._machines.value or self._services.store.machines), 'MACHINE') if is_feed else None
        return lambda: self._secrets.show_token(made.key.name, made.secret, machine)


def limit_text(key: AccessKey) -> str:
    """What a token may report; empty: everything that its scopes allow."""
    if key.line_ids is None and key.machine_ids is None:
        return ''
    lines, machines = key.line_ids or (), key.machine_ids or ()
    return 'only ' + ' and '.join(part for part in (
        counted(len(lines), 'line') if lines else '', counted(len(machines), 'machine') if machines else '') if part) \
        if lines or machines else 'no machine: those that it was limited to are gone'
