"""The parts of a report below its filters: KPIs, timeline, downtime and work orders."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial

from nicegui import ui

from ...analytics import Analytics, Kpi, Kpis, Window
from ...analytics.chart_definitions import Chart
from ...core.machines import MachineName
from ...core.text import shortened
from ...feed.store import Store
from ..shell.services import Services
from .answer import AnswerPanel, read_answer
from .cards import KpiCards
from .files_panel import FilesPanel
from .loss_panels import LossPanels, table_view
from .orders import show_orders
from .panel import ReportPanel
from .report_query import ReportQuery
from .report_windows import NOT_STARTED, Comparison
from .stop_query import StopQuery
from .stop_table import StopListPanel
from .time_split import TimeSplitPanel
from .timeline import timeline_panel
from .trend_panel import TrendPanel


class ReportBody:
    """The panels of one page. Each is shown as soon as it is loaded."""

    def __init__(self, services: Services, analytics: Analytics, query: ReportQuery, window: Window, *,
                 explain: Callable[[Kpi], None], zoom: Callable[[Window], None],
                 change: Callable[..., None], list_stops: Callable[[StopQuery], None],
                 show_all_causes: Callable[[bool], None], explain_chart: Callable[[Chart], None]) -> None:
        """explain: called with a KPI of a card. zoom: with a part of the window. change: with fields of the query
        that another one is to have.
        list_stops: with what the list of stops is to show. show_all_causes: with whether each cause is to have a bar.
        explain_chart: with a chart or table."""
        self._store = services.store
        self._zone = services.zone
        self._analytics = analytics
        self._client = ui.context.client
        self._answer = AnswerPanel(partial(explain_chart, Chart.ANSWER))
        self._trend = TrendPanel(analytics, services.store, services.calendar, change=change,
                                 explain=partial(explain_chart, Chart.TREND))
        self._cards = KpiCards(explain)
        self._time = TimeSplitPanel(partial(explain_chart, Chart.TIME))
        self._timeline = timeline_panel(analytics, services.store, services.zone, window,
                                        machines_of(services.store, query), zoom, change)
        self._timeline.sort(query)
        self._losses = LossPanels(analytics, services.store, services.calendar, query, change=change,
                                  show_all_causes=show_all_causes, explain=explain_chart)
        self._stops = StopListPanel(analytics, services.store, services.zone, query, ask=list_stops,
                                    explain=partial(explain_chart, Chart.STOPS))
        self._orders = ReportPanel('Work orders', wide=True)
        self._orders.explain_with(partial(explain_chart, Chart.ORDERS))
        self._files = FilesPanel(query)

    def show_timeline(self, query: ReportQuery, window: Window) -> None:
        """Load the timeline of this window in the background."""
        self._timeline.sort(query)
        self._timeline.show(window, machines_of(self._store, query))

    def show_stops(self, query: ReportQuery) -> None:
        """Load another list of stops of the same window in the background."""
        self._stops.show(query)

    def show_causes(self, query: ReportQuery) -> None:
        """Show all causes of the same window, or the greatest."""
        self._losses.show_causes(query)

    def follow(self, query: ReportQuery) -> None:
        """Show in the controls of the list, and of the causes, what a query asks for."""
        self._stops.about(query)
        self._losses.follow(query)

    def clear(self, message: str) -> None:
        """Show a message instead of KPIs, downtime and work orders, which are wrong."""
        with self._client:
            self._answer.clear()
            self._cards.clear()
            self._time.clear()
            self._trend.show_message(message)
            self._losses.show_message(message)
            self._stops.show_message(message)
            self._orders.show_message(message)

    async def read(self, query: ReportQuery, comparison: Comparison, widened_comparison: Comparison, *, now: datetime,
                   figures_shown: asyncio.Event) -> None:
        """Load the parts; each is shown as soon as it is loaded. now: the database's time. figures_shown: set after the
        KPIs.

        :raises FloorError: a part cannot be loaded
        """
        analytics, window, scope = self._analytics, comparison.window, query.scope
        begun = window.start < now
        kpis = await analytics.kpis(window, scope)
        before = None if comparison.before is None else await analytics.kpis(comparison.before, scope)
        costs = await analytics.costs(window, scope) if kpis.covered else None
        answer = await read_answer(analytics, query, comparison, kpis, before, costs=costs,
                                   names=self._store.names) if kpis.covered else None
        with self._client:
            if answer is None:
                self._answer.clear()
            else:
                self._answer.show(query, comparison, answer)
            self._cards.show(kpis, before, scope, costs)
            self._time.show(kpis)
            figures_shown.set()
            self._losses.about(query, comparison, widened_comparison)
            self._orders.about(comparison.words if not scope.is_filtered else
                               f'{comparison.words}, all reasons and shifts')
            self._files.show(query, comparison.words)
        if message := no_data_text(kpis, query, begun=begun):
            with self._client:
                for panel in self._trend, self._losses, self._stops:
                    panel.show_message(message)
        else:
            await self._trend.read(query, comparison, widened_comparison, now)
            await self._losses.read(query, comparison, widened_comparison, costs)
            await self._stops.load(window, costs)
        widened = query.widened
        orders = await analytics.work_orders(window, scope)
        volume = orders if widened is query else await analytics.work_orders(widened_comparison.window, scope)
        with self._client:
            show_orders(self._orders, orders, volume.volume if begun else (),
                        table_view(self._store, self._zone, query),
                        lambda name: (widened if name == 'order-volume' else query).file(name))


def machines_of(store: Store, query: ReportQuery) -> list[MachineName] | None:
    """The machines that a report is about, in flow order; None: all."""
    if query.machine is not None:
        return [query.machine]
    if query.line is None:
        return None
    return [machine.name for line in store.lines if line.name == query.line for machine in line.machines]


def no_data_text(kpis: Kpis, query: ReportQuery, *, begun: bool) -> str:
    """The message for a report without data; empty if there is data."""
    if kpis.covered:
        return ''
    if not begun:
        return NOT_STARTED
    if query.shift is not None and query.machine is None and kpis.machines:
        return f'No data from the shift {shortened(query.shift, 60)} in this window.'
    if query.machine is not None:
        return 'No data from this machine in this window.'
    if not kpis.machines:
        return 'There are no machines on this line.' if query.line else 'There are no machines yet.'
    return 'No data from these machines in this window.'
