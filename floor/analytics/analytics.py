"""Reports about past data, for pages and the REST interface."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime

from ..core.errors import InvalidInputError, QueryError
from ..core.floor_snapshot import FloorSnapshot
from ..core.machines import MachineName
from ..core.plant_calendar import CalendarSource
from ..core.query_parameters import unknown_name_message
from ..core.shifts import Shifts
from ..db.database import Database
from .costs import LossCosts, read_costs, read_currency
from .explanation import Explanation, read_explanation
from .intervals import Interval, count_intervals, read_intervals
from .kpi_definitions import DEFINITIONS, Kpi
from .kpis import Kpis, LineKpis, MachineKpis, read_kpis, read_lines, read_machines
from .machine_counts import MinuteCounts, read_counts
from .orders import OrderReport, read_orders
from .patterns import HourlyPattern, read_hourly_pattern
from .reasons import has_reason, known_reasons
from .report_snapshot import Member, ReportSnapshot, reading
from .stop_list import StopList, StopSelection, StopSort, read_stop_list
from .stops import (
    By,
    Cause,
    ProblemMachine,
    StopClocks,
    read_causes,
    read_clocks,
    read_problem_machines,
)
from .timeline import FloorTimeline, read_floor_at, read_timeline
from .trend import TrendPoint, read_trend
from .wait_attribution import WaitAttribution, read_wait_attribution
from .window import Page, Scope, Window

WHOLE_FLOOR = Scope()
FIRST_PAGE = Page()
NEWEST = StopSelection(sort=StopSort.START)
NO_REASON_GIVEN = '(none)'
MAX_MACHINES = 5
"""Names of machines are long."""
EARLIEST = datetime.min.replace(tzinfo=UTC)


class Analytics:
    """Reports of any window and any part of the floor. A window that reaches beyond now counts up to now.

    Every method raises DatabaseUnavailableError when the database does not answer, or not in time. An unknown line, an
    unknown machine or a time before the history is no error: nothing is known of it. `check` refuses it beforehand.
    """

    def __init__(self, database: Database, calendar: CalendarSource | None = None, *,
                 now: datetime | None = None) -> None:
        """calendar: of the plant, for reports about one of its shifts; now: instead of the database's clock."""
        self._database = database
        self._calendar = calendar
        self._now = now

    @property
    def _shifts(self) -> Shifts | None:
        return None if self._calendar is None else self._calendar().shifts

    async def checked(self, scope: Scope) -> Scope:
        """The same, with the present names of a line and a machine that were renamed, if the line, the machine, the
        reason and the shift of an address are there, or were once.

        :raises QueryError: there is none of this name, or the machine is not on the line
        """
        if scope.is_whole_floor and not scope.is_filtered:
            return scope
        faults: dict[str, str] = {}
        shifts = self._shifts
        if scope.shift is not None and shifts is not None and scope.shift not in shifts.names:
            faults['shift'] = unknown_name_message('shift', scope.shift, shifts.names)
        ever = Window(EARLIEST, datetime.now(UTC))
        async with self._read(ever, Scope(reason=scope.reason)) as report:
            lines = [row['name'] async for row in report.queries.line_names(report.connection)]
            former = {row['name']: row['today'] async for row in report.queries.former_line_names(report.connection)}
            scope = replace(scope, line=former.get(scope.line or '', scope.line))
            on_line = [] if scope.line is None or scope.machine is None else [
                row['machine_name'] async for row in
                report.queries.machines_ever_on_line(report.connection, line=scope.line)]
            if scope.reason is not None and not await has_reason(report):
                faults['reason'] = unknown_name_message('reason', scope.reason or NO_REASON_GIVEN,
                                                        await known_reasons(report))
        if scope.line is not None and scope.line not in lines:
            faults['line'] = unknown_name_message('line', scope.line, lines)
        called = [] if scope.machine is None else [each for each in report.machines if each.is_called(scope.machine)]
        if scope.machine is not None and not called:
            faults['machine'] = unknown_name_message('machine', scope.machine, report.names, MAX_MACHINES)
        if not faults and scope.line is not None and called and called[0].name not in on_line:
            faults['machine'] = unknown_name_message(f'machine on the line {scope.line} called', called[0].name,
                                                     on_line, MAX_MACHINES)
        if faults:
            raise QueryError(faults)
        return replace(scope, machine=called[0].name) if called else scope

    async def kpis(self, window: Window, scope: Scope = WHOLE_FLOOR) -> Kpis:
        """Uptime, availability, stops, MTBF, MTTR, response and their coverage."""
        async with self._read(window, scope) as report:
            return await read_kpis(report)

    async def lines(self, window: Window, scope: Scope = WHOLE_FLOOR) -> tuple[LineKpis, ...]:
        """The same figures for each line, in flow order; machines that are on no line come last. scope: of which only
        the reason and the shift count."""
        async with self._read(window, replace(scope, line=None, machine=None)) as report:
            return await read_lines(report)

    async def machine_kpis(self, window: Window, scope: Scope = WHOLE_FLOOR) -> tuple[MachineKpis, ...]:
        """The same figures for each machine, in flow order."""
        async with self._read(window, scope) as report:
            return await read_machines(report)

    async def members(self, scope: Scope = WHOLE_FLOOR, *, ever: bool = False) -> tuple[Member, ...]:
        """All machines that are there, or were once, in flow order, with the line that they count on now; ever: with
        all lines."""
        now = datetime.now(UTC)
        async with self._read(Window(EARLIEST if ever else now, now), scope) as report:
            return report.machines

    async def intervals(self, window: Window, machine: MachineName, page: Page = FIRST_PAGE) -> tuple[Interval, ...]:
        """What one machine was, in order of time."""
        async with self._read(window, None) as report:
            return await read_intervals(report, machine, page)

    async def count_intervals(self, window: Window, machine: MachineName) -> int:
        """How many intervals of the machine there are."""
        async with self._read(window, None) as report:
            return await count_intervals(report, machine)

    async def counts(self, window: Window, machine: MachineName,
                     page: Page = FIRST_PAGE) -> tuple[int, tuple[MinuteCounts, ...]]:
        """In how many minutes anything was counted of the machine, and a page of them, in order of time."""
        async with self._read(window, None) as report:
            return await read_counts(report, machine, page)

    async def causes(self, window: Window, scope: Scope = WHOLE_FLOOR, by: By = 'minutes') -> tuple[Cause, ...]:
        """The Pareto of why machines were down, by minutes or by count: of all reasons, also if one is asked about."""
        async with self._read(window, replace(scope, reason=None)) as report:
            return await read_causes(report, by)

    async def trend(self, buckets: Sequence[Window], scope: Scope = WHOLE_FLOOR) -> tuple[TrendPoint, ...]:
        """Availability, time down and failures in each of these windows, which follow each other."""
        if not buckets:
            return ()
        async with self._read(Window(buckets[0].start, buckets[-1].end), scope) as report:
            return await read_trend(report, buckets, self._shifts)

    async def problem_machines(self, window: Window, scope: Scope = WHOLE_FLOOR,
                               most: int = 10) -> tuple[ProblemMachine, ...]:
        """At most so many machines, the one that was down longest first."""
        async with self._read(window, scope) as report:
            return await read_problem_machines(report, most)

    async def hourly_pattern(self, window: Window, scope: Scope = WHOLE_FLOOR) -> HourlyPattern:
        """Down share of every hour of the week by the plant's clock."""
        async with self._read(window, scope) as report:
            return await read_hourly_pattern(report)

    async def timeline(self, window: Window, machines: Sequence[MachineName], columns: int = 1200) -> FloorTimeline:
        """A lane per machine, for a picture that is so many columns wide.

        :raises InvalidInputError: less than one column, or more than 10,000
        """
        async with self._read(window, None) as report:
            return await read_timeline(report, machines, columns)

    async def costs(self, window: Window, scope: Scope = WHOLE_FLOOR) -> LossCosts | None:
        """What the stops of the window cost; None: no line has a cost."""
        async with self._read(window, scope) as report:
            return await read_costs(report)

    async def currency(self) -> str:
        """What amounts are in, by the settings; may be empty."""
        now = datetime.now(UTC)
        async with self._read(Window(now, now), None) as report:
            return await read_currency(report)

    async def stops(self, window: Window, scope: Scope = WHOLE_FLOOR, page: Page = FIRST_PAGE,
                    selection: StopSelection = NEWEST) -> StopList:
        """The stops that were going on at some time in the window, newest first if nothing else is selected."""
        async with self._read(window, scope) as report:
            return await read_stop_list(report, selection, page)

    async def clocks(self, window: Window, scope: Scope = WHOLE_FLOOR) -> StopClocks:
        """How long it took, by cause, until stops were detected, acknowledged, responded to and repaired."""
        async with self._read(window, scope) as report:
            return await read_clocks(report)

    async def wait_attribution(self, window: Window, scope: Scope = WHOLE_FLOOR) -> WaitAttribution:
        """The own downtime of each machine, and the downtime it caused to neighbours."""
        async with self._read(window, scope) as report:
            return await read_wait_attribution(report)

    async def floor_at(self, moment: datetime) -> FloorSnapshot:
        """The whole floor at a moment; a moment in the future means now.

        :raises InvalidInputError: a time without a zone
        """
        async with self._read(Window(moment, moment), None) as report:
            return await read_floor_at(report)

    async def explain(self, kpi: Kpi | str, window: Window, scope: Scope = WHOLE_FLOOR,
                      page: Page = FIRST_PAGE) -> Explanation:
        """Where a figure comes from.

        :raises InvalidInputError: there is no such figure, or it is not made of stops, and only some are asked about
        """
        try:
            kpi = Kpi(kpi)
        except ValueError as error:
            raise InvalidInputError(f'there is no figure {str(kpi)[:100]!r}: use {", ".join(Kpi)}', 'kpi') from error
        if scope.is_filtered and (kpi is Kpi.MTBF or DEFINITIONS[kpi].evidence == 'intervals'):
            raise InvalidInputError(f'{DEFINITIONS[kpi].name} is explained for all reasons and shifts: remove these '
                                    'filters', 'kpi')
        async with self._read(window, scope) as report:
            return await read_explanation(report, kpi, page)

    async def work_orders(self, window: Window, scope: Scope = WHOLE_FLOOR) -> OrderReport:
        """Work orders: number, age, time to completion, and load per assignee."""
        async with self._read(window, scope) as report:
            return await read_orders(report)

    def _read(self, window: Window, scope: Scope | None) -> AbstractAsyncContextManager[ReportSnapshot]:
        return reading(self._database, window, scope, now=self._now, shifts=self._shifts)

    async def frozen(self, window: Window) -> Analytics:
        """The same reports as of now, for what is read in several parts: a window that reaches beyond now ends now in
        all of them."""
        async with self._read(window, None) as report:
            return self.at(report.now)

    def at(self, now: datetime) -> Analytics:
        """The same reports as if it were then."""
        return Analytics(self._database, self._calendar, now=now)
