"""/setup/feeds: what reports to the floor: state, last events, unknown names, and a trial. ?feed=ID shows that feed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from fastapi import Request
from nicegui import ui

from ....core.errors import FloorError
from ....core.people import Identity
from ....core.query_parameters import Query
from ....core.scopes import TokenScope
from ....core.tasks import happens_within
from ....db.transactions import MAX_ID
from ....plant.feed_items import FeedOverview, SharedMachine
from ...live.live_view import LiveView
from ...orders.form import FORM_RECONNECT_S
from ...shell.address_note import AddressNote
from ...shell.addresses import query_of
from ...shell.browser_history import BrowserHistory
from ...shell.heading import Heading
from ...shell.kept_rows import keep_rows
from ...shell.loading import FIRST_ANSWER_S, RESPONSE_TIMEOUT_S, Notice
from ...shell.messages import TextNode
from ...shell.services import Services
from ...shell.times import moment
from ..access.secret_dialog import SecretDialog
from ..access.tokens import NewTokenDialog
from ..frame import FEEDS, SECTIONS, setup_frame
from .connect_panel import ConnectPanel
from .ended_note import EndedNote
from .feed_panel import FeedPanel
from .feed_table import FeedTable
from .feed_texts import when
from .feed_watch import EVERY_S, FeedWatch, Watcher
from .refused_note import RefusedNote
from .trial_panel import TrialPanel
from .unknown_panel import UnknownPanel

ADDRESS = SECTIONS[FEEDS]
EMPTY = 'No feed yet: no program has a token to report.'
GONE = 'There is no feed with this number: it was revoked.'


def register(services: Services, every: float = EVERY_S) -> None:
    """Serve /setup/feeds; ?feed=7. every: seconds between two readings while a page is open."""
    watch = FeedWatch(services.feeds.overview, every)

    @ui.page(ADDRESS, reconnect_timeout=FORM_RECONNECT_S, response_timeout=RESPONSE_TIMEOUT_S)
    async def feeds_page(request: Request) -> None:
        identity = services.visitor()
        view = LiveView(ui.context.client, lambda: None)
        with setup_frame(FEEDS, services, view, services.person(identity), redraws=False) as allowed:
            page = FeedsPage(services, identity, watch, request.query_params) if allowed else None
        services.broadcast.join(view)
        if page is not None:
            await happens_within(page.watcher.answered, FIRST_ANSWER_S)


class FeedsPage:
    """One browser's page."""

    def __init__(self, services: Services, identity: Identity, watch: FeedWatch, query: Mapping[str, str]) -> None:
        self._services = services
        self._history = BrowserHistory(ADDRESS, self._follow)
        self._chosen, fault = chosen_feed(query)
        self._note = AddressNote(fault, 'Show all feeds', ADDRESS)
        secrets = SecretDialog()
        self._latest_id, self._shows_after = 0, MAX_ID  # a feed with a greater id than this one is shown
        dialog = NewTokenDialog(services, identity, secrets, self._on_new_token, only=TokenScope.FEED)
        with ui.card().classes('panel').props('role=region aria-label=Feeds'):
            with ui.element('header').classes('panel-header'):
                Heading('Feeds').classes('panel-title')
                ui.button('Make a token', on_click=dialog.open, color=None).props('no-caps').classes('primary')
            self._notice = Notice(watch.wake)
            self._notice.show('Loading the feeds…', is_problem=False)
            self._table = FeedTable(self._choose)
            self._table.set_visibility(False)
            self._empty = TextNode('p').classes('panel-note')
            self._ended = EndedNote()
            self._refused = RefusedNote()
            self._shared = SharedNote(services)
        self._feed = FeedPanel(services, identity, watch.wake)
        self._unknown = UnknownPanel(services, identity, watch.wake)
        self._trial = TrialPanel(services, identity)
        ConnectPanel(services.store)
        for panel in self._unknown, self._trial:
            panel.set_visibility(False)
        self._wake = watch.wake
        self.watcher = Watcher(ui.context.client, self._show)
        self.watcher.feed_id = self._chosen
        watch.join(self.watcher)

    def _show(self, read: FeedOverview | FloorError) -> None:
        if isinstance(read, FloorError):
            self._notice.show_error('the feeds', read)
            return
        self._notice.show('')
        now, zone = moment(self._services.store.now_ms, self._services.zone), self._services.zone
        self._latest_id = max((feed.id for feed in read.feeds), default=0)
        if self._latest_id > self._shows_after:
            self._shows_after = MAX_ID
            self._choose(self._latest_id)
        feed = next((feed for feed in read.feeds if feed.id == self._chosen), None)
        if feed is None:
            if self._chosen is not None:
                self._note.show(GONE)
            feed = read.feeds[0] if read.feeds else None
        shown = None if feed is None else feed.id
        self._table.show(read.feeds, shown, now, zone)
        self._empty.set_text('' if read.feeds else EMPTY)
        self._ended.show(read.ended, now, zone)
        self._refused.show(self._services.feed_counters.senders, now, zone)
        self._shared.show(read.shared, now)
        if shown != self.watcher.feed_id:  # its events come with the next reading
            self.watcher.feed_id = shown
            self._wake()
        self._feed.show(feed, read.tails.get(shown or 0, ()), read.refusals.get(shown or 0, ()), now)
        self._unknown.show(read.unknown, now)
        self._unknown.set_visibility(bool(read.feeds or read.unknown))
        self._trial.show(read.feeds, shown)

    def _on_new_token(self) -> None:
        """Its first event is what comes next: show it."""
        self._shows_after = self._latest_id
        self._wake()

    def _choose(self, feed_id: int) -> None:
        self._history.push(f'{ADDRESS}?feed={feed_id}')
        self._turn_to(feed_id)

    def _turn_to(self, feed_id: int | None) -> None:
        self._chosen = self.watcher.feed_id = feed_id
        self._note.show('')
        self._wake()

    def _follow(self, query: Mapping[str, str]) -> None:
        feed_id, fault = chosen_feed(query)
        self._turn_to(feed_id)
        self._note.show(fault)


