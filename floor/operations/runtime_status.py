"""The sources of the process's state, for /metrics and /diagnosis. Read-only."""

from __future__ import annotations

import os
import platform
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..core.latency import LatencyHistogram
from ..core.version import program_version
from ..db.database import Database
from ..db.schema_files import Migration
from ..db.task_status import TaskStatus
from ..feed.feed_counters import FeedCounters
from ..feed.listener import Listener
from ..feed.store import Store
from .freshness_log import FreshnessLog
from .refused_origins import RefusedOrigin


class Password(Protocol):
    """The status of a password that expires and is renewed, without the password."""

    problem: str | None
    """Why the last request failed; the present password may still work."""
    requests: int
    given: int

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the password expires; None if there is none."""


class Simulator(Protocol):
    """The simulator of this instance."""

    @property
    def playing(self) -> bool:
        """Whether this instance simulates the plant."""


class Pages(Protocol):
    """The open pages."""

    pages_gone: int
    """The number of pages closed since the start."""

    @property
    def pages(self) -> int:
        """The number of pages open in a browser now."""


@dataclass(frozen=True)
class RuntimeStatus:
    """The state of the process."""

    database: Database
    store: Store
    listener: Listener
    watch: FreshnessLog
    pages: Pages
    loop: LatencyHistogram
    """The latency of the event loop."""
    browser: LatencyHistogram
    """The latency from a change to the browser frame that shows it."""
    no_answer: Callable[[], int] = lambda: 0
    """The number of pages that did not confirm a change in time."""
    backlog: Callable[[], int] = lambda: 0
    """Messages that wait for the browser that reads slowest."""
    jobs: Sequence[TaskStatus] = ()
    """The periodic tasks."""
    supervised: Sequence[TaskStatus] = ()
    """The background tasks, each restarted when it ends."""
    log_lines: Callable[[], dict[str, int]] = dict
    """Counts log lines of level warning and above."""
    migrations: Sequence[Migration] = ()
    """The migrations of this program, the newest last."""
    password: Password | None = None
    simulator: Simulator | None = None
    refused: Callable[[], Sequence[RefusedOrigin]] = list
    """The refused cross-origin requests."""
    feeds: FeedCounters = field(default_factory=FeedCounters)
    """What feeds send over HTTP."""
    started_at: float = field(default_factory=time.time)
    """Seconds since 1970."""
    version: str = field(default_factory=program_version)
    python: str = field(default_factory=platform.python_version)
    instance: str = field(default_factory=lambda: f'{socket.gethostname()}, process {os.getpid()}')

    @property
    def all_tasks(self) -> list[TaskStatus]:
        """The listener's link to the database is one too."""
        return [self.listener.status, *self.jobs, *self.supervised]
