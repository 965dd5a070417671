"""Who asks, for routes that need to know."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fastapi import HTTPException, Request

from ...core.errors import NotAllowedError
from ...core.people import Identity


def caller_of(identify: Callable[[Mapping[str, str]], Identity]) -> Callable[[Request], Identity]:
    """A dependency that identifies the caller; 401 if nobody is signed in. identify: by the headers of a request."""
    def caller(request: Request) -> Identity:
        try:
            return identify(request.headers)
        except NotAllowedError as error:
            raise HTTPException(401, str(error), {'WWW-Authenticate': 'Bearer'}) from error
    return caller
