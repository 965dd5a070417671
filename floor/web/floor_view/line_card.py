"""One production line: its machines in flow order under a header that takes the worst of their states."""

from __future__ import annotations

from datetime import tzinfo

from nicegui import ui

from ...core.machines import Status
from ...feed.machine import NOT_ON_A_LINE, Line
from ...feed.store import Store
from ..live.live_element import Content, LiveElement, PressHandler, line_topic
from ..live.live_view import LiveView
from ..shell.heading import Heading
from .machine_tile import MachineTile

MACHINES_PER_SECTION = 25
COUNTED = (Status.OPERATIONAL, Status.WARNING, Status.DOWN, Status.UNKNOWN)


def line_card(line: Line, store: Store, zone: tzinfo, view: LiveView, on_press: PressHandler) -> None:
    """The card. It is a component of its own, and so are its sections of 25 machines: after a change, the
    browser renders only that component again."""
    with ui.card().classes('line').props('role=region') as card:
        card.props['aria-label'] = line.name
        card.props['data-line'] = line.name
        header = LineHeader(line, store)
        view.add(header)
        with header:
            Heading(line.name).props['title'] = line.name
            for status in COUNTED:
                view.add(LineCount(line, store, status))
        with ui.element('div').classes('flow'):
            for start in range(0, len(line.machines), MACHINES_PER_SECTION):
                machines = line.machines[start:start + MACHINES_PER_SECTION]
                with ui.element('q-card-section').classes('section') as section:
                    section.style['--machines'] = str(len(machines))
                    for machine in machines:
                        view.add(MachineTile(store, machine, zone, on_press))


class LineHeader(LiveElement):
    """Name and counts of a line, marked with its worst status."""

    def __init__(self, line: Line, store: Store) -> None:
        super().__init__('header', topic_of(line))
        self._line = line
        self.classes('line-header')

    def content(self) -> Content:
        return {'data-worst': self._line.worst.value}, None


class LineCount(LiveElement):
    """How many machines of a line are in one status: shape, number, and the word for screen readers."""

    def __init__(self, line: Line, store: Store, status: Status) -> None:
        super().__init__('span', topic_of(line))
        self._line = line
        self._status = status
        self.classes('count')
        self.props['data-status'] = status.value
        self.props['role'] = 'img'

    def content(self) -> Content:
        count = self._line.counts[self._status]
        word = self._line.unknown_label if self._status is Status.UNKNOWN else self._status.word
        return {'data-count': str(count), 'aria-label': f'{count} {word}', 'title': f'{count} {word}'}, str(count)


def topic_of(line: Line) -> str:
    """Machines that stand on no line share a card too."""
    return line_topic('' if line.name == NOT_ON_A_LINE else line.name)
