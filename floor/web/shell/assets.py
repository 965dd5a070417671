"""The files of assets/, each under an address that changes with its content: browsers may keep it for long."""

from __future__ import annotations

from functools import cache
from hashlib import sha256

from nicegui import ui

from ...core.resources import resource_folder
from .addresses import as_asked

ASSETS = resource_folder('assets')


@cache
def address_of(name: str) -> str:
    """name: its path below assets/."""
    return f'/assets/{name}?v={sha256((ASSETS / name).read_bytes()).hexdigest()[:12]}'


def link_stylesheet(name: str) -> None:
    """From this page."""
    ui.add_head_html(f'<link rel="stylesheet" href="{as_asked(address_of(name))}">')
