"""Identities that were looked up a moment ago."""

from __future__ import annotations

import pytest
from unit.clock import Clock

from floor.access.known_identities import KNOWN_FOR_S, KnownIdentities
from floor.core.errors import DatabaseUnavailableError, SignedOutError
from floor.core.people import Identity

STATION = Identity('station A', None)


class Keys:
    """Counts look-ups; fails with what is laid down."""

    def __init__(self) -> None:
        self.asked = 0
        self.error: Exception | None = None

    async def __call__(self, secret: str) -> Identity:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return STATION


async def test_an_identity_is_looked_up_every_few_seconds_and_lost_with_its_key() -> None:
    clock, keys = Clock(), Keys()
    known = KnownIdentities(keys, clock)
    assert [await known.find('secret') for _ in range(3)] == [STATION] * 3
    assert keys.asked == 1
    clock.now += KNOWN_FOR_S
    keys.error = DatabaseUnavailableError('down')
    assert await known.find('secret') == STATION  # reading goes on; no command is possible
    with pytest.raises(DatabaseUnavailableError):
        await known.find('another')
    keys.error = SignedOutError('revoked')
    with pytest.raises(SignedOutError, match='revoked'):
        await known.find('secret')
    keys.error = None
    assert await known.find('secret') == STATION
    known.forget()
    keys.error = SignedOutError('revoked')
    with pytest.raises(SignedOutError, match='revoked'):
        await known.find('secret')
