"""One report's view of the database: one moment, the window up to that moment, the machines that are asked about."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

from ..core.errors import DatabaseUnavailableError, HistoryNotReadyError
from ..core.floor_snapshot import HistoryState
from ..core.machines import DisplayNames, MachineName
from ..core.plant_calendar import UTC_ZONE
from ..core.shifts import Shifts
from ..db.connection import Connection, describe
from ..db.database import Database
from ..db.queries import Queries
from ..db.row_mapping import to_zone
from .window import MICROSECOND, Scope, Window


@dataclass(frozen=True, slots=True)
class Placement:
    """The line that a machine counts on (None: on none), its number (0: on none), and when: where it stood; one that is
    moved while it is down counts where the stop began until that ends."""

    line: str | None
    line_id: int
    since: datetime
    until: datetime

    def share_of(self, parts: Sequence[Window]) -> int:
        """Microseconds of these windows in which the machine counts there."""
        return sum(max((min(self.until, part.end) - max(self.since, part.start)) // MICROSECOND, 0) for part in parts)


@dataclass(frozen=True, slots=True)
class Member:
    """A machine of the report. present: it stands on the floor now; moved: it ever stood on another line;
    placements: the lines of the window, in order; former_names: those that it had before and nobody has now.
    display_name: that somebody gave it; None: none."""

    name: MachineName
    type: str | None
    present: bool
    moved: bool
    placements: tuple[Placement, ...]
    former_names: tuple[str, ...] = ()
    display_name: str | None = None

    def is_called(self, name: str) -> bool:
        """Whether a link with this name, perhaps an old one, means the machine."""
        return name == self.name or name in self.former_names

    @property
    def line(self) -> str | None:
        """The line that it counts on, at last."""
        return self.placements[-1].line

    def line_at(self, moment: datetime | None) -> str | None:
        """The line that it counts on then; None: at last."""
        return next((placement.line for placement in self.placements
                     if moment is not None and placement.since <= moment < placement.until), self.line)



@dataclass(frozen=True, slots=True)
class ReportSnapshot:
    """What a report asks with. now is the database's clock; the window does not reach beyond it.

    parts    of the window that the report is about: the hours of its shift, or all of it
    line_id  the number of the line that is asked about: only what happened while machines counted on it; None: any
    zone     the plant's time zone
    """

    connection: Connection
    queries: Queries
    now: datetime
    window: Window
    scope: Scope
    machines: tuple[Member, ...]
    parts: tuple[Window, ...]
    line_id: int | None = None
    zone: ZoneInfo = UTC_ZONE

    @property
    def micros(self) -> int:
        """The length of all parts."""
        return sum(part.micros for part in self.parts)

    def micros_on_line(self, machine: Member) -> int:
        """For how many microseconds of all parts a machine counts on the line that is asked about."""
        return sum(placement.share_of(self.parts) for placement in machine.placements
                   if placement.line_id == self.line_id)

    def has(self, moment: datetime) -> bool:
        """Whether a moment is in one of the parts."""
        return any(part.start <= moment < part.end for part in self.parts)

    @property
    def names(self) -> list[MachineName]:
        """Of the machines, in flow order."""
        return [machine.name for machine in self.machines]

    @property
    def display_names(self) -> DisplayNames:
        """Of the machines."""
        return names_of(self.machines)

    @property
    def asked(self) -> dict[str, Any]:
        """The arguments that say of which machines; no names are all, which is quicker than to name them."""
        whole = self.scope.is_whole_floor and self.line_id is None
        return {'names': None if whole else self.names, 'now': self.now, 'line': self.line_id}

    @property
    def stop_period(self) -> dict[str, Any]:
        """The arguments of the queries about stops."""
        return {**self.asked, 'start': self.window.start, 'until': self.window.end}

    @property
    def parts_period(self) -> dict[str, Any]:
        """The arguments of the queries about time."""
        return {**self.asked, **self.hours}

    @property
    def hours(self) -> dict[str, list[datetime]]:
        """The arguments that say which hours of the window count."""
        return {'starts': [part.start for part in self.parts], 'untils': [part.end for part in self.parts]}

    @property
    def stops_in_parts(self) -> dict[str, Any]:
        """The arguments of the queries about stops of one reason, or of any, and of some hours, or of all."""
        return {**self.parts_period, 'reason': self.scope.reason}

    async def hours_since_known(self) -> dict[str, Any]:
        """The hours that count from when the history begins, for what goes through them in small steps."""
        begin = await self.begin()
        parts = [part for part in self.parts if part.end > begin]
        return {'starts': [max(part.start, begin) for part in parts], 'untils': [part.end for part in parts]}

    async def begin(self) -> datetime:
        """When the history begins, at most the end of the window."""
        first: datetime | None = await self.queries.first_known(self.connection)
        return min(first or self.window.end, self.window.end)


@asynccontextmanager
async def reading(database: Database, window: Window, scope: Scope | None, *, now: datetime | None = None,
                  shifts: Shifts | None = None) -> AsyncIterator[ReportSnapshot]:
    """All that a report reads is of one moment, while others go on writing.

    scope: None asks about no machines, so that they are not read
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
            elapsed = window.until(moment)
            rows = database.queries.report_machines(connection, start=elapsed.start, until=elapsed.end)
            machines = members([row async for row in rows], scope) if scope else ()
            yield ReportSnapshot(connection, database.queries, moment, elapsed, scope or Scope(), machines,
                                 parts_of(elapsed, scope, shifts), line_id_of(machines, scope), to_zone(clock['zone']))
    except asyncpg.PostgresError as error:
        raise DatabaseUnavailableError(f'the database cannot answer: {describe(error)}') from error


def members(rows: Sequence[Any], scope: Scope) -> tuple[Member, ...]:
    """The machines of a scope, from the rows of the query report_machines; on a line those that counted on it then."""
    found = []
    for name, of_machine in groupby(rows, itemgetter('machine_name')):
        lines = list(of_machine)
        placements = tuple(Placement(row['line'], row['line_id'] or 0, _finite(row['since']), _finite(row['until']))
                           for row in lines)
        member = Member(MachineName(name), lines[0]['type'], lines[0]['present'], lines[0]['moved'], placements,
                        tuple(lines[0]['former_names']), lines[0]['display_name'])
        if ((scope.machine is None or member.is_called(scope.machine))
                and (scope.line is None or scope.line in {row['line'] for row in lines})):
            found.append(member)
    return tuple(found)


def names_of(machines: Iterable[Member]) -> DisplayNames:
    """What pages and files call these machines."""
    return DisplayNames({each.name: each.display_name for each in machines if each.display_name is not None})


def line_id_of(machines: Sequence[Member], scope: Scope | None) -> int | None:
    """The number of the line that is asked about; of one that nothing stands on, a number that no line has."""
    if scope is None or scope.line is None:
        return None
    return next((placement.line_id for machine in machines for placement in machine.placements
                 if placement.line == scope.line), -1)


def _finite(moment: datetime) -> datetime:
    """asyncpg gives infinity as a time without a zone."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def parts_of(window: Window, scope: Scope | None, shifts: Shifts | None) -> tuple[Window, ...]:
    """The hours of a window that belong to the shift of the scope, in order; without a shift, the window."""
    if scope is None or scope.shift is None or shifts is None:
        return (window,)
    return tuple(Window(max(shift.start, window.start), min(shift.end, window.end))
                 for shift in shifts.between(window.start, window.end)
                 if shift.name == scope.shift and shift.start < shift.end)
