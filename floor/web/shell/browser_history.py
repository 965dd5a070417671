"""Changes the address of a page without reloading it.

Each choice of a person is one entry of the browser's history, and Back and Forward show the state of their entry. The
popstate event is reported by the component of NiceGUI's sub pages, because pages have no scripts of this app. The
component also intercepts links; clicks within the page are stopped before they reach it, and links in dialogs are
opened as usual.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from nicegui import ui
from starlette.datastructures import QueryParams

from ..live.nicegui_bridge import POPSTATE_COMPONENT, on_path_change
from .addresses import with_prefix


class _Popstate(ui.element, component=POPSTATE_COMPONENT):
    """Reports the browser's popstate events."""


class BrowserHistory:
    """The history of one page. Addresses have the path of the page, such as /reports?window=7d."""

    def __init__(self, path: str, on_return: Callable[[QueryParams], None]) -> None:
        """path: the path of the page without prefix. on_return: called with the query after Back or Forward."""
        self._on_return = on_return
        self._client = ui.context.client
        query = self._client.request.url.query
        self._address = f'{path}?{query}' if query else path
        _Popstate().props['hidden'] = True
        self._client.content.on('click.stop', lambda: None, args=[], leading_events=False, trailing_events=False)
        on_path_change(self._client, self._returned)

    def push(self, address: str) -> None:
        """Add an entry, unless the address is the present one."""
        if address != self._address:
            self._address = address
            ui.navigate.history.push(with_prefix(address))

    def replace(self, address: str) -> None:
        """Change the address of the present entry."""
        self._address = address
        ui.navigate.history.replace(with_prefix(address))

    def _returned(self, path: str) -> None:
        asked, shown = urlsplit(path), urlsplit(self._address)
        if asked.path != shown.path or asked.query == shown.query:
            return  # only the fragment has changed, as when a dialog is closed
        self._address = path.partition('#')[0]
        with self._client:
            self._on_return(QueryParams(asked.query))
