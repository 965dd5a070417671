"""Shows a notice when no updates arrive. A stylesheet does this, without a message from the server.

A browser needs up to eight seconds to notice that a connection is dead, and after an outage the network delivers late
what was sent before. Every page therefore gets a beat each second, but only after the last one has arrived: its browser
has answered a ping that was sent behind that. Each beat restarts one of two CSS animations in turn
(assets/css/stale.css), which show the notice five seconds after their start.

Without a notice, the last two beats have therefore arrived within five seconds. As the last one was sent after the
other had arrived, and after all changes until then, the page shows everything that was sent until five seconds ago. A
beat that the network delivers late does not hide the notice; the next one does, which is sent after it has arrived.
"""

from __future__ import annotations

from nicegui import ui

from .live_element import BEAT, Content, LiveElement
from .live_view import BEATS, LiveView


class BeatElement(LiveElement):
    """An element that is hidden while beats arrive."""

    def __init__(self, tag: str, view: LiveView) -> None:
        super().__init__(tag, BEAT)
        self._view = view
        self.classes('beat')

    def content(self) -> Content:
        return {'data-beat': str(self._view.beat % BEATS)}, None


class StaleMark(BeatElement):
    """The line through the badge of the connection."""

    def __init__(self, view: LiveView) -> None:
        super().__init__('i', view)
        self.classes('stale-mark')


class StaleOverlay(BeatElement):
    """The notice across the page."""

    def __init__(self, view: LiveView) -> None:
        super().__init__('div', view)
        self.classes('stale-overlay')
        self.props['role'] = 'alert'
        with self, ui.element('p').classes('stale-notice'):
            ui.label('Connection lost').classes('stale-title')
            ui.label('The data shown is out of date. Reconnecting automatically.').classes('stale-hint')
