"""The heat map of the hours of a week."""

from __future__ import annotations

from nicegui import ui

from ...analytics import HourlyPattern
from ...analytics.report_tables import WEEKDAYS
from ...core.formatting import percent
from ...core.plant_calendar import Weekday
from ..shell.messages import TextNode
from ..shell.redrawn import Redrawn

HOURS_NAMED = 3


class HeatMap:
    """A column per hour, a row per weekday from the first of the week. Each cell contains its value, which is shown
    when "Numbers" is expanded; it stays so when the report is read again."""

    def __init__(self) -> None:
        with ui.element('div').classes('report-scroll').props('tabindex=0 role=group aria-label="Hours of the week"'), \
                ui.element('table').classes('heat'):
            with ui.element('thead'), ui.element('tr'):
                TextNode('td')
                for hour in range(0, 24, HOURS_NAMED):  # a heading is wider than a column on a phone
                    TextNode('th', f'{hour:02}').props(f'scope=col colspan={HOURS_NAMED}')
            self._body = Redrawn(ui.element('tbody'))
        with ui.element('p').classes('heat-scale'):
            self._least = ui.label()
            self._scale = TextNode('span').props('aria-hidden=true')
            self._worst = ui.label()
        with ui.element('details').classes('panel-details heat-numbers'):
            TextNode('summary', 'Numbers')
            ui.label('Share of known time in which machines were down, in %.').classes('panel-note')

    def show(self, pattern: HourlyPattern, first: Weekday) -> None:
        """Show a pattern. first: the first day of the week."""
        known = [share for day in pattern.share for share in day if share is not None]
        least, worst = min(known, default=0.0), max(known, default=0.0)
        self._least.set_text(percent(least))
        self._scale.style(replace=_heat(least, least, worst))
        self._worst.set_text(f'{percent(worst)} of the time down')

        def build() -> None:
            for day in range(first - 1, first - 1 + len(WEEKDAYS)):
                weekday, shares = WEEKDAYS[day % len(WEEKDAYS)], pattern.share[day % len(WEEKDAYS)]
                with ui.element('tr'):
                    TextNode('th', weekday).props('scope=row')
                    for hour, share in enumerate(shares):
                        _cell(weekday, hour, share, least, worst)

        self._body.show((pattern, first), build)


def _cell(weekday: str, hour: int, share: float | None, least: float, worst: float) -> None:
    cell = TextNode('td', '' if share is None else percent(share).removesuffix(' %'))
    if share is None:
        cell.props['data-unknown'] = 'true'
        cell.props['title'] = f'{weekday} {hour:02}:00: no data'
        return
    cell.style(_heat(share, least, worst))
    cell.props['title'] = f'{weekday} {hour:02}:00: {percent(share)} down'


def _heat(share: float, least: float, worst: float) -> str:
    """The style of a shade. The scale starts at half of the least, so that its cell is not as pale as nothing."""
    start = least / 2
    return f'--heat: {round(100 * (share - start) / (worst - start)) if worst > start else 0}%'
