"""Updates what is derived from the history: stops, totals per day and quarter of an hour, wait attribution.

The work is done in SQL (sql/functions/46_history_refresh.sql), by one instance at a time. Reports are correct without
it, but slower.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from ..db.database import Database
from ..db.task_status import TaskStatus
from .periodic_job import PeriodicJob

log = logging.getLogger(__name__)

ROWS_A_STEP = 50_000   # a step is one transaction, limited by DB_COMMAND_TIMEOUT


class HistoryRefresh:
    """A background task; one per process."""

    def __init__(self, database: Database, machine_silent_after: float | None, every: float = 60.0) -> None:
        """machine_silent_after: seconds without a report after which a machine is unknown, None: never; the database
        records such gaps. every: seconds between two updates."""
        self._database = database
        self._silent_after = None if machine_silent_after is None else timedelta(seconds=machine_silent_after)
        self.job = PeriodicJob(self.refresh, every, TaskStatus(
            'history', 'history', log, failing='the history cannot be updated',
            again='the history is updated again', fault='updating the history failed'))
        """An outage of the database only delays it. Wake it when the history has changed."""

    async def refresh(self) -> int | None:
        """Update in steps. Returns the number of changes, None if another instance is doing so.

        :raises DatabaseUnavailableError: the database does not answer, or not in time
        :raises asyncpg.PostgresError: the schema does not exist yet
        """
        queries, done = self._database.queries, 0
        async with self._database.acquire() as connection:
            await queries.set_machine_silent_after(connection, machine_silent_after=self._silent_after)
            while step := await queries.refresh_history(connection, most=ROWS_A_STEP):
                done += step
        return None if step is None else done
