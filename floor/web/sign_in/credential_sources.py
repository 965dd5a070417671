"""Finds the API token of a request, or the session, station or wall screen of its cookies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import HTTPConnection

from auth.source import Source

from ...access.api_tokens import ApiTokens
from ...core.errors import SignedOutError
from ...core.people import Identity
from ..http.credential_cookie import credential_in
from ..http.feed_path import is_of_events

BEARER = 'bearer'


def token_source(tokens: ApiTokens) -> Source:
    """A source of identities: programs with a token in the header Authorization. A token is accepted nowhere else."""
    async def identify(connection: HTTPConnection) -> Identity | None:
        values = connection.headers.getlist('authorization')
        bearers = [value.partition(' ')[2].strip() for value in values if value.partition(' ')[0].lower() == BEARER]
        if not bearers:
            return None
        if len(values) > 1:
            raise SignedOutError('duplicate Authorization header: send one token')
        if is_of_events(connection.scope['path'].removeprefix(connection.scope.get('root_path', ''))):
            # the command checks the token in its own transaction
            return await tokens.recent_identity(bearers[0])
        return await tokens.identity(bearers[0])
    return identify


def cookie_source(kind: str, find: Callable[[str], Awaitable[Identity | None]]) -> Source:
    """A source of identities: the secret in the cookie of this kind. find: None for one that proves nothing."""
    async def identify(connection: HTTPConnection) -> Identity | None:
        secret = credential_in(connection, kind)
        return await find(secret) if secret else None
    return identify
