"""Everything in this process that knows how it is, in one place: /metrics and /diagnosis read it, nobody writes it."""

from __future__ import annotations

import os
import platform
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..core.latency import Lag
from ..core.version import program_version
from ..db.database import Database
from ..db.schema_files import Migration
from ..db.task_status import TaskStatus
from ..feed.listener import Listener
from ..feed.store import Store
from .freshness_log import ConnectionWatch
from .refused_origins import Refusal


class Password(Protocol):
    """A password that ends and is renewed: how it fares, never what it is."""

    problem: str | None
    """Why the last request for one failed; it may hurt only later."""
    requests: int
    given: int

    @property
    def seconds_left(self) -> float | None:
        """For how long new connections can sign in; None: there is none."""


class Simulator(Protocol):
    """Who may be playing the plant here."""

    @property
    def playing(self) -> bool:
        """Whether it is this instance."""


class Pages(Protocol):
    """The pages that are kept up to date."""

    pages_gone: int
    """Closed since the start."""

    @property
    def pages(self) -> int:
        """Open in a browser now."""


@dataclass(frozen=True)
class Vitals:
    """One for the whole program."""

    database: Database
    store: Store
    listener: Listener
    watch: ConnectionWatch
    pages: Pages
    loop: Lag
    """How late the event loop is."""
    browser: Lag
    """From a change to the frame of a browser that shows it."""
    no_answer: Callable[[], int] = lambda: 0
    """How many pages did not say in time that they show it."""
    backlog: Callable[[], int] = lambda: 0
    """Messages that wait for the browser that reads slowest."""
    jobs: Sequence[TaskStatus] = ()
    """The tasks that are done again and again."""
    supervised: Sequence[TaskStatus] = ()
    """The background tasks, each restarted when it ends."""
    log_lines: Callable[[], dict[str, int]] = dict
    """How many lines the log has of each level that is a complaint."""
    migrations: Sequence[Migration] = ()
    """Those that this program has, the newest last."""
    password: Password | None = None
    simulator: Simulator | None = None
    refused: Callable[[], Sequence[Refusal]] = list
    """What came from elsewhere and was refused."""
    started_at: float = field(default_factory=time.time)
    """Seconds since 1970."""
    version: str = field(default_factory=program_version)
    python: str = field(default_factory=platform.python_version)
    instance: str = field(default_factory=lambda: f'{socket.gethostname()}, process {os.getpid()}')

    @property
    def all_tasks(self) -> list[TaskStatus]:
        """The listener's link to the database is one too."""
        return [self.listener.status, *self.jobs, *self.supervised]