class SharedNote(ui.element):
    """Warns of machines that several feeds report: the floor then shows now the one, now the other."""

    def __init__(self, services: Services) -> None:
        super().__init__('section')
        self.classes('feed-shared')
        self.props['aria-label'] = 'Machines of several feeds'
        self._services = services
        self._rows: dict[tuple[int, str, str], SharedRow] = {}
        with self:
            TextNode('p', 'These machines were reported by several feeds in the last 24 hours. Revoke the token that '
                          'is no longer used, or make a new token for each feed, limited to its machines.') \
                .classes('panel-note')
            self._list = ui.element('ul').props('tabindex=0')
            self._list.props['aria-label'] = 'Machines of several feeds'
        self.set_visibility(False)

    def show(self, shared: Sequence[SharedMachine], now: datetime) -> None:
        """Show these machines."""
        self.set_visibility(bool(shared))
        by_key = {(each.machine_id, each.name, self._address(each)): each for each in shared}
        keep_rows(self._list, self._rows, by_key, lambda each: SharedRow(each.name, self._address(each)))
        for key, each in by_key.items():
            self._rows[key].show(', '.join(f'{feed} at {when(at, now, self._services.zone)}'
                                           for feed, at in each.feeds))

    def _address(self, shared: SharedMachine) -> str:
        machine = self._services.store.machine_with(shared.machine_id)
        return '' if machine is None else f'/{query_of(machine.name)}'


class SharedRow(ui.element):
    """One machine."""

    def __init__(self, name: str, address: str) -> None:
        """address: of the machine on the floor; empty: it is not there."""
        super().__init__('li')
        self.classes('free-text')
        with self:
            if address:
                ui.link(name, address)
            else:
                TextNode('span', name)
            self._feeds = TextNode('span')

    def show(self, feeds: str) -> None:
        """Show which feeds report it."""
        self._feeds.set_text(f': {feeds}')


def chosen_feed(query: Mapping[str, str]) -> tuple[int | None, str]:
    """The feed of an address, and what is wrong with that."""
    parsed = Query(query, ('feed',))
    feed_id = parsed.number('feed', MAX_ID, 0) if parsed.has('feed') else 0
    return feed_id or None, ' '.join(parsed.faults.values())
