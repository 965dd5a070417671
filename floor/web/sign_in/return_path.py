"""The page to return to after a sign-in: a path of this app, never an address elsewhere."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..http.public_paths import PUBLIC_PATHS

MAX_LENGTH = 2_000
START = '/'


def local_path(address: str | None) -> str:
    """The address if it is a path of this app with its query, else the start page.

    Browsers take // and /\\ for another host, and drop tabs and line breaks.
    """
    if not address or len(address) > MAX_LENGTH or not address.isprintable() or '\\' in address:
        return START
    if not address.startswith('/') or address.startswith('//'):
        return START
    try:
        parts = urlsplit(address)
    except ValueError:
        return START
    return address if not (parts.scheme or parts.netloc) and parts.path not in PUBLIC_PATHS else START
