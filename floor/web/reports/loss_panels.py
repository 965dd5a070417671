"""What was lost, why, when and because of whom: the panels of a report between its figures and its work orders."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from functools import partial

from nicegui import ui

from ...analytics import Analytics
from ...analytics import report_tables as tables
from ...analytics.stops import By
from ...core.formatting import counted, number
from ..shell.chips import Chip
from .bars import bars, clock_bars, legend, problem_bars, waiting_bars
from .panel import ReportPanel, TableView
from .pareto import heat_map, pareto
from .report_query import ReportQuery
from .report_windows import Comparison

NO_DOWNTIME = 'No machine was down in this window.'


class LossPanels:
    """The panels of one page; each is read and shown after the other."""

    def __init__(self, analytics: Analytics, zone: tzinfo, sort: Callable[[By], None]) -> None:
        """sort: called with the chosen sort order of the Pareto chart."""
        self._analytics = analytics
        self._zone = zone
        self._client = ui.context.client
        self._pareto = ReportPanel('Stops by cause', file='causes')
        with self._pareto.tools:
            self._by: dict[By, Chip] = {}
            for by in BOTH:
                self._by[by] = Chip(by, partial(sort, by)).classes('toggle')
        self._hours = ReportPanel('Downtime by hour and weekday', file='hours')
        self._waiting = ReportPanel('Downtime caused to neighbours', file='waiting', wide=True)
        self._machines = ReportPanel('Top problem machines', file='machines')
        self._clocks = ReportPanel('Response times by cause', file='stops')
        self._lines = ReportPanel('Lines compared', file='lines', wide=True)

    def about(self, choice: ReportQuery, comparison: Comparison, broad: Comparison) -> None:
        """The words beside the headings. broad: the window of what goes by weeks."""
        words = comparison.words
        self._pareto.about(f'{choice.by} with cumulative share, {words}', choice.file('causes'))
        self._hours.about(f'share of known time, {broad.words}', choice.broad.file('hours'))
        self._waiting.about(f'own downtime and the waiting it caused, {words}', choice.file('waiting'))
        self._machines.about(words, choice.file('machines'))
        self._clocks.about(words, choice.file('stops'))
        self._lines.about(words, choice.file('lines'))
        for by, chip in self._by.items():
            chip.show(by, by == choice.by)

    def say(self, sentence: str) -> None:
        """Words in place of every picture."""
        for panel in self._pareto, self._hours, self._waiting, self._machines, self._clocks, self._lines:
            panel.say(sentence)

    async def read(self, choice: ReportQuery, comparison: Comparison, broad: Comparison) -> None:
        """Panel after panel, each shown as soon as it is there.

        :raises DatabaseUnavailableError: nobody answers, or not in time
        """
        analytics, window, scope = self._analytics, comparison.window, choice.scope
        view = table_view(self._zone, choice)
        causes = await analytics.causes(window, scope, choice.by)
        if not causes:
            self._say(self._pareto, NO_DOWNTIME)
        else:
            with self._client, self._pareto.fill():
                pareto(causes, choice.by)
                view.below(tables.of_causes(causes), choice.file('causes'))
        pattern = await analytics.hourly_pattern(broad.window, scope)
        with self._client, self._hours.fill():
            heat_map(pattern)
        await self._read_machines(choice, comparison, view)
        lines = await analytics.lines(window)
        with self._client, self._lines.fill():
            view.show(tables.of_lines(lines), choice.file('lines'))

    async def _read_machines(self, choice: ReportQuery, comparison: Comparison, view: TableView) -> None:
        analytics, window, scope = self._analytics, comparison.window, choice.scope
        roots = await analytics.wait_attribution(window, scope)
        if not (rows := waiting_bars(roots.machines)):
            self._say(self._waiting, 'No machine was down or made others wait.')
        else:
            with self._client, self._waiting.fill():
                bars(rows, view)
                legend((('down', 'own downtime'), ('warning', 'waiting caused to neighbours')))
                view.below(tables.of_waiting(roots), choice.file('waiting'))
        machines = await analytics.problem_machines(window, scope)
        if not machines:
            self._say(self._machines, NO_DOWNTIME)
        else:
            with self._client, self._machines.fill():
                bars(problem_bars(machines), view)
                view.below(tables.of_machines(machines), choice.file('machines'))
        clocks = await analytics.clocks(window, scope)
        if not clocks.causes:
            self._say(self._clocks, 'No stop in this window has a completed work order.')
        else:
            with self._client, self._clocks.fill():
                bars(clock_bars(clocks.causes), view)
                legend((f'clock-{clock.lower()}', clock.lower()) for clock in tables.CLOCKS)
                seen = sum(cause.stops for cause in clocks.causes)
                ui.label(f'Mean of {number(seen)} of {counted(clocks.total, "stop")}: those whose work order was '
                         'acknowledged and started.').classes('panel-note')
                view.below(tables.of_clocks(clocks.causes), choice.file('stops'))

    def _say(self, panel: ReportPanel, sentence: str) -> None:
        with self._client:
            panel.say(sentence)


BOTH: tuple[By, By] = ('minutes', 'count')


def table_view(zone: tzinfo, choice: ReportQuery) -> TableView:
    """Tables in which a machine's name leads to the same report of that machine."""
    return TableView(zone, lambda machine: choice.of_machine(machine).address())
