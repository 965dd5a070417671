"""Looks after work orders without being asked: opens them for long stops, and notes when the machine runs again.

What is done is in the database's hands (sql/migrations/0003_work_orders.sql), so any number of instances may look.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import asyncpg

from .database import Database, describe
from .errors import DatabaseError

log = logging.getLogger(__name__)


class WorkOrderKeeper:
    """A task for the background of a whole program."""

    def __init__(self, database: Database, after: float | None, every: float = 5.0) -> None:
        """after: seconds of a stop until an order is opened for it; None: never. every: seconds between two looks."""
        self._database = database
        self._after = None if after is None else timedelta(seconds=after)
        self._every = every

    async def run(self) -> None:
        """Look for ever, until cancelled. While the database is away nothing is missed: stops and recoveries stay."""
        problem = None
        while True:
            await asyncio.sleep(self._every)  # first, so that the schema is up to date when the program has just begun
            try:
                await self.look()
                if problem is not None:
                    log.info('work orders are looked after again')
                problem = None
            except (DatabaseError, asyncpg.PostgresError) as error:
                log.log(logging.DEBUG if describe(error) == problem else logging.WARNING,
                        'work orders can not be looked after: %s', describe(error))
                problem = describe(error)
            except Exception:  # a fault of ours must not end it for good
                log.exception('looking after the work orders failed')

    async def look(self) -> None:
        """Once, in two short transactions.

        :raises DatabaseUnavailable: nobody answers, or not in time
        :raises asyncpg.PostgresError: the schema is not there (yet)
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
                    log.info('opened for machines that are down: %s', ', '.join(opened))
        if recovered:
            log.info('their machines run again: %s', ', '.join(recovered))
