"""The addresses of links that open with a key."""

from __future__ import annotations

import socket

from ..core.access_keys import NewKey
from ..core.settings import Settings

PATH = '/link/'
EVERY_ADDRESS = {'0.0.0.0', '::'}  # noqa: S104 (no socket)
DOCUMENTATION_ADDRESS = '192.0.2.1', 9
"""An address that is nobody's (RFC 5737)."""


def path_of(made: NewKey) -> str:
    """The path of a link; it contains the secret."""
    return PATH + made.secret


def address_of_link(made: NewKey, settings: Settings, address: str | None = None) -> str:
    """A link for a terminal. address: where people open the app; None: PUBLIC_URL, else HOST and PORT."""
    return (address or settings.public_url or own_address(settings)).rstrip('/') + path_of(made)


def own_address(settings: Settings) -> str:
    """The address at which other machines find this app, if they can; by HOST, or by the network of this machine."""
    host = settings.host
    if host in EVERY_ADDRESS:
        host = _address_in_the_network() or 'localhost'
    return f'http://{f"[{host}]" if ":" in host else host}:{settings.port}'


def _address_in_the_network() -> str | None:
    """The address from which this machine sends to others; nothing is sent. None: it has no network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(DOCUMENTATION_ADDRESS)
        except OSError:
            return None
        address: str = probe.getsockname()[0]
    return address
