"""Debounce and least time: which values of a point are reported, and when."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from .clock import Cancellable, Clock
from .errors import QueueError
from .mapping import ReasonMeaning
from .presets import StatusMeaning

log = logging.getLogger(__name__)

RETRY_S = 5.0
"""After an event could not be stored."""
Held = StatusMeaning | ReasonMeaning


class PointFilter:
    """Holds back a value that may not last. The first one is reported at once."""

    def __init__(self, debounce: float, least_time: float, clock: Clock,
                 report: Callable[[Held, datetime], None]) -> None:
        """report: called with a value that lasted, and when it began."""
        self._debounce, self._least_time = debounce, least_time
        self._clock, self._report = clock, report
        self._reported: Held | None = None
        self._reported_at = 0.0
        self._held: Held | None = None
        self.held_since: datetime | None = None
        """When the value began that is held back; None: there is none."""
        self._call: Cancellable | None = None

    def take(self, value: Held, at: datetime) -> None:
        """A value that begins at this time."""
        if value == self._held:
            return
        self._drop()
        if value == self._reported:
            return
        delay = self._delay()
        if delay <= 0:
            self._release(value, at)
            return
        self._held, self.held_since = value, at
        self._call = self._clock.call_later(delay, lambda: self._expire(value, at))

    def forget(self) -> None:
        """The next value is reported at once, even if it is the last one."""
        self._drop()
        self._reported = None

    def _delay(self) -> float:
        if self._reported is None:
            return 0
        return max(self._debounce, self._reported_at + self._least_time - self._clock.monotonic())

    def _expire(self, value: Held, at: datetime) -> None:
        try:
            self._release(value, at)
        except QueueError as error:
            log.error('%s', error)
            self._held, self.held_since = value, at
            self._call = self._clock.call_later(RETRY_S, lambda: self._expire(value, at))

    def _release(self, value: Held, at: datetime) -> None:
        self._drop()
        self._report(value, at)  # raises if it cannot be stored: it is then taken as not reported
        self._reported, self._reported_at = value, self._clock.monotonic()

    def _drop(self) -> None:
        if self._call is not None:
            self._call.cancel()
        self._held = self.held_since = self._call = None
