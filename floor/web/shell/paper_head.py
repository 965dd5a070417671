"""The head of a printed page: what it is about, and when it was printed. print.css shows it only on paper."""

from __future__ import annotations

from nicegui import ui

from ...core.moments import local_time
from ...feed.store import Store
from ..live.live_element import SECOND, Content, LiveElement
from ..live.live_view import LiveView
from .assets import link_stylesheet
from .messages import TextNode
from .plant_name import plant_name
from .times import moment

STYLESHEET = 'paper.css'
PRINTED = '%a %Y-%m-%d %H:%M'


class PaperHead:
    """Plant, title, what the page shows, and the present time by the plant's clock."""

    def __init__(self, title: str, store: Store, view: LiveView) -> None:
        """Build it after the page's own stylesheet is linked, which that for paper overrides."""
        link_stylesheet(STYLESHEET)
        with ui.element('div').classes('on-paper paper-head').props('aria-hidden=true'):
            view.add(PaperTitle(store, title))
            self._about = TextNode('p').classes('paper-about')
            view.add(PrintedAt(store))

    def show(self, about: str) -> None:
        """Set what the page shows, as its window and filters."""
        self._about.set_text(about)


class PaperTitle(LiveElement):
    """The plant's name, and the title of the page."""

    def __init__(self, store: Store, title: str) -> None:
        super().__init__('p', SECOND)
        self._store = store
        self._title = title
        self.classes('paper-title')

    def content(self) -> Content:
        return {}, f'{plant_name(self._store)} · {self._title}'


class PrintedAt(LiveElement):
    """The present time: on paper, when it was printed."""

    def __init__(self, store: Store) -> None:
        super().__init__('p', SECOND)
        self._store = store
        self.classes('paper-time')

    def content(self) -> Content:
        zone = self._store.plant.zone
        return {}, f'Printed {local_time(moment(self._store.now_ms, zone), zone, PRINTED)}, times in {zone}'
