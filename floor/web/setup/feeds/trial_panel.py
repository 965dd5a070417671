"""What would become of an event: it is read and stored as POST /api/feed does, and that is rolled back."""

from __future__ import annotations

import json
from collections.abc import Sequence

from nicegui import ui

from ....core.errors import FloorError
from ....core.formatting import number
from ....core.people import Identity
from ....feed.ingest import MAX_EVENTS, EventResult, FeedEvent, Result
from ....plant.feed_items import Feed
from ...api.feed_forms import read_event
from ...shell.heading import Heading
from ...shell.messages import Alert, TextNode, as_sentence
from ...shell.services import Services
from ...shell.text_field import TextArea
from .feed_texts import RESULTS, status_word
from .mapping_trial import MappingTrial

TITLE = 'Try an event'
NOTE = 'Paste what a program sends as JSON, one event or an array. It shows what would become of it; nothing is stored.'
NOT_JSON = 'This is not JSON.'
MAX_LENGTH = 100_000
MAX_SHOWN = 50


class TrialPanel(ui.card):
    """The box and the results. Hidden while there is no feed."""

    def __init__(self, services: Services, identity: Identity) -> None:
        super().__init__()
        self.classes('panel').props('role=region')
        self.props['aria-label'] = TITLE
        self._services, self._identity = services, identity
        self._feeds: dict[int, str] = {}
        self._chosen: int | None = None
        with self:
            Heading(TITLE).classes('panel-title')
            TextNode('p', NOTE).classes('panel-note')
            self._json = TextArea('Events as JSON', value=example(services)) \
                .props(f'outlined autogrow maxlength={MAX_LENGTH} spellcheck=false input-class=feed-json') \
                .classes('field')
            with ui.element('div').classes('add-form'):
                self._feed = ui.select({}, label='As the feed').props('dense outlined options-dense').classes('field')
                ui.button('Try', on_click=self._try, color=None).props('no-caps').classes('primary')
            self._problem = Alert()
            self._results = ui.element('ol').classes('feed-events')
            self._results.props.update({'aria-label': 'Results', 'aria-live': 'polite'})
            MappingTrial()

    def show(self, feeds: Sequence[Feed], chosen: int | None) -> None:
        """Offer these feeds. chosen: the one that the page shows; another one may be chosen here."""
        names = {feed.id: feed.name for feed in feeds}
        if (names, chosen) != (self._feeds, self._chosen):
            keeps = self._feed.value in names and chosen == self._chosen
            self._feeds, self._chosen = names, chosen
            self._feed.set_options(names, value=self._feed.value if keeps else chosen)
        self.set_visibility(bool(feeds))

    async def _try(self) -> None:
        self._problem.show('')
        self._results.clear()
        try:
            value = json.loads(str(self._json.value or ''))
        except (ValueError, RecursionError) as error:
            where = f' Line {error.lineno}, column {error.colno}: {error.msg}.' if isinstance(
                error, json.JSONDecodeError) else ''
            self._problem.show(NOT_JSON + where)
            return
        values = value if isinstance(value, list) else [value]
        if self._feed.value is None or len(values) > MAX_EVENTS:
            self._problem.show(f'At most {number(MAX_EVENTS)} events can be tried at once.')
            return
        events = [read_event(each) for each in values]
        try:
            results = await self._services.feeds.try_events(self._identity, self._feed.value, events)
        except FloorError as error:
            if not self.is_deleted:
                self._problem.show(as_sentence(error))
            return
        if not self.is_deleted:
            with self._results:
                for event, result in list(zip(events, results, strict=True))[:MAX_SHOWN]:
                    self._row(event, result)

    def _row(self, event: FeedEvent | EventResult, result: EventResult) -> None:
        word, status = RESULTS[result.result]
        with ui.element('li').classes('feed-event feed-trial'):
            TextNode('span', word).classes('feed-state').props['data-status'] = status.value
            TextNode('span', event.machine).classes('feed-event-machine free-text')
            TextNode('span', result.message or would_become(event, result.result)).classes('feed-event-sent free-text')


def would_become(event: FeedEvent | EventResult, result: Result) -> str:
    """What an event that is stored does to the floor."""
    if isinstance(event, EventResult) or result is Result.DUPLICATE:
        return 'It was stored before: nothing changes.'
    if event.status is None:
        return 'What was made is added to its minute.'
    what = status_word(event.status) + (f', {event.reason}' if event.reason else '')
    return f'{what}: put into the past; the floor stays.' if result is Result.LATE else f'The floor shows {what}.'


def example(services: Services) -> str:
    """An event of a machine of this floor."""
    machine = next(iter(services.store.machines), 'MACHINE')
    return json.dumps({'machine': machine, 'status': 'down', 'reason': 'E-047'}, ensure_ascii=False)
