"""API tokens, for programs that use the REST interface."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from ..core.access_keys import KeyKind, NewKey
from ..core.errors import InvalidInputError
from ..core.people import Credential, Identity, Role
from ..core.scopes import TokenScope
from ..core.text import exact_name
from ..db.connection import Connection
from ..db.transactions import command, logged
from .access_keys import MAX_NAME_LENGTH, KeyDetails
from .known_keys import KnownKeys

MAX_DAYS = 3650
NAME_PREFIX = 'token '
Ids = tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class NewToken:
    """days: after so many days it expires; None: never. lines, machines: names of those whose statuses a token with
    feed:write may report; both empty: all."""

    name: str
    scopes: Collection[TokenScope]
    days: int | None = None
    lines: Collection[str] = ()
    machines: Collection[str] = ()


def token_of(identity: Identity) -> str:
    """The name of the token that an identity is of."""
    return identity.name.removeprefix(NAME_PREFIX)


class ApiTokens(KnownKeys):
    """Makes tokens, and identifies requests by them."""

    async def make(self, who: Identity, new: NewToken) -> NewKey:
        """A new token. Requires the role supervisor.

        :raises NotAllowedError: no supervisor
        :raises InvalidInputError: the name is taken, empty or hides characters; a line or a machine does not exist
        """
        name, scopes = exact_name(new.name, 'name', MAX_NAME_LENGTH), _checked_scopes(new)
        if new.days is not None and not 1 <= new.days <= MAX_DAYS:
            raise InvalidInputError('days has to be from 1 to 3,650', 'days')
        async with (logged('token made', who, token=name, scopes=' '.join(scopes)),
                    command(self._database) as connection):
            person = await self._employees.authorize(connection, who, Role.SUPERVISOR)
            lines, machines = await self._limits(connection, new)
            return await self._make(connection, KeyKind.TOKEN, name, person.name, KeyDetails(
                scopes=scopes, line_ids=lines, machine_ids=machines,
                lifetime=None if new.days is None else timedelta(days=new.days)))

    async def identity(self, secret: str) -> Identity:
        """Who sends a request with this token.

        :raises SignedOutError: it is unknown, revoked or expired
        """
        key = await self._find(KeyKind.TOKEN, secret)
        return Identity(f'{NAME_PREFIX}{key.name}', None, credential=Credential('token', key.id),
                        scopes=frozenset(key.scopes))

    async def _limits(self, connection: Connection, new: NewToken) -> tuple[Ids, Ids]:
        if not (new.lines or new.machines):
            return None, None
        lines = {row['name']: row['line_id'] async for row in self._queries.production_lines(connection)}
        machines = {row['machine_name']: row['machine_id']
                    async for row in self._queries.plant_machines(connection, retired=False)}
        return _ids(lines, new.lines, 'line'), _ids(machines, new.machines, 'machine')


def _checked_scopes(new: NewToken) -> tuple[TokenScope, ...]:
    scopes = tuple(scope for scope in TokenScope if scope in new.scopes)
    if not scopes:
        raise InvalidInputError('choose what the token may do', 'scopes')
    if (new.lines or new.machines) and scopes != (TokenScope.FEED,):
        raise InvalidInputError('only a token that reports statuses and does nothing else can be limited to lines or '
                                'machines', 'scopes')
    return scopes


def _ids(ids: dict[str, int], names: Collection[str], what: str) -> tuple[int, ...]:
    if unknown := next((name for name in names if name not in ids), None):
        raise InvalidInputError(f'there is no {what} {unknown[:MAX_NAME_LENGTH]}', f'{what}s')
    return tuple(sorted({ids[name] for name in names}))
