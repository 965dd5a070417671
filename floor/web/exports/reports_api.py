"""The REST interface of reports: KPIs, stops and intervals, with the windows and filters of the page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Depends, FastAPI, Path, Request, Response

from ...analytics import Analytics, Kpis, Scope, Window
from ...analytics.report_pages import ReportPages
from ...analytics.report_tables import ReportTable, of_groups, of_intervals, of_stops
from ...core.errors import NotFoundError
from ...core.machines import DisplayNames, MachineName
from ...core.plant_calendar import CalendarSource
from ...core.query_parameters import Query
from ..api.bodies import JsonRoute
from ..api.fields import query_parameter
from ..api.floor_api import TIMEOUT_S, database_errors, no_store
from ..api.known_parameters import known_parameters
from ..api.problems import documented
from ..http.caller import identity_of
from ..http.downloads import Downloads
from ..http.path_prefix import prefix_of
from .report_answers import (
    CountsAnswer,
    IntervalAnswer,
    KpiAnswer,
    KpiDefinitionAnswer,
    StopAnswer,
    definitions,
    rows_of,
)
from .report_queries import (
    PAGE_HEADERS,
    PAGE_NAMES,
    PAGES,
    PART,
    PART_NAMES,
    WINDOW,
    WINDOW_NAMES,
    AskedPage,
    page_headers,
    read_page,
)
from .report_request import ReportRequests

GroupBy = Literal['floor', 'line', 'machine']
GROUPS: tuple[GroupBy, ...] = get_args(GroupBy)
GROUP_BY = query_parameter('group_by', 'floor: one row for all machines that are asked for; line or machine: a row for '
                           'each. Default: floor.', 'machine', type='string', enum=[*GROUPS])
OF_LIST: dict[int | str, dict[str, Any]] = {200: {'headers': PAGE_HEADERS}}
Id = Annotated[str, Path(description='Name of a machine: machine_id in /api/machines.',
                         examples=['Injection_Molder_02_01'])]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was understood. analytics: as of the first page."""

    analytics: Analytics
    window: Window
    scope: Scope
    page: AskedPage


class ReportReader:
    """Understands requests, and reads the tables that answer them."""

    def __init__(self, analytics: Analytics, calendar: CalendarSource,
                 database_now: Callable[[], Awaitable[datetime]]) -> None:
        self._now = database_now
        self._analytics = analytics
        self._requests = ReportRequests(analytics, calendar)
        self._pages = ReportPages(analytics, calendar)

    async def asked(self, request: Request, names: Iterable[str], own: Iterable[str] = ()) -> Asked:
        """names: of the parameters of the path. own: those of them that the path parses.

        :raises QueryError: a parameter is not valid, a name does not exist, or the window has not started
        """
        query = request.query_params
        page = read_page(query, names, await self._now())
        report = await self._requests.read(query, page.at, [*PAGE_NAMES, *own])
        return Asked(self._analytics.at(page.at), report.comparison.window, report.query.scope, page)

    async def known(self, machine: str) -> MachineName:
        """The present name of a machine, perhaps of one that was renamed.

        :raises NotFoundError: there was never a machine of this name
        """
        for member in await self._analytics.members():
            if member.is_called(machine):
                return member.name
        raise NotFoundError(f'there is no machine {machine[:100]}')

    async def names(self) -> DisplayNames:
        """What people call the machines."""
        return await self._pages.names()

    async def rows(self, table: ReportTable) -> list[dict[str, Any]]:
        """With the names of machines as people read them, lines and shifts."""
        return rows_of((await self._pages.labels()).added(table))


def register(app: FastAPI, *, analytics: Analytics, calendar: CalendarSource,
             database_now: Callable[[], Awaitable[datetime]], downloads: Downloads, timeout: float = TIMEOUT_S) -> None:
    """Serve /api/reports, and the intervals of machines. Call it after floor_api.register, which adds the error
    handlers.

    calendar: the plant's. downloads: counts the requests of each person.
    timeout: seconds without a response of the database after which a request fails with 503.
    """
    reader = ReportReader(analytics, calendar, database_now)
    router = APIRouter(prefix='/api', tags=['reports'], route_class=JsonRoute,
                       dependencies=[Depends(known_parameters), Depends(no_store),
                                     Depends(one_of_few(downloads))],
                       responses=documented(401, 403, 422, 429, 500, 503))
    _add_kpis(router, reader, timeout)
    _add_stops(router, reader, timeout)
    _add_intervals(router, reader, timeout)
    _add_counts(router, reader, timeout)
    app.include_router(router)


def one_of_few(downloads: Downloads) -> Callable[[Request], Any]:
    """A dependency that counts a request as a download of its caller while it is answered."""
    async def counted(request: Request) -> AsyncIterator[None]:
        async with downloads.slot(identity_of(request), request.client):
            yield
    return counted


