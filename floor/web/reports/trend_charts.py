"""The charts of a trend: one for each figure, with the window before behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from ...analytics import TrendPoint
from ...analytics.report_tables import SO_FAR
from ...core.formatting import HOUR, counted, downtime, percent
from ..shell.heading import Heading
from ..shell.redrawn import Redrawn
from .chart_options import LINE, MUTED, RULE, STILL, TEXT, TRIVIAL

FEW = 8
"""Up to so many labels are shown whole."""
WHOLE = 100.0


@dataclass(frozen=True, slots=True)
class TrendSeries:
    """One figure of all buckets; None: not known. axis: the title of its axis, which is its unit."""

    title: str
    axis: str
    values: tuple[float | None, ...]
    before: tuple[float | None, ...]
    summary: str
    is_share: bool = False


def series_of(points: Sequence[TrendPoint], before: Sequence[TrendPoint]) -> list[TrendSeries]:
    """The figures that are known: availability in percent, time down in hours, number of failures."""
    figures = [
        TrendSeries('Time down', 'hours', hours(points), hours(before),
                    f'{downtime(sum(point.down or 0 for point in points))} in all'),
        TrendSeries('Failures', 'failures', failures(points), failures(before),
                    f'{counted(sum(point.failures or 0 for point in points), "failure")} in all')]
    if any(point.availability is not None for point in points):
        known = [point.availability for point in points if point.availability is not None]
        figures.insert(0, TrendSeries('Availability', '%', shares(points), shares(before),
                                      f'latest {percent(known[-1])}, lowest {percent(min(known))}', is_share=True))
    return figures


def hours(points: Sequence[TrendPoint]) -> tuple[float | None, ...]:
    """Time down of each, in hours."""
    return tuple(None if point.down is None else round(point.down / HOUR, 3) for point in points)


def failures(points: Sequence[TrendPoint]) -> tuple[float | None, ...]:
    """Failures of each."""
    return tuple(point.failures for point in points)


def shares(points: Sequence[TrendPoint]) -> tuple[float | None, ...]:
    """Availability of each, in percent."""
    return tuple(None if point.availability is None else round(point.availability * WHOLE, 2) for point in points)


class TrendCharts(ui.element):
    """The charts beside each other. They are built again only if they differ."""

    def __init__(self) -> None:
        super().__init__('div')
        self.classes('trend-charts')
        self._content = Redrawn(self)

    def show(self, figures: Sequence[TrendSeries], labels: Sequence[str], *, is_over: bool) -> None:
        """Show a chart for each figure. is_over: whether the last bucket is."""
        def build() -> None:
            for series in figures:
                _trend_chart(series, labels, is_over=is_over)

        self._content.show((tuple(figures), tuple(labels), is_over), build)


def _trend_chart(series: TrendSeries, labels: Sequence[str], *, is_over: bool) -> None:
    with ui.element('section').classes('trend-chart'):
        Heading(series.title, level=3)
        chart = ui.echart(trend_options(series, labels, is_over=is_over), renderer='svg').classes('chart chart-trend')
    chart.props['role'] = 'img'
    so_far = '' if is_over else ', the last of which is not over'
    chart.props['aria-label'] = (f'{series.title} of {counted(len(labels), "period")}{so_far}: {series.summary}. '
                                 'See the table below.')


def trend_options(series: TrendSeries, labels: Sequence[str], *, is_over: bool) -> dict[str, Any]:
    """Options for ECharts: a line for a share, bars for an amount; pale and behind, the same of the window before."""
    shown = [*labels[:-1], labels[-1] if is_over else f'{labels[-1]}\n{SO_FAR}']
    known = [value for value in (*series.values, *series.before) if value is not None]
    lowest = max(0, int(min(known, default=0) // 10 * 10)) if series.is_share else 0
    before = [*series.before[:len(labels)], *[None] * (len(labels) - len(series.before))]
    drawn = _lines if series.is_share else _bars
    return {
        **STILL,
        'grid': {'left': 40, 'right': 10, 'top': 26, 'bottom': 38},
        'xAxis': [{'type': 'category', 'data': shown, 'axisTick': {'show': False},
                   'axisLine': {'lineStyle': {'color': RULE}},
                   'axisLabel': {**TEXT, 'fontSize': 11, 'hideOverlap': True, 'lineHeight': 13,
                                 **({'interval': 0} if len(labels) <= FEW else {})}},
                  {'type': 'category', 'data': shown, 'show': False}],  # another axis, so that bars lie behind bars
        'yAxis': {'type': 'value', 'name': series.axis,
                  'nameTextStyle': {**TEXT, 'align': 'left', 'padding': [0, 0, 0, -34]},
                  'min': lowest, 'minInterval': 1 if series.axis == 'failures' else 0, 'splitNumber': 3,
                  **({'max': 100} if series.is_share else {}),
                  'axisLabel': {**TEXT, 'fontSize': 11}, 'splitLine': {'lineStyle': {'color': RULE}}},
        'series': drawn(list(series.values), before, is_over=is_over),
        'color': [LINE, MUTED],
    }


def _bars(values: list[float | None], before: list[float | None], *, is_over: bool) -> list[dict[str, Any]]:
    hollow = {'color': 'transparent', 'borderColor': LINE, 'borderType': 'dashed', 'borderWidth': 1.5}
    data = [{'value': value, **({'itemStyle': hollow} if place == len(values) - 1 and not is_over else {})}
            for place, value in enumerate(values)]
    same: dict[str, Any] = {'type': 'bar', 'silent': True}
    return [{**same, 'name': 'before', 'data': before, 'xAxisIndex': 1, 'barWidth': '80%', 'barMaxWidth': 50, 'z': 1,
             'itemStyle': {'color': TRIVIAL, 'borderRadius': [2, 2, 0, 0]}},
            {**same, 'name': 'now', 'data': data, 'barWidth': '46%', 'barMaxWidth': 28, 'z': 2,
             'itemStyle': {'color': LINE, 'borderRadius': [2, 2, 0, 0]}}]


def _lines(values: list[float | None], before: list[float | None], *, is_over: bool) -> list[dict[str, Any]]:
    last = {'symbol': 'emptyCircle', 'symbolSize': 9}
    data = [{'value': value, **(last if place == len(values) - 1 and not is_over else {})}
            for place, value in enumerate(values)]
    return [{'type': 'line', 'name': 'before', 'silent': True, 'data': before, 'symbol': 'none', 'z': 1,
             'lineStyle': {'color': TRIVIAL, 'width': 3}},
            {'type': 'line', 'name': 'now', 'silent': True, 'data': data, 'symbol': 'circle', 'symbolSize': 5, 'z': 2,
             'itemStyle': {'color': LINE}, 'lineStyle': {'color': LINE, 'width': 2}}]
