"""Measures how long a change takes to appear in a browser, without JavaScript.

Each page has an invisible element. Right behind a change, on the same socket, one page is sent a new attribute for it;
the stylesheet answers the attribute with an animation of no length, and the browser says `animationstart` when it
begins the frame in which it is drawn. What came before on the socket is in that frame too. So what is measured is

    from the moment the change was written in the database, by its own clock,
    until we hear that the browser has begun the frame that shows it: the way back is in it, the screen's delay is not.

One page after another is asked, at most one a second, and only behind real changes. A tab in the background draws no
frames and does not answer; nobody sees it, so it does not count.
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
PATIENCE_S = 5.0
"""Seconds after which the page counts as hidden; later answers are ignored."""
NAMES = 'probe-odd', 'probe-even'
"""Names of the animations in floor.css."""


def browser_latency() -> LatencyHistogram:
    """The latencies."""
    return LatencyHistogram('floor_commit_to_browser_seconds',
                            'From the moment a change was written in the database, by its own clock, until a browser '
                            'reported that it has begun the frame that shows it; one page a second is asked in turn.')


class ProbeElement(ComputedElement):
    """The invisible element of one page."""

    def __init__(self, answered: Callable[[str], None]) -> None:
        """answered: called with the name of the animation that started."""
        super().__init__('i')
        self.classes('render-probe')
        self.props['aria-hidden'] = 'true'
        self._answered = answered
        self.on('animationstart', self._on_start, args=['animationName'])

    def ask(self, name: str) -> None:
        """Send the attribute now, after the earlier messages to this page."""
        encoded = self.message()
        encoded['props'] = {**encoded.get('props', {}), 'data-probe': name}
        send_update({self.id: encoded}, [self.client.id])

    def _on_start(self, event: GenericEventArguments) -> None:
        self._answered(str(event.args.get('animationName')) if isinstance(event.args, dict) else '')


@dataclass(slots=True)
class Probe:
    """The last probe of one page."""

    number: int = 0
    written_ms: int | None = None
    """Database time of the change; None: answered."""
    asked_at: float = 0.0

    @property
    def name(self) -> str:
        """Name of the animation that answers the probe."""
        return NAMES[self.number % 2]


class RenderProbe:
    """Probes the pages in turn."""

    def __init__(self, store: Store, lag: LatencyHistogram, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.unanswered = 0
        """Probes without an answer in time: tabs in the background, or browsers that hang."""
        self._store, self._lag, self._monotonic = store, lag, monotonic
        self._questions: dict[ProbeElement, Probe] = {}
        self._asked_at = -PAUSE_S

    def add(self) -> None:
        """Add the element to the page that is being built."""
        question = Probe()
        echo = ProbeElement(lambda name: self._on_answer(question, name))
        self._questions[echo] = question
        echo.client.on_delete(lambda: self._questions.pop(echo, None))

    def ask(self) -> None:
        """Probe the next page after a change."""
        now = self._monotonic()
        if self._store.written_ms is None or now - self._asked_at < PAUSE_S:
            return
        for echo, question in list(self._questions.items()):
            self._questions[echo] = self._questions.pop(echo)  # to the end of the row
            if not echo.client.has_socket_connection or not self._is_free(question, now):
                continue
            question.number, question.written_ms, question.asked_at = question.number + 1, self._store.written_ms, now
            self._asked_at = now
            echo.ask(question.name)
            return

    def _is_free(self, question: Probe, now: float) -> bool:
        if question.written_ms is None:
            return True
        if now - question.asked_at < PATIENCE_S:
            return False
        self.unanswered += 1
        question.written_ms = None
        return True

    def _on_answer(self, question: Probe, name: str) -> None:
        if question.written_ms is None or name != question.name:
            return
        if self._monotonic() - question.asked_at < PATIENCE_S:
            self._lag.observe((self._store.now_ms - question.written_ms) / 1000)
        else:
            self.unanswered += 1
        question.written_ms = None
