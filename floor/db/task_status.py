"""The status of a periodic task, for the log, /metrics and /diagnosis.

Each error is logged once until the task works again, so an outage of an hour is a few lines.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg

from ..core.errors import DatabaseError
from .connection import describe

REASONS_KEPT = 20
"""The most different errors that are logged in one outage."""


class TaskStatus:
    """One such task. All times are seconds; moments since 1970, by this machine's clock."""

    def __init__(self, name: str, what: str, log: logging.Logger, *, failing: str, again: str, fault: str,
                 now: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        """name: for labels. what: for people, such as 'dashboard tables'. failing, again, fault: the log messages of a
        failure, its end, and a bug in this program."""
        self.name = name
        self.what = what
        self.failures = 0
        """Since the start."""
        self.done_at: float | None = None
        """When it last succeeded."""
        self.took: float | None = None
        """How long that took."""
        self.problem: str | None = None
        """The present error, None if it works."""
        self.last_problem: tuple[float, str] | None = None
        """The time and message of the last error, also after it works again."""
        self.reason: str | None = None
        """The label of the last error, if any."""
        self._log, self._failing, self._again, self._fault = log, failing, again, fault
        self._now, self._monotonic = now, monotonic
        self._failing_since = 0.0
        self._attempts = 0
        self._logged: set[str] = set()

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """Run the task once in the block. Errors are recorded and not raised, except a cancellation."""
        begin = self._monotonic()
        try:
            yield
        except (DatabaseError, asyncpg.PostgresError) as error:
            self.failed(error)
        except Exception as error:  # a bug must not end the task permanently
            self.failed(error, fault=True)
        else:
            self.done(self._monotonic() - begin)

    def failed(self, error: BaseException, *, fault: bool = False, reason: str | None = None) -> None:
        """Record a failure. fault: a bug in this program, logged with its traceback. reason: a label, if any."""
        problem = describe(error)
        if self.problem is None:
            self._failing_since, self._attempts, self._logged = self._monotonic(), 0, set()
        self.failures += 1
        self._attempts += 1
        self.problem = problem
        self.last_problem, self.reason = (self._now(), problem), reason
        is_new = problem not in self._logged and len(self._logged) < REASONS_KEPT
        if is_new:
            self._logged.add(problem)
        more = {'task': self.name} | ({} if reason is None else {'reason': reason})
        if fault:
            self._log.log(logging.ERROR if is_new else logging.DEBUG, self._fault, exc_info=error if is_new else None,
                          extra=more)
        else:
            self._log.log(logging.WARNING if is_new else logging.DEBUG, '%s: %s', self._failing, problem, extra=more)

    def done(self, took: float | None = None) -> None:
        """It worked."""
        if self.problem is not None:
            self._log.info(self._again, extra={'task': self.name, 'attempts': self._attempts + 1,
                                               'after_s': round(self._monotonic() - self._failing_since, 1)})
        self.problem = None
        self.done_at, self.took = self._now(), took
