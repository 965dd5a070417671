"""The files of assets/, with addresses that change with their content, so that browsers can cache them."""

from __future__ import annotations

from functools import cache
from hashlib import sha256

from fastapi import Response
from nicegui import app, ui

from ...core.resources import resource_folder
from ..live.nicegui_bridge import LAST_MODULE
from .addresses import with_prefix

ASSETS = resource_folder('assets')
MAX_AGE_S = 31_536_000
STYLESHEETS = ('tokens.css', 'floor.css', 'stale.css', 'wall.css', 'orders.css', 'order.css', 'past.css',
               'session.css', 'print.css')
"""Those of every page, in this order. Browsers get them as one file, because each file delays the first picture."""
JOINED = '/assets/css/page.css'


@cache
def address_of(name: str) -> str:
    """The address of a file. name: its path below assets/."""
    return f'/assets/{name}?v={_version((ASSETS / name).read_bytes())}'


def link_stylesheet(name: str) -> None:
    """Add a stylesheet of assets/css to this page."""
    _link(address_of(f'css/{name}'))


def add_page_files() -> None:
    """Add what every page needs to this page: its stylesheets, and a module that the browser would learn of late."""
    _link(_joined_address())
    ui.add_head_html(f'<link rel="modulepreload" href="{with_prefix(LAST_MODULE)}">')


def serve_assets() -> None:
    """Serve the files, and the stylesheets of every page as one."""
    @app.get(JOINED, include_in_schema=False)
    async def page_stylesheets() -> Response:
        return Response(_joined_stylesheets(), media_type='text/css',
                        headers={'Cache-Control': f'public, max-age={MAX_AGE_S}'})

    app.add_static_files('/assets', ASSETS, max_cache_age=MAX_AGE_S)


@cache
def _joined_stylesheets() -> bytes:
    return b'\n'.join((ASSETS / 'css' / name).read_bytes() for name in STYLESHEETS)


@cache
def _joined_address() -> str:
    return f'{JOINED}?v={_version(_joined_stylesheets())}'


def _version(content: bytes) -> str:
    return sha256(content).hexdigest()[:12]


def _link(address: str) -> None:
    ui.add_head_html(f'<link rel="stylesheet" href="{with_prefix(address)}">')
