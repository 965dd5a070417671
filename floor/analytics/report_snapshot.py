"""One report's view of the database: one moment, the window up to that moment, the machines that are asked about."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import asyncpg

from ..core.errors import DatabaseUnavailableError, HistoryNotReadyError
from ..core.floor_snapshot import HistoryState
from ..core.machines import MachineName
from ..db.connection import Connection, describe
from ..db.database import Database
from ..db.queries import Queries
from .window import MICROSECOND, Scope, Window


class ShiftTimes(Protocol):
    """A shift, from start until before end."""

    @property
    def name(self) -> str:
        """What the plant calls it."""

    @property
    def start(self) -> datetime:
        """With a time zone."""

    @property
    def end(self) -> datetime:
        """With a time zone."""


class ShiftsOfPeriods(Protocol):
    """Says which shifts there are."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of all shifts of a day, in the order of their starts."""

    def between(self, start: datetime, end: datetime) -> Sequence[ShiftTimes]:
        """The shifts that overlap a period, whole and in order."""


@dataclass(frozen=True, slots=True)
class Member:
    """A machine of the report. present: it stands on the floor now."""

    name: MachineName
    type: str | None
    line: str | None
    present: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What a report asks with. now is the database's clock; the window does not reach beyond it.

    parts  of the window that the report is about: the hours of its shift, or all of it
    """

    connection: Connection
    queries: Queries
    now: datetime
    window: Window
    scope: Scope
    machines: tuple[Member, ...]
    micro_stop: timedelta
    parts: tuple[Window, ...]

    @property
    def micros(self) -> int:
        """The length of all parts, in microseconds."""
        return sum(part.micros for part in self.parts)

    def has(self, moment: datetime) -> bool:
        """Whether a moment is in one of the parts."""
        return any(part.start <= moment < part.end for part in self.parts)

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

    @property
    def hours(self) -> dict[str, list[datetime]]:
        """The arguments that say which hours of the window count."""
        return {'starts': [part.start for part in self.parts], 'untils': [part.end for part in self.parts]}

    @property
    def filtered_period(self) -> dict[str, Any]:
        """The arguments of the queries about stops of one reason and of some hours."""
        return {**self.stop_period, **self.hours, 'reason': self.scope.reason}

    @property
    def chosen_stops(self) -> dict[str, Any]:
        """The same for lists of stops, which are quicker where all hours count."""
        return {**self.filtered_period, **({} if self.scope.shift is not None else {'starts': None, 'untils': None})}

    async def since_known(self) -> dict[str, Any]:
        """The arguments of the period from when the history begins, for what goes through it in small steps."""
        return {**self.period, 'start': max(self.window.start, await self.begin())}

    async def hours_since_known(self) -> dict[str, list[datetime]]:
        """The same of the hours that count."""
        begin = await self.begin()
        parts = [part for part in self.parts if part.end > begin]
        return {'starts': [max(part.start, begin) for part in parts], 'untils': [part.end for part in parts]}

    async def begin(self) -> datetime:
        """When the history begins, at most the end of the window."""
        first: datetime | None = await self.queries.first_known(self.connection)
        return min(first or self.window.end, self.window.end)


@asynccontextmanager
async def reading(database: Database, window: Window, scope: Scope | None, micro_stop: timedelta | None,
                  *, now: datetime | None = None, shifts: ShiftsOfPeriods | None = None) -> AsyncIterator[Reading]:
    """All that a report reads is of one moment, while others go on writing.

    scope: None asks about no machines, so that they are not read
    micro_stop: the limit; None: as a supervisor has set it
    now: what to take for it instead of the database's clock
    shifts: those of the plant, for a scope of one shift
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
            elapsed = window.until(moment)
            limit = await database.queries.micro_stop(connection) if micro_stop is None else micro_stop
            yield Reading(connection, database.queries, moment, elapsed, scope or Scope(), tuple(machines), limit,
                          parts_of(elapsed, scope, shifts))
    except asyncpg.PostgresError as error:
        raise DatabaseUnavailableError(f'the database cannot answer: {describe(error)}') from error


def parts_of(window: Window, scope: Scope | None, shifts: ShiftsOfPeriods | None) -> tuple[Window, ...]:
    """The hours of a window that belong to the shift of the scope, in order; without a shift, the window."""
    if scope is None or scope.shift is None or shifts is None:
        return (window,)
    return tuple(Window(max(shift.start, window.start), min(shift.end, window.end))
                 for shift in shifts.between(window.start, window.end) if shift.name == scope.shift)
