"""The Pareto chart of the causes of downtime, and the heat map of downtime by hour and weekday."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nicegui import ui

from ...analytics import Cause, HourlyPattern
from ...analytics.report_tables import NO_REASON, WEEKDAYS
from ...analytics.stops import By
from ...core.formatting import minutes, number, percent
from ...core.text import shortened
from ..shell.messages import TextNode

MAX_BARS = 32
FEW = 8
NUMBERED = 14
MAX_NAME_LENGTH = 40
VITAL, TRIVIAL, LINE, INK, MUTED, RULE = ('var(--down)', 'var(--trivial)', 'var(--accent)', 'var(--ink)', 'var(--mut)',
                                          'var(--line)')
FONT = 'Inter, system-ui, -apple-system, Segoe UI, DejaVu Sans, sans-serif'
TEXT: dict[str, Any] = {'color': MUTED, 'fontSize': 12, 'fontFamily': FONT}
NARROW = {'maxWidth': 520}
HOURS_NAMED = 3


def pareto(causes: Sequence[Cause], by: By) -> None:
    """Build the chart: bars, the cumulative share as a line, and the 80 % level. Names are text of an SVG; tooltips,
    which would be HTML, are off."""
    unit = 'minutes' if by == 'minutes' else 'stops'
    chart = ui.echart(pareto_options(causes, by), renderer='svg').classes('chart').props('role=img')
    worst = causes[0]
    vital = sum(cause.vital for cause in causes)
    chart.props['aria-label'] = (f'Pareto of {len(causes)} causes by {unit}: {name_of(worst)} has '
                                 f'{percent(worst.share)}; the first {vital} reach 80 %. See the table below.')


def pareto_options(causes: Sequence[Cause], by: By) -> dict[str, Any]:
    """Options for ECharts. Causes that do not fit are summed up as 'Other'."""
    shown = list(causes) if len(causes) <= MAX_BARS else list(causes[:MAX_BARS - 1])
    amounts = [cause.seconds / 60 if by == 'minutes' else float(cause.count) for cause in causes]
    labels = [minutes(cause.seconds) if by == 'minutes' else number(cause.count) for cause in shown]
    names = [shortened(name_of(cause), MAX_NAME_LENGTH) for cause in shown]
    cumulative = [cause.cumulative for cause in shown]
    values, vital = amounts[:len(shown)], [cause.vital for cause in shown]
    if len(shown) < len(causes):
        rest = causes[len(shown):]
        names.append(f'Other ({number(len(rest))})')
        values.append(sum(amounts[len(shown):]))
        labels.append(minutes(sum(each.seconds for each in rest)) if by == 'minutes'
                      else number(sum(each.count for each in rest)))
        vital.append(False)
        cumulative.append(1.0)
    bars = [{'value': round(value, 3), 'itemStyle': {'color': VITAL if few else TRIVIAL, 'borderRadius': [3, 3, 0, 0]},
             'label': {'formatter': label}} for value, few, label in zip(values, vital, labels, strict=True)]
    category = {'type': 'category', 'data': names, 'axisTick': {'show': False},
                'axisLine': {'lineStyle': {'color': RULE}},
                'axisLabel': {**TEXT, 'interval': 0, 'lineHeight': 15}}
    upright = {'grid': {'bottom': 54}, 'xAxis': {'axisLabel': {'rotate': 0, 'overflow': 'break', 'width': 78}}}
    slanted = {'grid': {'bottom': 104}, 'xAxis': {'axisLabel': {'rotate': 50, 'overflow': 'truncate', 'width': 128}}}
    steep = {'grid': {'bottom': 128}, 'xAxis': {'axisLabel': {'rotate': 75, 'overflow': 'truncate', 'width': 128,
                                                              'fontSize': 10 if len(names) > NUMBERED else 12}}}
    return {
        'baseOption': {
            **STILL,
            'grid': {'left': 24, 'right': 44, 'top': 26, 'bottom': 54},
            'xAxis': category,
            'yAxis': [{'type': 'value', 'show': False, 'max': max([*values, 0.001])},
                      {'type': 'value', 'show': False, 'min': 0, 'max': 1}],
            'series': [
                {'type': 'bar', 'data': bars, 'barCategoryGap': '18%', 'silent': True,
                 'labelLayout': {'hideOverlap': True},
                 'label': {'show': True, 'position': 'top', **TEXT, 'fontSize': 12 if len(names) <= NUMBERED else 9}},
                {'type': 'line', 'yAxisIndex': 1, 'data': [round(share, 4) for share in cumulative], 'silent': True,
                 'symbol': 'circle', 'symbolSize': 5, 'itemStyle': {'color': LINE},
                 'lineStyle': {'color': LINE, 'width': 2},
                 'markLine': {'silent': True, 'symbol': 'none', 'animation': False, 'data': [{'yAxis': 0.8}],
                              'lineStyle': {'color': MUTED, 'type': 'dashed', 'width': 1},
                              'label': {'formatter': '80 %', 'position': 'end', **TEXT}}}],
        },
        'media': [{'query': NARROW, 'option': steep}, {'option': upright if len(names) <= FEW else slanted}],
    }


STILL: dict[str, Any] = {'animation': False, 'tooltip': {'show': False}, 'emphasis': {'disabled': True},
                         'aria': {'enabled': False}, 'textStyle': {'fontFamily': FONT}}
"""Options of all charts: no animations, and no tooltips, which would show names as HTML."""


def name_of(cause: Cause) -> str:
    """The reason as reported by the machine."""
    return cause.reason or NO_REASON


def heat_map(pattern: HourlyPattern) -> None:
    """Build the heat map: a column per hour, a row per weekday. Each cell contains its value, which is shown when
    "Numbers" is expanded."""
    known = [share for day in pattern.share for share in day if share is not None]
    least, worst = min(known, default=0.0) / 2, max(known, default=0.0)
    with ui.element('div').classes('report-scroll').props('tabindex=0 role=group aria-label="Hours of the week"'), \
            ui.element('table').classes('heat'):
        with ui.element('thead'), ui.element('tr'):
            TextNode('td')
            for hour in range(24):
                TextNode('th', f'{hour:02}').props(f'scope=col data-labelled={str(hour % HOURS_NAMED == 0).lower()}')
        with ui.element('tbody'):
            for weekday, shares in zip(WEEKDAYS, pattern.share, strict=True):
                with ui.element('tr'):
                    TextNode('th', weekday).props('scope=row')
                    for hour, share in enumerate(shares):
                        _cell(weekday, hour, share, least, worst)
    with ui.element('p').classes('heat-scale'):
        ui.label(percent(least))
        TextNode('span').props('aria-hidden=true')
        ui.label(f'{percent(worst)} of the time down')
    with ui.element('details').classes('panel-details heat-numbers'):
        TextNode('summary', 'Numbers')
        ui.label('Share of known time in which machines were down, in %.').classes('panel-note')


def _cell(weekday: str, hour: int, share: float | None, least: float, worst: float) -> None:
    cell = TextNode('td', '' if share is None else percent(share).removesuffix(' %'))
    if share is None:
        cell.props['data-unknown'] = 'true'
        cell.props['title'] = f'{weekday} {hour:02}:00: no data'
        return
    cell.style(f'--heat: {round(100 * (share - least) / (worst - least)) if worst > least else 0}%')
    cell.props['title'] = f'{weekday} {hour:02}:00: {percent(share)} down'
