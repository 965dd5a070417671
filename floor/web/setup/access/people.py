"""The panels of people: sessions and invitations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from nicegui import ui

from ....access.key_links import path_of
from ....access.sessions import SessionEntry
from ....core.access_keys import KeyKind
from ....core.errors import InvalidInputError
from ....core.names import in_order_of_names
from ....core.people import Identity
from ...shell.services import Services
from .entries import AddDialog, Entry, EntryPanel, PanelTexts, facts, since
from .secret_dialog import SecretDialog

SESSION_TEXTS = PanelTexts('Sessions', 'the sessions', 'Browsers in which people are signed in.',
                           'Nobody is signed in.', '', 'End')
INVITATION_TEXTS = PanelTexts(
    'Invitations', 'the invitations', 'A link that signs one colleague in, once, within 7 days: for a plant without '
    'another sign-in.', 'No invitation is open.', 'Invite', 'Revoke')
MAX_BROWSER_LENGTH = 80


class SessionPanel(EntryPanel):
    """Lists sessions."""

    def __init__(self, services: Services, identity: Identity) -> None:
        self._services, self._identity = services, identity
        super().__init__(services, SESSION_TEXTS, self._entries, lambda: None)

    async def _entries(self) -> Sequence[Entry]:
        sessions = await self._services.access.sessions.sessions(self._identity)
        return [self._entry(session) for session in sessions]

    def _entry(self, session: SessionEntry) -> Entry:
        zone, own = self._services.zone, self._identity.credential
        is_own = own is not None and (own.kind, own.id) == ('session', session.id)
        return Entry(session.id, session.name, facts(
            'this browser' if is_own else '', session.email or '', session.browser[:MAX_BROWSER_LENGTH],
            since('since', session.created_at, zone), since('last seen', session.last_seen_at, zone)),
            partial(self._services.access.sessions.end_session, self._identity, session.id),
            'This is you: you are signed out.' if is_own else 'This browser has to sign in again.')


class InvitationPanel(EntryPanel):
    """Lists invitations, and makes new ones."""

    def __init__(self, services: Services, identity: Identity, secrets: SecretDialog) -> None:
        self._services, self._identity = services, identity
        super().__init__(services, INVITATION_TEXTS, self._entries, self._add)
        self._dialog_to_add = InviteDialog(services, identity, secrets, self.loading.again)

    async def _entries(self) -> Sequence[Entry]:
        zone, invitations = self._services.zone, self._services.access.invitations
        return [Entry(key.id, key.name, facts(
            f'{since("made", key.made_at, zone)} by {key.made_by}',
            'has expired' if key.is_expired else since('works until', key.expires_at, zone)),
            partial(invitations.revoke, self._identity, key.id), 'Its link no longer works.')
            for key in await invitations.listed(self._identity, KeyKind.INVITATION)]

    async def _add(self) -> None:
        await self._dialog_to_add.open()


class InviteDialog(AddDialog):
    """The person to invite."""

    def __init__(self, services: Services, identity: Identity, secrets: SecretDialog, done: Callable[[], None]) -> None:
        super().__init__('Invite', 'Make link', done)
        self._services, self._identity, self._secrets = services, identity, secrets
        with self._fields:
            self._person = ui.select({}, label='Person', with_input=True).props('outlined')

    async def _reset(self) -> None:
        people = in_order_of_names(each for each in self._services.store.people.values() if each.active)
        self._person.set_options({each.id: f'{each.name}, {each.role}' for each in people}, value=None)

    async def _make(self) -> Callable[[], None]:
        if self._person.value is None:
            raise InvalidInputError('choose a person: others are added in the list of people', 'person')
        made = await self._services.access.invitations.make(self._identity, self._person.value)
        return lambda: self._secrets.show_link(
            f'Invitation for {made.key.name}', 'Give this link to this person alone: who uses it first is signed in as '
            'them. It works once, within 7 days.', path_of(made))
