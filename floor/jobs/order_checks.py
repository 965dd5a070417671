"""Opens work orders for long stops, and records on an order when its machine has recovered.

The work is done in SQL (sql/functions/25_automatic_work_orders.sql), so any number of instances may run it.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from ..core.formatting import number
from ..db.database import Database
from ..db.task_status import TaskStatus
from .periodic_job import PeriodicJob

log = logging.getLogger(__name__)

MAX_NAMED = 10


class OrderChecks:
    """One for the whole program."""

    def __init__(self, database: Database, after: float | None, every: float = 5.0) -> None:
        """after: seconds of a stop until an order is opened for it; None: never. every: seconds between two checks."""
        self._database = database
        self._after = None if after is None else timedelta(seconds=after)
        self.job = PeriodicJob(self.look, every, TaskStatus(
            'work_orders', 'work orders', log, failing='work orders cannot be checked',
            again='work orders are checked again', fault='checking the work orders failed'))
        """While the database is away nothing is missed: stops and recoveries stay."""

    async def look(self) -> None:
        """Check once, in two short transactions.

        :raises DatabaseUnavailableError: the database does not answer, or not in time
        :raises asyncpg.PostgresError: the schema does not exist yet
        """
        queries = self._database.queries
        async with self._database.acquire() as connection:
            async with connection.transaction():
                recovered = [row['id'] async for row in queries.note_recoveries(connection)]
            if self._after is not None:
                async with connection.transaction():
                    rows = queries.open_work_orders_for_stops(connection, after=self._after)
                    opened = [row['id'] async for row in rows]
                if opened:
                    log.info('opened %d work orders for machines that are down', len(opened),
                             extra={'orders': few(opened)})
        if recovered:
            log.info('the machines of %d work orders run again', len(recovered), extra={'orders': few(recovered)})


def few(ids: list[str]) -> list[str]:
    """The first ids for a log line, and how many more there are."""
    more = len(ids) - MAX_NAMED
    return [*ids[:MAX_NAMED], *([f'and {number(more)} more'] if more > 0 else [])]
