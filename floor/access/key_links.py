"""The addresses of links that open with a key."""

from __future__ import annotations

from ..core.access_keys import NewKey
from ..core.settings import Settings

PATH = '/link/'


def path_of(made: NewKey) -> str:
    """The path of a link; it contains the secret."""
    return PATH + made.secret


def address_of_link(made: NewKey, settings: Settings, address: str | None = None) -> str:
    """A link for a terminal. address: where people open the app; None: PUBLIC_URL, else HOST and PORT."""
    host = f'[{settings.host}]' if ':' in settings.host else settings.host
    own = f'http://{"localhost" if settings.host == "0.0.0.0" else host}:{settings.port}'  # noqa: S104 (no socket)
    return (address or settings.public_url or own).rstrip('/') + path_of(made)
