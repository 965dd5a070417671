"""The panel about work orders: number per day, load per assignee, age, and time to completion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nicegui import ui

from ...analytics import OrderReport, VolumeOfDay
from ...analytics import report_tables as tables
from ...core.formatting import counted, number
from ..shell.heading import Heading
from .bars import bars, legend, load_bars
from .chart_options import LINE, MUTED, RULE, STILL, TEXT, TRIVIAL
from .panel import ReportPanel, TableView

CsvAddress = Callable[[str], str]


def show_orders(panel: ReportPanel, report: OrderReport, volume: Sequence[VolumeOfDay], view: TableView,
                csv_address: CsvAddress) -> None:
    """Fill the panel. volume: orders per day, which may be of a longer window than the report."""
    if not any((volume, report.ages, report.resolution, report.load)):
        panel.show_message('No work orders in this window, and none open.')
        return
    with panel.fill(), ui.element('div').classes('order-report'):
        with _part('Reported per day'):
            if volume:
                _volume(volume)
                view.below(tables.of_volume(volume), csv_address('order-volume'))
                _file(csv_address('order-volume'), 'Orders per day')
            else:
                _nothing('No work orders were reported in this window.')
        with _part('By assignee'):
            if report.load:
                bars(load_bars(report.load), view)
                legend((('active', 'open now'), ('completed', 'completed in the window')))
                view.below(tables.of_load(report.load), csv_address('order-load'))
                _file(csv_address('order-load'), 'Load per person')
            else:
                _nothing('No open or completed work orders.')
        with _part('Age of open orders'):
            if report.ages:
                view.show(tables.of_ages(report.ages))
                _file(csv_address('order-ages'), 'Ages')
            else:
                _nothing('No open work orders.')
        with _part('Time to completion'):
            if report.resolution:
                view.show(tables.of_resolution(report.resolution))
                _file(csv_address('order-resolution'), 'Resolution times')
            else:
                _nothing('No work orders were completed in this window.')


def volume_options(volume: Sequence[VolumeOfDay]) -> dict[str, Any]:
    """Options for ECharts: a bar per day, and the 7-day mean as a line."""
    days = [(f'{each.day:%d %b}' if len(volume) < 300 else f'{each.day:%Y-%m-%d}')  # noqa: PLR2004
            + ('' if each.is_over else f' {tables.SO_FAR}') for each in volume]
    return {
        **STILL,
        'legend': {'top': 0, 'left': 0, 'selectedMode': False, 'itemWidth': 12, 'itemHeight': 8, 'itemGap': 18,
                   'textStyle': TEXT, 'data': ['per day', '7-day mean']},
        'grid': {'left': 34, 'right': 8, 'top': 30, 'bottom': 26},
        'xAxis': {'type': 'category', 'data': days, 'axisTick': {'show': False},
                  'axisLine': {'lineStyle': {'color': RULE}}, 'axisLabel': {**TEXT, 'hideOverlap': True}},
        'yAxis': {'type': 'value', 'minInterval': 1, 'axisLabel': TEXT, 'splitLine': {'lineStyle': {'color': RULE}}},
        'series': [
            {'type': 'bar', 'name': 'per day', 'data': [_bar(each) for each in volume], 'silent': True,
             'barMaxWidth': 40, 'itemStyle': {'color': TRIVIAL, 'borderRadius': [2, 2, 0, 0]}},
            {'type': 'line', 'name': '7-day mean', 'silent': True,
             'data': [None if each.average is None else round(each.average, 2) for each in volume],
             'symbol': 'circle' if len(volume) == 1 else 'none', 'itemStyle': {'color': LINE},
             'lineStyle': {'color': LINE, 'width': 2}}],
        'color': [TRIVIAL, LINE, MUTED],
    }


def _bar(volume: VolumeOfDay) -> dict[str, Any]:
    """A day; one that is not over is hollow."""
    hollow = {'color': 'transparent', 'borderColor': TRIVIAL, 'borderType': 'dashed', 'borderWidth': 1.5}
    return {'value': volume.orders} if volume.is_over else {'value': volume.orders, 'itemStyle': hollow}


def _volume(volume: Sequence[VolumeOfDay]) -> None:
    chart = ui.echart(volume_options(volume), renderer='svg').classes('chart chart-low').props('role=img')
    total = sum(each.orders for each in volume)
    latest = volume[-1]
    mean = 'no 7-day mean yet' if latest.average is None else f'latest 7-day mean: {number(latest.average, 1)} per day'
    so_far = '' if latest.is_over else ', the last of which is not over'
    chart.props['aria-label'] = (f'{counted(total, "work order")} on {counted(len(volume), "day")}{so_far}; {mean}. '
                                 'See the table below.')


def _part(title: str) -> ui.element:
    part = ui.element('section')
    with part:
        Heading(title, level=3)
    return part


def _nothing(sentence: str) -> None:
    ui.label(sentence).classes('panel-empty')


def _file(address: str, what: str) -> None:
    ui.link('CSV', address).classes('part-file').props('download').props['aria-label'] = f'Download {what} as CSV'
