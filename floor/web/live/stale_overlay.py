"""Shows a notice when the server sends no more updates. A stylesheet does this, without a message from the server.

A network that carries nothing tells the browser nothing; its socket looks healthy for eight seconds.
So every page gets a beat each second, the last digit of a clock. It names a CSS animation (assets/css/stale.css) that
does nothing for five seconds and then shows this notice; the next beat names another animation, which restarts.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from nicegui import ui

from .live_element import SECOND, Content, LiveElement

BEATS = 10
"""Number of animations. A tab that returns after hours may meet its last animation again, and then shows the notice
until the next beat."""


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
