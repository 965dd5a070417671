"""The last events of a feed and what became of each, the latest first; it follows until it is paused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta, tzinfo

from nicegui import ui

from ....core.formatting import counted
from ....core.moments import Form, local_time
from ....core.text import shortened
from ....feed.store import Store
from ....plant.feed_items import TailEvent
from ...shell.addresses import query_of
from ...shell.chips import Chip, hide
from ...shell.heading import Heading
from ...shell.kept_rows import keep_rows
from ...shell.messages import TextNode
from .feed_texts import RESULTS, status_word

EMPTY = 'No event has come since this list was begun. Events appear here within a second.'
SAME_TIME = timedelta(seconds=2)


class EventTail(ui.element):
    """Keeps the element of each event that stays in the list."""

    def __init__(self, store: Store, zone: Callable[[], tzinfo]) -> None:
        super().__init__('section')
        self.props['aria-label'] = 'Last events'
        self._store, self._zone = store, zone
        self._rows: dict[int, ui.element] = {}
        self._events: Sequence[TailEvent] = ()
        self._is_paused = False
        with self:
            with ui.element('header').classes('panel-header'):
                Heading('Last events', level=3).classes('panel-title')
                self._waiting = TextNode('span').classes('panel-note')
                self._pause = Chip('Pause', self._turn)
            self._empty = TextNode('p', EMPTY).classes('panel-note')
            self._list = ui.element('ol').classes('feed-events').props('tabindex=0 aria-label="Last events"')

    def show(self, events: Sequence[TailEvent]) -> None:
        """Show these events, the latest first, unless it is paused."""
        self._events = events
        if not self._is_paused:
            self._show()
            return
        shown = max(self._rows, default=0)
        more = events[0].number - shown if events else 0
        self._waiting.set_text(f'{counted(more, "new event")}' if more > 0 else '')

    def clear_events(self) -> None:
        """Another feed is shown from now on."""
        self._rows.clear()
        self._list.clear()
        self._is_paused = False
        self._pause.show('Pause', False)
        self._waiting.set_text('')

    def _turn(self) -> None:
        self._is_paused = not self._is_paused
        self._pause.show('Paused' if self._is_paused else 'Pause', self._is_paused)
        self._waiting.set_text('')
        if not self._is_paused:
            self._show()

    def _show(self) -> None:
        keep_rows(self._list, self._rows, {event.number: event for event in self._events}, self._row)
        hide(self._empty, hidden=bool(self._events))

    def _row(self, event: TailEvent) -> ui.element:
        word, status = RESULTS[event.result]
        with ui.element('li').classes('feed-event') as row:
            TextNode('span', local_time(event.received_at, self._zone(), Form.SECONDS)).classes('feed-event-time')
            TextNode('span', word).classes('feed-state').props['data-status'] = status.value
            with ui.element('span').classes('feed-event-machine free-text'):
                machine = self._store.machine_with(event.machine_id) if event.machine_id is not None else None
                if machine is not None:
                    ui.link(shortened(event.machine, 80), f'/{query_of(machine.name)}')
                else:
                    TextNode('span', shortened(event.machine, 80) or 'No machine')
            TextNode('span', self._sent(event)).classes('feed-event-sent free-text')
            if event.message:
                TextNode('span', event.message).classes('feed-event-message free-text')
        return row

    def _sent(self, event: TailEvent) -> str:
        parts = [status_word(event.status), shortened(event.reason, 120)]
        if event.at is not None and abs(event.at - event.received_at) > SAME_TIME:
            is_same_day = event.at.astimezone(self._zone()).date() == event.received_at.astimezone(self._zone()).date()
            parts.append('of ' + local_time(event.at, self._zone(), Form.SECONDS if is_same_day else Form.FULL))
        return ' · '.join(filter(None, parts))
