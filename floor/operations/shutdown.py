"""The process from its first moment to its last: it ends in order, and within three seconds of SIGTERM or Ctrl-C.

With sixty pages open, Python takes 15 seconds to take its objects apart after all that matters has been closed. So the
process ends itself as soon as the exit functions have run and the output is written. What does not close in time (a
database that does not answer, a name that is not resolved, a terminal that takes no more) is cut off: committed data is
safe, and the embedded database ends as it does when this process is killed.
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
"""From the signal to the end of the process."""
LAST_LINE_S = 0.2
SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Shutdown:
    """Ends the process in order when a signal asks for it, and without order when that takes too long."""

    def __init__(self, within: float = WITHIN_S) -> None:
        """within: seconds from the signal."""
        self._within = within
        self._began_at: float | None = None
        self._is_interrupted = False
        self._begun: SimpleQueue[bool] = SimpleQueue()
        """Safe to be put into by a signal handler, which a lock is not."""

    @contextmanager
    def on_signal(self) -> Iterator[None]:
        """Within the block the first signal raises KeyboardInterrupt. Those that follow change nothing."""
        threading.Thread(target=self._watch, name='shutdown', daemon=True).start()
        before = {number: signal.getsignal(number) for number in SIGNALS}
        for number in SIGNALS:
            if before[number] is not signal.SIG_IGN:  # as the shell has it for what runs in the background
                signal.signal(number, self._interrupt)
        try:
            yield
        finally:
            if self._began_at is None:
                self._begun.put(False)
                for number, handler in before.items():
                    signal.signal(number, handler)

    def watch_server(self) -> None:
        """Have the signals noticed that the web server, which runs by now, has taken over."""
        for number in SIGNALS:
            if callable(handler := signal.getsignal(number)):
                signal.signal(number, partial(self._pass_on, handler))

    def begin(self) -> None:
        """The process has been asked to end: from now on it has so many seconds."""
        if self._began_at is None:
            self._began_at = time.monotonic()
            gc.disable()  # a collection among the elements of many pages takes seconds
            self._begun.put(True)

    def time_left(self) -> float | None:
        """Seconds for what is still to be closed; None: nobody has asked for the end, so there is no limit."""
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
                'not everything was closed %g s after the signal to end: the rest is cut off', self._within))
            line.start()
            line.join(LAST_LINE_S)  # longer, if nobody reads the log
            os._exit(0)
