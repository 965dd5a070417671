"""Rate-limited warnings: one log line per reason and minute, with a count."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from .formatting import number

WINDOW_S = 60.0
MAX_REASONS = 20
OTHER = 'other reasons'


class RateLimitedLog:
    """Logs the first warning of each reason at once, and counts those of the next minute."""

    def __init__(self, log: logging.Logger, window: float = WINDOW_S,
                 call_later: Callable[[float, Callable[[], None]], object] | None = None) -> None:
        """window: seconds that one line covers. call_later: by default that of the running event loop."""
        self._log = log
        self._window = window
        self._call_later = call_later or (lambda seconds, call: asyncio.get_running_loop().call_later(seconds, call))
        self._more: dict[str, int] = {}

    def warn(self, reason: str, message: str) -> None:
        """Log the message, or count it if one with the same reason was logged within the window."""
        if reason not in self._more and len(self._more) >= MAX_REASONS:
            reason = OTHER
        if reason in self._more:
            self._more[reason] += 1
            return
        self._more[reason] = 0
        self._log.warning('%s', message, extra={'reason': reason})
        self._call_later(self._window, lambda: self._end_window(reason))

    def _end_window(self, reason: str) -> None:
        if not (more := self._more[reason]):
            del self._more[reason]
            return
        self._log.warning('%s more of the same within %g s', number(more), self._window,
                          extra={'reason': reason, 'count': more})
        self._more[reason] = 0
        self._call_later(self._window, lambda: self._end_window(reason))
