"""Addresses of ours as a browser has to ask for them, below whatever path a proxy serves us.

Links, sounds, downloads and uploads of NiceGUI take our own paths and add the prefix in the browser. What it does not
know of has to carry it: stylesheets, frames, pictures, plain anchors and the address bar.
"""

from __future__ import annotations

from urllib.parse import quote

from nicegui import ui

from ...core.machines import MachineName
from ..http.path_prefix import prefix_of


def with_prefix(path: str) -> str:
    """A path of ours, as /reports, with the prefix under which this page was asked for."""
    return prefix_of(ui.context.client.request.headers) + path


def query_of(name: MachineName) -> str:
    """The query of the floor's address that opens this machine, to be shared."""
    return f'?machine={quote(name, safe="")}'
