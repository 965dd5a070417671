"""Elements whose content comes from the store at the moment it is sent. They hold no copy of the state."""

from __future__ import annotations

import logging
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from nicegui.events import GenericEventArguments

from .nicegui_bridge import ComputedElement, identify_listeners

log = logging.getLogger(__name__)

NO_ARGUMENTS: list[str] = []
"""One list for all: every page has a listener for each machine."""
SECOND, FIGURES, LISTS, TURNS, BEAT = 'second', 'figures', 'lists', 'turns', 'beat'

Topic = str
Content = tuple[dict[str, Any], str | None]
PressHandler = Callable[[GenericEventArguments], Awaitable[None] | None]


def machine_topic(machine_id: int) -> Topic:
    """The topic of one machine, which keeps it when it is renamed."""
    return sys.intern(f'machine {machine_id}')  # every page has one for each machine


def line_topic(name: str) -> Topic:
    """The topic of one line."""
    return f'line {name}'


class LiveElement(ComputedElement):
    """An element whose attributes and text come from the store at the moment they are sent. Subclasses define them."""

    fault: str | None = None
    """The last error of `content`."""

    def __init__(self, tag: str, topic: Topic) -> None:
        super().__init__(tag)
        self.topic = topic

    def content(self) -> Content:
        """Current attributes and text. Must not depend on the person."""
        raise NotImplementedError

    def content_of_a_fault(self) -> Content:
        """Fallback content where `content` fails."""
        return {'data-failed': '1', 'title': 'Cannot be shown. See the log of the program.'}, None

    def current(self) -> Content:
        """`content`, or its fallback: an error in one element never affects another."""
        try:
            content, fault = self.content(), None
        except Exception as error:
            content, fault = self.content_of_a_fault(), f'{type(error).__name__}: {error}'
            if fault != self.fault:
                log.exception('an element of a page cannot be shown', extra={'topic': self.topic})
        if fault != self.fault:
            self.fault = fault
        return content

    def on_press(self, handler: PressHandler) -> None:
        """Call handler on click. The listener's id derives from the element's id, so that it is the same on all
        pages."""
        self.on('click', handler, args=NO_ARGUMENTS)
        identify_listeners(self, f'live-{self.id}')

    def message(self) -> dict[str, Any]:
        """The message to the browser for the current content."""
        return self.encode(self.current())

    def encode(self, content: Content) -> dict[str, Any]:
        """The message to the browser for this content."""
        attributes, text = content
        encoded = super().message()
        encoded['props'] = {**encoded.get('props', {}), **attributes}
        if text is not None:
            encoded['text'] = text
        return encoded
