"""The reports as CSV files: /reports/NAME.csv, with the query of the page."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from fastapi import Request, Response
from nicegui import app

from ...analytics import Analytics, Kpi
from ...analytics.report_csv import EXPLANATIONS, ReportFiles
from ...core.errors import NotFoundError
from ...core.query_parameters import Query
from ..http.csv_response import CsvResponses
from ..reports.report_query import ADDRESS
from ..reports.report_windows import ShiftsOfPlant
from ..shell.services import Services
from .report_request import ReportRequests


def register(services: Services, analytics: Analytics, shifts: ShiftsOfPlant) -> None:
    """Serve the files."""
    files = ReportFiles(analytics, services.zone)
    requests = ReportRequests(analytics, services.zone, shifts)
    responses = CsvResponses(services.downloads, services.zone)

    @app.get(ADDRESS + '/{name}.csv', include_in_schema=False)
    async def reports_csv(name: str, request: Request) -> Response:
        async def read() -> AsyncGenerator[str, None]:
            if not files.has(name):
                raise NotFoundError('there is no such report')
            kpi = asked_kpi(request) if name in EXPLANATIONS else None
            asked = await requests.read(request.query_params, await services.database_now(), ['kpi'] if kpi else [])
            return files.pieces(name, asked.comparison.window, asked.comparison.before, asked.query.scope,
                                by=asked.query.by, kpi=kpi or '')
        return await responses.response(request, services.identify, name, read)


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
