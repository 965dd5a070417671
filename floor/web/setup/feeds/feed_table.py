"""The table of all feeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo

from nicegui import ui

from ....core.formatting import NOTHING, counted, number
from ....plant.feed_items import Feed
from ...shell.chips import set_attribute
from ...shell.kept_rows import keep_rows
from ...shell.messages import TextNode
from .feed_texts import ago, state_of

HEADINGS = 'Feed', 'State', 'Last message', 'Per minute', 'Accepted', 'Refused in 24 h', 'May report'


class FeedRow(ui.element):
    """One feed. Its name chooses it."""

    def __init__(self, feed: Feed, choose: Callable[[int], None]) -> None:
        super().__init__('tr')
        with self:
            self._cells = []
            for heading in HEADINGS:
                with ui.element('td') as cell:
                    cell.props['data-column'] = heading
                    if heading == 'Feed':
                        self._name = TextNode('button').classes('feed-name free-text')
                        self._name.props['type'] = 'button'
                        self._name.on('click', lambda: choose(feed.id), args=[])
                        continue
                    self._cells.append(TextNode('span'))
        self._cells[0].classes('feed-state')

    def show(self, feed: Feed, now: datetime, zone: tzinfo, *, is_chosen: bool) -> None:
        """Show a feed as it is now."""
        state, status = state_of(feed, now, zone)
        self._name.set_text(feed.name)
        set_attribute(self._name, 'aria-current', 'true' if is_chosen else 'false')
        set_attribute(self._cells[0], 'data-status', status.value)
        for cell, text in zip(self._cells, (
                state, ago(feed.last_event_at, now) or NOTHING, number(feed.rate), number(feed.accepted),
                number(feed.refused), limits(feed)), strict=True):
            cell.set_text(text)


class FeedTable(ui.element):
    """Keeps the row of each feed."""

    def __init__(self, choose: Callable[[int], None]) -> None:
        super().__init__('table')
        self.classes('setup-table feeds-table').props('aria-label=Feeds')
        self._choose = choose
        self._rows: dict[int, FeedRow] = {}
        with self:
            with ui.element('thead'), ui.element('tr'):
                for heading in HEADINGS:
                    TextNode('th', heading).props['scope'] = 'col'
            self._body = ui.element('tbody')

    def show(self, feeds: Sequence[Feed], chosen: int | None, now: datetime, zone: tzinfo) -> None:
        """Show these feeds, in this order."""
        keep_rows(self._body, self._rows, {feed.id: feed for feed in feeds}, lambda feed: FeedRow(feed, self._choose))
        for feed in feeds:
            self._rows[feed.id].show(feed, now, zone, is_chosen=feed.id == chosen)
        self.set_visibility(bool(feeds))


def limits(feed: Feed) -> str:
    """'2 lines, 1 machine': what its token may report."""
    if feed.line_ids is None and feed.machine_ids is None:
        return 'Every machine'
    lines, machines = feed.line_ids or (), feed.machine_ids or ()
    return ', '.join(text for text in (counted(len(lines), 'line') if lines else '',
                                       counted(len(machines), 'machine') if machines else '') if text) or 'No machine'
