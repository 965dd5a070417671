"""The type of a source of identities."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import HTTPConnection

from floor.core.people import Identity

Source = Callable[[HTTPConnection], Awaitable[Identity | None]]
"""Returns the identity that a request or the request of a socket proves; None: it has nothing that this source knows.
Raises NotAllowedError for what proves nothing: no other source is asked then. Raises DatabaseUnavailableError."""
