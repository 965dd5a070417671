"""Marks feeds that have fallen silent (sql/functions/35_feed_pages.sql). Any number of instances may run it."""

from __future__ import annotations

import logging

from ..db.database import Database
from ..db.task_status import TaskStatus
from .periodic_job import PeriodicJob

log = logging.getLogger(__name__)


class FeedChecks:
    """One for the whole program."""

    def __init__(self, database: Database, every: float = 5.0) -> None:
        """every: seconds between two checks."""
        self._database = database
        self.job = PeriodicJob(self.look, every, TaskStatus(
            'feeds', 'feeds', log, failing='feeds cannot be checked', again='feeds are checked again',
            fault='checking the feeds failed'))

    async def look(self) -> None:
        """Check once. A change is announced, so that the listener reads it.

        :raises DatabaseUnavailableError: the database does not answer, or not in time
        :raises asyncpg.PostgresError: the schema does not exist yet
        """
        async with self._database.acquire() as connection:
            await self._database.queries.note_silent_feeds(connection)
            await self._database.queries.forget_feed_minutes(connection)
