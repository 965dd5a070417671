"""Finds the API token, station or wall screen of a request."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from auth.source import Source

from ...access.api_tokens import ApiTokens
from ...access.stations import STATION, Stations
from ...access.wall_links import WALL, WallLinks
from ...core.errors import SignedOutError
from ...core.people import Identity
from ..http.credential_cookie import credential_in

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
        return await tokens.identity(bearers[0])
    return identify


def station_source(stations: Stations) -> Source:
    """A source of identities: shared tablets, also where somebody is signed in otherwise, because their role is
    limited."""
    async def identify(connection: HTTPConnection) -> Identity | None:
        secret = credential_in(connection, STATION)
        return await stations.find(secret) if secret else None
    return identify


def wall_source(walls: WallLinks) -> Source:
    """A source of identities: wall screens where nobody is signed in."""
    async def identify(connection: HTTPConnection) -> Identity | None:
        secret = credential_in(connection, WALL)
        return await walls.find(secret) if secret else None
    return identify
