"""Who asks, for routes that need to know."""

from __future__ import annotations

from fastapi import Request

from ...core.people import Identity
from ..http.caller import identity_of


async def caller(request: Request) -> Identity:
    """A dependency that returns who asks.

    :raises SignedOutError: nobody is signed in
    """
    return identity_of(request)
