"""Sums up the days, the present one up to a full hour: a cache for reports, made whole again where something came late.

The work is done in SQL (sql/functions/45_days.sql), by one instance at a time. Reports are correct without it, but
slower.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from ..db.database import Database
from ..db.task_status import TaskStatus
from .periodic_job import PeriodicJob

log = logging.getLogger(__name__)

DAYS_A_STEP = 5   # a step is one transaction, limited by DB_COMMAND_TIMEOUT


class DaySums:
    """A background task; one per process."""

    def __init__(self, database: Database, *, machine_silent_after: float | None = None,
                 every: float = 60.0) -> None:
        """machine_silent_after: seconds without a report after which a machine is unknown, None: never. every: seconds
        between two updates."""
        self._database = database
        self._silent_after = None if machine_silent_after is None else timedelta(seconds=machine_silent_after)
        self.job = PeriodicJob(self.refresh, every, TaskStatus(
            'history', 'history', log, failing='the days of the history cannot be summed up',
            again='the days of the history are summed up again', fault='summing up the history failed'))
        """An outage of the database only delays it. Wake it when the history or the plant's calendar has changed."""

    async def refresh(self) -> int | None:
        """Sum up in steps. Returns the number of days, None if another instance is doing so.

        :raises DatabaseUnavailableError: the database does not answer, or not in time
        :raises asyncpg.PostgresError: the schema does not exist yet
        """
        queries, done = self._database.queries, 0
        async with self._database.acquire() as connection:
            await queries.set_machine_silent_after(connection, machine_silent_after=self._silent_after)
            while (step := await queries.refresh_days(connection, most=DAYS_A_STEP)) == DAYS_A_STEP:
                done += step
        return None if step is None else done + step
