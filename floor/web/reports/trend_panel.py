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
from .bars import legend
from .panel import ReportPanel, TableView
from .report_query import ReportQuery
from .report_windows import Comparison, ReportCalendar
from .trend_buckets import UNITS, TrendUnit, labels_of, trend_windows
from .trend_charts import series_of, trend_chart

TOO_SHORT = 'This window is too short for a trend.'


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
            with self._panel.fill():
                with ui.element('div').classes('trend-charts'):
                    for series in series_of(points, before):
                        trend_chart(series, labels, is_over=points[-1].is_over)
                if before:
                    legend((('trend-now', found.comparison.dates), ('trend-before', found.comparison.before_dates)))
                rows = tables.of_trend(points, before, [label.replace('\n', ', ') for label in labels])
                TableView(self._store, self._plant.zone).below(rows, query.file('trend'))
