"""Keys in the database: made, listed, found by their secret, revoked. The other modules say what each kind means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg

from ..core.access_keys import AccessKey, KeyKind, NewKey
from ..core.errors import InvalidInputError, NotFoundError, SignedOutError, UnknownKeyError
from ..core.people import Identity, Role
from ..core.scopes import TokenScope
from ..db.connection import Connection
from ..db.database import Database
from ..db.transactions import MAX_ID, command, logged, reading, statement
from ..orders.employees import Employees
from .secret_hash import new_secret, secret_hash

PREFIXES = {KeyKind.TOKEN: 'lm_token_', KeyKind.FIRST_SUPERVISOR: 'lm_first_', KeyKind.INVITATION: 'lm_invite_',
            KeyKind.STATION: 'lm_station_', KeyKind.WALL: 'lm_wall_'}
"""What a secret begins with, so that people and scanners recognise it."""
MAX_SECRET_LENGTH = 100
MAX_NAME_LENGTH = 80
CALLED = {KeyKind.TOKEN: 'token', KeyKind.FIRST_SUPERVISOR: 'link', KeyKind.INVITATION: 'invitation',
          KeyKind.STATION: 'station', KeyKind.WALL: 'wall link'}


@dataclass(frozen=True, slots=True)
class KeyDetails:
    """What a kind has besides its name, as in AccessKey. lifetime None: it does not expire."""

    scopes: tuple[TokenScope, ...] | None = None
    line_ids: tuple[int, ...] | None = None
    machine_ids: tuple[int, ...] | None = None
    view: str | None = None
    employee_id: int | None = None
    lifetime: timedelta | None = None


class AccessKeys:
    """Commands on keys of every kind, which require the role supervisor; the base of those on one kind.

    Every method may raise DatabaseUnavailableError.
    """

    def __init__(self, database: Database, employees: Employees) -> None:
        self._database = database
        self._queries = database.queries
        self._employees = employees
        self._on_end: list[Callable[[], None]] = []

    def on_end(self, ended: Callable[[], None]) -> None:
        """Call ended whenever a key was revoked here."""
        self._on_end.append(ended)

    async def listed(self, who: Identity, *kinds: KeyKind) -> Sequence[AccessKey]:
        """The keys of these kinds that are not revoked, without links that were used; the newest first.

        :raises NotAllowedError: no supervisor
        """
        async with reading(self._database) as connection:
            await self._employees.look_up(connection, who, Role.SUPERVISOR)
            return [to_key(row) async for row in self._queries.access_keys(connection, kinds=list(kinds))]

    async def revoke(self, who: Identity, key_id: int) -> None:
        """End a key: from now on, requests and commands with it are refused.

        :raises NotAllowedError: no supervisor
        :raises NotFoundError: there is none, or it was revoked before
        """
        async with logged('access revoked', who, key=key_id) as fields, command(self._database) as connection:
            person = await self._employees.authorize(connection, who, Role.SUPERVISOR)
            row = await self._queries.revoke_access_key(
                connection, key_id=key_id, revoked_by=person.name) if 0 < key_id <= MAX_ID else None
            if row is None:
                raise NotFoundError('it was revoked or used in the meantime')
            fields |= {'kind': row['kind'], 'called': row['name']}
        for ended in self._on_end:
            ended()

    async def _make(self, connection: Connection, kind: KeyKind, name: str, made_by: str,
                    details: KeyDetails) -> NewKey:
        """A key with a new secret, in the caller's transaction.

        :raises InvalidInputError: the name is taken
        """
        secret = key_secret(kind)
        try:
            row = await self._queries.add_access_key(
                connection, kind=kind, name=name, secret_hash=secret_hash(secret), scopes=_array(details.scopes),
                line_ids=_array(details.line_ids), machine_ids=_array(details.machine_ids), view=details.view,
                employee_id=details.employee_id, made_by=made_by, lifetime=details.lifetime)
        except asyncpg.UniqueViolationError as error:
            raise InvalidInputError(f'there is a {CALLED[kind]} {name} already: choose another name, or revoke it '
                                    f'first', 'name') from error
        return NewKey(to_key(row), secret)

    async def _find(self, kind: KeyKind, secret: str) -> AccessKey:
        """The key of this secret, if it works; its use is noted, once a minute at most, also if it works no longer.

        :raises SignedOutError: it is unknown, revoked or expired
        """
        async with statement(self._database) as connection:
            row = await self._row_of(connection, kind, secret)
        if row is not None and row['is_unnoted']:
            await self._note(row['key_id'])
        return _working(kind, row)

    async def _look_up(self, connection: Connection, kind: KeyKind, secret: str) -> AccessKey:
        """As _find, in the caller's transaction, and the use is not noted."""
        return _working(kind, await self._row_of(connection, kind, secret))

    async def _row_of(self, connection: Connection, kind: KeyKind, secret: str) -> Any:
        """Of the query access_key_of; None: the secret is unknown."""
        return await self._queries.access_key_of(connection, kind=kind, secret_hash=secret_hash(secret)) \
            if len(secret) <= MAX_SECRET_LENGTH else None

    async def _note(self, key_id: int) -> None:
        with suppress(asyncpg.ReadOnlySQLTransactionError):  # reading goes on while the database is read-only
            async with self._database.acquire() as connection:
                await self._queries.note_access_key_use(connection, key_id=key_id)


def key_secret(kind: KeyKind) -> str:
    """A new secret, with the prefix of its kind."""
    return PREFIXES[kind] + new_secret()


def to_key(row: Any) -> AccessKey:
    """A row of the query access_keys."""
    lines, machines = row['line_ids'], row['machine_ids']
    return AccessKey(
        row['key_id'], KeyKind(row['kind']), row['name'], row['made_by'], row['made_at'],
        tuple(map(TokenScope, row['scopes'] or ())), None if lines is None else tuple(lines),
        None if machines is None else tuple(machines), row['view'] or '', row['employee_id'], row['expires_at'],
        row['used_at'], row['last_used_at'], bool(row['is_expired']), row['is_unnoted'])


def _working(kind: KeyKind, row: Any) -> AccessKey:
    """The key of a row of the query access_key_of.

    :raises UnknownKeyError: there is none
    :raises SignedOutError: it works no longer
    """
    called = CALLED[kind]
    if row is None:
        raise UnknownKeyError(f'this {called} is not known: check that nothing is missing at its end')
    for is_so, what in (row['is_revoked'], 'was revoked'), (row['is_expired'], 'has expired'):
        if is_so:
            raise SignedOutError(f'this {called} {what}: ask a supervisor for a new one')
    return to_key(row)


def _array(values: tuple[Any, ...] | None) -> list[Any] | None:
    return None if values is None else list(values)
