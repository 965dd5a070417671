"""Says from where requests of feeds come that are refused for their token: one that does not exist, or none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from nicegui import ui

from ....core.formatting import counted
from ....feed.feed_counters import RefusedSender, RequestFault
from ...shell.kept_rows import keep_rows
from ...shell.messages import TextNode
from .feed_texts import ago, when

TITLE = 'Refused requests'
NOTE = 'These programs report nothing. Check that nothing is missing at the end of their tokens, or make new ones.'
SENTENCES = {RequestFault.UNKNOWN: 'Requests from {address} have a token that does not exist',
             RequestFault.OTHER: 'Requests from {address} have the token {token}, which may not report',
             RequestFault.MISSING: 'Requests from {address} have no token'}
"""Tokens that work no longer are in EndedNote."""
SHOWN_FOR = timedelta(hours=24)


class RefusedNote(ui.element):
    """A sentence for each sender; hidden without any."""

    def __init__(self) -> None:
        super().__init__('section')
        self.classes('feed-shared')
        self.props['aria-label'] = TITLE
        self._rows: dict[tuple[RequestFault, str, str], TextNode] = {}
        with self:
            TextNode('p', NOTE).classes('panel-note')
            self._list = ui.element('ul').props('tabindex=0')
            self._list.props['aria-label'] = TITLE
        self.set_visibility(False)

    def show(self, senders: Sequence[RefusedSender], now: datetime, zone: tzinfo) -> None:
        """Show those of the last 24 hours."""
        shown = {each.key: each for each in senders if each.fault in SENTENCES and now - each.last_at < SHOWN_FOR}
        self.set_visibility(bool(shown))
        keep_rows(self._list, self._rows, shown, lambda _: TextNode('li').classes('free-text'))
        for key, each in shown.items():
            sentence = SENTENCES[each.fault].format(address=each.address or 'an unknown address', token=each.token)
            self._rows[key].set_text(f'{sentence}: {counted(each.times, "time")} since '
                                     f'{when(each.first_at, now, zone)}, last {ago(each.last_at, now)}.')