def _add_kpis(router: APIRouter, reader: ReportReader, timeout: float) -> None:
    @router.get('/reports/kpi-definitions', summary='What each KPI means', operation_id='list_kpi_definitions')
    async def list_kpi_definitions() -> list[KpiDefinitionAnswer]:
        """Name, unit, formula and source of each KPI, as on the page."""
        return [KpiDefinitionAnswer.model_validate(definition) for definition in definitions()]

    @router.get('/reports/kpis', summary='KPIs of the floor, of lines or of machines', operation_id='list_kpis',
                response_model=list[KpiAnswer], responses=OF_LIST,  # type: ignore[valid-type]
                openapi_extra={'parameters': [*WINDOW, *PART, GROUP_BY, *PAGES]})
    async def list_kpis(request: Request, response: Response) -> Any:
        """The KPIs of a window in flow order. Their definitions are at /api/reports/kpi-definitions."""
        async with database_errors(timeout):
            asked = await reader.asked(request, [*WINDOW_NAMES, *PART_NAMES, 'group_by', *PAGE_NAMES], ['group_by'])
            parsed = Query(request.query_params, ['group_by'], others=True)
            group_by = parsed.one_of('group_by', GROUPS) or 'floor'
            if group_by == 'line' and asked.scope.machine is not None:
                parsed.fail('group_by', 'Cannot group one machine by line: leave out machine, or use group_by=machine')
            parsed.check()
            groups = await _groups(asked, group_by)
            names = await reader.names() if any(machine for _, machine, _ in groups) else DisplayNames()
        _add_headers(request, response, asked, len(groups))
        return rows_of(of_groups(groups[asked.page.skip:asked.page.skip + asked.page.size], names))


async def _groups(asked: Asked, group_by: GroupBy) -> list[tuple[str | None, MachineName | None, Kpis]]:
    analytics, window, scope = asked.analytics, asked.window, asked.scope
    if group_by == 'machine':
        return [(each.line, each.machine, each.kpis) for each in await analytics.machine_kpis(window, scope)]
    if group_by == 'line':
        return [(each.line, None, each.kpis) for each in await analytics.lines(window, scope)
                if scope.line in {None, each.line}]
    return [(scope.line, scope.machine, await analytics.kpis(window, scope))]


def _add_stops(router: APIRouter, reader: ReportReader, timeout: float) -> None:
    @router.get('/reports/stops', summary='Stops, the newest first', operation_id='list_stops',
                response_model=list[StopAnswer], responses=OF_LIST,  # type: ignore[valid-type]
                openapi_extra={'parameters': [*WINDOW, *PART, *PAGES]})
    async def list_stops(request: Request, response: Response) -> Any:
        """The stops that were going on at some time in a window, with their response times and work orders."""
        async with database_errors(timeout):
            asked = await reader.asked(request, [*WINDOW_NAMES, *PART_NAMES, *PAGE_NAMES])
            stops = await asked.analytics.stops(asked.window, asked.scope, asked.page.page)
            rows = await reader.rows(of_stops(stops.stops))
        _add_headers(request, response, asked, stops.total)
        return rows


def _add_intervals(router: APIRouter, reader: ReportReader, timeout: float) -> None:
    @router.get('/machines/{machine_id}/intervals', summary='What a machine was, in order of time',
                operation_id='list_intervals', response_model=list[IntervalAnswer],  # type: ignore[valid-type]
                responses={**OF_LIST, **documented(404)}, openapi_extra={'parameters': [*WINDOW, *PAGES]})
    async def list_intervals(machine_id: Id, request: Request, response: Response) -> Any:
        """The intervals of a window without a gap: unknown, where there is no data, is an interval too."""
        async with database_errors(timeout):
            asked = await reader.asked(request, [*WINDOW_NAMES, *PAGE_NAMES])
            machine = await reader.known(machine_id)
            found = await asked.analytics.intervals(asked.window, machine, asked.page.page)
            total = await asked.analytics.count_intervals(asked.window, machine)
            rows = await reader.rows(of_intervals(machine, found))
        _add_headers(request, response, asked, total)
        return rows


def _add_counts(router: APIRouter, reader: ReportReader, timeout: float) -> None:
    @router.get('/machines/{machine_id}/counts', summary='What a machine made, minute by minute',
                operation_id='list_counts', responses={**OF_LIST, **documented(404)},
                openapi_extra={'parameters': [*WINDOW, *PAGES]})
    async def list_counts(machine_id: Id, request: Request, response: Response) -> list[CountsAnswer]:
        """The minutes that began in a window and in which its feeds counted anything, in order of time."""
        async with database_errors(timeout):
            asked = await reader.asked(request, [*WINDOW_NAMES, *PAGE_NAMES])
            machine = await reader.known(machine_id)
            total, found = await asked.analytics.counts(asked.window, machine, asked.page.page)
        _add_headers(request, response, asked, total)
        return [CountsAnswer.model_validate(each) for each in found]


def _add_headers(request: Request, response: Response, asked: Asked, total: int) -> None:
    path = prefix_of(request.headers) + request.url.path
    response.headers.update(page_headers(path, request.query_params, asked.page, total))
