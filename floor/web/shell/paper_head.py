"""The head of a printed page: what it is about, and when it was printed. print.css shows it only on paper."""

from __future__ import annotations

from datetime import tzinfo

from nicegui import ui

from ...core.moments import local_time
from ...core.version import NAME
from ...feed.store import Store
from ..live.live_element import SECOND, Content, LiveElement
from ..live.live_view import LiveView
from .assets import link_stylesheet
from .messages import TextNode
from .times import moment

STYLESHEET = 'paper.css'
PRINTED = '%a %Y-%m-%d %H:%M'


class PaperHead:
    """Program, title, what the page shows, and the present time by the plant's clock."""

    def __init__(self, title: str, store: Store, zone: tzinfo, view: LiveView) -> None:
        """Build it after the page's own stylesheet is linked, which that for paper overrides."""
        link_stylesheet(STYLESHEET)
        with ui.element('div').classes('on-paper paper-head').props('aria-hidden=true'):
            TextNode('p', f'{NAME} · {title}').classes('paper-title')
            self._about = TextNode('p').classes('paper-about')
            view.add(PrintedAt(store, zone))

    def show(self, about: str) -> None:
        """Set what the page shows, as its window and filters."""
        self._about.set_text(about)


class PrintedAt(LiveElement):
    """The present time: on paper, when it was printed."""

    def __init__(self, store: Store, zone: tzinfo) -> None:
        super().__init__('p', SECOND)
        self._store = store
        self._zone = zone
        self.classes('paper-time')

    def content(self) -> Content:
        now = moment(self._store.now_ms, self._zone)
        return {}, f'Printed {local_time(now, self._zone, PRINTED)}, times of {self._zone}'
