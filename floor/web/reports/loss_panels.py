"""The panels of a report about downtime: causes, hours, caused waiting, machines, response times, lines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from functools import partial
from typing import NamedTuple

from nicegui import ui

from ...analytics import Analytics, Cause, LossCosts
from ...analytics import report_tables as tables
from ...analytics.chart_definitions import Chart
from ...analytics.stops import By
from ...core.moments import Form
from ...core.plant_calendar import MIDNIGHT, PlantCalendar
from ...feed.store import Store
from ..shell.chips import Chip, hide
from .bars import BarChart, Legend, clock_bars, problem_bars, waiting_bars
from .captions import clocks_caption, waiting_caption
from .cause_chart import CauseChart
from .heat_map import HeatMap
from .panel import ReportPanel
from .report_query import ReportQuery
from .report_windows import Comparison
from .side_by_side import ComparedGroups, read_groups
from .table_view import FoldedTable, TableView

NO_DOWNTIME = 'No machine was down in this window.'
COSTS_ARE_PARTIAL = 'The amounts leave out the lines that have no cost in Settings.'
NOT_BY_REASON = 'Not known by reason. Remove the filter by reason to see it.'


class CauseContent(NamedTuple):
    """What the panel of the causes shows, unless it shows a message."""

    chart: CauseChart
    note: ui.label
    table: FoldedTable


class BarContent(NamedTuple):
    """What a panel with a bar chart shows, unless it shows a message."""

    chart: BarChart
    note: ui.label
    table: FoldedTable


class HourContent(NamedTuple):
    """What the panel of the hours shows, unless it shows a message."""

    map: HeatMap
    note: ui.label


class LossPanels:
    """The panels of one page, loaded one after the other."""

    def __init__(self, analytics: Analytics, store: Store, plant: PlantCalendar, query: ReportQuery, *,
                 change: Callable[..., None], show_all_causes: Callable[[bool], None],
                 explain: Callable[[Chart], None]) -> None:
        """change: called with fields of the query that another one is to have. show_all_causes: with whether each cause
        is to have a bar. explain: with a chart."""
        self._change = change
        self._show_all_causes = show_all_causes
        self._all_causes = query.all_causes
        self._causes: tuple[tuple[Cause, ...], LossCosts | None, ReportQuery] | None = None
        self._plant = plant
        self._analytics = analytics
        self._store = store
        self._client = ui.context.client
        self._pareto = ReportPanel('Stops by cause', file='causes', hint='press a bar to filter the report')
        with self._pareto.tools:
            self._by: dict[By, Chip] = {}
            for by, text in TOGGLES.items():
                self._by[by] = Chip(text, partial(change, by=by)).classes('toggle')
        self._hours = ReportPanel('Downtime by hour and weekday', file='hours')
        self._waiting = ReportPanel('Downtime caused to neighbours', file='waiting', wide=True)
        self._machines = ReportPanel('Top problem machines', file='machines')
        self._clocks = ReportPanel('Response times by cause', file='stops')
        self._lines = ReportPanel('Side by side', file='lines', wide=True)
        for chart, panel in ((Chart.CAUSES, self._pareto), (Chart.HOURS, self._hours), (Chart.WAITING, self._waiting),
                             (Chart.MACHINES, self._machines), (Chart.CLOCKS, self._clocks),
                             (Chart.LINES, self._lines)):
            panel.explain_with(partial(explain, chart))
        self.follow(query)

    def about(self, query: ReportQuery, comparison: Comparison, widened: Comparison) -> None:
        """Set notes and CSV links. widened: the window of the panel by hour and weekday."""
        label = comparison.words
        self._pareto.about(label, query.file('causes'))
        self._hours.about(f'share of known time, {widened.words}', query.widened.file('hours'))
        self._waiting.about(label, query.file('waiting'))
        self._machines.about(label, query.file('machines'))
        self._clocks.about(label, query.file('stops'))
        self._lines.about(label, query.file('lines'))

    def follow(self, query: ReportQuery) -> None:
        """Show at once what a query asks for: by what the causes are sorted, and all of the same ones or the greatest.
        """
        for by, chip in self._by.items():
            chip.show(TOGGLES[by], by == query.by)
        self.show_causes(query)

    def show_causes(self, query: ReportQuery) -> None:
        """Show all of the same causes, or the greatest."""
        if self._all_causes != query.all_causes:
            self._all_causes = query.all_causes
            self._draw_causes()

    def show_message(self, sentence: str) -> None:
        """Show a message instead of every chart."""
        self._causes = None
        for panel in self._pareto, self._hours, self._waiting, self._machines, self._clocks, self._lines:
            panel.show_message(sentence)

    async def read(self, query: ReportQuery, comparison: Comparison, widened: Comparison,
                   costs: LossCosts | None) -> None:
        """Load the panels; each is shown as soon as it is loaded. costs: of the time down, if any.

        :raises DatabaseUnavailableError: the database does not respond, or not in time
        """
        analytics, window, scope = self._analytics, comparison.window, query.scope
        view = table_view(self._store, self._plant.zone, query)
        causes = await analytics.causes(window, scope, query.by)
        self._causes = (causes, costs, query) if causes else None
        if not causes:
            self._show_message(self._pareto, NO_DOWNTIME)
        self._draw_causes()
        if query.reason is None:
            pattern = await analytics.hourly_pattern(widened.window, scope)
            with self._client:
                content = self._hours.content(lambda: HourContent(HeatMap(), _note()))
                content.map.show(pattern, self._plant.first_weekday)
                content.note.set_text(f'A day begins at {self._plant.day_start.strftime(Form.TIME)}: earlier hours are '
                                      'in the row of the day before.')
                hide(content.note, hidden=self._plant.day_start == MIDNIGHT)
        else:
            self._show_message(self._hours, NOT_BY_REASON)
        await self._read_machines(query, comparison, view, costs)
        lines = await analytics.lines(window, scope)
        groups = await read_groups(analytics, window, query, self._plant.shifts.names, names=self._store.names,
                                   costs=costs)
        with self._client:
            compared, table = self._lines.content(lambda: (ComparedGroups(), FoldedTable('All KPIs of all lines')))
            compared.show(groups)
            table.show(view, tables.of_lines(lines), query.file('lines'))

    def _draw_causes(self) -> None:
        if self._causes is None:
            return
        causes, costs, query = self._causes
        file = query.file('causes')
        with self._client:
            chart, note, table = self._pareto.content(lambda: CauseContent(
                CauseChart(lambda reason: self._change(reason=reason), self._show_all_causes),
                _note(COSTS_ARE_PARTIAL), FoldedTable()))
            chart.show(causes, query.by, query.reason, file, costs=costs, all_causes=self._all_causes)
            hide(note, hidden=costs is None or costs.is_complete)
            table.show(table_view(self._store, self._plant.zone, query), tables.of_causes(causes, costs), file)

    async def _read_machines(self, query: ReportQuery, comparison: Comparison, view: TableView,
                             costs: LossCosts | None) -> None:
        analytics, window, scope = self._analytics, comparison.window, query.scope
        if query.reason is not None:
            self._show_message(self._waiting, NOT_BY_REASON)
        elif not (rows := waiting_bars((attribution := await analytics.wait_attribution(window, scope)).machines)):
            self._show_message(self._waiting, 'No machine was down or made others wait.')
        else:
            with self._client:
                content = self._waiting.content(_build_waiting)
                content.note.set_text(waiting_caption(query, attribution, costs))
                content.chart.show(rows, view)
                content.table.show(view, tables.of_waiting(attribution), query.file('waiting'))
        machines = await analytics.problem_machines(window, scope)
        if not machines:
            self._show_message(self._machines, NO_DOWNTIME)
        else:
            with self._client:
                chart, table = self._machines.content(lambda: (BarChart(), FoldedTable()))
                chart.show(problem_bars(machines), view)
                table.show(view, tables.of_machines(machines), query.file('machines'))
        clocks = await analytics.clocks(window, scope)
        if not clocks.causes:
            self._show_message(self._clocks, 'No stop in this window has a completed work order.')
        else:
            with self._client:
                content = self._clocks.content(_build_clocks)
                content.chart.show(clock_bars(clocks.causes), view)
                content.note.set_text(clocks_caption(clocks))
                content.table.show(view, tables.of_clocks(clocks.causes), query.file('stops'))

    def _show_message(self, panel: ReportPanel, sentence: str) -> None:
        with self._client:
            panel.show_message(sentence)


def _note(text: str = '') -> ui.label:
    return ui.label(text).classes('panel-note')


def _build_waiting() -> BarContent:
    note, chart = _note(), BarChart()
    Legend(('down', 'own downtime'), ('warning', 'waiting caused to neighbours'))
    return BarContent(chart, note, FoldedTable())


def _build_clocks() -> BarContent:
    chart = BarChart()
    Legend(*((f'clock-{clock.lower()}', clock.lower()) for clock in tables.CLOCKS))
    return BarContent(chart, _note(), FoldedTable())


TOGGLES: dict[By, str] = {'minutes': 'Time down', 'count': 'Number'}


def table_view(store: Store, zone: tzinfo, query: ReportQuery) -> TableView:
    """A view for tables, in which the name of a machine links to the same report for that machine."""
    return TableView(store, zone, lambda machine: query.of_machine(machine).address())
