"""The time, and calls in the future: so that tests need not wait."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol


class Cancellable(Protocol):
    """A call in the future."""

    def cancel(self) -> None:
        """Do not call."""


class Clock:
    """The clocks of the system and of the event loop."""

    def now(self) -> datetime:
        """The present time."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never jump."""
        return time.monotonic()

    def call_later(self, seconds: float, call: Callable[[], None]) -> Cancellable:
        """Call it once in the event loop."""
        return asyncio.get_running_loop().call_later(seconds, call)
