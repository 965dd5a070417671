"""The title of a page, which shows when the page is not live, also for tabs in the background."""

from __future__ import annotations

from nicegui import ui

from ...feed.difference import Difference
from ...feed.freshness import Freshness
from ...feed.store import Store
from .plant_name import plant_name

NOT_LIVE = {Freshness.STALE: 'Stale', Freshness.CONNECTING: 'Connecting'}


class PageTitle:
    """The title of the page that is being built with the plant's name, kept up to date until the page is closed."""

    def __init__(self, store: Store, title: str) -> None:
        self._store = store
        self._title = title
        self._client = ui.context.client
        self._shown = ''
        self._show()
        self._client.on_delete(store.subscribe(self._on_difference))

    def _on_difference(self, difference: Difference) -> None:
        if difference.connection or difference.plant:
            self._show()

    def _show(self) -> None:
        title = title_of(f'{self._title} · {plant_name(self._store)}', self._store.connection)
        if title != self._shown and not self._client.is_deleted:
            self._shown = title
            with self._client:
                ui.page_title(title)


def title_of(title: str, connection: Freshness) -> str:
    """'Stale · Floor · Line Monitor'; the plain title while the page is live."""
    return f'{NOT_LIVE[connection]} · {title}' if connection in NOT_LIVE else title
