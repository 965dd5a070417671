"""Says that programs still send with tokens that were revoked or have expired."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from nicegui import ui

from ....plant.feed_items import EndedFeed
from ...shell.kept_rows import keep_rows
from ...shell.messages import TextNode
from .feed_texts import ago, when

TITLE = 'Tokens that no longer work'
NOTE = 'What these programs send is refused. Give each a new token, or stop it.'


class EndedNote(ui.element):
    """A sentence for each of these tokens; hidden without any."""

    def __init__(self) -> None:
        super().__init__('section')
        self.classes('feed-shared')
        self.props['aria-label'] = TITLE
        self._rows: dict[int, TextNode] = {}
        with self:
            TextNode('p', NOTE).classes('panel-note')
            self._list = ui.element('ul').props('tabindex=0')
            self._list.props['aria-label'] = TITLE
        self.set_visibility(False)

    def show(self, ended: Sequence[EndedFeed], now: datetime, zone: tzinfo) -> None:
        """Show these tokens."""
        self.set_visibility(bool(ended))
        keep_rows(self._list, self._rows, {each.id: each for each in ended},
                  lambda _: TextNode('li').classes('free-text'))
        for each in ended:
            how = 'was revoked' if each.is_revoked else 'expired'
            self._rows[each.id].set_text(f'Somebody still sends with the token {each.name}, which {how} at '
                                         f'{when(each.ended_at, now, zone)}: last {ago(each.last_used_at, now)}.')
