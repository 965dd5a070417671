"""Sessions of people who signed in.

The browser holds a random secret, the table its hash: who reads the table or a backup cannot act as anybody. A session
ends when the person signs out, a supervisor ends it, the employee is deactivated, it was not used for a while, or its
time is over.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from ..core.errors import NotFoundError, SignedOutError, SignInError
from ..core.people import Credential, Identity, Role, SignedIn
from ..core.text import shortened
from ..db.database import Database
from ..db.transactions import command, logged, reading
from ..orders.employees import Employees
from .known_identities import KnownIdentities
from .secret_hash import new_secret, secret_hash

log = logging.getLogger(__name__)

KIND = 'session'
MAX_KNOWN = 10_000
MAX_BROWSER_LENGTH = 200


@dataclass(frozen=True, slots=True)
class SessionEntry:
    """A valid session, as supervisors see it. browser: the User-Agent of the sign-in."""

    id: int
    email: str | None
    name: str
    browser: str
    created_at: datetime
    last_seen_at: datetime


class Sessions:
    """Starts, finds and ends sessions."""

    def __init__(self, database: Database, employees: Employees, *, life: timedelta, idle: timedelta,
                 roles: Mapping[str, Role] = MappingProxyType({}),
                 monotonic: Callable[[], float] = time.monotonic) -> None:
        """life: a session ends so long after the sign-in. idle: or so long after its last use. roles: by e-mail
        address in lower case, instead of that by groups."""
        self._database = database
        self._employees = employees
        self._life = life
        self._idle = idle
        self._roles = roles
        self._known = KnownIdentities(self._read, monotonic, most=MAX_KNOWN)
        self._on_end: list[Callable[[], None]] = []

    def on_end(self, ended: Callable[[], None]) -> None:
        """Call ended whenever a session was ended here, by whomever."""
        self._on_end.append(ended)

    @property
    def life(self) -> timedelta:
        """A session ends so long after the sign-in."""
        return self._life

    async def start(self, person: SignedIn, browser: str, life: timedelta | None = None, *,
                    replaces: str | None = None) -> str:
        """A new session; returns the secret for its cookie. browser: the User-Agent. life: instead of the usual times,
        the session lasts so long, used or not. replaces: the secret that the browser had until now, whose session ends.

        :raises SignInError: the employee is deactivated
        :raises DatabaseUnavailableError: the database does not answer
        """
        secret = new_secret()
        async with (logged('signed in', Identity(person.name, person.email), subject=person.subject),
                    command(self._database) as connection):
            if person.email and await self._database.queries.is_deactivated(connection, email=person.email):
                raise SignInError(f'{person.email} is deactivated on this floor: ask a supervisor')
            if replaces:
                await self._database.queries.end_session_of(connection, secret_hash=secret_hash(replaces))
            await self._database.queries.start_session(
                connection, secret_hash=secret_hash(secret), subject=person.subject, email=person.email,
                name=person.name, role=person.role and person.role.value, id_token=person.id_token,
                browser=shortened(browser, MAX_BROWSER_LENGTH), idle=life or self._idle, life=life or self._life)
        if replaces:
            self._ended()
        return secret

    async def find(self, secret: str) -> Identity | None:
        """The identity of a session, which counts as used; None: the session is not valid, or never was.

        While the database does not answer, sessions that were valid before still count: no command is possible then.

        :raises DatabaseUnavailableError: the database does not answer, and this session was not seen before
        """
        with suppress(SignedOutError):
            return await self._known.find(secret)
        return None

    async def end(self, secret: str) -> str | None:
        """The person signs out. Returns the ID token of the session; None: there is none.

        :raises DatabaseUnavailableError: the database does not answer
        """
        async with command(self._database) as connection:
            row = await self._database.queries.end_session_of(connection, secret_hash=secret_hash(secret))
        self._ended()
        if row is None:
            return None
        log.info('signed out', extra={'who': row['who'], 'session': row['session_id']})
        id_token: str | None = row['id_token']
        return id_token

    # supervisors

    async def sessions(self, who: Identity) -> list[SessionEntry]:
        """All valid sessions, the latest use first. Requires the role supervisor.

        :raises NotAllowedError: :raises DatabaseUnavailableError:
        """
        async with reading(self._database) as connection:
            await self._employees.look_up(connection, who, Role.SUPERVISOR)
            rows = self._database.queries.valid_sessions(connection)
            return [SessionEntry(row['session_id'], row['email'], row['name'], row['browser'], row['created_at'],
                                 row['last_seen_at']) async for row in rows]

    async def end_session(self, who: Identity, session_id: int) -> None:
        """End somebody's session. Requires the role supervisor.

        :raises NotFoundError: there is no such session, or it has ended
        :raises NotAllowedError: :raises DatabaseUnavailableError:
        """
        async with (logged('session ended', who, session=session_id), command(self._database) as connection):
            person = await self._employees.authorize(connection, who, Role.SUPERVISOR)
            if await self._database.queries.end_session(connection, session_id=session_id,
                                                        ended_by=person.name) is None:
                raise NotFoundError('this session has already ended')
        self._ended()

    def forget(self, credentials: Collection[Credential]) -> None:
        """Look these sessions up again at their next request."""
        self._known.forget(credentials)

    def _ended(self) -> None:
        self._known.forget()
        for ended in self._on_end:
            ended()

    async def _read(self, secret: str) -> Identity:
        async with command(self._database) as connection:
            row = await self._database.queries.session_of(connection, secret_hash=secret_hash(secret))
            if row is None:
                raise SignedOutError('this session has ended')
            if row['is_unseen']:
                await self._database.queries.use_session(connection, session_id=row['session_id'], idle=self._idle)
            role = self._roles.get(row['email'] or '') or (Role(row['role']) if row['role'] else None)
            return Identity(row['name'], row['email'], role,
                            credential=Credential(KIND, row['session_id']))
