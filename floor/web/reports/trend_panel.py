"""The panel below the answer: is it getting better?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from nicegui import ui

from ...analytics import Analytics
from ...analytics import report_tables as tables
from ...core.plant_calendar import PlantCalendar
from ...feed.store import Store
from ..shell.chips import Chip
from .bars import Legend
from .panel import ReportPanel
from .report_query import ReportQuery
from .report_windows import Comparison, ReportCalendar
from .table_view import FoldedTable, TableView
from .trend_buckets import UNITS, TrendUnit, labels_of, trend_windows
from .trend_charts import TrendCharts, series_of

TOO_SHORT = 'This window is too short for a trend.'


class TrendContent:
    """What the panel shows, unless it shows a message."""

    def __init__(self) -> None:
        self.charts = TrendCharts()
        self.legend = Legend()
        self.table = FoldedTable()


class TrendPanel:
    """Availability, time down and failures by shift, day or week, with the window before behind them."""

    def __init__(self, analytics: Analytics, store: Store, plant: PlantCalendar, *, change: Callable[..., None],
                 explain: Callable[[], None]) -> None:
        """change: called with fields of the query that another one is to have. explain: when that is asked for."""
        self._analytics = analytics
        self._store = store
        self._plant = plant
        self._client = ui.context.client
        self._panel = ReportPanel('Trend', file='trend', wide=True)
        with self._panel.tools:
            self._units: dict[TrendUnit, Chip] = {
                unit: Chip(f'By {unit}', partial(change, trend=unit)).classes('toggle') for unit in UNITS}
        self._panel.explain_with(explain)

    def show_message(self, sentence: str) -> None:
        """Show a message instead of the charts."""
        self._panel.show_message(sentence)

    async def read(self, query: ReportQuery, comparison: Comparison, widened: Comparison, now: datetime) -> None:
        """Load the points, and show them. now: the database's time.

        :raises DatabaseUnavailableError: the database does not respond, or not in time
        """
        calendar = ReportCalendar(now, self._plant)
        found = trend_windows(calendar, comparison, widened, query.trend)
        with self._client:
            for unit, chip in self._units.items():
                chip.show(f'By {unit}', found is not None and unit == found.unit)
                chip.set_visibility(found is not None and unit in found.units)
        if found is None:
            with self._client:
                self._panel.about('')
                self._panel.show_message(TOO_SHORT)
            return
        points = await self._analytics.trend(found.buckets, query.scope)
        before = await self._analytics.trend(found.before, query.scope)
        labels = labels_of(calendar, found.buckets[:len(points)], found.unit)
        with self._client:
            self._panel.about(found.comparison.words, query.file('trend'))
            content = self._panel.content(TrendContent)
            content.charts.show(series_of(points, before), labels, is_over=points[-1].is_over)
            content.legend.show(*((('trend-now', found.comparison.dates),
                                   ('trend-before', found.comparison.before_dates)) if before else ()))
            rows = tables.of_trend(points, before, [label.replace('\n', ', ') for label in labels])
            content.table.show(TableView(self._store, self._plant.zone), rows, query.file('trend'))
