"""Elements whose content comes from the store at the moment it is sent. They hold no copy of the state."""

from __future__ import annotations

import logging
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from nicegui.events import GenericEventArguments

from .nicegui_bridge import ComputedElement, identify_listeners

log = logging.getLogger(__name__)

SECOND, FIGURES, LISTS, TURNS = 'second', 'figures', 'lists', 'turns'

Topic = str
Content = tuple[dict[str, Any], str | None]
PressHandler = Callable[[GenericEventArguments], Awaitable[None] | None]


def machine_topic(name: str) -> Topic:
    """What shows one machine."""
    return sys.intern(f'machine {name}')  # every page has one for each machine


def line_topic(name: str) -> Topic:
    """What shows the state of one line as a whole."""
    return f'line {name}'


class LiveElement(ComputedElement):
    """An element whose attributes and text come from the store at the moment they are sent. Subclasses say how."""

    fault: str | None = None
    """Why it could not be shown when it was last looked at."""

    def __init__(self, tag: str, topic: Topic) -> None:
        super().__init__(tag)
        self.topic = topic

    def content(self) -> Content:
        """Attributes and text as they are now. Must not depend on who looks."""
        raise NotImplementedError

    def content_of_a_fault(self) -> Content:
        """What is shown where `content` fails."""
        return {'data-failed': '1', 'title': 'This cannot be shown: see the log of the program'}, None

    def current(self) -> Content:
        """`content`, without its faults: what cannot be shown never takes another element or the page with it."""
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
        """Call handler on click. The listener's id is made from the element's, so that it is alike on all pages."""
        self.on('click', handler, args=[])
        identify_listeners(self, f'live-{self.id}')

    def message(self) -> dict[str, Any]:
        return self.encode(self.current())

    def encode(self, content: Content) -> dict[str, Any]:
        """What the browser gets for this content."""
        attributes, text = content
        encoded = super().message()
        encoded['props'] = {**encoded.get('props', {}), **attributes}
        if text is not None:
            encoded['text'] = text
        return encoded
