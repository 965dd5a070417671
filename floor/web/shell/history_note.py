"""A note on every page while the history is incomplete."""

from __future__ import annotations

from ...core.floor_snapshot import HistoryState
from ...feed.store import Store
from ..live.live_element import SECOND, Content, LiveElement

TEXTS = {
    HistoryState.CREATING: 'The history of this new floor is being created. Work orders, reports and past states '
                           'appear when it is complete.',
    HistoryState.PROCESSING: 'The history is being processed. Until it is complete, reports may be slow and the '
                             'dashboard tables out of date.',
    HistoryState.READY: '',
}


class HistoryNote(LiveElement):
    """The note; hidden when the history is complete."""

    def __init__(self, store: Store) -> None:
        super().__init__('div', SECOND)
        self._store = store
        self.classes('history-note')
        self.props['role'] = 'status'

    def content(self) -> Content:
        text = TEXTS[self._store.history]
        return {'hidden': not text, 'data-history': self._store.history.value}, text
