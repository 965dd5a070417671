"""Measures how long a change takes to appear in a browser, without JavaScript.

Each page has an invisible element. Directly after a change, one page gets a new attribute for it on the same socket.
The attribute starts a CSS animation of 1 ms, and the browser reports `animationstart` with the first frame of the
animation, which also contains the change. The measured time is

    from the time at which the change was written in the database, by the database's clock,
    until the server receives the report of the browser. It does not include the latency of the screen.

One page at a time is probed, at most one a second, and only after real changes. Tabs in the background render no frames
and do not respond; they do not count.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from nicegui.events import GenericEventArguments

from ...core.latency import LatencyHistogram
from ...feed.store import Store
from .nicegui_bridge import ComputedElement
from .socket_fanout import send_update

PAUSE_S = 1.0
TIMEOUT_S = 5.0
"""Seconds after which the page counts as hidden; later responses are ignored."""
NAMES = 'probe-odd', 'probe-even'
"""Names of the animations in floor.css."""


def browser_latency() -> LatencyHistogram:
    """The histogram of the measured times."""
    return LatencyHistogram('floor_commit_to_browser_seconds',
                            "From the time a change was written in the database, by the database's clock, until a "
                            'browser reported that it renders the change; one page is probed per second.')


class ProbeElement(ComputedElement):
    """The invisible element of one page."""

    def __init__(self, on_response: Callable[[str], None]) -> None:
        """on_response: called with the name of the animation that started."""
        super().__init__('i')
        self.classes('render-probe')
        self.props['aria-hidden'] = 'true'
        self._on_response = on_response
        self.on('animationstart', self._on_start, args=['animationName'])

    def send(self, name: str) -> None:
        """Send the attribute now, after the earlier messages to this page."""
        encoded = self.message()
        encoded['props'] = {**encoded.get('props', {}), 'data-probe': name}
        send_update({self.id: encoded}, [self.client.id])

    def _on_start(self, event: GenericEventArguments) -> None:
        self._on_response(str(event.args.get('animationName')) if isinstance(event.args, dict) else '')


@dataclass(slots=True)
class Probe:
    """The last probe of one page."""

    number: int = 0
    written_ms: int | None = None
    """Database time of the change; None: no probe is pending."""
    sent_at: float = 0.0

    @property
    def name(self) -> str:
        """Name of the animation."""
        return NAMES[self.number % 2]


class RenderProbe:
    """Probes the pages in turn."""

    def __init__(self, store: Store, latency: LatencyHistogram,
                 monotonic: Callable[[], float] = time.monotonic) -> None:
        self.unanswered = 0
        """Probes without a response in time: tabs in the background, or unresponsive browsers."""
        self._store, self._latency, self._monotonic = store, latency, monotonic
        self._probes: dict[ProbeElement, Probe] = {}
        self._sent_at = -PAUSE_S

    def add(self) -> None:
        """Add the element to the page that is being built."""
        probe = Probe()
        element = ProbeElement(lambda name: self._on_response(probe, name))
        self._probes[element] = probe
        element.client.on_delete(lambda: self._probes.pop(element, None))

    def send(self) -> None:
        """Probe the next page after a change."""
        now = self._monotonic()
        if self._store.written_ms is None or now - self._sent_at < PAUSE_S:
            return
        for element, probe in list(self._probes.items()):
            self._probes[element] = self._probes.pop(element)  # to the end of the queue
            if not element.client.has_socket_connection or not self._is_free(probe, now):
                continue
            probe.number, probe.written_ms, probe.sent_at = probe.number + 1, self._store.written_ms, now
            self._sent_at = now
            element.send(probe.name)
            return

    def _is_free(self, probe: Probe, now: float) -> bool:
        if probe.written_ms is None:
            return True
        if now - probe.sent_at < TIMEOUT_S:
            return False
        self.unanswered += 1
        probe.written_ms = None
        return True

    def _on_response(self, probe: Probe, name: str) -> None:
        if probe.written_ms is None or name != probe.name:
            return
        if self._monotonic() - probe.sent_at < TIMEOUT_S:
            self._latency.observe((self._store.now_ms - probe.written_ms) / 1000)
        else:
            self.unanswered += 1
        probe.written_ms = None
