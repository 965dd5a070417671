"""The reports page. Its address contains the whole query."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from fastapi import Request
from nicegui import background_tasks, ui

from ...analytics import Analytics, Kpi, Window
from ...analytics.chart_definitions import Chart
from ...core.errors import DatabaseError, FloorError, HistoryNotReadyError, ProgramFaultError, QueryError
from ...core.floor_snapshot import HistoryState
from ...core.formatting import line_label
from ...core.machines import MachineName
from ...core.moments import Form, local_time
from ...core.tasks import happens_within
from ...feed.difference import Difference
from ...feed.freshness import Freshness
from ...feed.machine import NOT_ON_A_LINE
from ..live.live_view import LiveView
from ..shell.assets import link_stylesheet
from ..shell.browser_history import BrowserHistory
from ..shell.frame import frame
from ..shell.loading import FIRST_ANSWER_S, RESPONSE_TIMEOUT_S, SLOW_S, Notice, waiting
from ..shell.messages import Alert, as_sentence
from ..shell.services import Services
from ..shell.times import moment
from .databricks_dashboard import databricks_dashboard
from .explain_dialog import ExplainDialog
from .filters import ReportFilters
from .report_body import ReportBody
from .report_head import ReportHead
from .report_query import ADDRESS, ReportQuery
from .report_windows import Comparison, Span
from .settings_dialog import SettingsDialog
from .stop_query import StopQuery
from .tabs import ReportTabs, RequestedReport, Tab

log = logging.getLogger(__name__)

RETRY_S = 5.0
AGAIN_S = 300.0       # maximum age of an open report whose window includes the present
STYLESHEET = 'reports.css'


def register(services: Services, analytics: Analytics) -> None:
    """Serve the reports at /reports."""
    @ui.page(ADDRESS, response_timeout=RESPONSE_TIMEOUT_S)
    async def reports_page(request: Request) -> None:
        identity = services.visitor()
        person = services.person(identity)
        view = LiveView(ui.context.client, lambda: None)
        asked = RequestedReport.from_query(request.query_params, services.zone)
        with frame('Reports', services, view, person):
            link_stylesheet(STYLESHEET)
            tabs = ReportTabs(asked.query, asked.tab)
            page = None
            if asked.tab is Tab.PLANT:
                page = ReportsPage(services, analytics, asked, tabs.show, view=view)
                if services.report_settings is not None:
                    settings = SettingsDialog(services.report_settings, identity, person, services.zone, page.read)
                    with tabs.bar:
                        ui.button('Settings', on_click=settings.open, color=None).props('flat no-caps')
            if page is None and asked.refusal:
                Alert().show(asked.refusal)
            elif page is None:
                databricks_dashboard(services.dashboard)
        services.broadcast.join(view)
        if page is not None:
            await page.first_answer()


class ReportsPage:
    """One browser's page."""

    def __init__(self, services: Services, analytics: Analytics, asked: RequestedReport,
                 on_query: Callable[[ReportQuery], None], *, view: LiveView) -> None:
        """asked: the query of the address. on_query: called with each new query. view: of the page."""
        self._services = services
        self._analytics = analytics
        query = self._query = asked.query
        self._refusal = asked.refusal
        self._is_checked = False
        self._on_query = on_query
        self._history = BrowserHistory(ADDRESS, self._follow)
        self._client = ui.context.client
        self._task: asyncio.Task[None] | None = None
        self._answered = asyncio.Event()
        self._offered: tuple[dict[str, tuple[MachineName, ...]], dict[MachineName, str], dict[str, str]] = {}, {}, {}
        self._explain = ExplainDialog(analytics, services.store, services.zone)
        with ui.element('div').classes('reports') as self._root:
            self._paper = ReportHead('Reports', services.store, view)
            self._filters = ReportFilters(query, self._ask, self._step, services.calendar, services.store)
            self._problem = Notice(self.read)
            self._clear = ui.button('Show today’s report', on_click=lambda: self._ask(ReportQuery()), color=None)
            self._clear.props('no-caps').classes('report-clear').set_visibility(False)
            self._body = ReportBody(services, analytics, query, self._comparison().window,
                                    explain=self._open_explanation, zoom=self._zoom, change=self._change,
                                    list_stops=self._list_stops, show_all_causes=self._show_all_causes,
                                    explain_chart=self._explain_chart)
            self._show_dates()
        self._stop = services.store.subscribe(self._on_difference)
        self._client.on_delete(self._end)
        self._offer()

    async def first_answer(self) -> None:
        """Start loading, and wait briefly for the KPIs."""
        if self._refusal:
            self._refuse(self._refusal)
            return
        self._show_parts()
        self.read()
        if self._services.store.connection is Freshness.LIVE:
            await happens_within(self._answered, FIRST_ANSWER_S)

    def read(self) -> None:
        """Load the report again."""
        self._end_reading()
        self._task = background_tasks.create(self._run(), name='report')

    # changes of the query

    def _ask(self, query: ReportQuery) -> None:
        if query.stops == self._query.stops:  # of another list, the first page
            query = replace(query, stops=query.stops.on_page(1))
        self._history.push(query.address())
        self._show(query)

    def _step(self, step: Literal[-1, 1]) -> None:
        neighbour = self._query.neighbour(step, self._now, self._services.calendar)
        if neighbour is not None:
            self._ask(neighbour)

    def _follow(self, query: Mapping[str, str]) -> None:
        """Show the query of an address after Back or Forward."""
        asked = RequestedReport.from_query(query, self._services.zone)
        self._is_checked = False
        if asked.tab is not Tab.PLANT:
            ui.navigate.reload()
        elif asked.refusal:
            self._end_reading()
            self._query = asked.query
            self._filters.show(asked.query)
            self._refuse(asked.refusal)
        else:
            self._show(asked.query)

    def _show(self, query: ReportQuery) -> None:
        self._present(query)
        self.read()

    def _present(self, query: ReportQuery) -> None:
        """Show what a query asks for, before its report is read."""
        self._query, self._refusal = query, ''
        self._clear.set_visibility(False)
        self._show_parts()
        self._filters.show(query)
        self._on_query(query)
        self._show_dates()
        self._body.show_timeline(query, self._comparison().window)
        self._body.follow(query)

    def _show_dates(self) -> None:
        following = self._query.neighbour(1, self._now, self._services.calendar)
        comparison = self._comparison()
        self._filters.show_dates(comparison, has_next=following is not None)
        self._root.props['data-begun'] = str(comparison.window.start < self._now).lower()
        self._paper.about(self._query)

    def _refuse(self, refusal: str) -> None:
        """Show only an error: an invalid address must not show the report of the whole floor."""
        self._refusal = refusal
        self._problem.show(refusal, can_retry=False)
        self._clear.set_visibility(True)
        self._filters.refuse()
        self._paper.show('')
        self._show_parts()

    def _show_parts(self) -> None:
        """Show the parts below the filters, unless there is nothing that they could show."""
        creating = self._services.store.history is HistoryState.CREATING
        self._root.props['data-parts'] = str(not self._refusal and not creating).lower()

    def _zoom(self, window: Window) -> None:
        self._ask(self._query.zoomed(window, self._services.zone))

    def _change(self, **fields: Any) -> None:
        self._ask(replace(self._query, **fields))

    def _list_stops(self, stops: StopQuery) -> None:
        """Show another list of stops, as a new entry of the browser's history, except for each letter of a search."""
        query = replace(self._query, stops=stops)
        typing = self._query.stops.selection.words and stops.selection.words not in {
            '', self._query.stops.selection.words}
        (self._history.replace if typing else self._history.push)(query.address())
        self._present_part(query)
        self._body.show_stops(query)

    def _show_all_causes(self, is_all: bool) -> None:
        query = replace(self._query, all_causes=is_all)
        self._history.push(query.address())
        self._present_part(query)
        self._body.show_causes(query)

    def _present_part(self, query: ReportQuery) -> None:
        """Follow a query that differs in what one panel shows of the same report."""
        self._query = query
        self._filters.show(query)
        self._on_query(query)

    def _open_explanation(self, kpi: Kpi) -> None:
        self._explain.open(kpi, self._query, self._comparison())

    def _explain_chart(self, chart: Chart) -> None:
        query = self._query.widened if chart is Chart.HOURS else self._query
        self._explain.open_chart(chart, query, self._at(query))

    # loading

    async def _run(self) -> None:
        """Load the report, periodically if its window includes the present, and again soon after an error."""
        while True:
            self._loading(True)
            overdue = asyncio.get_running_loop().call_later(SLOW_S, self._show_problem, waiting('the report'))
            try:
                await self._read(self._query, await self._services.database_now())
                pause = AGAIN_S if self._query.span is not Span.RANGE else None
                self._show_problem('')
            except QueryError as error:
                pause = None
                with self._client:
                    self._refuse(str(error))
            except FloorError as error:
                pause = RETRY_S if isinstance(error, DatabaseError) else None
                self._failed(error)
            except Exception as error:  # a bug: the page reports it and retries
                log.exception('a report could not be read')
                pause = RETRY_S
                self._failed(ProgramFaultError(error))
            finally:
                overdue.cancel()
            self._loading(False)
            self._answered.set()
            if pause is None:
                return
            await asyncio.sleep(pause)

    async def _read(self, query: ReportQuery, now: datetime) -> None:
        if not self._is_checked:
            known = await self._analytics.checked(query.scope)
            self._is_checked = True
            if (known.line, known.machine) != (query.line, query.machine):  # one of them was renamed
                query = replace(query, line=known.line, machine=known.machine)
                with self._client:
                    self._history.replace(query.address())
                    self._present(query)
        with self._client:
            self._show_dates()
        await self._body.read(query, self._at(query, now), self._at(query.widened, now), now=now,
                              figures_shown=self._answered)

    # showing

    def _loading(self, loading: bool) -> None:
        with self._client:
            self._root.props['data-loading'] = str(loading).lower()
            at = local_time(self._now, self._services.zone, Form.SECONDS)
            self._filters.show_status('Loading…' if loading else f'as of {at}')

    def _failed(self, error: FloorError) -> None:
        if isinstance(error, HistoryNotReadyError):  # the content shown before is wrong
            self._body.clear(as_sentence(error))
        self._problem.show_error('the report', error)

    def _show_problem(self, text: str) -> None:
        if self._problem.text != text:
            self._problem.show(text)

    def _offer(self) -> None:
        store = self._services.store
        lines = [line for line in store.lines if line.name != NOT_ON_A_LINE]
        offered = ({line.name: tuple(machine.name for machine in line.machines) for line in lines},
                   store.names.sorted(store.machines),
                   {line.name: line_label(line.name, line.area) for line in lines})
        if offered != self._offered:
            self._offered = offered
            self._filters.offer(*offered)

    def _on_difference(self, difference: Difference) -> None:
        if difference.layout:
            with self._client:
                self._offer()
        if self._refusal:
            return
        if difference.layout and self._is_renamed():
            self._is_checked = False
            self.read()
        elif difference.history:  # the history was incomplete, or is now
            self._show_parts()
            self._body.show_timeline(self._query, self._comparison().window)
            self.read()
        elif difference.connection and self._services.store.connection is Freshness.LIVE and self._problem.text:
            self.read()

    # internals

    def _is_renamed(self) -> bool:
        """Whether the line or the machine of the report has another name now."""
        store, line = self._services.store, self._query.line or ''
        machine = store.called(self._query.machine or '')
        return store.line_called(line) != line or (machine is not None and machine.name != self._query.machine)

    @property
    def _now(self) -> datetime:
        return moment(self._services.store.now_ms, self._services.zone)

    def _comparison(self) -> Comparison:
        return self._at(self._query)

    def _at(self, query: ReportQuery, now: datetime | None = None) -> Comparison:
        return query.at(now or self._now, self._services.calendar)

    def _end(self) -> None:
        self._stop()
        self._end_reading()

    def _end_reading(self) -> None:
        if self._task is not None:
            self._task.cancel()
