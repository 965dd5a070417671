"""Finds the session of a request by its cookie."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from auth.source import Source

from ...access.sessions import KIND, Sessions
from ...core.people import Identity
from ..http.credential_cookie import credential_in


def session_source(sessions: Sessions) -> Source:
    """A source of identities: people who signed in."""
    async def identify(connection: HTTPConnection) -> Identity | None:
        secret = credential_in(connection, KIND)
        return await sessions.find(secret) if secret else None
    return identify
