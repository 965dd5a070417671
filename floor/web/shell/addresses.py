"""Addresses with the path prefix of a proxy.

Links, sounds, downloads and uploads of NiceGUI add the prefix in the browser. Stylesheets, frames, pictures, plain
anchors and the address bar need it from the server.
"""

from __future__ import annotations

from urllib.parse import quote

from nicegui import ui

from ...core.machines import MachineName
from ..http.path_prefix import prefix_of


def with_prefix(path: str) -> str:
    """A path of this app, such as /reports, with the prefix of the present page."""
    return prefix_of(ui.context.client.request.headers) + path


def query_of(name: MachineName) -> str:
    """The query of the floor's address that opens this machine."""
    return f'?machine={quote(name, safe="")}'
