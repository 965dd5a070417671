"""Shows a notice when no updates arrive. A stylesheet does this, without a message from the server.

A browser needs up to eight seconds to notice that a connection is dead. Every page therefore gets a beat each second:
the last digit of a clock. It selects a CSS animation (assets/css/stale.css) that shows the notice after a delay of five
seconds; the next beat selects another animation, which restarts the delay.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from nicegui import ui

from .live_element import SECOND, Content, LiveElement

BEATS = 10
"""Number of animations. After hours in the background, a tab may get the beat that it got last, and then shows the
notice until the next beat."""


def beat(monotonic: Callable[[], float] = time.monotonic) -> str:
    """Name of the current beat."""
    return str(int(monotonic()) % BEATS)


class StaleOverlay(LiveElement):
    """The notice across the page, hidden while beats arrive."""

    def __init__(self) -> None:
        super().__init__('div', SECOND)
        self.classes('stale-overlay')
        self.props['role'] = 'alert'
        with self, ui.element('p').classes('stale-notice'):
            ui.label('Connection lost').classes('stale-title')
            ui.label('The data shown is out of date. Reconnecting automatically.').classes('stale-hint')

    def content(self) -> Content:
        return {'data-beat': beat()}, None
