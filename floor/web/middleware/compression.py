"""Compresses responses for clients that accept it.

NiceGUI's own middleware searches Accept-Encoding for "gzip" and ignores q=0, which refuses it (RFC 9110, 12.4.2).
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Receive, Scope, Send

ACCEPT = b'accept-encoding'
GZIP = frozenset({'gzip', 'x-gzip'})


class Compression(GZipMiddleware):
    """For the argument gzip_middleware_factory of ui.run."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope['type'] == 'http':
            accepted = accepts_gzip(','.join(Headers(scope=scope).getlist('accept-encoding')))
            others = [(name, value) for name, value in scope['headers'] if name != ACCEPT]
            scope = {**scope, 'headers': [*others, (ACCEPT, b'gzip' if accepted else b'identity')]}
        await super().__call__(scope, receive, send)


def accepts_gzip(header: str) -> bool:
    """Whether Accept-Encoding names gzip with a weight above 0."""
    return any(_weight(parameters) > 0 for coding, *parameters in (part.split(';') for part in header.split(','))
               if coding.strip().lower() in GZIP)


def _weight(parameters: list[str]) -> float:
    """The weight among the parameters of a coding, by default 1; 0 if it is invalid."""
    for name, _, value in (parameter.partition('=') for parameter in parameters):
        if name.strip().lower() == 'q':
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
