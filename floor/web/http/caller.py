"""Who asks: the identity that the middleware has put into the scope of a request or socket."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import HTTPConnection
from starlette.types import Scope

from ...core.errors import SignedOutError
from ...core.people import Identity

Identify = Callable[[HTTPConnection], Identity]
KEY = 'identity'
NOBODY = 'nobody is signed in'


def identity_of(connection: HTTPConnection) -> Identity:
    """The identity of a request, or of the request that opened a socket.

    :raises SignedOutError: nobody is signed in
    """
    identity = known_identity(connection.scope)
    if identity is None:
        raise SignedOutError(NOBODY)
    return identity


def known_identity(scope: Scope) -> Identity | None:
    """The identity of a request; None on a public path, where nobody is looked for."""
    identity = scope.get('state', {}).get(KEY)
    return identity if isinstance(identity, Identity) else None


def set_identity(scope: Scope, identity: Identity) -> None:
    """From now on, this is who asks."""
    scope.setdefault('state', {})[KEY] = identity
