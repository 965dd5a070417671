"""The stops of a window as a table with pages, and a button for the details of each stop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo

from nicegui import ui

from ...analytics import Analytics, Page, Scope, Stop, StopList, Window
from ...analytics.report_tables import NO_REASON
from ...core.errors import FloorError, HistoryNotReadyError
from ...core.formatting import counted, duration
from ...core.machines import DisplayName
from ...core.moments import Form, local_time
from ...core.text import shortened
from ..shell.heading import Heading
from ..shell.messages import Alert, TextNode, as_sentence
from ..shell.order_formatting import order_address, short_id

PER_PAGE = 10
HEADS = ('Machine', 'From', 'To', 'Length', 'Reason', 'Work order', 'Details')


class StopTable:
    """A native table of stops."""

    def __init__(self, analytics: Analytics, zone: tzinfo, on_details: Callable[[Stop], None]) -> None:
        self._analytics = analytics
        self._zone = zone
        self._on_details = on_details
        self._window: Window | None = None
        self._scope = Scope()
        self._number = 1
        with ui.element('section').classes('stops'):
            self._title = Heading('Stops', level=3)
            self._problem = Alert()
            with ui.element('q-card').classes('stops-scroll'), \
                    ui.element('table').classes('stops-table') as self._table:
                self._table.props['aria-label'] = 'Stops, newest first'
                with ui.element('thead'), ui.element('tr'):
                    for head in HEADS:
                        TextNode('th', head).props['scope'] = 'col'
                self._rows = ui.element('tbody')
            with ui.element('div').classes('stops-pages'):
                self._newer = ui.button('Newer', on_click=lambda: self._turn(-1), color=None)
                self._older = ui.button('Older', on_click=lambda: self._turn(1), color=None)
                for button in self._newer, self._older:
                    button.props('flat no-caps dense')

    async def show(self, window: Window, scope: Scope) -> None:
        """Show the newest stops of a window."""
        self._window, self._scope, self._number = window, scope, 1
        await self._read()

    async def _turn(self, by: int) -> None:
        self._number = max(1, self._number + by)
        await self._read()

    async def _read(self) -> None:
        if (window := self._window) is None:
            return
        asked = (window, self._scope, self._number)
        try:
            page = await self._analytics.stops(window, self._scope, Page(self._number, PER_PAGE))
        except FloorError as error:
            if isinstance(error, HistoryNotReadyError):  # the content shown before is wrong
                self._show(StopList((), 0))
            self._problem.show(f'Cannot load the stops. {as_sentence(error)}')
            return
        if asked == (self._window, self._scope, self._number):
            self._show(page)

    def _show(self, page: StopList) -> None:
        self._problem.show('')
        last = max(1, -(-page.total // PER_PAGE))
        more = f', page {self._number} of {last}' if last > 1 else ''
        self._title.set_text(f'{counted(page.total, "stop")}{more}')
        self._table.set_visibility(bool(page.stops))
        self._rows.clear()
        with self._rows:
            for stop in page.stops:
                self._row(stop)
        for button, possible in (self._newer, self._number > 1), (self._older, self._number < last):
            button.set_enabled(possible)
            button.set_visibility(last > 1)

    def _row(self, stop: Stop) -> None:
        name = str(DisplayName.of(stop.machine))
        with ui.element('tr'):
            TextNode('td', shortened(name, 60)).classes('free-text')
            TextNode('td', self._time(stop.since))
            TextNode('td', 'ongoing' if stop.until is None else self._time(stop.until))
            TextNode('td', duration(stop.length))
            TextNode('td', shortened(stop.reason) or NO_REASON).classes('free-text')
            with TextNode('td'):
                if stop.order is not None:
                    ui.link(f'WO-{short_id(stop.order)}', order_address(stop.order))
            with TextNode('td'):
                button = ui.button('Details', on_click=lambda: self._on_details(stop), color=None)
                button.props('flat no-caps dense').props['aria-label'] = \
                    f'Details of {shortened(name, 60)}, {self._time(stop.since)}'

    def _time(self, at: datetime) -> str:
        return local_time(at, self._zone, Form.DAY_SECONDS)
