"""One feed: its settings, what was refused of it, and its last events."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from nicegui import ui

from ....core.formatting import counted
from ....core.people import Identity
from ....core.text import shortened
from ....plant.feed_items import Feed, Refusal, TailEvent, limit_text
from ...shell.chips import hide
from ...shell.confirmation import succeeds
from ...shell.heading import Heading
from ...shell.kept_rows import keep_rows
from ...shell.messages import Alert, TextNode
from ...shell.services import Services
from ...shell.text_field import TextField
from ..access.entries import EndDialog, Entry, since
from .event_tail import EventTail
from .fact_row import FactRow
from .feed_texts import LIMITS, limit_sentence, status_word, when

OTHER_MACHINES = 'Which machines a token may report stays as it was made: for others, make a new token.'
CONSEQUENCE = 'Programs that use its token are refused from now on. A new token has another secret.'
NOTHING_REFUSED = 'Nothing was refused in the last 24 hours.'


class FeedPanel(ui.card):
    """The feed that was chosen; hidden without one."""

    def __init__(self, services: Services, identity: Identity, changed: Callable[[], None]) -> None:
        """changed: called after every change."""
        super().__init__()
        self.classes('panel').props('role=region')
        self._services, self._identity, self._changed = services, identity, changed
        self._feed: Feed | None = None
        self._refusals: Sequence[Refusal] = ()
        self._rows: dict[str, FactRow] = {}
        with self:
            with ui.element('header').classes('panel-header'):
                self._heading = Heading('').classes('panel-title free-text')
                ui.button('Revoke', on_click=self._revoke, color=None).props('flat no-caps')
            self._facts = TextNode('p').classes('panel-note free-text')
            with ui.element('div').classes('add-form'):
                self._name = TextField('Name').props('dense outlined hide-bottom-space maxlength=80').classes('field')
                self._name.on('keydown.enter', self._rename, args=[])
                ui.button('Rename', on_click=self._rename, color=None).props('no-caps')
                self._limit = ui.select({}, label='Silent after', on_change=self._set_limit) \
                    .props('dense outlined options-dense').classes('field')
                self._problem = Alert()
            self._sentence = TextNode('p').classes('panel-note')
            self.tail = EventTail(services.store, lambda: services.zone)
            with ui.element('section').props('aria-label=Refused'):
                Heading('Refused', level=3).classes('panel-title')
                self._none = TextNode('p', NOTHING_REFUSED).classes('panel-note')
                self._list = ui.element('ul').classes('access-entries feed-list').props('tabindex=0 aria-label=Refused')
        self._dialog = EndDialog('Revoke', changed)
        self.set_visibility(False)

    def show(self, feed: Feed | None, tail: Sequence[TailEvent], refusals: Sequence[Refusal], now: datetime) -> None:
        """Show a feed as it is now; None: none."""
        before, self._feed = self._feed, feed
        self.set_visibility(feed is not None)
        if feed is None:
            return
        is_another = before is None or before.id != feed.id
        if is_another:
            self.tail.clear_events()
            self._problem.show('')
        if is_another or (before and before.name != feed.name):
            self._heading.set_text(f'Feed {feed.name}')
            self.props['aria-label'] = f'Feed {feed.name}'
            self._name.value = feed.name
        if is_another or (before and before.silent_after_setting != feed.silent_after_setting):
            self._show_limit(feed)
        self._facts.set_text(f'{since("Made", feed.made_at, self._services.zone)} by {feed.made_by}. {OTHER_MACHINES}')
        self._sentence.set_text(limit_sentence(feed))
        self.tail.show(tail)
        if is_another or refusals != self._refusals:
            self._show_refusals(refusals, now)

    def _show_limit(self, feed: Feed) -> None:
        options = {key_of(limit): text for limit, text in LIMITS.items()}
        chosen = key_of(feed.silent_after_setting)
        self._limit.set_options(options | {chosen: options.get(chosen, limit_text(feed.silent_after_setting))},
                                value=chosen)

    def _show_refusals(self, refusals: Sequence[Refusal], now: datetime) -> None:
        self._refusals = refusals
        hide(self._none, hidden=bool(refusals))
        by_key = {each.message: each for each in refusals}
        keep_rows(self._list, self._rows, by_key, lambda each: FactRow(each.message))
        for key, each in by_key.items():
            self._rows[key].show(
                f'{counted(each.times, "time")} since {when(each.first_at, now, self._services.zone)}',
                ': '.join(filter(None, (f'last at {when(each.last_at, now, self._services.zone)}',
                                        shortened(each.machine, 80)))),
                status_word(each.status), shortened(each.reason, 120),
                '' if each.at is None else since('of', each.at, self._services.zone))

    async def _rename(self) -> None:
        if self._feed is not None and str(self._name.value or '') != self._feed.name:
            await self._run(self._services.feeds.rename(self._identity, self._feed.id, str(self._name.value or '')))

    async def _set_limit(self) -> None:
        if self._feed is not None and self._limit.value != key_of(self._feed.silent_after_setting):
            after = next((limit for limit in LIMITS if key_of(limit) == self._limit.value), None)
            await self._run(self._services.feeds.set_silent_after(self._identity, self._feed.id, after))

    async def _run(self, command: Awaitable[None]) -> None:
        if not await succeeds(command, self._problem) and self._feed is not None and not self.is_deleted:
            self._show_limit(self._feed)
        self._changed()

    def _revoke(self) -> None:
        if (feed := self._feed) is not None:
            self._dialog.open(Entry(feed.id, feed.name, (), partial(
                self._services.access.tokens.revoke, self._identity, feed.id), CONSEQUENCE))


def key_of(limit: timedelta | None) -> int:
    """A setting of silent_after as a value of the select: seconds; -1: automatic."""
    return -1 if limit is None else int(limit.total_seconds())
