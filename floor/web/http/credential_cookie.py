"""Cookies that hold the secret of a session, station or wall screen, and nothing else.

No script can read them, no other site can send them with a form (SameSite=Lax), and over https they are never sent
without TLS. With the prefix __Host- a browser accepts them from this host only, so that no other site of the same
domain can plant one. Below a path prefix, where that is not possible, it is __Secure- and the path.
"""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.responses import Response

from .path_prefix import prefix_of

MAX_SECRET_LENGTH = 4_000


def credential_in(connection: HTTPConnection, kind: str) -> str | None:
    """The secret in the cookie of this kind; None: there is none."""
    secret = connection.cookies.get(cookie_name(connection, kind), '')
    return secret if 0 < len(secret) <= MAX_SECRET_LENGTH else None


def set_credential(response: Response, connection: HTTPConnection, kind: str, secret: str, *, seconds: int) -> None:
    """Store the secret in the browser for so many seconds."""
    response.set_cookie(cookie_name(connection, kind), secret, max_age=seconds, path=_path(connection),
                        secure=_is_https(connection), httponly=True, samesite='lax')


def delete_credential(response: Response, connection: HTTPConnection, kind: str) -> None:
    """Remove the cookie of this kind from the browser."""
    response.delete_cookie(cookie_name(connection, kind), path=_path(connection), secure=_is_https(connection),
                           httponly=True, samesite='lax')


def cookie_name(connection: HTTPConnection, kind: str) -> str:
    """The name of the cookie of this kind where the request came from."""
    if not _is_https(connection):
        return f'line-monitor-{kind}'
    return f'{"__Host-" if _path(connection) == "/" else "__Secure-"}line-monitor-{kind}'


def is_credential_cookie(header: str) -> bool:
    """Whether a header Set-Cookie sets or deletes a cookie of this module."""
    return header.removeprefix('__Host-').removeprefix('__Secure-').startswith('line-monitor-')


def _path(connection: HTTPConnection) -> str:
    return prefix_of(connection.headers).rstrip('/') or '/'


def _is_https(connection: HTTPConnection) -> bool:
    return connection.scope['scheme'] in {'https', 'wss'}
