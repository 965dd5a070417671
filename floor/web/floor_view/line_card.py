"""One production line: its machines in flow order, below a header with the worst status."""

from __future__ import annotations

from nicegui import ui

from ...core.machines import Status
from ...feed.machine import NOT_ON_A_LINE, Line
from ...feed.store import Store
from ..live.live_element import Content, LiveElement, PressHandler, line_topic
from ..live.live_view import LiveView
from ..shell.heading import Heading
from ..shell.messages import TextNode
from .machine_tile import MachineTile

MACHINES_PER_SECTION = 25
COUNTED = (Status.OPERATIONAL, Status.WARNING, Status.DOWN, Status.UNKNOWN)


def line_card(line: Line, store: Store, view: LiveView, on_press: PressHandler, *,
              names_area: bool = False) -> None:
    """Build the card. The card and its sections of 25 machines are separate Vue components: after a change, the browser
    only renders the component that contains it.

    names_area: show the area before the name, where no heading does."""
    with ui.card().classes('line').props('role=region') as card:
        card.props['aria-label'] = line.name
        card.props['data-line'] = line.name
        header = LineHeader(line, store)
        view.add(header)
        with header:
            if names_area and line.area is not None:
                TextNode('span', line.area).classes('line-area').props['title'] = line.area
            Heading(line.name).props['title'] = line.name
            for status in COUNTED:
                view.add(LineCount(line, store, status))
        with ui.element('div').classes('flow'):
            for start in range(0, len(line.machines), MACHINES_PER_SECTION):
                machines = line.machines[start:start + MACHINES_PER_SECTION]
                with ui.element('q-card-section').classes('section') as section:
                    section.style['--machines'] = str(len(machines))
                    for machine in machines:
                        view.add(MachineTile(store, machine, on_press))


class LineHeader(LiveElement, default_classes='line-header'):
    """Name and counts of a line, with its worst status as an attribute."""

    def __init__(self, line: Line, store: Store) -> None:
        super().__init__('header', topic_of(line))
        self._line = line

    def content(self) -> Content:
        return {'data-worst': self._line.worst.value}, None


class LineCount(LiveElement, default_classes='count'):
    """Number of machines of a line with one status, and a label for screen readers."""

    def __init__(self, line: Line, store: Store, status: Status) -> None:
        super().__init__('span', topic_of(line))
        self._line = line
        self._status = status
        self.props['data-status'] = status.value
        self.props['role'] = 'img'

    def content(self) -> Content:
        count = self._line.counts[self._status]
        label = self._line.unknown_label if self._status is Status.UNKNOWN else self._status.word
        return {'data-count': str(count), 'aria-label': f'{count} {label}', 'title': f'{count} {label}'}, str(count)


def topic_of(line: Line) -> str:
    """The topic of a line. Machines without a line also share a card."""
    return line_topic('' if line.name == NOT_ON_A_LINE else line.name)
