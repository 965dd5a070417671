"""The files of assets/, with addresses that change with their content, so that browsers can cache them."""

from __future__ import annotations

from functools import cache
from hashlib import sha256

from nicegui import ui

from ...core.resources import resource_folder
from .addresses import with_prefix

ASSETS = resource_folder('assets')


@cache
def address_of(name: str) -> str:
    """The address of a file. name: its path below assets/."""
    return f'/assets/{name}?v={sha256((ASSETS / name).read_bytes()).hexdigest()[:12]}'


def link_stylesheet(name: str) -> None:
    """Add a stylesheet of assets/css to this page."""
    address = with_prefix(address_of(f'css/{name}'))
    ui.add_head_html(f'<link rel="stylesheet" href="{address}">')
