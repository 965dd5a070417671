"""One report's view of the database: one moment, the window up to that moment, the machines that are asked about."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from ..core.errors import DatabaseUnavailableError, HistoryNotReadyError
from ..core.floor_snapshot import HistoryState
from ..core.machines import MachineName
from ..db.connection import Connection, describe
from ..db.database import Database
from ..db.queries import Queries
from .window import MICROSECOND, Scope, Window


@dataclass(frozen=True, slots=True)
class Member:
    """A machine of the report. present: it stands on the floor now."""

    name: MachineName
    type: str | None
    line: str | None
    present: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What a report asks with. now is the database's clock; the window does not reach beyond it."""

    connection: Connection
    queries: Queries
    now: datetime
    window: Window
    scope: Scope
    machines: tuple[Member, ...]
    micro_stop: timedelta

    @property
    def names(self) -> list[MachineName]:
        """Of the machines, in flow order."""
        return [machine.name for machine in self.machines]

    @property
    def micro_stop_us(self) -> int:
        """A stop shorter than this (microseconds) is a micro-stop."""
        return self.micro_stop // MICROSECOND

    @property
    def period(self) -> dict[str, Any]:
        """The arguments that most queries take."""
        return {'names': self.names, 'start': self.window.start, 'until': self.window.end, 'now': self.now}

    @property
    def stop_period(self) -> dict[str, Any]:
        """The arguments of the queries about stops, for which no names are all machines."""
        return {**self.period, 'names': None} if self.scope.is_whole_floor else self.period

    async def since_known(self) -> dict[str, Any]:
        """The arguments of the period from when the history begins, for what goes through it in small steps."""
        first: datetime | None = await self.queries.first_known(self.connection)
        end = self.window.end
        return {**self.period, 'start': max(self.window.start, min(first or end, end))}


@asynccontextmanager
async def reading(database: Database, window: Window, scope: Scope | None, micro_stop: timedelta,
                  now: datetime | None = None) -> AsyncIterator[Reading]:
    """All that a report reads is of one moment, while others go on writing.

    scope: None asks about no machines, so that they are not read
    now: what to take for it instead of the database's clock
    :raises DatabaseUnavailableError: the database does not answer in time, or its schema is of another program
    :raises HistoryNotReadyError: the history is being created
    """
    try:
        async with (database.acquire() as connection,
                    connection.transaction(isolation='repeatable_read', readonly=True)):
            clock = await database.queries.prepare_report(connection)
            if clock['history'] == HistoryState.CREATING:
                raise HistoryNotReadyError
            moment = now or clock['now']
            machines = [Member(MachineName(row['machine_name']), row['type'], row['line'], row['present'])
                        async for row in database.queries.report_machines(connection)
                        if scope.machine in {None, row['machine_name']} and scope.line in {None, row['line']}
                        ] if scope else []
            yield Reading(connection, database.queries, moment, window.until(moment), scope or Scope(), tuple(machines),
                          micro_stop)
    except asyncpg.PostgresError as error:
        raise DatabaseUnavailableError(f'the database cannot answer: {describe(error)}') from error
