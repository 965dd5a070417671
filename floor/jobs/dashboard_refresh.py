"""Refreshes the eight dashboard tables, and deletes history after its retention.

The work is done in SQL (sql/queries/dashboard.sql, which psql can run too), by one instance at a time.
"""

from __future__ import annotations

import logging
import time
from datetime import UTC, date, datetime, timedelta

import asyncpg

from ..core.floor_snapshot import HistoryState
from ..core.formatting import number
from ..db.database import Database
from ..db.query_files import SQL, read_sql
from ..db.task_status import TaskStatus
from .day_sums import DaySums
from .periodic_job import PeriodicJob

log = logging.getLogger(__name__)

ROWS_A_BATCH = 10_000  # of history, deleted in one statement
FORGET_FOR_S = 10.0    # so that the tables stay fresh during a long deletion


class DashboardRefresh:
    """One for the whole program."""

    def __init__(self, database: Database, days: DaySums, *, every: float = 60.0,
                 retention_days: int | None = None) -> None:
        """every: seconds between two refreshes. retention_days: the retention of the history, None: unlimited; the sums
        of days are always kept."""
        self._database = database
        self._days = days
        self._retention = None if retention_days is None else timedelta(days=retention_days)
        self._tables = read_sql(SQL / 'queries' / 'dashboard.sql', database.feed_table)
        self._forgot_on: date | None = None
        self.job = PeriodicJob(self._refresh_and_forget, every, TaskStatus(
            'dashboard', 'dashboard tables', log, failing='the dashboard tables cannot be refreshed',
            again='the dashboard tables are refreshed again',
            fault='refreshing the dashboard tables failed'))
        """The tables contain the time of their refresh. Wake it when the history has changed."""

    async def refresh(self) -> bool:
        """Refresh all eight tables in one transaction. Returns False if another instance is doing so, or while a
        history is being created or summed up, which would make them wrong.

        :raises DatabaseUnavailableError: the database does not answer, or not in time
        :raises asyncpg.PostgresError: the schema does not exist yet
        """
        done = await self._days.refresh()
        queries = self._database.queries
        async with self._database.acquire() as connection:
            try:
                async with connection.transaction(isolation='repeatable_read'):
                    await queries.lock_dashboard(connection)
                    state = await queries.history_state(connection)
                    if state == HistoryState.CREATING or (state == HistoryState.PROCESSING and done is None):
                        return False
                    await queries.prepare_report(connection)
                    await connection.execute(self._tables)
            except (asyncpg.LockNotAvailableError, asyncpg.SerializationError):  # another instance is doing so
                return False
        return True

    async def forget(self) -> int:
        """Delete history beyond its retention in batches, for some seconds. Returns the number of rows.

        :raises DatabaseUnavailableError: the database does not answer, or not in time
        :raises asyncpg.PostgresError: it is not in the totals yet, or this login lacks the right
        """
        today, rows = datetime.now(UTC).date(), 0
        if self._retention is None or self._forgot_on == today:
            return 0
        deadline = time.monotonic() + FORGET_FOR_S
        async with self._database.acquire() as connection:
            while time.monotonic() < deadline:
                batch = await self._database.queries.forget_history(connection, keep=self._retention, most=ROWS_A_BATCH)
                rows += batch
                if not batch:
                    self._forgot_on = today  # history expires at midnight
                    break
        if rows:
            log.info('%s changes of status and counts of minutes older than %s days were forgotten; what the changes '
                     'add up to stays', number(rows), self._retention.days)
        return rows

    async def _refresh_and_forget(self) -> None:
        if await self.refresh():
            await self.forget()
