"""Links for wall screens, which only show the floor."""

from __future__ import annotations

from ..core.access_keys import AccessKey, KeyKind, NewKey
from ..core.errors import InvalidInputError
from ..core.people import Credential, Identity, Role
from ..core.text import exact_name
from ..db.transactions import command, logged
from .access_keys import MAX_NAME_LENGTH, KeyDetails
from .known_keys import KnownKeys

MAX_VIEW_LENGTH = 2_000
WALL = 'wall'
"""The kind of the credential: pages other than the floor refuse it."""


class WallLinks(KnownKeys):
    """Makes links, and identifies the browsers that opened them."""

    async def make(self, who: Identity, name: str, view: str) -> NewKey:
        """A new link. view: the query of the address that it opens, as `kiosk&rotate=20`. Requires the role supervisor.

        :raises NotAllowedError: no supervisor
        :raises InvalidInputError: the name is taken, empty or hides characters
        """
        name = exact_name(name, 'name', MAX_NAME_LENGTH)
        if len(view) > MAX_VIEW_LENGTH or not view.isascii() or not view.isprintable():
            raise InvalidInputError('choose fewer lines', 'view')
        async with logged('wall link made', who, wall=name), command(self._database) as connection:
            person = await self._employees.authorize(connection, who, Role.SUPERVISOR)
            return await self._make(connection, KeyKind.WALL, name, person.name, KeyDetails(view=view))

    async def key(self, secret: str) -> AccessKey:
        """The link with this secret.

        :raises SignedOutError: it is unknown or revoked
        """
        return await self._find(KeyKind.WALL, secret)

    async def identity(self, secret: str) -> Identity:
        """Who a browser is that opened the link.

        :raises SignedOutError: it is unknown or revoked
        """
        key = await self.key(secret)
        return Identity(f'wall screen {key.name}', None, at_most=Role.VIEWER, credential=Credential(WALL, key.id))
