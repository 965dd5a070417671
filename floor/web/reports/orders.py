"""The panel about work orders: number per day, load per assignee, age, and time to completion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nicegui import ui

from ...analytics import OrderReport, VolumeOfDay
from ...analytics import report_tables as tables
from ...core.formatting import counted, number
from ..shell.chips import set_attribute
from ..shell.heading import Heading
from ..shell.redrawn import Redrawn
from .bars import BarChart, Legend, load_bars
from .chart_options import LINE, MUTED, RULE, STILL, TEXT, TRIVIAL
from .panel import PanelBody, ReportPanel
from .table_view import FoldedTable, TableElement, TableView

CsvAddress = Callable[[str], str]


def show_orders(panel: ReportPanel, report: OrderReport, volume: Sequence[VolumeOfDay], view: TableView,
                csv_address: CsvAddress) -> None:
    """Show the orders in a panel. volume: orders per day, which may be of a longer window than the report."""
    if not any((volume, report.ages, report.resolution, report.load)):
        panel.show_message('No work orders in this window, and none open.')
        return
    panel.content(OrderContent).show(report, volume, view, csv_address)


class OrderContent:
    """What the panel shows, unless it shows a message. Its tables stay unfolded when they are read again."""

    def __init__(self) -> None:
        with ui.element('div').classes('order-report'):
            self._volume = _part('Reported per day')
            self._load = _part('By assignee')
            self._ages = _part('Age of open orders')
            self._resolution = _part('Time to completion')

    def show(self, report: OrderReport, volume: Sequence[VolumeOfDay], view: TableView,
             csv_address: CsvAddress) -> None:
        """Show the parts, each with its table and its file."""
        if volume:
            chart, table, file = self._volume.content(lambda: (VolumeChart(), FoldedTable(), _file('Orders per day')))
            chart.show(volume)
            table.show(view, tables.of_volume(volume), csv_address('order-volume'))
            set_attribute(file, 'href', csv_address('order-volume'))
        else:
            self._volume.show_message('No work orders were reported in this window.')
        if report.load:
            bars, table, file = self._load.content(_build_load)
            bars.show(load_bars(report.load), view)
            table.show(view, tables.of_load(report.load), csv_address('order-load'))
            set_attribute(file, 'href', csv_address('order-load'))
        else:
            self._load.show_message('No open or completed work orders.')
        if report.ages:
            ages, file = self._ages.content(lambda: (TableElement(), _file('Ages')))
            ages.show(view, tables.of_ages(report.ages))
            set_attribute(file, 'href', csv_address('order-ages'))
        else:
            self._ages.show_message('No open work orders.')
        if report.resolution:
            resolution, file = self._resolution.content(lambda: (TableElement(), _file('Resolution times')))
            resolution.show(view, tables.of_resolution(report.resolution))
            set_attribute(file, 'href', csv_address('order-resolution'))
        else:
            self._resolution.show_message('No work orders were completed in this window.')


def _build_load() -> tuple[BarChart, FoldedTable, ui.link]:
    bars = BarChart()
    Legend(('active', 'open now'), ('completed', 'completed in the window'))
    return bars, FoldedTable(), _file('Load per person')


class VolumeChart(ui.element):
    """The chart of the orders per day. It is built again only if it differs."""

    def __init__(self) -> None:
        super().__init__('div')
        self._content = Redrawn(self)

    def show(self, volume: Sequence[VolumeOfDay]) -> None:
        """Show these days."""
        self._content.show(tuple(volume), lambda: _volume(volume))


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


def _part(title: str) -> PanelBody:
    with ui.element('section'):
        Heading(title, level=3)
        return PanelBody()


def _file(what: str) -> ui.link:
    link = ui.link('CSV').classes('part-file').props('download')
    link.props['aria-label'] = f'Download {what} as CSV'
    return link
