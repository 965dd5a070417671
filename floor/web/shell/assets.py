"""The files of assets/, each under an address that changes with its content: browsers may keep it for long."""

from __future__ import annotations

from functools import cache
from hashlib import sha256

from nicegui import ui

from ...core.resources import resource_folder
from .addresses import with_prefix

ASSETS = resource_folder('assets')


@cache
def address_of(name: str) -> str:
    """name: its path below assets/."""
    return f'/assets/{name}?v={sha256((ASSETS / name).read_bytes()).hexdigest()[:12]}'


def link_stylesheet(name: str) -> None:
    """Add a style sheet of assets/css to this page."""
    address = with_prefix(address_of(f'css/{name}'))
    ui.add_head_html(f'<link rel="stylesheet" href="{address}">')
