"""Every report as the table of a file, page after page: CSV files, spreadsheets and REST have the same columns."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, replace

from ..core.machines import DisplayNames
from ..core.plant_calendar import CalendarSource
from . import Analytics, Page, Scope, StopSelection, Window
from . import report_tables as tables
from .analytics import NEWEST, WHOLE_FLOOR
from .report_snapshot import names_of
from .report_tables import INTERVAL_COLUMNS, ReportTable
from .row_labels import RowLabels, has_machines
from .stops import By

PAGE = 2_000
ALL_MACHINES = 100_000
EXPLANATIONS = ('explain', 'explain-machines')
"""The files that are about one KPI."""


@dataclass(frozen=True, slots=True)
class ReportPart:
    """What a file is about. before: the window before; None: there is none. by: the order of causes. kpi: which figure,
    for the files that explain one. selection: which stops, for their file. buckets: of a trend, and those of the window
    before."""

    name: str
    window: Window
    before: Window | None = None
    scope: Scope = WHOLE_FLOOR
    by: By = 'minutes'
    kpi: str = ''
    selection: StopSelection = NEWEST
    buckets: tuple[tuple[Window, ...], tuple[Window, ...]] = ((), ())


class ReportPages:
    """Reads tables by their names."""

    def __init__(self, analytics: Analytics, calendar: CalendarSource) -> None:
        self._analytics = analytics
        self._calendar = calendar
        self._whole: dict[str, Callable[[ReportPart], Awaitable[ReportTable]]] = {
            'figures': self._figures, 'explain-machines': self._parts, 'causes': self._causes,
            'machines': self._machines, 'machine-kpis': self._machine_kpis, 'trend': self._trend, 'hours': self._hours,
            'waiting': self._waiting, 'lines': self._lines, 'order-volume': self._volume, 'order-ages': self._ages,
            'order-resolution': self._resolution, 'order-load': self._load,
        }
        self._long: dict[str, Callable[[ReportPart, Analytics], AsyncGenerator[ReportTable, None]]] = {
            'stops': self._stops, 'intervals': self._intervals, 'explain': self._pieces}

    def has(self, name: str) -> bool:
        """Whether there is a table of that name."""
        return name in self._whole or name in self._long

    async def pages(self, part: ReportPart) -> AsyncGenerator[ReportTable, None]:
        """The table in pages with the same columns; at least one, which may have no rows.

        :raises InvalidInputError: there is no such figure
        :raises DatabaseUnavailableError: the database does not answer, or not in time
        """
        if part.name in self._whole:
            table = await self._whole[part.name](part)
            yield (await self.labels()).added(table) if has_machines(table.columns) else table
            return
        labels = await self.labels()
        analytics = await self._analytics.frozen(part.window)  # what begins meanwhile must not move the pages
        async for page in self._long[part.name](part, analytics):
            yield labels.added(page)

    async def labels(self) -> RowLabels:
        """What adds machine, line and shift to the rows of a table."""
        members = await self._analytics.members(ever=True)
        return RowLabels({member.name: member.line_at for member in members}, self._calendar().shifts,
                         names_of(members))

    async def names(self) -> DisplayNames:
        """What people call the machines, also former ones."""
        return names_of(await self._analytics.members())

    async def _stops(self, part: ReportPart, analytics: Analytics) -> AsyncGenerator[ReportTable, None]:
        number, more = 0, True
        currency = await analytics.currency()
        while more:
            number += 1
            stops = await analytics.stops(part.window, part.scope, Page(number, PAGE), part.selection)
            more = number * PAGE < stops.total
            yield tables.of_stops(stops.stops, currency)

    async def _pieces(self, part: ReportPart, analytics: Analytics) -> AsyncGenerator[ReportTable, None]:
        number, more = 0, True
        while more:
            number += 1
            explanation = await analytics.explain(part.kpi, part.window, part.scope, Page(number, PAGE))
            more = explanation.more
            yield tables.of_pieces(explanation.pieces)

    async def _intervals(self, part: ReportPart, analytics: Analytics) -> AsyncGenerator[ReportTable, None]:
        yield ReportTable(INTERVAL_COLUMNS, ())
        scope = part.scope if part.scope.machine is None else replace(part.scope, line=None)  # it may count on another
        for member in await analytics.members(scope):
            number, more = 0, True
            while more:
                number += 1
                found = await analytics.intervals(part.window, member.name, Page(number, PAGE))
                more = len(found) == PAGE
                yield tables.of_intervals(member.name, found)

    async def _figures(self, part: ReportPart) -> ReportTable:
        kpis = await self._analytics.kpis(part.window, part.scope)
        before = None if part.before is None else await self._analytics.kpis(part.before, part.scope)
        return tables.of_kpis(kpis, before)

    async def _parts(self, part: ReportPart) -> ReportTable:
        return tables.of_parts(await self._analytics.explain(part.kpi, part.window, part.scope, Page(1, 1)))

    async def _causes(self, part: ReportPart) -> ReportTable:
        return tables.of_causes(await self._analytics.causes(part.window, part.scope, part.by))

    async def _machines(self, part: ReportPart) -> ReportTable:
        return tables.of_machines(await self._analytics.problem_machines(part.window, part.scope, ALL_MACHINES))

    async def _machine_kpis(self, part: ReportPart) -> ReportTable:
        machines = await self._analytics.machine_kpis(part.window, part.scope)
        return tables.of_groups(((each.line, each.machine, each.kpis) for each in machines),
                                await self.names())

    async def _hours(self, part: ReportPart) -> ReportTable:
        return tables.of_pattern(await self._analytics.hourly_pattern(part.window, part.scope))

    async def _waiting(self, part: ReportPart) -> ReportTable:
        return tables.of_waiting(await self._analytics.wait_attribution(part.window, part.scope))

    async def _lines(self, part: ReportPart) -> ReportTable:
        return tables.of_lines(await self._analytics.lines(part.window, part.scope))

    async def _trend(self, part: ReportPart) -> ReportTable:
        now, before = part.buckets
        return tables.of_trend(await self._analytics.trend(now, part.scope),
                               await self._analytics.trend(before, part.scope))

    async def _volume(self, part: ReportPart) -> ReportTable:
        return tables.of_volume((await self._analytics.work_orders(part.window, part.scope)).volume)

    async def _ages(self, part: ReportPart) -> ReportTable:
        return tables.of_ages((await self._analytics.work_orders(part.window, part.scope)).ages)

    async def _resolution(self, part: ReportPart) -> ReportTable:
        return tables.of_resolution((await self._analytics.work_orders(part.window, part.scope)).resolution)

    async def _load(self, part: ReportPart) -> ReportTable:
        return tables.of_load((await self._analytics.work_orders(part.window, part.scope)).load)
