"""Resolves who asks, once for each request and socket, and refuses those without an identity.

The first source that knows the request decides. Everything else reads the identity from the scope
(floor/web/http/caller.py). Where people sign in here, a browser that opens a page is sent to the sign-in; programs, the
parts of pages and hidden frames get 401, so that nothing but an opened page signs anybody in again. Everybody who is
signed in may read the floor, including names and e-mail addresses.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from auth.source import Source

from ...core.errors import DatabaseUnavailableError, NotAllowedError, SignedOutError
from ...core.people import Identity
from ...core.sentences import as_sentence
from ..api.problems import FOR_PROGRAMS, RETRY_AFTER_S, refusal
from ..http.caller import NOBODY, set_identity
from ..http.public_paths import CALLBACK, PUBLIC_PATHS, SIGN_IN
from ..sign_in.plain_page import plain_page, text

SEE_OTHER = 303
BY_LINK = ('open the link of an invitation. A supervisor makes one in Setup, Access; on the machine of this program, '
           'python -m floor.access invite EMAIL prints one: its start shows the whole command')
PUBLIC = re.compile('|'.join([*map(re.escape, PUBLIC_PATHS), r'/link/[^/]*|/leave|/assets/css/(tokens|plain)\.css']))
"""Paths that need no identity: probes, the sign-in, links that prove an identity, and how these pages look."""


class IdentityRequired:
    """Accepts requests and sockets with an identity, and public paths."""

    def __init__(self, app: ASGIApp, *, sources: Sequence[Source], has_sign_in: bool = False) -> None:
        """sources: in the order in which they are asked. has_sign_in: whether people sign in here."""
        self._app = app
        self._sources = sources
        self._has_sign_in = has_sign_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or socket."""
        if scope['type'] in {'http', 'websocket'} and not self._is_public(scope['path']):
            connection = HTTPConnection(scope)
            try:
                set_identity(scope, await self._identify(connection))
            except (DatabaseUnavailableError, NotAllowedError) as error:
                await self._answer(connection, error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_public(self, path: str) -> bool:
        return PUBLIC.fullmatch(path) is not None and (self._has_sign_in or path not in {SIGN_IN, CALLBACK})

    def _answer(self, connection: HTTPConnection, error: DatabaseUnavailableError | NotAllowedError) -> ASGIApp:
        """What a request without an identity gets."""
        if isinstance(error, DatabaseUnavailableError):
            return refusal(503, str(error), {'Retry-After': str(RETRY_AFTER_S)})
        if not isinstance(error, SignedOutError) or not opens_a_page(connection):
            return refusal(401, str(error), {'WWW-Authenticate': 'Bearer'})
        if self._has_sign_in:
            return RedirectResponse(sign_in_address(connection.scope), SEE_OTHER, {'Cache-Control': 'no-store'})
        return plain_page(connection, 'Not signed in', text(as_sentence(error)), status=401)

    async def _identify(self, connection: HTTPConnection) -> Identity:
        for source in self._sources:
            if (identity := await source(connection)) is not None:
                return identity
        raise SignedOutError(f'{NOBODY}: {f"open {SIGN_IN} in a browser" if self._has_sign_in else BY_LINK}')


def opens_a_page(connection: HTTPConnection) -> bool:
    """Whether a browser opens a page in a tab: not a part of a page, a frame, or a program."""
    scope = connection.scope
    return (scope['type'] == 'http' and scope['method'] in {'GET', 'HEAD'}
            and FOR_PROGRAMS.fullmatch(scope['path']) is None
            and connection.headers.get('sec-fetch-dest', 'document') == 'document'
            and 'text/html' in connection.headers.get('accept', ''))


def sign_in_address(scope: Scope) -> str:
    """The sign-in that leads back to the requested page."""
    query = scope['query_string'].decode('latin-1')
    return f'{SIGN_IN}?next={quote(scope["path"] + (f"?{query}" if query else ""), safe="/")}'
