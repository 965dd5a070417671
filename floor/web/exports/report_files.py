"""The reports as files, with the query of the page: /reports/NAME.csv, and /reports/NAME.xlsx."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from importlib import import_module
from typing import Literal

from fastapi import Request, Response
from nicegui import app

from ...analytics import Analytics, Kpi, Window
from ...analytics.report_csv import csv_pieces
from ...analytics.report_pages import EXPLANATIONS, ReportPages, ReportPart
from ...analytics.report_tables import Cell
from ...core.errors import NotFoundError, QueryError
from ...core.moments import Form, file_time, local_time
from ...core.query_parameters import Query
from ...core.version import NAME
from ..http.file_response import FileResponses, NamedFile
from ..reports.report_head import NO_FILTERS
from ..reports.report_query import ADDRESS, NOT_BY, ReportQuery
from ..reports.report_windows import ReportCalendar
from ..reports.trend_buckets import trend_windows
from ..shell.services import Services
from .file_names import file_name
from .report_request import ReportRequest, ReportRequests

Buckets = tuple[tuple[Window, ...], tuple[Window, ...]]
SPREADSHEETS_AT_ONCE = 2
"""Each keeps a processor busy."""
SPREADSHEET = '...analytics.report_xlsx'
NO_BUCKETS: Buckets = ((), ())
TITLES = {'stops': 'Stops', 'machine-kpis': 'KPIs by machine', 'intervals': 'Intervals', 'machines': 'Problem machines',
          'figures': 'KPIs', 'trend': 'Trend', 'lines': 'KPIs by line', 'causes': 'Stops by cause'}


def register(services: Services, analytics: Analytics) -> None:
    """Serve the files."""
    pages = ReportPages(analytics, services.read_calendar)
    requests = ReportRequests(analytics, services.read_calendar)
    responses = FileResponses(services.downloads)
    at_once = asyncio.Semaphore(SPREADSHEETS_AT_ONCE)

    async def file_of(name: str, suffix: Literal['csv', 'xlsx'], request: Request) -> Response:
        async def read() -> NamedFile:
            if not pages.has(name):
                raise NotFoundError('there is no such report')
            kpi = asked_kpi(request) if name in EXPLANATIONS else None
            asked = await requests.read(request.query_params, await services.database_now(), ['kpi'] if kpi else [])
            query, zone, buckets = asked.query, asked.plant.zone, NO_BUCKETS
            refuse_unfit(name, query)
            if name == 'trend':
                asked, buckets = trend_of(asked)
            window = asked.comparison.window
            rows = pages.pages(ReportPart(name, window, asked.comparison.before, query.scope, query.by, kpi or '',
                                          query.stops.selection, buckets))
            file = file_name(name, window.until(asked.now), query.scope, zone, suffix)
            if suffix == 'csv':
                return NamedFile(file, csv_pieces(rows, zone))
            title = TITLES.get(name, name.capitalize())
            about = facts(title, asked, services.store.plant.name)
            spreadsheet = await asyncio.to_thread(import_module, SPREADSHEET, __package__)  # its imports take 0.1 s
            return NamedFile(file, one_of_few(at_once, spreadsheet.xlsx_pieces(title, rows, zone, about)))
        return await responses.response(request, services.identify, read)

    @app.get(ADDRESS + '/{name}.csv', include_in_schema=False)
    async def reports_csv(name: str, request: Request) -> Response:
        return await file_of(name, 'csv', request)

    @app.get(ADDRESS + '/{name}.xlsx', include_in_schema=False)
    async def reports_xlsx(name: str, request: Request) -> Response:
        return await file_of(name, 'xlsx', request)


def refuse_unfit(name: str, query: ReportQuery) -> None:
    """Refuse the filters that a file cannot have: it would show other figures than asked for.

    :raises QueryError: there are some
    """
    unfit = [kind for kind, names in NOT_BY.items() if name in names and getattr(query, kind) is not None]
    if name != 'stops':
        asked = query.stops.to_query()
        unfit += [kind for kind in ('stops', 'search') if kind in asked]
    if unfit:
        raise QueryError({kind: f'Cannot filter {name} by {kind}: leave out {kind}.' for kind in unfit})


def trend_of(asked: ReportRequest) -> tuple[ReportRequest, Buckets]:
    """The request with the window that its trend is about, and its buckets.

    :raises QueryError: the window has too few of them
    """
    widened = asked.query.widened.at(asked.now, asked.plant)
    found = trend_windows(ReportCalendar(asked.now, asked.plant), asked.comparison, widened, asked.query.trend)
    if found is None:
        raise QueryError({'window': 'This window is too short for a trend: use a longer one'})
    return replace(asked, comparison=found.comparison), (found.buckets, found.before)


async def one_of_few(at_once: asyncio.Semaphore, pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """The pieces, of which the first, which takes long, is made while few others are."""
    try:
        async with at_once:
            first = await anext(pieces)
        yield first
        async for piece in pieces:
            yield piece
    finally:
        await pieces.aclose()


def facts(title: str, asked: ReportRequest, plant: str) -> dict[str, Cell]:
    """What a spreadsheet says about itself. plant: its name; empty: none."""
    window, zone = asked.comparison.window.until(asked.now), asked.plant.zone
    filters = {f'Filter by {name}': value for name, value in asked.query.to_query().items() if name not in NO_FILTERS}
    return {**({'Plant': plant} if plant else {}), 'Report': f'{title} ({NAME})', 'Window': asked.comparison.words,
            'Window start': file_time(window.start, zone), 'Window end': file_time(window.end, zone),
            'Time zone': str(zone), **filters, 'Created': local_time(asked.now, zone, Form.FULL)}


def asked_kpi(request: Request) -> Kpi:
    """The KPI that a file explains.

    :raises QueryError: it is missing or there is none of this name
    """
    parsed = Query(request.query_params, ['kpi'], others=True)
    kpi = parsed.one_of('kpi', Kpi)
    if not parsed.has('kpi'):
        parsed.fail('kpi', f'Cannot explain without kpi: add one of {", ".join(Kpi)}')
    parsed.check()
    return kpi or Kpi.UPTIME_SHARE
