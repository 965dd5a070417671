"""Reports as files for Excel: durations in seconds, shares from 0 to 1."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from datetime import tzinfo

from ..core.csv_file import heading, lines
from . import Analytics, Page, Scope, Window
from . import report_tables as tables
from .report_tables import Kind, ReportColumn, ReportTable
from .stops import By

PAGE = 5_000
ALL_MACHINES = 100_000
EXPLANATIONS = ('explain', 'explain-machines')
"""The files that are about one KPI."""
UNITS = {Kind.SECONDS: ' (s)', Kind.SHARE: ' (0 to 1)'}


class ReportFiles:
    """Every report as a file."""

    def __init__(self, analytics: Analytics, zone: tzinfo) -> None:
        """zone: of the plant."""
        self._analytics = analytics
        self._zone = zone
        self._tables: dict[str, Callable[[Window, Scope, By], Awaitable[ReportTable]]] = {
            'causes': self._causes, 'machines': self._machines, 'hours': self._hours, 'waiting': self._waiting,
            'lines': self._lines, 'order-volume': self._volume, 'order-ages': self._ages,
            'order-resolution': self._resolution, 'order-load': self._load,
        }

    def has(self, name: str) -> bool:
        """Whether there is a file of that name."""
        return name in self._tables or name in {'figures', 'stops', *EXPLANATIONS}

    async def pieces(self, name: str, window: Window, before: Window | None, scope: Scope, *, by: By = 'minutes',
                     kpi: str = '') -> AsyncGenerator[str, None]:
        """The file in pieces. kpi: which figure, for the two that explain one.

        :raises InvalidInputError: there is no such figure
        :raises DatabaseUnavailableError: the database does not answer, or not in time
        """
        if name == 'figures':
            kpis = await self._analytics.kpis(window, scope)
            former = None if before is None else await self._analytics.kpis(before, scope)
            yield self._whole(tables.of_kpis(kpis, former))
        elif name == 'explain-machines':
            explanation = await self._analytics.explain(kpi, window, scope, Page(1, 1))
            yield self._whole(tables.of_parts(explanation))
        elif name in {'explain', 'stops'}:
            async for piece in self._pages(name, kpi, window, scope):
                yield piece
        else:
            yield self._whole(await self._tables[name](window, scope, by))

    async def _pages(self, name: str, kpi: str, window: Window, scope: Scope) -> AsyncIterator[str]:
        number, more = 0, True
        analytics = await self._analytics.frozen(window)  # a stop that begins meanwhile must not move the pages
        while more:
            number += 1
            page = Page(number, PAGE)
            if name == 'stops':
                stops = await analytics.stops(window, scope, page)
                table, more = tables.of_stops(stops.stops), number * PAGE < stops.total
            else:
                explanation = await analytics.explain(kpi, window, scope, page)
                table, more = tables.of_pieces(explanation.pieces), explanation.more
            yield (heading(titles(table.columns)) if number == 1 else '') + lines(table.rows, self._zone)

    def _whole(self, table: ReportTable) -> str:
        return heading(titles(table.columns)) + lines(table.rows, self._zone)

    async def _causes(self, window: Window, scope: Scope, by: By) -> ReportTable:
        return tables.of_causes(await self._analytics.causes(window, scope, by))

    async def _machines(self, window: Window, scope: Scope, by: By) -> ReportTable:
        return tables.of_machines(await self._analytics.problem_machines(window, scope, ALL_MACHINES))

    async def _hours(self, window: Window, scope: Scope, by: By) -> ReportTable:
        return tables.of_pattern(await self._analytics.hourly_pattern(window, scope))

    async def _waiting(self, window: Window, scope: Scope, by: By) -> ReportTable:
        return tables.of_waiting(await self._analytics.wait_attribution(window, scope))

    async def _lines(self, window: Window, scope: Scope, by: By) -> ReportTable:
        return tables.of_lines(await self._analytics.lines(window))

    async def _volume(self, window: Window, scope: Scope, by: By) -> ReportTable:
        return tables.of_volume((await self._analytics.work_orders(window, scope)).volume)

    async def _ages(self, window: Window, scope: Scope, by: By) -> ReportTable:
        return tables.of_ages((await self._analytics.work_orders(window, scope)).ages)

    async def _resolution(self, window: Window, scope: Scope, by: By) -> ReportTable:
        return tables.of_resolution((await self._analytics.work_orders(window, scope)).resolution)

    async def _load(self, window: Window, scope: Scope, by: By) -> ReportTable:
        return tables.of_load((await self._analytics.work_orders(window, scope)).load)


def titles(columns: Iterable[ReportColumn]) -> Iterator[str]:
    """With units in brackets."""
    return (column.title + UNITS.get(column.kind, '') for column in columns)
