"""Reports: what was, and why. Everything that is shown stands in the address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from functools import partial
from hashlib import sha256

from fastapi import Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse
from nicegui import app, background_tasks, ui

from .. import report_tables as tables
from ..analytics import Analytics, Kpi, Kpis, Window
from ..errors import DatabaseError, DatabaseUnavailable, FloorError, InvalidInput, NotAllowed
from ..model import MachineName
from ..report_csv import ReportFiles
from ..store import NOT_ON_A_LINE, Connection, Difference
from ..ui.broadcast import LiveView
from ..ui.frame import ASSETS, frame
from ..ui.order_filters import Chip
from ..ui.report_bars import bars, legend, problem_bars, waiting_bars
from ..ui.report_cards import KpiCards
from ..ui.report_choice import ADDRESS, Comparison, ReportChoice, ShiftsOfPlant, Span
from ..ui.report_explain import ExplainDialog
from ..ui.report_filters import ReportFilters
from ..ui.report_orders import show_orders
from ..ui.report_panel import Panel, TableView
from ..ui.report_pareto import heat_map, pareto
from ..ui.saying import Alert, as_sentence
from ..ui.services import Services
from ..ui.timeline import timeline_panel
from ..ui.words import moment

FIRST_ANSWER_S = 1.5  # a page that is sent without its figures gets them as soon as they are there
RETRY_S = 5.0
AGAIN_S = 300.0       # how old a report of the present may become while somebody looks at it
STYLESHEET = 'reports.css'


def register(services: Services, analytics: Analytics, shifts: ShiftsOfPlant) -> None:
    """Serve the reports at /reports, their files at /reports/NAME.csv."""
    digest = sha256((ASSETS / STYLESHEET).read_bytes()).hexdigest()[:12]
    files = ReportFiles(analytics, services.zone)

    @ui.page(ADDRESS)
    async def reports_page(request: Request) -> None:
        identity = services.visitor()
        person = services.person(identity)
        ui.add_head_html(f'<link rel="stylesheet" href="/assets/{STYLESHEET}?v={digest}">')
        view = LiveView(ui.context.client, lambda: None)
        with frame('Reports', services, view, person):
            page = ReportsPage(services, analytics, shifts, ReportChoice.from_query(request.query_params))
        services.broadcast.join(view)
        await page.first_answer()

    @app.get(ADDRESS + '/{name}.csv', include_in_schema=False)
    async def reports_csv(name: str, request: Request) -> Response:
        try:
            services.identify(request.headers)
            if not files.has(name):
                return PlainTextResponse('There is no such report.', status_code=404)
            choice = ReportChoice.from_query(request.query_params)
            comparison = choice.at(moment(services.store.now_ms, services.zone), services.zone, shifts)
            pieces = files.pieces(name, comparison.window, comparison.before, choice.scope, by=choice.by,
                                  kpi=request.query_params.get('kpi', ''))
            first = await anext(pieces)  # so that a database that is away is no file
        except NotAllowed as refusal:
            return PlainTextResponse(str(refusal), status_code=403)
        except InvalidInput as error:
            return PlainTextResponse(as_sentence(error), status_code=422)
        except DatabaseUnavailable as error:
            return PlainTextResponse(f'{error}. Please try again.', status_code=503, headers={'Retry-After': '5'})
        name = f'{name}-{datetime.now(services.zone):%Y-%m-%d-%H%M}.csv'
        return StreamingResponse(_from_first(first, pieces), media_type='text/csv; charset=utf-8', headers={
            'Content-Disposition': f'attachment; filename="{name}"', 'Cache-Control': 'no-store'})


class ReportsPage:
    """One browser's page: what it is about, and what was read for it."""

    def __init__(self, services: Services, analytics: Analytics, shifts: ShiftsOfPlant,
                 choice: ReportChoice) -> None:
        self._services = services
        self._analytics = analytics
        self._shifts = shifts
        self._choice = choice
        self._client = ui.context.client
        self._task: asyncio.Task[None] | None = None
        self._answered = asyncio.Event()
        self._offered: tuple[object, ...] = ()
        self._explain = ExplainDialog(analytics, services.zone)
        with ui.element('div').classes('reports') as self._root:
            self._filters = ReportFilters(choice, self._ask)
            self._problem = Alert()
            self._cards = KpiCards(self._open_explanation)
            window = self._comparison().window
            self._timeline = timeline_panel(analytics, services.store, services.zone, window, self._machines_of(choice),
                                            self._zoom)
            self._pareto = Panel('Stops by cause', file='causes')
            with self._pareto.tools:
                self._by = {by: Chip(by, partial(self._sort, by)).classes('toggle') for by in ('minutes', 'count')}
            self._hours = Panel('When it stops', file='hours')
            self._waiting = Panel('Who causes the waiting', file='waiting', wide=True)
            self._machines = Panel('Top problem machines', file='machines')
            self._lines = Panel('Lines compared', file='lines')
            self._orders = Panel('Work orders', wide=True)
        self._stop = services.store.subscribe(self._on_difference)
        self._client.on_delete(self._end)
        self._offer()

    async def first_answer(self) -> None:
        """Wait for the figures, but not for long."""
        self.read()
        if self._services.store.connection is Connection.LIVE:
            try:
                await asyncio.wait_for(self._answered.wait(), FIRST_ANSWER_S)
            except TimeoutError:
                pass

    def read(self) -> None:
        """Compute the report anew."""
        if self._task is not None:
            self._task.cancel()
        self._task = background_tasks.create(self._run(), name='report')

    # what people do

    def _ask(self, choice: ReportChoice) -> None:
        self._choice = choice
        ui.navigate.history.push(choice.address())
        self._filters.show(choice)
        self._timeline.show(self._comparison().window, self._machines_of(choice))
        self.read()

    def _zoom(self, window: Window) -> None:
        self._ask(self._choice.zoomed(window, self._services.zone))

    def _sort(self, by: str) -> None:
        self._ask(replace(self._choice, by='count' if by == 'count' else 'minutes'))

    def _open_explanation(self, kpi: Kpi) -> None:
        self._explain.open(kpi, self._choice, self._comparison())

    # reading

    async def _run(self) -> None:
        """The report, again after a while where it reaches until now, and again soon where it failed."""
        while True:
            self._loading(True)
            try:
                await self._read(self._choice, self._comparison())
                pause = AGAIN_S if self._choice.span is not Span.RANGE else None
                self._problem_is('')
            except FloorError as error:
                pause = RETRY_S if isinstance(error, DatabaseError) else None
                self._failed(error)
            self._loading(False)
            self._answered.set()
            if pause is None:
                return
            await asyncio.sleep(pause)

    async def _read(self, choice: ReportChoice, comparison: Comparison) -> None:
        """Part after part, each shown as soon as it is there."""
        analytics, window, scope = self._analytics, comparison.window, choice.scope
        kpis = await analytics.kpis(window, scope)
        before = None if comparison.before is None else await analytics.kpis(comparison.before, scope)
        with self._client:
            self._cards.show(kpis, before)
            self._answered.set()
            self._about(choice, comparison)
        if nothing := nothing_known(kpis, self._now, choice):
            with self._client:
                for panel in self._pareto, self._hours, self._waiting, self._machines, self._lines:
                    panel.say(nothing)
        else:
            await self._read_losses(choice, comparison)
        orders = await analytics.work_orders(window, scope)
        with self._client:
            show_orders(self._orders, orders, self._view(choice), partial(self._csv, choice))

    async def _read_losses(self, choice: ReportChoice, comparison: Comparison) -> None:
        analytics, window, scope, view = self._analytics, comparison.window, choice.scope, self._view(choice)
        causes = await analytics.causes(window, scope, choice.by)
        with self._client:
            if causes:
                with self._pareto.fill():
                    pareto(causes, choice.by)
                    view.below(tables.of_causes(causes), self._csv(choice, 'causes'))
            else:
                self._pareto.say('No machine was down in this window.')
        pattern = await analytics.hourly_pattern(window, scope)
        with self._client, self._hours.fill():
            heat_map(pattern)
        roots = await analytics.root_and_victim(window, scope)
        with self._client:
            if rows := waiting_bars(roots.machines):
                with self._waiting.fill():
                    bars(rows, view)
                    legend((('down', 'its own stops'), ('warning', 'minutes others waited for it')))
                    view.below(tables.of_waiting(roots), self._csv(choice, 'waiting'))
            else:
                self._waiting.say('No machine was down, and none made others wait.')
        machines = await analytics.problem_machines(window, scope)
        with self._client:
            if machines:
                with self._machines.fill():
                    bars(problem_bars(machines), view)
                    view.below(tables.of_machines(machines), self._csv(choice, 'machines'))
            else:
                self._machines.say('No machine was down in this window.')
        lines = await analytics.lines(window)
        with self._client:
            if lines:
                with self._lines.fill():
                    view.show(tables.of_lines(lines), self._csv(choice, 'lines'))
            else:
                self._lines.say('There are no machines yet.')

    # showing

    def _about(self, choice: ReportChoice, comparison: Comparison) -> None:
        notes = {self._pareto: f'{choice.by}, {comparison.words}',
                 self._hours: f'share of down time by hour and weekday, {comparison.words}',
                 self._waiting: 'own stop minutes, and starved or blocked minutes charged to it',
                 self._machines: comparison.words, self._lines: comparison.words, self._orders: comparison.words}
        for panel, note in notes.items():
            panel.about(note, self._csv(choice, panel.file) if panel.file else '')
        for by, chip in self._by.items():
            chip.show(by, by == choice.by)

    def _loading(self, loading: bool) -> None:
        with self._client:
            self._root.props['data-loading'] = str(loading).lower()
            self._filters.say('Reading…' if loading else f'as of {self._now:%H:%M:%S}')

    def _failed(self, error: FloorError) -> None:
        again = ' It is tried again by itself.' if isinstance(error, DatabaseError) else ''
        self._problem_is(f'The report can not be read. {as_sentence(error)}{again}')

    def _problem_is(self, sentence: str) -> None:
        with self._client:
            if self._problem.text != sentence:
                self._problem.show(sentence)

    def _offer(self) -> None:
        store = self._services.store
        offered = (tuple(line.name for line in store.lines if line.name != NOT_ON_A_LINE), tuple(store.machines))
        if offered != self._offered:
            self._offered = offered
            self._filters.offer(*offered)

    def _on_difference(self, difference: Difference) -> None:
        if difference.layout:
            with self._client:
                self._offer()
        if difference.connection and self._services.store.connection is Connection.LIVE and self._problem.text:
            self.read()

    # within

    @property
    def _now(self) -> datetime:
        return moment(self._services.store.now_ms, self._services.zone)

    def _comparison(self) -> Comparison:
        return self._choice.at(self._now, self._services.zone, self._shifts)

    def _machines_of(self, choice: ReportChoice) -> list[MachineName] | None:
        if choice.machine is not None:
            return [choice.machine]
        if choice.line is None:
            return None
        return [machine.name for line in self._services.store.lines if line.name == choice.line
                for machine in line.machines]

    def _view(self, choice: ReportChoice) -> TableView:
        return TableView(self._services.zone, lambda machine: choice.of_machine(machine).address())

    def _csv(self, choice: ReportChoice, name: str) -> str:
        return choice.address(f'{ADDRESS}/{name}.csv')

    def _end(self) -> None:
        self._stop()
        if self._task is not None:
            self._task.cancel()


def nothing_known(kpis: Kpis, now: datetime, choice: ReportChoice) -> str:
    """Why a report is empty; empty where it is not."""
    if kpis.covered:
        return ''
    if kpis.window.end >= now and kpis.window.start >= kpis.window.end:
        return 'This window has not begun yet.'
    if choice.machine is not None:
        return 'Nothing was heard of this machine in this window.'
    if not kpis.machines:
        return 'There is no such line, or no machine on it.' if choice.line else 'There are no machines yet.'
    return 'Nothing was heard of these machines in this window.'


async def _from_first(first: str, rest: AsyncIterator[str]) -> AsyncIterator[str]:
    async with aclosing(rest):  # type: ignore[type-var]
        yield first
        async for piece in rest:
            yield piece
