"""Finds the API token of a request, or the session, station or wall screen of its cookies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import HTTPConnection

from auth.source import Source

from ...access.api_tokens import ApiTokens, token_of
from ...core.errors import SignedOutError, UnknownKeyError
from ...core.people import Identity
from ...core.scopes import TokenScope
from ...feed.feed_counters import FeedCounters, RequestFault
from ..http.credential_cookie import credential_in
from ..http.feed_path import is_of_events

BEARER = 'bearer'


def token_source(tokens: ApiTokens, feeds: FeedCounters) -> Source:
    """A source of identities: programs with a token in the header Authorization. A token is accepted nowhere else.

    feeds: counts the requests of feeds that will be refused.
    """
    async def identify_feed(connection: HTTPConnection, secret: str) -> Identity:
        try:
            # the command checks the token in its own transaction
            identity = await tokens.recent_identity(secret)
        except SignedOutError as error:
            refuse(connection, RequestFault.UNKNOWN if isinstance(error, UnknownKeyError)
                   else RequestFault.ENDED)
            raise
        if TokenScope.FEED not in (identity.scopes or ()):
            refuse(connection, RequestFault.OTHER, token_of(identity))
        return identity

    def refuse(connection: HTTPConnection, fault: RequestFault, token: str = '') -> None:
        if connection.scope.get('method') == 'POST':
            feeds.refuse(fault, connection.client.host if connection.client else '', token)

    async def identify(connection: HTTPConnection) -> Identity | None:
        values = connection.headers.getlist('authorization')
        is_feed = is_of_events(connection.scope['path'].removeprefix(connection.scope.get('root_path', '')))
        bearers = [value.partition(' ')[2].strip() for value in values if value.partition(' ')[0].lower() == BEARER]
        if not bearers:
            if is_feed:
                refuse(connection, RequestFault.MISSING)
            return None
        if len(values) > 1:
            raise SignedOutError('duplicate Authorization header: send one token')
        return await (identify_feed(connection, bearers[0]) if is_feed else tokens.identity(bearers[0]))
    return identify


def cookie_source(kind: str, find: Callable[[str], Awaitable[Identity | None]]) -> Source:
    """A source of identities: the secret in the cookie of this kind. find: None for one that proves nothing."""
    async def identify(connection: HTTPConnection) -> Identity | None:
        secret = credential_in(connection, kind)
        return await find(secret) if secret else None
    return identify
