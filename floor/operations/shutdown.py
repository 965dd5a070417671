"""Graceful shutdown within three seconds of SIGTERM or Ctrl-C.

With sixty pages open, Python takes 15 seconds to finalize its objects after everything important has been closed. The
process therefore exits as soon as the exit functions have run and the output is flushed. What does not close in time (a
database that does not answer, a name that is not resolved, a blocked terminal) is abandoned: committed data is safe,
and the embedded database stops as if this process were killed.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any

log = logging.getLogger(__name__)

WITHIN_S = 2.6
"""Seconds from the signal to the end of the process."""
LAST_LINE_S = 0.2
SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Shutdown:
    """Ends the process gracefully on a signal, and forcibly if that takes too long."""

    def __init__(self, within: float = WITHIN_S) -> None:
        """within: seconds from the signal."""
        self._within = within
        self._began_at: float | None = None
        self._is_interrupted = False
        self._begun: SimpleQueue[bool] = SimpleQueue()
        """Safe to use in a signal handler, unlike a lock."""

    @contextmanager
    def on_signal(self) -> Iterator[None]:
        """Within the block the first signal raises KeyboardInterrupt. Further signals have no effect."""
        threading.Thread(target=self._watch, name='shutdown', daemon=True).start()
        before = {number: signal.getsignal(number) for number in SIGNALS}
        for number in SIGNALS:
            if before[number] is not signal.SIG_IGN:  # the shell ignores it for background processes
                signal.signal(number, self._interrupt)
        try:
            yield
        finally:
            if self._began_at is None:
                self._begun.put(False)
                for number, handler in before.items():
                    signal.signal(number, handler)

    def watch_server(self) -> None:
        """Also notice the signals that the running web server handles."""
        for number in SIGNALS:
            if callable(handler := signal.getsignal(number)):
                signal.signal(number, partial(self._pass_on, handler))

    def begin(self) -> None:
        """Start the time limit."""
        if self._began_at is None:
            self._began_at = time.monotonic()
            gc.disable()  # a collection with many open pages takes seconds
            self._begun.put(True)

    def time_left(self) -> float | None:
        """Seconds that are left; None before a signal: no limit."""
        return None if self._began_at is None else self._began_at + self._within - LAST_LINE_S - time.monotonic()

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self.begin()
        if not self._is_interrupted:
            self._is_interrupted = True
            raise KeyboardInterrupt

    def _pass_on(self, handler: Callable[[int, FrameType | None], Any], number: int, frame: FrameType | None) -> None:
        if self._began_at is None:
            self.begin()
            handler(number, frame)

    def _watch(self) -> None:
        if self._begun.get():
            with suppress(Empty):
                self._begun.get(timeout=self._within)
            line = threading.Thread(target=log.warning, daemon=True, args=(
                'shutdown took longer than %g s: the rest is abandoned', self._within))
            line.start()
            line.join(LAST_LINE_S)  # it could block if nobody reads the log
            os._exit(0)
