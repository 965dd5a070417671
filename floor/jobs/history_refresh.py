"""Keeps what is derived from the history up to date: stops, sums a day and a quarter of an hour, who waited for whom.

What is done is in the database's hands (sql/functions/46_history_refresh.sql): of any number of instances one does
it, and a report is right even where nobody does; it is only quicker.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from ..db.database import Database
from ..db.task_status import TaskStatus
from .periodic_job import PeriodicJob

log = logging.getLogger(__name__)

ROWS_A_STEP = 50_000   # a step is one transaction, and must end within DB_COMMAND_TIMEOUT


class HistoryRefresh:
    """One for the whole program."""

    def __init__(self, database: Database, machine_silent_after: float | None, every: float = 60.0) -> None:
        """machine_silent_after: seconds after which a machine that says nothing is unknown, None: never; the database
        needs it to remember silences. every: seconds between two looks."""
        self._database = database
        self._silent_after = None if machine_silent_after is None else timedelta(seconds=machine_silent_after)
        self.job = PeriodicJob(self.refresh, every, TaskStatus(
            'history', 'history', log, failing='the history cannot be kept up to date',
            again='the history is kept up to date again', fault='keeping the history up to date failed'))
        """While the database is away nothing is lost: the history waits. Whoever knows that it has changed wakes it."""

    async def refresh(self) -> int | None:
        """Bring it up to date, step by step; how much there was to do, None: another instance is at it.

        :raises DatabaseUnavailable: nobody answers, or not in time
        :raises asyncpg.PostgresError: the schema is not there (yet)
        """
        queries, done = self._database.queries, 0
        async with self._database.acquire() as connection:
            await queries.set_machine_silent_after(connection, machine_silent_after=self._silent_after)
            while step := await queries.refresh_history(connection, most=ROWS_A_STEP):
                done += step
        return None if step is None else done
