"""The event stream: changes of statuses, newest first, in a fixed number of rows."""

from __future__ import annotations

from nicegui import ui

from ...core.machines import Status, StatusEvent
from ...core.text import shortened
from ...feed.store import Store
from ..live.live_element import LISTS, Content, LiveElement
from ..live.live_view import LiveView
from ..shell.heading import Heading
from ..shell.times import time_of_day

ROWS = 24


def event_stream(store: Store, view: LiveView) -> None:
    """Build the stream. The number of rows is fixed, because a wall screen runs for weeks."""
    with ui.card().classes('panel stream').props('role=region tabindex=0 aria-label="Event stream"'):
        Heading('Event stream').classes('panel-title')
        for rank in range(ROWS):
            view.add(EventRow(store, rank))
        view.add(LatestStop(store))


class EventRow(LiveElement, default_classes='row-event'):
    """One event: time, status, machine and description."""

    def __init__(self, store: Store, rank: int) -> None:
        super().__init__('div', LISTS)
        self._store = store
        self._rank = rank

    def content(self) -> Content:
        if self._rank >= len(self._store.events):
            return {'hidden': True}, ''
        event = self._store.events[self._rank]
        return {'data-status': (event.new or Status.UNKNOWN).value,
                'data-time': time_of_day(event.changed_ms, self._store.plant.zone)}, \
            f'{shortened(str(self._store.names.of(event.name)), 60)} {event_text(event)}'


class LatestStop(LiveElement):
    """For screen readers: announces machines that go down."""

    def __init__(self, store: Store) -> None:
        super().__init__('div', LISTS)
        self._store = store
        self.classes('visually-hidden')
        self.props['role'] = 'status'
        self.props['aria-live'] = 'polite'

    def content(self) -> Content:
        stop = next((event for event in self._store.events
                     if event.new is Status.DOWN and event.old is not Status.DOWN), None)
        return {}, '' if stop is None else f'{self._store.names.of(stop.name)} is down. {shortened(stop.reason)}'


def event_text(event: StatusEvent) -> str:
    """'Down: Hydraulic leak', 'Running', 'first report, Running', 'removed'."""
    if event.new is None:
        return 'removed'
    reason = f': {shortened(event.reason)}' if event.reason else ''
    return f'{"first report, " if event.old is None else ""}{event.new.word}{reason}'
