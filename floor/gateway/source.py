"""What all sources share: the protocol, their state, and how they connect again."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Protocol

from ..core.repeated_log import RateLimitedLog
from ..core.text import shortened
from .reading import Emit

log = logging.getLogger(__name__)

FIRST_BACKOFF_S, MAX_BACKOFF_S = 1.0, 30.0
MAX_CAUSES = 50


class SourceState:
    """Whether a source is connected, and what it received: for /healthz, /metrics and the log."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.connected = False
        self.changed_at = time.time()
        """When it was connected or lost, in seconds since 1970."""
        self.heard_at = time.time()
        """Until when the connection is known to carry data, in seconds since 1970: one that is cut may look alive."""
        self.last_message_at: float | None = None
        self.error: str | None = None
        """Why it is not connected, in plain words; None: it is, or has not tried yet."""
        self.messages = 0
        """Received since the start."""
        self.ignored: Counter[str] = Counter()
        """Messages that could not be used, by cause."""
        self.connections = 0
        self._repeated = RateLimitedLog(log)

    def connect(self) -> None:
        """Record that the source is connected, and values of now arrive."""
        self.error = None
        self.hear()
        if not self.connected:
            self.connections += 1
            self._change(True)
            log.info('source %s is connected', self.name, extra={'source': self.name})

    def lose(self, error: str) -> None:
        """Record that the connection is lost, or could not be made. Logged once per error."""
        if self.connected or error != self.error:
            log.warning('source %s is not connected: %s', self.name, error, extra={'source': self.name})
        self.error = error
        if self.connected:
            self._change(False)

    def hear(self) -> None:
        """Record that something arrived, a sign of life at least, and that nothing more was there."""
        self.heard_at = time.time()

    def receive(self) -> None:
        """Count a message."""
        self.messages += 1
        self.last_message_at = time.time()

    def ignore(self, cause: str, message: str) -> None:
        """Count a message that cannot be used. cause: a few words, the same for all of its kind; message: a sentence
        for the log, where a line for each cause and minute is written."""
        self.ignored[cause if cause in self.ignored or len(self.ignored) < MAX_CAUSES else 'other causes'] += 1
        self._repeated.warn(f'{self.name}: {cause}', f'source {self.name}: {message}')

    def _change(self, connected: bool) -> None:
        self.connected = connected
        self.changed_at = time.time()


class Source(Protocol):
    """Reads values from the plant."""

    state: SourceState

    async def run(self, emit: Emit) -> None:
        """Emit readings until cancelled; connects again when the connection is lost. Ends cleanly when cancelled."""

    def read_now(self) -> None:
        """Emit what has arrived, if the source waits for more."""


async def keep_connected(state: SourceState, session: Callable[[], Awaitable[None]],
                         errors: tuple[type[Exception], ...], explain: Callable[[Exception], str] = str) -> None:
    """Run sessions until cancelled, with growing pauses after those that failed to connect.

    session: connects, calls state.connect() and reads until the connection is lost, which raises one of the errors.
    explain: an error in plain words.
    """
    backoff = FIRST_BACKOFF_S
    while True:
        connections = state.connections
        try:
            await session()
            state.lose('the connection was closed')
        except errors as error:
            state.lose(shortened(explain(error)) or type(error).__name__)
        if state.connections > connections:
            backoff = FIRST_BACKOFF_S
        await asyncio.sleep(backoff * random.uniform(0.5, 1))  # noqa: S311 (not a secret)
        backoff = min(MAX_BACKOFF_S, 2 * backoff)
