"""Runs the background tasks: restarts one that ends after a pause, and reports it until it works again."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from ..db.task_status import TaskStatus

log = logging.getLogger(__name__)

Task = Callable[[], Awaitable[None]]

FIRST_BACKOFF_S, MAX_BACKOFF_S = 0.1, 10.0
SETTLED_AFTER_S = 5.0
"""Seconds after a restart until a task counts as working."""


class Supervisor:
    """The supervisor of the process's background tasks."""

    def __init__(self, report: Callable[[str | None], None] = lambda _: None, *,
                 settled_after: float = SETTLED_AFTER_S, first_backoff: float = FIRST_BACKOFF_S) -> None:
        """report: is given a sentence for people about the tasks that fail now; None: none does. Times in seconds."""
        self.statuses: list[TaskStatus] = []
        """How each task is, in the order in which they were added."""
        self._report = report
        self._settled_after = settled_after
        self._first_backoff = first_backoff

    def supervise(self, name: str, what: str, task: Task) -> Callable[[], Coroutine[Any, Any, None]]:
        """Wrap a task so that it ends only when it is cancelled.

        name: for labels; what: for people, a plural, such as 'page updates'.
        """
        status = TaskStatus(name, what, log, failing=f'the {what} failed and are restarted',
                            again=f'the {what} work again', fault=f'the {what} failed and are restarted')
        self.statuses.append(status)

        async def run() -> None:
            backoff = self._first_backoff
            while True:
                settled = asyncio.get_running_loop().call_later(self._settled_after, self._settle, status)
                try:
                    await task()
                    error: BaseException = RuntimeError('it ended unexpectedly')
                except asyncio.CancelledError as cancelled:
                    if (current := asyncio.current_task()) is not None and current.cancelling():
                        raise
                    error = cancelled  # something that it awaited was cancelled
                except Exception as raised:
                    error = raised
                finally:
                    settled.cancel()
                if status.problem is None:
                    backoff = self._first_backoff
                status.failed(error, fault=True)
                self._report_failing()
                await asyncio.sleep(backoff * random.uniform(0.7, 1.3))  # noqa: S311 (jitter, not a secret)
                backoff = min(backoff * 2, MAX_BACKOFF_S)

        return run

    def _settle(self, status: TaskStatus) -> None:
        status.done()
        self._report_failing()

    def _report_failing(self) -> None:
        failing = [f'{status.what} ({status.problem})' for status in self.statuses if status.problem is not None]
        self._report(f'A background task of this program fails and is restarted repeatedly: {"; ".join(failing)}.'
                     if failing else None)
