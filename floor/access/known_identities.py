"""Identities that were looked up a moment ago: a page loads thirty files, and each is a request."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from ..core.errors import DatabaseUnavailableError, SignedOutError
from ..core.people import Credential, Identity
from .secret_hash import secret_hash

KNOWN_FOR_S = 5.0
"""Seconds for which an identity is not looked up again. Commands check its credential in their own transaction."""


@dataclass(frozen=True, slots=True)
class _Known:
    identity: Identity
    looked_up_at: float


class KnownIdentities:
    """Remembers what look-ups found."""

    def __init__(self, look_up: Callable[[str], Awaitable[Identity]],
                 monotonic: Callable[[], float] = time.monotonic, *, most: int = 1_000) -> None:
        """look_up: the identity of a secret; raises SignedOutError if it proves nothing. most: how many are
        remembered."""
        self._look_up = look_up
        self._monotonic = monotonic
        self._most = most
        self._known: dict[bytes, _Known] = {}

    async def find(self, secret: str) -> Identity:
        """The identity of a secret. While the database does not answer, what was known counts.

        :raises SignedOutError: it proves nothing
        :raises DatabaseUnavailableError: the database does not answer, and this secret was not seen before
        """
        key, now = secret_hash(secret), self._monotonic()
        known = self._known.get(key)
        if known is not None and now - known.looked_up_at < KNOWN_FOR_S:
            return known.identity
        try:
            identity = await self._look_up(secret)
        except SignedOutError:
            self._known.pop(key, None)
            raise
        except DatabaseUnavailableError:
            if known is None:
                raise
            return known.identity
        self._known.pop(key, None)
        if len(self._known) >= self._most:
            self._known.pop(next(iter(self._known)))
        self._known[key] = _Known(identity, now)
        return identity

    def forget(self, credentials: Collection[Credential] | None = None) -> None:
        """Look the identities of these credentials up again at their next request; None: all."""
        if credentials is None:
            self._known.clear()
            return
        for key in [key for key, known in self._known.items() if known.identity.credential in credentials]:
            del self._known[key]
