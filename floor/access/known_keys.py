"""The base of commands on keys that come with each request, in a cookie or a header."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection
from contextlib import suppress

from ..core.errors import SignedOutError
from ..core.people import Credential, Identity
from ..db.database import Database
from ..orders.employees import Employees
from .access_keys import AccessKeys
from .known_identities import KnownIdentities


class KnownKeys(AccessKeys):
    """Looks a key up every few seconds only."""

    def __init__(self, database: Database, employees: Employees) -> None:
        super().__init__(database, employees)
        self._known = KnownIdentities(self.identity)

    @abstractmethod
    async def identity(self, secret: str) -> Identity:
        """Who asks with this key.

        :raises SignedOutError: it is unknown or revoked
        """

    async def find(self, secret: str) -> Identity | None:
        """As recent_identity, and None for a key that is unknown or revoked."""
        with suppress(SignedOutError):
            return await self.recent_identity(secret)
        return None

    async def recent_identity(self, secret: str) -> Identity:
        """As identity, looked up within the last seconds: for reading, and commands that check the key themselves.

        :raises SignedOutError: it is unknown or revoked
        """
        return await self._known.find(secret)

    async def revoke(self, who: Identity, key_id: int) -> None:
        """As for every key."""
        await super().revoke(who, key_id)
        self._known.forget()

    def forget(self, credentials: Collection[Credential]) -> None:
        """Look these up again at their next request."""
        self._known.forget(credentials)
