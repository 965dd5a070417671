"""A feed that has fallen silent, as one line of the list "Needs attention": it stands for its machines."""

from __future__ import annotations

from nicegui import ui

from ...core.feeds import SilentFeed
from ...core.formatting import Detail, counted, duration
from ...core.machines import Status
from ...core.text import shortened
from ...feed.store import Store
from ..live.live_element import LISTS, Content, LiveElement

FEED_ROWS = 3
PAGE = '/setup/feeds'


class SilentFeedRow(LiveElement):
    """The feed of this rank; the last row stands for all others if there are more than rows."""

    def __init__(self, store: Store, rank: int, tag: str = 'div') -> None:
        super().__init__(tag, LISTS)
        self._store = store
        self._rank = rank
        self.classes('row-machine row-feed')

    def feeds(self) -> tuple[SilentFeed, ...]:
        """The feeds of this row; empty: it is hidden."""
        silent = self._store.silent_feeds
        is_rest = self._rank == FEED_ROWS - 1
        return silent[self._rank:] if is_rest else silent[self._rank:self._rank + 1]

    def content(self) -> Content:
        if not (feeds := self.feeds()):
            return {'hidden': True}, ''
        since = duration(max(0, self._store.now_ms - feeds[0].since_ms) / 1000, Detail.NARROW)
        machines = sum(self._store.machine_with(id_) is not None
                       for id_ in frozenset().union(*(feed.machine_ids for feed in feeds)))
        title = f'Feed {shortened(feeds[0].name, 60)}' if len(feeds) == 1 else f'{len(feeds)} more feeds'
        text = 'no message' + (f' · {counted(machines, "machine")}' if machines else '')
        return {'data-status': Status.UNKNOWN.value, 'data-state': since,
                'aria-label': f'{title}, {text} for {since}'}, f'{title}\n{text}'


class SilentFeedLink(SilentFeedRow):
    """Opens the page of the feeds, for supervisors."""

    def __init__(self, store: Store, rank: int) -> None:
        super().__init__(store, rank, 'button')
        self.props['type'] = 'button'
        self.on_press(lambda _: self._open())

    def _open(self) -> None:
        feeds = self.feeds()
        ui.navigate.to(f'{PAGE}?feed={feeds[0].id}' if len(feeds) == 1 else PAGE)
